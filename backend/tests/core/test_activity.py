"""When features fire: badges where the answer is known, phase tiles, columns."""

import numpy as np
import pytest

from policyscope.core.activity import activity, badges
from policyscope.core.latents import LatentColumns
from policyscope.core.phase import phase_tuning

DT, LENGTH, EPISODES = 0.02, 500, 10
EPISODE = np.repeat(np.arange(EPISODES), LENGTH)
STEP = np.tile(np.arange(LENGTH), EPISODES)
PHASE = (STEP * DT * 2.0) % 1.0  # two strides per second


def test_badges():
    z = np.stack(
        [
            (PHASE < 0.3) * 1.0,
            np.ones(len(STEP)),
            (STEP < 30) * 1.0,
            ((EPISODE == 3) & (STEP > 100) & (STEP < 150)) * 1.0,
            np.zeros(len(STEP)),
        ],
        axis=1,
    )
    found = activity(z, EPISODE, DT)
    assert badges(found, 0, 2.0) == ["general", "periodic"]
    assert badges(found, 1, 2.0) == ["general", "tonic", "dense"]
    assert badges(found, 2, 2.0) == ["general", "transient"]
    assert badges(found, 3, 2.0) == ["episode-specific"]
    assert badges(found, 4, 2.0) == ["dead"]
    assert found.onset_rate[0] == pytest.approx(2.0)
    assert badges(activity(z, EPISODE, None), 0, None) == ["general"]


def test_a_bump_in_phase_is_a_tile_and_noise_is_not():
    rng = np.random.default_rng(0)
    bump = np.exp(8 * (np.cos(2 * np.pi * (PHASE - 0.25)) - 1))
    z = np.stack([bump, rng.random(len(PHASE)), np.zeros(len(PHASE))], axis=1)
    found = phase_tuning(z, np.where(STEP < 50, np.nan, PHASE))
    assert found.is_tile(0)
    assert not found.is_tile(1)
    assert found.mean[0] == pytest.approx(0.25, abs=0.02)
    assert found.concentration[0] > 0.9 > 0.2 > found.concentration[1]
    assert np.isnan(found.tile_r2[2])
    assert found.rows == (LENGTH - 50) * EPISODES


def test_columns_give_back_the_latents():
    z = np.maximum(np.random.default_rng(0).standard_normal((50, 7)), 0)
    z[:, 3] = 0
    columns = LatentColumns.of(z)
    for j in range(7):
        np.testing.assert_allclose(columns.column(j), z[:, j], rtol=1e-6)
