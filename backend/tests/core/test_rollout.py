"""The engine's promises: same bytes whatever runs beside a row, edits in the closed loop, nothing leaked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rollout_tools import TAP, play, policy, same, small_sae

from policyscope.core.action_box import unscaled
from policyscope.core.envs import GymBatch, HardStableExpert, get_env, make_env
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.interventions import FeatureEdit
from policyscope.core.policy import Policy
from policyscope.core.policy_spec import ActionRange, PolicySpec
from policyscope.core.progress import Progress, drain
from policyscope.core.rollout import Arm, RolloutSpec, rollout
from policyscope.core.sae import SAE


@pytest.fixture(scope="module")
def sae() -> SAE:
    return small_sae()


ENVS = ["hard_stable", "InvertedPendulum-v5", "CartPole-v1", "Pendulum-v1", "Hopper-v5"]


@pytest.mark.parametrize("env_id", ENVS)
def test_an_arm_gives_the_same_bytes_alone_and_among_others(env_id: str, sae: SAE) -> None:
    first, second = policy(env_id), policy(env_id, seed=1)
    edits = (FeatureEdit(2, "add", 0.7), FeatureEdit(5, "ablate"))
    noise = 0.0 if get_env(env_id).action_kind == "discrete" else 0.2
    arms = [
        Arm("baseline", first),
        Arm("steered", first, edits, noise),
        Arm("other", second, action_noise=noise),
        Arm("other steered", second, edits[:1]),
    ]
    spec = RolloutSpec(env_id, (3, 1, 4, 15, 9), max_steps=60, tap_index=TAP)
    together = play(arms, spec, sae)
    narrow = play(arms[::-1], RolloutSpec(env_id, spec.seeds, 60, TAP, rows=3), sae)[::-1]
    for index, arm in enumerate(arms):
        alone = play([arm], RolloutSpec(env_id, (15, 3), 60, TAP), sae)[0]
        assert same(together[index], narrow[index])
        assert same(together[index], alone, pick=[3, 0])
    assert not np.array_equal(together[0].returns, together[1].returns)


def test_a_row_is_what_gymnasium_plays() -> None:
    brain = policy("Hopper-v5")
    (result,) = play([Arm("baseline", brain)], RolloutSpec("Hopper-v5", (5, 6, 7)))
    env = make_env("Hopper-v5")
    for index, seed in enumerate((5, 6, 7)):
        seen, _ = env.reset(seed=seed)
        total, steps, ended = 0.0, 0, False
        while not ended:
            action = np.clip(brain(seen[None])[0].astype(np.float32), -1, 1)
            seen, reward, terminated, truncated, _ = env.step(action)
            total, steps, ended = total + float(reward), steps + 1, terminated or truncated
        assert (result.returns[index], result.lengths[index]) == (total, steps)
        assert result.fell[index] == result.terminated[index] == terminated
    env.close()


@pytest.mark.parametrize("op", ["add", "ablate", "clamp", "scale"])
def test_the_edit_acts_at_the_tap_at_every_step(op: str, sae: SAE) -> None:
    brain, edit = policy("Pendulum-v1"), FeatureEdit(7, op, 1.3)  # type: ignore[arg-type]
    spec = RolloutSpec("Pendulum-v1", (0,), 30, TAP, frozenset({"observations", "actions", "activations"}))
    (result,) = play([Arm("steered", brain, (edit,))], spec, sae)
    trace = result.traces[0]
    h = brain.head(trace["observations"], TAP)
    assert np.array_equal(trace["activations"], h)
    z = sae.encode(h)
    changed = z.copy()
    changed[:, 7] = {"add": z[:, 7] + 1.3, "ablate": 0.0, "clamp": 1.3, "scale": 1.3 * z[:, 7]}[op]
    expected = brain.tail(h + (changed - z) @ sae.w_dec.T, TAP)
    assert np.allclose(trace["actions"], np.clip(expected, -2, 2), atol=1e-6)


def test_no_edit_and_alpha_zero_are_exactly_the_baseline(sae: SAE) -> None:
    brain = policy("Hopper-v5")
    arms = [
        Arm("baseline", brain),
        Arm("zero", brain, (FeatureEdit(3, "add", 0.0),)),
        Arm("one", brain, (FeatureEdit(3, "scale", 1.0), FeatureEdit(4, "add", 0.0))),
        Arm("real", brain, (FeatureEdit(3, "add", 2.0),)),
    ]
    results = play(arms, RolloutSpec("Hopper-v5", (0, 1, 2), tap_index=TAP), sae)
    assert same(results[0], results[1])
    assert same(results[0], results[2])
    assert not np.array_equal(results[0].returns, results[3].returns)
    plain = play([Arm("baseline", brain)], RolloutSpec("Hopper-v5", (0, 1, 2)))
    assert same(results[0], plain[0])


def test_arms_share_the_noise_of_a_seed_and_seeds_do_not() -> None:
    record = frozenset({"actions"})

    def still(obs: np.ndarray) -> np.ndarray:
        return np.zeros((len(obs), 1))

    arms = [Arm("a", still, action_noise=0.1), Arm("b", still, action_noise=0.2), Arm("none", still)]
    a, b, none = play(arms, RolloutSpec("Pendulum-v1", (0, 1), record=record))
    assert np.allclose(2 * a.traces[0]["actions"], b.traces[0]["actions"])
    assert not np.allclose(a.traces[0]["actions"], a.traces[1]["actions"])
    assert a.traces[0]["actions"].std() == pytest.approx(0.1, rel=0.2)
    assert (none.traces[0]["actions"] == 0).all()


def test_actions_are_clipped_once_and_counted() -> None:
    def push(obs: np.ndarray) -> np.ndarray:
        return np.tile([3.0, 0.5, -1.0], (len(obs), 1))

    spec = RolloutSpec("Hopper-v5", (0,), 10, record=frozenset({"actions"}))
    (result,) = play([Arm("push", push)], spec)
    assert result.saturated_fraction[0] == pytest.approx(1 / 3)
    assert np.array_equal(result.traces[0]["actions"][0], [1.0, 0.5, -1.0])


def test_squashed_actions_are_stretched_as_the_policy_says() -> None:
    info, outputs = get_env("Pendulum-v1"), np.array([[-1.0], [0.0], [1.0]])
    brain = policy("Pendulum-v1", squash="tanh")
    stretched = []
    for scaling in ("box", "none", ActionRange((-1.0,), (0.5,))):
        spec = replace(brain.spec, action_scaling=scaling)
        assert PolicySpec.from_json(spec.to_json()) == spec
        stretched.append(unscaled(Policy(spec, brain.tensors), outputs, info).ravel().tolist())
    assert stretched == [[-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0], [-1.0, -0.25, 0.5]]


def test_the_scaling_is_part_of_the_fingerprint() -> None:
    brain = policy("Pendulum-v1", squash="tanh")
    scalings = ("box", "none", ActionRange((-1.0,), (0.5,)))
    prints = {Policy(replace(brain.spec, action_scaling=s), brain.tensors).fingerprint() for s in scalings}
    assert len(prints) == 3
    assert brain.fingerprint() in prints


def test_a_squashed_policy_fills_the_action_box() -> None:
    brain = policy("Pendulum-v1", squash="tanh", scale=20.0)
    (result,) = play([Arm("sac", brain)], RolloutSpec("Pendulum-v1", (0,), record=frozenset({"actions"})))
    assert np.abs(result.traces[0]["actions"]).max() > 1.9
    assert result.saturated_fraction[0] == 0


def test_discrete_actions_take_the_largest_output() -> None:
    def right(obs: np.ndarray) -> np.ndarray:
        return np.tile([0.1, 0.2], (len(obs), 1))

    spec = RolloutSpec("CartPole-v1", (0, 1), record=frozenset({"actions", "rewards", "observations"}))
    (result,) = play([Arm("right", right)], spec)
    assert all((trace["actions"] == 1).all() for trace in result.traces)
    assert result.fell.all()
    assert result.terminated.all()
    assert not result.truncated.any()
    for index, trace in enumerate(result.traces):
        assert {len(values) for values in trace.values()} == {result.lengths[index]}
        assert trace["rewards"].sum() == result.returns[index]


def test_the_step_limit_truncates_and_is_never_more_than_the_environments() -> None:
    results = play([Arm("expert", HardStableExpert())], RolloutSpec("hard_stable", (0, 1), max_steps=9999))
    assert results[0].lengths.tolist() == [300, 300]
    assert results[0].truncated.all()
    assert not results[0].fell.any()
    assert play([Arm("expert", HardStableExpert())], RolloutSpec("hard_stable", (0,), 7))[0].lengths[0] == 7


def test_progress_counts_steps_up_to_its_total(sae: SAE) -> None:
    reports: list[Progress] = []
    arms = [Arm("a", policy("Hopper-v5")), Arm("b", policy("Hopper-v5"), (FeatureEdit(0, "add", 1.0),))]
    drain(rollout(arms, RolloutSpec("Hopper-v5", (0, 1), tap_index=TAP), sae), reports.append)
    assert reports[-1].done == reports[-1].total == 2 * 2 * 1000
    assert [report.done for report in reports] == sorted(report.done for report in reports)


def test_cancelling_closes_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    monkeypatch.setattr(GymBatch, "close", lambda self: closed.append(self.rows))
    work = rollout([Arm("a", policy("Pendulum-v1"))], RolloutSpec("Pendulum-v1", tuple(range(40))))
    next(work)
    assert not closed
    work.close()
    assert closed == [40]


def test_bad_input_is_refused_before_anything_runs(sae: SAE) -> None:
    brain, spec = policy("Hopper-v5"), RolloutSpec("Hopper-v5", (0,))
    edit = (FeatureEdit(0, "add", 1.0),)
    cases: list[tuple[list[Arm], RolloutSpec, SAE | None, str]] = [
        ([], spec, None, "at least one arm"),
        ([Arm("a", brain), Arm("a", brain)], spec, None, "its own name"),
        ([Arm("a", brain)], RolloutSpec("Hopper-v5", (1, 1)), None, "seeds are different"),
        ([Arm("a", brain)], RolloutSpec("Hopper-v5", (0,), max_steps=0), None, "must be at least 1"),
        ([Arm("a", brain)], RolloutSpec("Hopper-v5", (0,), record=frozenset({"smell"})), None, "smell"),
        ([Arm("a", brain, edit)], spec, sae, "needs an SAE and its tap"),
        ([Arm("a", brain, edit)], RolloutSpec("Hopper-v5", (0,), tap_index=TAP), None, "Load an SAE"),
        (
            [Arm("a", HardStableExpert(), edit)],
            RolloutSpec("hard_stable", (0,), tap_index=TAP),
            sae,
            "no layers",
        ),
        (
            [Arm("a", policy("CartPole-v1"), action_noise=0.1)],
            RolloutSpec("CartPole-v1", (0,)),
            None,
            "discrete",
        ),
        (
            [Arm("a", brain)],
            RolloutSpec("Hopper-v5", (0,), record=frozenset({"activations"})),
            None,
            "tap_index",
        ),
        (
            [Arm("a", brain)],
            RolloutSpec("Hopper-v5", (0,), None, TAP, frozenset({"features"})),
            sae,
            "indices",
        ),
    ]
    for arms, wanted, given, message in cases:
        with pytest.raises(InvalidInput, match=message):
            rollout(arms, wanted, given)
    with pytest.raises(ShapeMismatch, match="Ant-v5 has 105"):
        rollout([Arm("a", brain)], RolloutSpec("Ant-v5", (0,)))


def test_an_action_that_is_not_a_number_names_its_arm() -> None:
    def broken(obs: np.ndarray) -> np.ndarray:
        return np.full((len(obs), 1), np.nan)

    with pytest.raises(InvalidInput, match="'broken' produced an action that is not a finite number"):
        play([Arm("broken", broken)], RolloutSpec("Pendulum-v1", (0,)))
