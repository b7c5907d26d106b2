"""Probes of wide SAEs give what the others give, where both can be computed."""

import numpy as np

from policyscope.core import associations, probes, wide_probes

RNG = np.random.default_rng(0)
Z = np.maximum(RNG.standard_normal((300, 60)) - 0.8, 0.0)
Z[:, 7] = 0.0  # a dead feature
Y = np.column_stack([Z[:, 0] - 2.0 * Z[:, 3] + 0.3 * RNG.standard_normal(300), RNG.standard_normal(300)])
GROUPS = np.repeat(np.arange(10), 30)


def test_the_guides_ridge_is_the_same_among_rows_as_among_features() -> None:
    found = wide_probes.raw_ridge(Z, Y, 1e-3)
    m = probes.moments(Z, Y)
    penalty = probes.penalty_for(m, 1e-3)
    weights, _ = probes.solve(m, penalty)
    assert np.isclose(found.penalty, penalty)
    np.testing.assert_allclose(found.weights, weights, atol=1e-9)
    np.testing.assert_allclose(found.r2, probes.r_squared(m, weights))
    assert found.weights[7].any() == 0


def test_the_standardised_ridge_and_what_each_feature_adds_are_the_same() -> None:
    rows = wide_probes.StandardisedRows(Z, Y, GROUPS)
    one, other = rows.ridge(), probes.standardised_ridge(Z, Y, GROUPS)
    np.testing.assert_allclose(one.lambdas, other.lambdas)
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-9)
    np.testing.assert_allclose(one.cv_r2, other.cv_r2)
    marginal, unique = associations._held_out_r2(Z, Y, GROUPS, other.lambdas)
    np.testing.assert_allclose(rows.unique_r2(one.lambdas), unique, atol=1e-9)
    np.testing.assert_allclose(wide_probes.held_out_marginal_r2(Z, Y, GROUPS), marginal, atol=1e-9)


def test_more_features_than_rows_and_targets_that_never_change() -> None:
    z, y = Z[:20], np.column_stack([Y[:20, 0], np.ones(20)])
    found = wide_probes.StandardisedRows(z, y, None).ridge()
    assert np.isfinite(found.weights).all()
    assert np.isfinite(found.cv_r2[0])
    assert np.isnan(found.cv_r2[1])
    raw = wide_probes.raw_ridge(z, y, 1e-3)
    np.testing.assert_allclose(raw.weights[:, 0], probes.ridge(z, y, 1e-3)[0][:, 0], atol=1e-8)
    assert not raw.weights[:, 1].any()
    assert np.isnan(raw.r2[1])


def test_associations_of_a_wide_sae_find_the_feature_that_makes_the_target() -> None:
    rng = np.random.default_rng(1)
    z = np.maximum(rng.standard_normal((200, wide_probes.WIDE + 4)) - 2.0, 0.0)
    z[:, 5] = np.maximum(rng.standard_normal(200), 0.0)
    y = z[:, 5:6] + 0.05 * rng.standard_normal((200, 1))
    found = associations.associate(z, y, np.repeat(np.arange(8), 25), draws=50)
    for values in (found.marginal_r2, found.weight, found.unique_r2, -found.q_value):
        assert np.nanargmax(values[:, 0]) == 5
    assert found.q_value[5, 0] < 0.05
    assert found.weight.shape == (wide_probes.WIDE + 4, 1)


def test_p_values_do_not_depend_on_how_many_features_are_shifted_at_once(monkeypatch) -> None:
    whole = associations.shift_p_values(Z, Y, GROUPS, 3, 40, np.random.default_rng(2))
    monkeypatch.setattr(associations, "NULL_CELLS", 40 * 2 * 7)
    parts = associations.shift_p_values(Z, Y, GROUPS, 3, 40, np.random.default_rng(2))
    np.testing.assert_allclose(parts, whole, rtol=1e-9)
