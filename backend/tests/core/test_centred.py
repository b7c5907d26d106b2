"""Sparse latents about their means are what filled-up ones are."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from policyscope.core import attribution, wide_probes
from policyscope.core.centred import Centred, Columns, collected

RNG = np.random.default_rng(0)
Z = np.maximum(RNG.standard_normal((200, 50)) - 1.4, 0.0)
Z[:, 3] = 0.0  # never fires
Z[:, 4] = 0.3  # always the same
Z[:, 5] = 1e3 + 1e-6 * RNG.standard_normal(200)  # hardly varies
Z[7, 6:] = 0.0
Y = np.column_stack([Z[:, 0] - 2.0 * Z[:, 9] + 0.1 * RNG.standard_normal(200), RNG.standard_normal(200)])
SPARSE = csr_array(Z)


@pytest.mark.parametrize("make", [Centred.about_mean, Centred.standardised])
def test_products_of_rows_and_of_columns(make) -> None:
    z = Z[:, np.arange(50) != 5]
    filled, sparse = make(z), make(csr_array(z))
    np.testing.assert_allclose(sparse.dense, filled.dense, atol=1e-12)
    np.testing.assert_allclose(sparse.gram(), filled.dense @ filled.dense.T, atol=1e-10)
    np.testing.assert_allclose(sparse.across(Y), filled.dense.T @ Y, atol=1e-10)
    np.testing.assert_allclose(filled.gram(), filled.dense @ filled.dense.T, atol=1e-10)


def test_a_column_that_hardly_varies_is_told_from_one_that_never_does() -> None:
    filled, sparse = Columns.of(Z), Columns.of(SPARSE)
    np.testing.assert_allclose(sparse.mean, filled.mean, rtol=1e-12)
    np.testing.assert_allclose(sparse.squares, np.where(filled.varies, filled.squares, 0.0), rtol=1e-6)
    assert list(np.flatnonzero(~sparse.varies)) == [3, 4] == list(np.flatnonzero(~filled.varies))
    assert not Centred.standardised(SPARSE).dense[:, [3, 4]].any()
    assert np.isclose(Centred.standardised(SPARSE).dense[:, 5].std(), 1.0)


def probed(z) -> list[np.ndarray]:
    raw = wide_probes.raw_ridge(z, Y, 1e-3)
    found = wide_probes.StandardisedRows(z, Y, np.repeat(np.arange(10), 20)).ridge()
    return [raw.weights, raw.r2, found.weights, found.cv_r2, wide_probes.marginal_r2(z, Y)]


def test_ridges_and_correlations_of_sparse_latents_are_those_of_filled_ones() -> None:
    z = Z[:, np.arange(50) != 5]
    for one, other in zip(probed(csr_array(z)), probed(z), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_parts_stay_sparse_only_where_that_is_less() -> None:
    parts = [Z[:80], Z[80:]]
    assert isinstance(collected(parts), csr_array)
    np.testing.assert_array_equal(collected(parts).toarray(), Z)
    filled = collected([np.abs(part) + 1.0 for part in parts])
    assert isinstance(filled, np.ndarray)
    np.testing.assert_array_equal(filled, np.abs(Z) + 1.0)


def test_features_ablated_together_are_cut_between_features(monkeypatch) -> None:
    monkeypatch.setattr(attribution, "PAIRS", 4)
    assert list(attribution._together(np.array([0, 2, 3, 9, 9, 10]))) == [(0, 9), (9, 10)]
    assert list(attribution._together(np.array([0, 4, 4]))) == [(0, 4)]
    assert list(attribution._together(np.array([0, 0, 0]))) == []
