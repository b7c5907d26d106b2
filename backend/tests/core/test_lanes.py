"""Lanes that take turns: the same bytes as one lane, in any process, and nothing left open."""

from __future__ import annotations

import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from rollout_tools import TAP, play, policy, same, small_sae

from policyscope.core import rollout as engine
from policyscope.core.arms import ArmResult
from policyscope.core.envs.mujoco_batch import MujocoBatch
from policyscope.core.interventions import FeatureEdit
from policyscope.core.progress import drain
from policyscope.core.rollout import Arm, RolloutSpec, rollout

SEEDS = tuple(range(20))
EDITS = (FeatureEdit(2, "add", 0.7), FeatureEdit(5, "ablate"))


def walk(seeds: tuple[int, ...], rows: int = 256) -> ArmResult:
    arm = Arm("steered", policy("Hopper-v5"), EDITS, 0.1)
    record = frozenset({"state", "actions", "activations"})
    return play([arm], RolloutSpec("Hopper-v5", seeds, 50, TAP, record, rows=rows), small_sae())[0]


@pytest.mark.parametrize("lanes", [1, 3])
def test_the_number_of_lanes_changes_no_bit(monkeypatch: pytest.MonkeyPatch, lanes: int) -> None:
    two = walk(SEEDS)
    monkeypatch.setattr(engine, "LANES", lanes)
    monkeypatch.setattr(engine, "LEAST_ROWS_OF_A_LANE", 2)
    other = walk(SEEDS, rows=7)
    assert same(two, other)
    for a, b in zip(two.traces, other.traces, strict=True):
        assert {name: values.tobytes() for name, values in a.items()} == {
            name: values.tobytes() for name, values in b.items()
        }


def test_worker_processes_give_the_bytes_of_one_process() -> None:
    whole = walk(SEEDS)
    shares = [SEEDS[1::2][::-1], SEEDS[::2]]
    with ProcessPoolExecutor(2, get_context("spawn")) as workers:
        parts = list(workers.map(walk, shares))
    for seeds, part in zip(shares, parts, strict=True):
        assert same(whole, part, pick=seeds)
        assert all(
            whole.traces[seed]["state"].tobytes() == trace["state"].tobytes()
            for seed, trace in zip(seeds, part.traces, strict=True)
        )


def test_stopping_early_ends_the_thread_and_closes_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[int] = []
    close = MujocoBatch.close
    monkeypatch.setattr(MujocoBatch, "close", lambda self: (closed.append(self.rows), close(self))[1])
    work = rollout([Arm("a", policy("HalfCheetah-v5"))], RolloutSpec("HalfCheetah-v5", tuple(range(17))))
    next(work)
    work.close()
    assert sorted(closed) == [8, 9]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("physics")]


def test_a_failing_sink_is_heard_and_leaves_nothing_running() -> None:
    def refuse(name: str, seed: int, trace: object) -> None:
        raise OSError("disk full")

    spec = RolloutSpec("Hopper-v5", SEEDS, 20, record=frozenset({"rewards"}))
    with pytest.raises(OSError, match="disk full"):
        drain(rollout([Arm("a", policy("Hopper-v5"))], spec, None, refuse))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("physics")]
