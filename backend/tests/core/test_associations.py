"""Associations: unique R² is a refit, p-values are small where there is something."""

import numpy as np
import pytest

from policyscope.core import probes
from policyscope.core.associations import associate, associate_episodes, episode_slices

EPISODES, LENGTH = 12, 150
GROUPS = np.repeat(np.arange(EPISODES), LENGTH)


def walk(rng, columns, n=EPISODES * LENGTH):
    """Slow signals: neighbouring steps are alike, as in a gait."""
    noise = rng.standard_normal((n, columns))
    out = np.empty_like(noise)
    out[0] = noise[0]
    for t in range(1, n):
        out[t] = 0.95 * out[t - 1] + noise[t]
    return out


def test_unique_r2_is_what_a_refit_without_the_feature_loses():
    rng = np.random.default_rng(0)
    z = np.maximum(walk(rng, 6), 0)
    y = z[:, :1] * 2 - z[:, 1:2] + 0.5 * rng.standard_normal((len(z), 1))
    found = associate(z, y, GROUPS, least_shift=10, draws=50)
    zs, ys = z / z.std(axis=0), y / y.std(axis=0)
    fold, lost = probes.folds(len(z), GROUPS), []
    for f in range(5):
        train, test = fold != f, fold == f
        zc, yc = zs[train] - zs[train].mean(axis=0), ys[train] - ys[train].mean(axis=0)
        zt, yt = zs[test] - zs[train].mean(axis=0), ys[test] - ys[train].mean(axis=0)
        rss = []
        for kept in (slice(None), [0, 2, 3, 4, 5]):
            a = zc[:, kept]
            penalty = found.lambdas[0] * len(a) * np.eye(a.shape[1])
            w = np.linalg.solve(a.T @ a + penalty, a.T @ yc)
            rss.append(float(np.square(yt - zt[:, kept] @ w).sum()))
        lost.append((rss[1] - rss[0]) / float(np.square(yt).sum()))
    assert found.unique_r2[1, 0] == pytest.approx(np.mean(lost), rel=1e-6)
    assert found.unique_r2[0, 0] > found.unique_r2[1, 0] > 0.05
    assert np.abs(found.unique_r2[2:, 0]).max() < 0.02
    assert found.cv_r2[0] > 0.8


def test_the_shift_null_finds_a_real_association_and_no_slow_coincidence():
    rng = np.random.default_rng(1)
    z = walk(rng, 40)
    y = np.column_stack([z[:, 0] + 0.5 * walk(rng, 1)[:, 0], walk(rng, 1)[:, 0], np.ones(len(z))])
    found = associate(z, y, GROUPS, least_shift=20)
    assert found.q_value[0, 0] < 0.05
    # plain correlation tests would call many of these significant, since neighbouring steps are alike
    assert (found.p_value[:, 1] < 0.05).mean() < 0.2
    assert np.isnan(found.p_value[:, 2]).all()
    assert np.isnan(found.marginal_r2[:, 2]).all()


def test_one_value_per_episode_is_permuted():
    rng = np.random.default_rng(2)
    z = rng.standard_normal((30, 10))
    y = np.column_stack([3 * z[:, 4] + rng.standard_normal(30), rng.standard_normal(30)])
    found = associate_episodes(z, y)
    assert found.q_value[4, 0] < 0.05
    assert int(found.marginal_r2[:, 0].argmax()) == 4
    assert (found.q_value[:, 1] < 0.05).sum() == 0


def test_episode_slices_are_consecutive_rows():
    assert episode_slices(np.array([3, 3, 1, 1, 1])) == [slice(0, 2), slice(2, 5)]
