"""Moments shown for a feature: spread over episodes, strides and strengths, and where they say they are."""

from __future__ import annotations

import numpy as np
import pytest

from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.exemplars import INTERVALS, Timeline, exemplars, strongest

EPISODES, LENGTH, STRIDE = 20, 200, 50


def timeline(episodes: int = EPISODES) -> Timeline:
    return Timeline(
        np.repeat(np.arange(episodes) + 100, LENGTH), np.tile(np.arange(LENGTH), episodes), 10, STRIDE
    )


def bumps(episodes: int = EPISODES) -> np.ndarray:
    """One bump per stride, higher in later episodes."""
    within = np.maximum(0.0, np.sin(2 * np.pi * np.tile(np.arange(LENGTH), episodes) / STRIDE))
    return within * np.repeat(1.0 + np.arange(episodes), LENGTH)


def test_the_strongest_come_one_from_each_episode() -> None:
    found = exemplars(bumps(), timeline()).top
    assert len(found) == 12
    assert len({window.episode for window in found}) == 12
    assert [window.value for window in found] == sorted((w.value for w in found), reverse=True)
    assert found[0].episode == 119


def test_with_few_episodes_the_strongest_are_a_stride_apart() -> None:
    rows = strongest(bumps(2), timeline(2))
    assert len(rows) == 8  # four bumps in each of two episodes
    for episode in (0, 1):
        steps = np.sort([row % LENGTH for row in rows if row // LENGTH == episode])
        assert np.diff(steps).min() >= STRIDE


def test_windows_stay_inside_their_episode_and_say_where_they_are() -> None:
    found, data = exemplars(bumps(), timeline()), timeline()
    windows = [*found.top, *found.random_active, *found.random_inactive]
    windows += [window for interval in found.intervals for window in interval.windows]
    for window in windows:
        assert set(data.episode[window.start : window.stop]) == {window.episode}
        assert data.step[window.row] == window.step
        assert data.step[window.start] == window.first_step
        assert bumps()[window.row] == window.value
        assert window.stop - window.start <= 21
    edge = data.window(LENGTH, 0.0)
    assert (edge.start, edge.stop, edge.step) == (LENGTH, LENGTH + 11, 0)


def test_every_strength_is_represented() -> None:
    intervals = exemplars(bumps(), timeline()).intervals
    assert len(intervals) == INTERVALS
    assert intervals[0].high == pytest.approx(bumps().max())
    assert sum(interval.count for interval in intervals) == (bumps() > 0).sum()
    for interval in intervals:
        assert len(interval.windows) == min(3, interval.count)
        assert all(interval.low < window.value <= interval.high for window in interval.windows)


def test_draws_within_an_interval_are_uniform() -> None:
    latent, data = np.ones(EPISODES * LENGTH), timeline()
    drawn = [w.row for seed in range(300) for i in exemplars(latent, data, seed).intervals for w in i.windows]
    counts = np.histogram(drawn, bins=10, range=(0, len(latent)))[0]
    assert counts.min() > 60  # of 90 expected


def test_active_and_inactive_are_what_they_say() -> None:
    found = exemplars(bumps(), timeline())
    assert len(found.random_active) == len(found.random_inactive) == 6
    assert all(window.value > 0 for window in found.random_active)
    assert all(window.value == 0 for window in found.random_inactive)


def test_the_histogram_counts_everything_once() -> None:
    histogram = exemplars(bumps(), timeline()).histogram
    assert histogram.counts.sum() + histogram.inactive == EPISODES * LENGTH
    assert histogram.density == pytest.approx((bumps() > 0).mean())
    active = bumps()[bumps() > 0]
    assert [(active <= cut).mean() for cut in histogram.cuts] == pytest.approx([0.5, 0.9, 0.99], abs=0.05)


def test_a_dead_feature_has_nothing_but_inactive_moments() -> None:
    found = exemplars(np.zeros(EPISODES * LENGTH), timeline())
    assert found.top == found.intervals == found.random_active == ()
    assert len(found.random_inactive) == 6
    assert (found.histogram.density, len(found.histogram.cuts)) == (0.0, 0)


def test_the_same_seed_gives_the_same_moments() -> None:
    one, other, third = (exemplars(bumps(), timeline(), seed) for seed in (0, 0, 1))
    assert one.random_active == other.random_active != third.random_active
    assert one.intervals == other.intervals


def test_scattered_rows_are_refused() -> None:
    with pytest.raises(InvalidInput, match="follow each other"):
        Timeline(np.array([0, 1, 0]), np.arange(3), 5, 5)
    with pytest.raises(ShapeMismatch):
        exemplars(np.zeros(3), timeline())
