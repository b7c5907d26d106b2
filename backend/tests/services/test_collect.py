"""Data sets: what is disturbed, what stays together, and that the default is what it was."""

import numpy as np
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as some

from policyscope.core.activations import split_rows
from policyscope.core.arms import Arm
from policyscope.core.envs import HardStableExpert, get_env, velocity_part
from policyscope.core.errors import InvalidInput
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.core.progress import drain
from policyscope.services.pipeline.collect import (
    KINDS,
    CollectPlan,
    Mix,
    appended,
    collect,
    described,
    episode_seeds,
    noise_in_action_units,
)

MIXED = Mix(noisy=0.25, pushed=0.25, reset=0.25)


@some.composite
def mixes(draw):
    first = draw(some.floats(0, 1))
    second = draw(some.floats(0, 1 - first))
    return Mix(first, second, draw(some.floats(0, max(0.0, 1 - first - second))))


@given(mixes(), some.integers(3, 200), some.booleans())
def test_every_episode_has_one_kind_and_a_seed_of_its_own(mix, episodes, noise):
    counts = mix.counts(episodes, noise=noise)
    assert sum(counts.values()) == episodes
    assert min(counts.values()) >= 0
    assert counts["clean"] >= 1 or not counts["pushed"]
    seeds = episode_seeds(CollectPlan(tiny.ENV, episodes, 5, float(noise), 3, mix))
    assert len({seed for kind in seeds.values() for seed in kind}) == episodes


def test_the_default_is_six_in_ten_with_noise():
    seeds = episode_seeds(CollectPlan(tiny.ENV, 10, 5, 0.1, 0))
    assert (len(seeds["clean"]), len(seeds["noisy"]), seeds["pushed"], seeds["reset"]) == (4, 6, (), ())


def test_hard_stable_with_pushes_keeps_states_and_stays_together():
    plan = CollectPlan("hard_stable", 12, 30, 0.05, 0, Mix(noisy=0.25, pushed=0.5))
    data = drain(collect(Arm("expert", HardStableExpert()), plan, None))
    assert described(data, "hard_stable")["episodes"] == {"clean": 3, "noisy": 3, "pushed": 6, "reset": 0}
    pushed = KINDS.index("pushed")
    for episode in np.unique(data["episode"][data["kind"] == pushed]):
        rows = data["episode"] == episode
        parent = int(data["group"][rows][0])
        assert data["kind"][data["episode"] == parent][0] == KINDS.index("clean")
        start, path = data["state"][rows][0], data["state"][data["episode"] == parent]
        untouched = velocity_part("hard_stable").stop
        assert (path[:, untouched:] == start[untouched:]).all(axis=1).any()  # only what is pushed moved
        assert not (path == start).all(axis=1).any()
    train, validation, test = split_rows(len(data["group"]), data["group"])
    for one, other in ((train, validation), (train, test), (validation, test)):
        assert not set(data["group"][one]) & set(data["group"][other])
    again = drain(collect(Arm("expert", HardStableExpert()), plan, None))
    assert all(np.array_equal(data[name], again[name]) for name in data)


def test_hopper_resets_wider_and_is_pushed_in_its_velocities():
    policy = Policy(*open_policy(tiny.policy_bytes(sizes=(11, 8, 8, 3)), "imitator.pt"))
    plan = CollectPlan("Hopper-v5", 8, 15, 0.1, 0, MIXED)
    data = drain(collect(Arm("policy", policy), plan, tiny.TAP))
    assert described(data, "Hopper-v5")["episodes"] == dict.fromkeys(KINDS, 2)
    first = data["step"] == 0
    wide, usual = (
        data["observations"][first & (data["kind"] == KINDS.index(kind))] for kind in ("reset", "clean")
    )
    assert np.abs(wide[:, 1:]).mean() > 3 * np.abs(usual[:, 1:]).mean()
    assert np.array_equal(policy.head(data["observations"], tiny.TAP), data["activations"])
    assert data["state"].shape == (len(data["step"]), 18)


def test_a_data_set_grows_by_episodes_with_numbers_of_their_own():
    plans = [CollectPlan("hard_stable", 4, 10, 0.0, seed, Mix(noisy=0.0)) for seed in (0, 1)]
    first, more = (drain(collect(Arm("expert", HardStableExpert()), plan, None)) for plan in plans)
    whole = appended(first, more)
    assert np.array_equal(np.unique(whole["episode"]), np.arange(8))
    assert np.array_equal(whole["observations"][: len(first["step"])], first["observations"])
    assert not np.array_equal(first["observations"], more["observations"])
    with pytest.raises(InvalidInput, match="same arrays"):
        appended(first, {name: array for name, array in more.items() if name != "rewards"})


@pytest.mark.parametrize(
    ("shares", "env", "word"),
    [
        ({"noisy": 0.9, "pushed": 0.2}, tiny.ENV, "at most 1"),
        ({"noisy": -0.1}, tiny.ENV, "0 or more"),
        ({"push_scale": 0.0}, tiny.ENV, "above 0"),
        ({"pushed": 0.2}, tiny.ENV, "pushed"),
        ({"reset": 0.2}, "hard_stable", "reset noise"),
    ],
)
def test_what_cannot_be_disturbed_so_is_refused(shares, env, word):
    with pytest.raises(InvalidInput, match=word):
        Mix(**shares).check(get_env(env))


def test_noise_needs_continuous_actions():
    assert noise_in_action_units(get_env("CartPole-v1"), 0.2) == 0.0
    assert noise_in_action_units(get_env(tiny.ENV), 0.2) == pytest.approx(0.4)
