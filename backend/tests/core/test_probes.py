"""Ridge regression against scikit-learn and its definition, with dead, duplicate and constant columns."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from policyscope.core import probes
from policyscope.core.errors import InvalidInput, ShapeMismatch

RNG = np.random.default_rng(0)
Z = np.maximum(RNG.standard_normal((400, 6)), 0) * [1, 5, 0.1, 1, 2, 1]
Y = Z @ RNG.standard_normal((6, 2)) + 3.0 + 0.1 * RNG.standard_normal((400, 2))


def test_ridge_is_the_closed_form_with_a_free_intercept():
    weights, intercept = probes.ridge(Z, Y, 1e-3)
    penalty = probes.penalty_for(probes.moments(Z, Y), 1e-3)
    reference = Ridge(alpha=penalty).fit(Z, Y)
    np.testing.assert_allclose(weights.T, reference.coef_, atol=1e-10)
    np.testing.assert_allclose(intercept, reference.intercept_, atol=1e-10)


def test_the_intercept_is_not_penalised():
    weights, intercept = probes.ridge(Z, Y, 1e-3)
    shifted, moved = probes.ridge(Z, Y + 1000.0, 1e-3)
    np.testing.assert_allclose(shifted, weights, atol=1e-9)
    np.testing.assert_allclose(moved, intercept + 1000.0, atol=1e-9)


def test_dead_and_constant_columns_get_exactly_zero():
    z = np.hstack([Z, np.zeros((400, 1)), np.full((400, 1), 0.1)])
    weights, _ = probes.ridge(z, Y, 1e-3)
    assert np.array_equal(weights[6:], np.zeros((2, 2)))
    np.testing.assert_allclose(weights[:6], probes.ridge(Z, Y, 1e-3)[0], atol=1e-12)


def test_duplicate_columns_share_their_weight():
    weights, _ = probes.ridge(np.hstack([Z, Z[:, :1]]), Y, 1e-6)
    np.testing.assert_allclose(weights[0], weights[6], rtol=1e-6)
    np.testing.assert_allclose(weights[0] + weights[6], probes.ridge(Z, Y, 1e-6)[0][0], rtol=1e-3)


def test_a_constant_target_needs_no_feature():
    y = np.column_stack([Y[:, 0], np.full(400, 0.3)])
    weights, intercept = probes.ridge(Z, y, 1e-3)
    assert np.array_equal(weights[:, 1], np.zeros(6))
    assert intercept[1] == pytest.approx(0.3)
    m = probes.moments(Z, y)
    assert np.isnan(probes.r_squared(m, weights)[1])
    assert np.isnan(probes.standardised_ridge(Z, y, None).cv_r2[1])


def test_all_dead():
    weights, intercept = probes.ridge(np.zeros((50, 3)), Y[:50], 1e-3)
    assert not weights.any()
    np.testing.assert_allclose(intercept, Y[:50].mean(axis=0))


def test_r_squared_is_the_definition():
    m = probes.moments(Z, Y)
    weights, intercept = probes.solve(m, 5.0)
    residual = np.square(Z @ weights + intercept - Y).sum(axis=0)
    expected = 1 - residual / np.square(Y - Y.mean(axis=0)).sum(axis=0)
    np.testing.assert_allclose(probes.r_squared(m, weights), expected, atol=1e-12)


def test_marginal_r2_is_the_squared_correlation():
    z = np.hstack([Z, np.zeros((400, 1))])
    marginal = probes.marginal_r2(probes.moments(z, Y))
    expected = np.corrcoef(Z[:, 2], Y[:, 1])[0, 1] ** 2
    assert marginal[2, 1] == pytest.approx(expected)
    assert np.array_equal(marginal[6], [0.0, 0.0])


def test_standardised_weights_ignore_the_scale_of_a_feature():
    scaled = Z * [100, 1, 1, 1, 1, 1]
    one, other = probes.standardised_ridge(Z, Y, None), probes.standardised_ridge(scaled, Y, None)
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-9)
    raw = probes.ridge(scaled, Y, 1e-3)[0]
    assert abs(raw[0, 0]) < abs(probes.ridge(Z, Y, 1e-3)[0][0, 0]) / 10  # the raw one does not


def test_standardised_weights_match_scikit_learn_at_the_chosen_penalty():
    result = probes.standardised_ridge(Z, Y, None)
    zs, ys = (Z - Z.mean(axis=0)) / Z.std(axis=0), (Y - Y.mean(axis=0)) / Y.std(axis=0)
    for target in range(2):
        reference = Ridge(alpha=result.lambdas[target] * len(Z)).fit(zs, ys[:, target])
        np.testing.assert_allclose(result.weights[:, target], reference.coef_, atol=1e-10)


def test_fold_scores_match_fitting_each_fold():
    zs, ys = (Z - Z.mean(axis=0)) / Z.std(axis=0), (Y - Y.mean(axis=0)) / Y.std(axis=0)
    fold = probes.folds(400, np.arange(400) // 20)
    scores = probes._fold_scores(
        probes._fold_sums([(Z[:97], Y[:97]), (Z[97:], Y[97:])], probes.moments(Z, Y), fold), 6
    )
    held = fold == 2
    reference = Ridge(alpha=probes.LAMBDAS[17] * (~held).sum()).fit(zs[~held], ys[~held])
    residual = np.square(reference.predict(zs[held]) - ys[held]).sum(axis=0)
    baseline = np.square(ys[held] - ys[~held].mean(axis=0)).sum(axis=0)
    np.testing.assert_allclose(scores[2, 17], 1 - residual / baseline, atol=1e-9)


def test_noise_is_not_explained_on_held_out_episodes():
    rng = np.random.default_rng(1)
    result = probes.standardised_ridge(
        rng.standard_normal((300, 40)), rng.standard_normal((300, 1)), np.arange(300) // 10
    )
    assert result.cv_r2[0] < 0.05
    assert result.lambdas[0] > 1.0


def test_whole_groups_are_held_out():
    groups = np.repeat(np.arange(12), 7)
    fold = probes.folds(84, groups)
    assert all(len(set(fold[groups == g])) == 1 for g in range(12))
    assert set(fold) == set(range(5))
    blocks = probes.folds(100, np.zeros(100, int))
    assert set(blocks) == set(range(5))
    assert np.count_nonzero(np.diff(blocks)) == 19


@pytest.mark.parametrize(
    ("z", "y", "error"),
    [
        (np.full((5, 2), np.nan), np.zeros((5, 1)), InvalidInput),
        (np.zeros((5, 2)), np.full((5, 1), np.inf), InvalidInput),
        (np.zeros((5, 2)), np.zeros((4, 1)), ShapeMismatch),
        (np.zeros(5), np.zeros((5, 1)), ShapeMismatch),
        (np.zeros((0, 2)), np.zeros((0, 1)), ShapeMismatch),
    ],
)
def test_bad_data_are_refused(z, y, error):
    with pytest.raises(error):
        probes.ridge(z, y, 1e-3)


def test_a_penalty_is_needed():
    with pytest.raises(InvalidInput, match="above 0"):
        probes.ridge(Z, Y, 0.0)
    with pytest.raises(InvalidInput, match="too few"):
        probes.standardised_ridge(Z[:3], Y[:3], None)


@pytest.mark.parametrize("density", [0.05, 0.6], ids=["sparse", "dense"])
def test_moments_are_those_of_the_centred_data(density):
    rng = np.random.default_rng(3)
    z = rng.random((1500, 20)) * (rng.random((1500, 20)) < density)
    z[:, 4], z[:, 5] = 0.0, 7.25
    y = rng.standard_normal((1500, 3)) + np.array([0.0, 1e4, -3.0])
    m = probes.moments(z, y)
    zc, yc = z - z.mean(axis=0), y - y.mean(axis=0)
    zc[:, 4:6] = 0.0
    np.testing.assert_allclose(m.zz, zc.T @ zc, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(m.zy, zc.T @ yc, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(m.yy, np.square(yc).sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(m.z_mean, z.mean(axis=0), rtol=1e-12, atol=1e-15)
    assert np.flatnonzero(~m.live).tolist() == [4, 5]


def test_moments_in_parts_are_those_of_the_whole() -> None:
    rng = np.random.default_rng(4)
    z, y = np.maximum(rng.normal(size=(900, 40)) - 1.5, 0.0), rng.normal(size=(900, 3)) + 1e3
    z[:, 7], y[:, 1] = 0.25, 4.0  # constant
    whole = probes.moments(z, y)
    parts = probes.moments_of((z[at : at + 250], y[at : at + 250]) for at in range(0, 900, 250))
    assert parts.n == 900
    assert not parts.live[7]
    assert parts.live.tolist() == whole.live.tolist()
    assert parts.live_y.tolist() == [True, False, True]
    for name in ("z_mean", "y_mean", "zz", "zy", "yy"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-9, atol=1e-9)
    with pytest.raises(InvalidInput, match="no rows"):
        probes.moments_of([])
