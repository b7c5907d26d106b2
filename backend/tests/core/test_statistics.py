"""Intervals and tests against scipy, closed forms and their own promises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from policyscope.core import statistics as st

SKEWED = np.random.default_rng(3).lognormal(size=24)


def test_iqm_is_scipys_trimmed_mean() -> None:
    for n in (1, 3, 4, 7, 8, 21):
        assert st.iqm(SKEWED[:n]) == pytest.approx(scipy_stats.trim_mean(SKEWED[:n], 0.25))


@pytest.mark.parametrize("statistic", [st.mean, st.iqm])
def test_bca_agrees_with_scipy(statistic: st.Statistic) -> None:
    reference = scipy_stats.bootstrap(
        (SKEWED,),
        lambda x, axis: statistic(np.moveaxis(x, axis, -1)),
        n_resamples=40_000,
        method="BCa",
        rng=1,
    ).confidence_interval
    interval = st.bootstrap_interval(SKEWED, statistic, draws=40_000, expanded=False)
    assert interval == pytest.approx(tuple(reference), rel=0.03)


def test_an_interval_is_the_same_every_time_and_moves_with_the_data() -> None:
    low, high = st.bootstrap_interval(SKEWED) or (np.nan, np.nan)
    assert (low, high) == st.bootstrap_interval(SKEWED)
    assert low < SKEWED.mean() < high
    shifted = st.bootstrap_interval(SKEWED + 10)
    assert shifted == pytest.approx((low + 10, high + 10))


def test_no_interval_where_there_is_nothing_to_go_by() -> None:
    assert st.bootstrap_interval([]) is None
    assert st.bootstrap_interval(SKEWED[:7]) is None
    assert st.bootstrap_interval([2.0] * 20) is None


def test_one_outlier_does_not_break_the_correction() -> None:
    interval = st.bootstrap_interval([0.0] * 15 + [1e6])
    assert interval is not None
    assert np.isfinite(interval).all()


def test_wilson_agrees_with_scipy_also_at_the_ends() -> None:
    for k, n in ((0, 16), (5, 16), (16, 16)):
        reference = scipy_stats.binomtest(k, n).proportion_ci(method="wilson")
        assert st.wilson(k, n) == pytest.approx((reference.low, reference.high), abs=1e-12)
    assert st.wilson(0, 0) is None


def test_sign_flips_are_exact_for_few_pairs() -> None:
    assert st.sign_flip_p([1.0, 2.0, 3.0, 4.0, 5.0]) == st.smallest_p(5) == 0.0625
    assert st.sign_flip_p(np.ones(8)) == st.smallest_p(8)
    assert st.sign_flip_p([1.0, -1.0]) == 1.0
    assert st.sign_flip_p(np.zeros(9)) == 1.0
    assert st.sign_flip_p([]) is None
    d = SKEWED[:10] - 1.2
    reference = scipy_stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert st.sign_flip_p(d) == pytest.approx(reference.pvalue)


def test_sign_flips_are_sampled_for_many_pairs() -> None:
    d = np.random.default_rng(0).normal(0.4, 1, 40)
    p = st.sign_flip_p(d)
    assert p == pytest.approx(scipy_stats.ttest_1samp(d, 0).pvalue, abs=0.01)
    assert st.sign_flip_p(np.ones(40)) == 1 / (st.FLIPS + 1)


def test_mcnemar_is_a_binomial_test_of_the_disagreements() -> None:
    a = np.array([1, 1, 1, 1, 1, 0, 0, 1], bool)
    b = np.array([0, 0, 0, 0, 1, 0, 1, 0], bool)
    assert st.mcnemar_p(a, b) == pytest.approx(scipy_stats.binomtest(1, 6).pvalue)
    assert st.mcnemar_p(a, a) == 1.0


def test_effect_sizes() -> None:
    d = np.array([1.0, 2.0, 3.0, 0.0])
    assert st.effect_size(d) == pytest.approx(1.5 / d.std(ddof=1))
    assert st.effect_size([1.0]) is None
    assert st.effect_size([0.0, 0.0]) is None
    assert st.probability_of_improvement(d) == 0.875


def test_pairing_helps_when_seeds_move_both_arms_alike() -> None:
    base = np.arange(10.0)
    assert st.variance_ratio(base, base + 1) == 0.0
    assert st.variance_ratio(base, base[::-1]) == pytest.approx(2.0)
    assert st.variance_ratio([1.0, 1.0], [1.0, 1.0]) is None


def test_holm_steps_down() -> None:
    assert st.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert st.holm([]) == []


def test_false_discovery_rates_against_the_definition():
    nan = float("nan")
    p = [0.01, 0.04, nan, 0.03, 0.5]
    assert st.benjamini_hochberg(p) == pytest.approx(
        [0.04, 0.04 * 4 / 3, nan, 0.04 * 4 / 3, 0.5], nan_ok=True
    )
    assert st.benjamini_hochberg([]).tolist() == []
    rng = np.random.default_rng(0)
    share = np.mean([(st.benjamini_hochberg(rng.random(50)) < 0.05).any() for _ in range(2000)])
    assert share == pytest.approx(0.05, abs=0.015)  # with nothing to find, any finding is false


@pytest.mark.parametrize("n", [1, 2, 5, 11])
def test_sign_flips_over_half_the_patterns_are_those_over_all(n):
    d = np.random.default_rng(n).standard_normal(n) + 0.4
    signs = 1 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    everything = (np.abs(signs @ d) >= abs(d.sum()) - 1e-9).mean()
    assert st.sign_flip_p(d) == pytest.approx(everything)
