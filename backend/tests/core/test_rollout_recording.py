"""What is kept of a run, and where its episodes may start."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from rollout_tools import TAP, play, policy, small_sae

from policyscope.core import traces
from policyscope.core.envs import HardStableExpert, list_envs, start_dims, state_dim
from policyscope.core.envs.bodies import has_body
from policyscope.core.envs.hard_stable_batch import HardStableBatch
from policyscope.core.errors import InvalidInput, LimitExceeded
from policyscope.core.interventions import FeatureEdit
from policyscope.core.progress import drain
from policyscope.core.rollout import Arm, RolloutSpec, rollout


def test_chosen_episodes_only_are_recorded_or_streamed_away() -> None:
    arms = [Arm("a", HardStableExpert()), Arm("b", HardStableExpert())]
    spec = RolloutSpec(
        "hard_stable",
        (0, 1, 2),
        20,
        record=frozenset({"state", "rewards"}),
        record_only=frozenset({("b", 1)}),
        rows=2,
    )
    a, b = play(arms, spec)
    assert [bool(trace) for trace in (*a.traces, *b.traces)] == [False, False, False, False, True, False]
    assert b.traces[1]["state"].shape == (20, 6)
    assert b.traces[1]["rewards"].shape == (20,)
    taken = []
    streamed = drain(rollout(arms, spec, None, lambda *item: taken.append(item)))
    assert [(name, seed) for name, seed, _ in taken] == [("b", 1)]
    assert np.array_equal(taken[0][2]["state"], b.traces[1]["state"])
    assert not any(streamed[1].traces)


def test_episodes_can_start_from_stored_states() -> None:
    spec = RolloutSpec("hard_stable", (0, 1), 20, record=frozenset({"state", "rewards"}))
    (first,) = play([Arm("a", HardStableExpert())], spec)
    midway = np.stack([trace["state"][5] for trace in first.traces])
    (second,) = play(
        [Arm("a", HardStableExpert())],
        RolloutSpec("hard_stable", (0, 1), 15, None, spec.record, start_states=midway),
    )
    for before, after in zip(first.traces, second.traces, strict=True):
        assert np.array_equal(before["rewards"][5:], after["rewards"])


STEPPED = [info.id for info in list_envs() if has_body(info.id)]


@pytest.mark.parametrize("env_id", STEPPED)
def test_an_episode_taken_up_midway_ends_as_it_did(env_id: str) -> None:
    brain = policy(env_id)
    record = frozenset({"state", "observations", "actions", "rewards"})
    (first,) = play([Arm("a", brain)], RolloutSpec(env_id, (0, 1), 40, record=record))
    middle = min(first.lengths.tolist()) // 2
    assert middle
    midway = np.stack([trace["state"][middle] for trace in first.traces])
    assert midway.shape[1] == state_dim(env_id)
    rest = RolloutSpec(env_id, (0, 1), 40 - middle, record=record, start_states=midway)
    (second,) = play([Arm("a", brain)], rest)
    for before, after in zip(first.traces, second.traces, strict=True):
        for signal in record:
            assert before[signal][middle:].tobytes() == after[signal].tobytes(), signal


def test_a_start_may_leave_out_what_the_environment_shows_of_the_step_before() -> None:
    env_id, record = "Ant-v5", frozenset({"state", "observations"})
    brain = policy(env_id)
    (first,) = play([Arm("a", brain)], RolloutSpec(env_id, (0,), 12, record=record))
    moving, whole = start_dims(env_id)
    assert moving < whole
    state = first.traces[0]["state"][10:11]
    (short,) = play(
        [Arm("a", brain)], RolloutSpec(env_id, (0,), 1, record=record, start_states=state[:, :moving])
    )
    assert np.array_equal(short.traces[0]["state"][:, :moving], state[:, :moving])
    felt, unfelt = (played.traces[0]["observations"][at, 27:] for played, at in ((first, 10), (short, 0)))
    assert felt.any()
    assert not unfelt.any()


def test_wider_starts_differ_and_keep_their_seed() -> None:
    brain, record = policy("Hopper-v5"), frozenset({"observations"})
    (usual,) = play([Arm("a", brain)], RolloutSpec("Hopper-v5", (0,), 1, record=record))
    (wide,) = play([Arm("a", brain)], RolloutSpec("Hopper-v5", (0,), 1, record=record, noise_scale=4.0))
    offset = np.r_[1.25, np.zeros(10)]
    assert np.allclose(
        wide.traces[0]["observations"] - offset, 4 * (usual.traces[0]["observations"] - offset)
    )
    with pytest.raises(InvalidInput, match="CartPole-v1 has no reset noise"):
        play([Arm("a", policy("CartPole-v1"))], RolloutSpec("CartPole-v1", (0,), noise_scale=2.0))


def test_features_of_interest_are_read_before_the_edit() -> None:
    brain, sae = policy("Pendulum-v1"), small_sae()
    record = frozenset({"activations", "features"})
    spec = RolloutSpec("Pendulum-v1", (0, 1), 20, TAP, record, features=(5, 2))
    (result,) = play([Arm("steered", brain, (FeatureEdit(2, "add", 3.0),))], spec, sae)
    for trace in result.traces:
        assert np.array_equal(trace["features"], sae.encode(trace["activations"])[:, [5, 2]])


def test_recording_takes_fewer_rows_rather_than_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = RolloutSpec("hard_stable", tuple(range(9)), 20, record=frozenset({"state"}))
    (whole,) = play([Arm("a", HardStableExpert())], spec)
    monkeypatch.setattr(traces, "MEMORY_BYTES", 4 * 20 * 6 * 8)
    widths: list[int] = []
    original = HardStableBatch.__init__

    def watched(self: HardStableBatch, rows: int) -> None:
        widths.append(rows)
        original(self, rows)

    monkeypatch.setattr(HardStableBatch, "__init__", watched)
    (narrow,) = play([Arm("a", HardStableExpert())], spec)
    assert widths == [4]
    assert all(
        np.array_equal(a["state"], b["state"]) for a, b in zip(whole.traces, narrow.traces, strict=True)
    )


def test_traces_that_would_fill_the_memory_are_refused_before_the_first_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(traces, "KEPT_BYTES", 4 * 30 * 3 * 8)
    arm = Arm("baseline", policy("Pendulum-v1"))
    few = RolloutSpec("Pendulum-v1", (0, 1, 2, 3), 30, record=frozenset({"observations"}))
    play([arm], few)
    many = replace(few, seeds=(0, 1, 2, 3, 4))
    with pytest.raises(LimitExceeded, match="give a sink"):
        play([arm], many)
    kept: list[object] = []
    drain(rollout([arm], many, None, lambda *episode: kept.append(episode)))
    assert len(kept) == 5


def test_memory_does_not_grow_with_arms_and_seeds() -> None:
    arms = [Arm(str(n), policy("CartPole-v1"), ()) for n in range(16)]

    def peak(seeds: int) -> int:
        record = frozenset({"observations", "activations"})
        spec = RolloutSpec("CartPole-v1", tuple(range(seeds)), 40, TAP, record, rows=32)
        tracemalloc.start()
        drain(rollout(arms, spec, None, lambda *_episode: None))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(2)  # what is imported and cached on the way
    few, many = peak(4), peak(32)
    assert (
        many < 1.25 * few + 16 * 28 * 400
    )  # a few numbers and a place in the queue for each further episode
