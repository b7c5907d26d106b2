"""Who has fallen, by each environment's own rule."""

from __future__ import annotations

import numpy as np
import pytest

from policyscope.core.behaviour import FallWatch, wrap
from policyscope.core.envs import get_env

ROW = np.array([0])


def observed(env_id: str, **channels: float) -> np.ndarray:
    names = [channel.name for channel in get_env(env_id).observations]
    row = np.zeros((1, len(names)))
    for name, value in channels.items():
        row[0, names.index(name.replace("_", " "))] = value
    return row


def test_wrap_keeps_the_angle() -> None:
    angles = np.array([-7.0, -np.pi, 0.0, 3.0, 4.0, 100.0])
    assert np.allclose(np.exp(1j * wrap(angles)), np.exp(1j * angles))
    assert (np.abs(wrap(angles)) <= np.pi).all()


def test_an_early_end_is_a_fall_where_it_means_failure() -> None:
    watch = FallWatch(get_env("Walker2d-v5"), 1)
    watch.begin(0)
    assert watch.fell(0, ended_early=True)
    assert not watch.fell(0, ended_early=False)


@pytest.mark.parametrize(("reward", "fallen"), [(-100.0, True), (100.0, False)])
def test_a_landing_is_not_a_crash(reward: float, fallen: bool) -> None:
    watch = FallWatch(get_env("LunarLander-v3"), 1)
    watch.begin(0)
    watch.update(ROW, observed("LunarLander-v3"), np.array([reward]))
    assert watch.fell(0, ended_early=True) is fallen


@pytest.mark.parametrize(
    ("pitch", "steps", "fallen"), [(3.0, 10, True), (3.0, 9, False), (1.5, 50, False), (2 * np.pi, 50, False)]
)
def test_half_cheetah_has_fallen_after_half_a_second_on_its_back(
    pitch: float, steps: int, fallen: bool
) -> None:
    watch = FallWatch(get_env("HalfCheetah-v5"), 1)
    watch.begin(0)
    for _ in range(steps):
        watch.update(ROW, observed("HalfCheetah-v5", torso_pitch=pitch), np.zeros(1))
    watch.update(ROW, observed("HalfCheetah-v5"), np.zeros(1))
    assert watch.fell(0, ended_early=False) is fallen
    watch.begin(0)
    assert not watch.fell(0, ended_early=False)


def test_some_environments_cannot_fall() -> None:
    watch = FallWatch(get_env("Reacher-v5"), 1)
    watch.begin(0)
    assert not get_env("Reacher-v5").falls
    assert not watch.fell(0, ended_early=True)
