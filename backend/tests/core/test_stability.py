"""Stability over seeds: the same dictionary is found, independent ones are not, nulls are as published."""

from __future__ import annotations

import numpy as np
import pytest

from policyscope.core import stability
from policyscope.core.errors import InvalidInput
from policyscope.core.sae import SAE

D, F = 32, 64
RNG = np.random.default_rng(0)
STATES = RNG.standard_normal((3000, D))


def tied(directions: np.ndarray, k: int = 8) -> SAE:
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return SAE(unit, np.full(len(unit), -0.5), unit.T, np.zeros(D), k)


def test_a_permuted_dictionary_is_the_same() -> None:
    directions = RNG.standard_normal((F, D))
    other = directions[RNG.permutation(F)] + 0.02 * RNG.standard_normal((F, D))
    report = stability.compare_seeds([tied(directions), tied(other)], STATES)
    assert report.pw_mcc > 0.99
    assert report.mmcs > 0.99
    assert report.activation_mcc > 0.95
    assert report.stable[report.alive].mean() > 0.95
    assert report.badge(int(np.flatnonzero(report.stable)[0])) == "stable"
    assert min(null.corrected_pw_mcc for null in report.nulls.values()) > 0.95


def test_independent_dictionaries_score_like_the_null() -> None:
    saes = [tied(RNG.standard_normal((F, D))) for _ in range(3)]
    report = stability.compare_seeds(saes, STATES)
    null = report.nulls["random directions"]
    assert null.pw_mcc == pytest.approx(0.38, abs=0.02)  # measured for d 32, F 64
    assert report.pw_mcc == pytest.approx(null.pw_mcc, abs=0.02)
    assert null.corrected_pw_mcc == pytest.approx(0.0, abs=0.03)
    assert not report.stable.any()
    assert report.badge(0) == "seed-specific"


def test_only_the_shared_half_is_stable_and_dead_features_are_named() -> None:
    shared = RNG.standard_normal((F // 2, D))
    one, two, three = (np.vstack([shared, RNG.standard_normal((F // 2, D))]) for _ in range(3))
    dead = tied(one)
    bias = dead.b_enc.copy()
    bias[F - 1] = -1e6
    first = SAE(dead.w_enc, bias, dead.w_dec, dead.b_dec, dead.k)
    report = stability.compare_seeds([first, tied(two), tied(three)], STATES)
    assert report.stable[: F // 2].mean() > 0.8
    assert not report.stable[F // 2 :].any()
    assert report.badge(F - 1) == "dead"
    assert np.isnan(report.best_cosine[F - 1])


def test_a_closed_orbit_makes_data_points_alike() -> None:
    angle = np.linspace(0, 60, 4000)
    orbit = np.stack([np.sin(k * angle + p) / k for k in (1, 2, 3) for p in (0, 1, 2, 3)], axis=1)
    null = stability.null_dictionaries(orbit, F, np.random.default_rng(0))
    other = stability.null_dictionaries(orbit, F, np.random.default_rng(1))
    scores = {name: stability.assigned_mean(null[name] @ other[name].T) for name in null}
    assert scores["data points"] > 0.9 > scores["like the activations"] > scores["random directions"]


def test_scores_repeat_and_need_two_seeds() -> None:
    saes = [tied(RNG.standard_normal((F, D))) for _ in range(2)]
    assert stability.compare_seeds(saes, STATES).nulls == stability.compare_seeds(saes, STATES).nulls
    with pytest.raises(InvalidInput, match="at least two"):
        stability.compare_seeds(saes[:1], STATES)
