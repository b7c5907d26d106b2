"""Curves over ordered doses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import page_trend_test
from sklearn.isotonic import IsotonicRegression

from policyscope.core import trends

RNG = np.random.default_rng(5)


def test_pages_test_agrees_with_scipy_one_sided():
    values = RNG.normal(size=(12, 6)) + 0.4 * np.arange(6)
    ours = trends.page_trend_p(values)
    theirs = page_trend_test(values, method="asymptotic").pvalue
    assert ours == pytest.approx(2 * theirs, rel=0.35)  # scipy corrects for continuity
    assert ours < 0.05 < trends.page_trend_p(RNG.normal(size=(12, 6)))
    assert trends.page_trend_p(values[:, :2]) is None


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20))
def test_isotonic_agrees_with_scikit_learn(values):
    y = np.array(values)
    expected = IsotonicRegression().fit_transform(np.arange(len(y)), y)
    np.testing.assert_allclose(trends.isotonic(y), expected, atol=1e-6)


def test_the_band_holds_for_all_doses_at_once():
    truth, inside = np.linspace(-1, 1, 5), 0
    for trial in range(200):
        rng = np.random.default_rng(trial)
        sample = truth + rng.normal(size=(16, 1)) + 0.5 * rng.normal(size=(16, 5))
        low, high = trends.simultaneous_band(sample, draws=1000)
        inside += bool(((low <= truth) & (truth <= high)).all())
    assert 0.90 <= inside / 200 <= 0.99
    assert trends.simultaneous_band(sample[:7]) is None


def test_slope_and_linear_range():
    doses = np.array([-0.1, -0.02, -0.01, 0.01, 0.02, 0.1])
    bent = np.where(np.abs(doses) < 0.05, 3 * doses, 0.1 * doses)
    assert trends.slope_at_zero(doses, np.tile(bent, (4, 1)), 0.02) == pytest.approx([3.0] * 4)
    assert trends.linear_range(doses, bent, 3.0) == 0.02
    assert trends.linear_range(doses, -bent, 3.0) == 0.0
