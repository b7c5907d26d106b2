"""The same bytes in any process, and nothing left open."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from rollout_tools import TAP, play, policy, same, small_sae

from policyscope.core.arms import ArmResult
from policyscope.core.envs.mujoco_batch import MujocoBatch
from policyscope.core.interventions import FeatureEdit
from policyscope.core.progress import drain
from policyscope.core.rollout import Arm, RolloutSpec, rollout

SEEDS = tuple(range(20))
EDITS = (FeatureEdit(2, "add", 0.7), FeatureEdit(5, "ablate"))


def walk(seeds: tuple[int, ...]) -> ArmResult:
    arm = Arm("steered", policy("Hopper-v5"), EDITS, 0.1)
    record = frozenset({"state", "actions", "activations"})
    return play([arm], RolloutSpec("Hopper-v5", seeds, 50, TAP, record), small_sae())[0]


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


def test_stopping_early_closes_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[int] = []
    close = MujocoBatch.close
    monkeypatch.setattr(MujocoBatch, "close", lambda self: (closed.append(self.rows), close(self))[1])
    work = rollout([Arm("a", policy("HalfCheetah-v5"))], RolloutSpec("HalfCheetah-v5", tuple(range(17))))
    next(work)
    work.close()
    assert closed == [17]


def test_a_failing_sink_is_heard() -> None:
    def refuse(name: str, seed: int, trace: object) -> None:
        raise OSError("disk full")

    spec = RolloutSpec("Hopper-v5", SEEDS, 20, record=frozenset({"rewards"}))
    with pytest.raises(OSError, match="disk full"):
        drain(rollout([Arm("a", policy("Hopper-v5"))], spec, None, refuse))
