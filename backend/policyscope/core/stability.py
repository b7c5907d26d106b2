"""Do SAEs trained from other seeds find the same features? Scores beside three nulls.

MMCS: mean over features of the greatest decoder cosine, both ways. PW-MCC: mean cosine over the one-to-one
assignment that maximises it (Hungarian; arXiv 2505.20254). The same on activations: correlations of latents.
In few dimensions even random dictionaries score high, hence the nulls and the chance-corrected score
``(score − null) / (1 − null)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from policyscope.core.activations import spread_rows
from policyscope.core.affinities import unit_rows
from policyscope.core.blocks import F64, as_rows
from policyscope.core.errors import InvalidInput
from policyscope.core.sae import SAE

Null = Literal["random directions", "like the activations", "data points"]

NULL_DRAWS = 10
MAX_STATES = 20_000
SAME_DIRECTION, SAME_ACTIVATION = 0.9, 0.8
ENOUGH_SEEDS = 2 / 3


@dataclass(frozen=True)
class NullScores:
    """Mean scores of dictionaries without features, and the observed PW-MCC corrected by them."""

    mmcs: float
    pw_mcc: float
    corrected_pw_mcc: float


@dataclass(frozen=True, eq=False)
class StabilityReport:
    """Means over pairs of seeds, alive features only.

    ``activation_mcc``: mean correlation of latents over their own best assignment. ``best_cosine`` [F0] and
    ``best_correlation`` [F0]: for each feature of the first SAE, the median over the other seeds of its best
    partner's cosine and of that partner's latent correlation (NaN for dead features). ``found_in`` [F0]:
    share of the other seeds with a partner of cosine ≥ 0.9 and correlation ≥ 0.8; ``stable`` [F0]: in at
    least 2/3.
    """

    seeds: int
    mmcs: float
    pw_mcc: float
    activation_mcc: float
    nulls: Mapping[Null, NullScores]
    best_cosine: F64
    best_correlation: F64
    found_in: F64
    stable: NDArray[np.bool_]
    alive: NDArray[np.bool_]

    def badge(self, feature_idx: int) -> str:
        """``stable``, ``seed-specific`` or ``dead``."""
        if not self.alive[feature_idx]:
            return "dead"
        return "stable" if self.stable[feature_idx] else "seed-specific"


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Alive features of one SAE: unit directions [n, d], centred unit-length latents [n, N]."""

    directions: F64
    latents: F64
    alive: NDArray[np.bool_]


def compare_seeds(saes: Sequence[SAE], activations: F64, seed: int = 0) -> StabilityReport:
    """``saes``: of the same tap, trained from different seeds; ``activations`` [N, d_in] held out from all.

    Raises InvalidInput for fewer than two SAEs or when one has no alive feature.
    """
    if len(saes) < 2:
        raise InvalidInput(f"{len(saes)} SAE was given; stability compares at least two training seeds.")
    h = as_rows(activations, saes[0].d_in, "The activation")
    h = h[spread_rows(len(h), MAX_STATES)]
    found = [dictionary_of(sae, h) for sae in saes]
    pairs = [_pair_scores(a, b) for a, b in combinations(found, 2)]
    mean_mmcs, pw_mcc, activation = (float(np.mean(column)) for column in zip(*pairs, strict=True))
    first = found[0]
    partners = [_best_partner(first, other) for other in found[1:]]
    cosine, correlation = (np.median([p[i] for p in partners], axis=0) for i in (0, 1))
    found_in = np.mean([hit for _, _, hit in partners], axis=0)
    return StabilityReport(
        seeds=len(saes),
        mmcs=mean_mmcs,
        pw_mcc=pw_mcc,
        activation_mcc=activation,
        nulls=null_scores(h, [len(d.directions) for d in found[:2]], pw_mcc, seed),
        best_cosine=_scatter(cosine, first.alive, np.nan),
        best_correlation=_scatter(correlation, first.alive, np.nan),
        found_in=_scatter(found_in, first.alive, 0.0),
        stable=_scatter(found_in, first.alive, 0.0) >= ENOUGH_SEEDS - 1e-9,
        alive=first.alive,
    )


def mmcs(cosine: F64) -> float:
    """Mean of the greatest cosine, over rows and over columns, averaged."""
    return float(0.5 * (cosine.max(axis=1).mean() + cosine.max(axis=0).mean()))


def assigned_mean(similarity: F64) -> float:
    """Mean over the one-to-one assignment with the greatest sum; of the smaller side's length."""
    rows, columns = linear_sum_assignment(similarity, maximize=True)
    return float(similarity[rows, columns].mean())


def null_dictionaries(h: F64, size: int, rng: np.random.Generator) -> dict[Null, F64]:
    """Unit directions [size, d] that no training has shaped, of each kind, for activations ``h`` [N, d]."""
    centred = h - h.mean(axis=0)
    mixed = centred[spread_rows(len(centred), 4096)]
    points = centred[rng.choice(len(centred), size, replace=size > len(centred))]
    return {
        "random directions": unit_rows(rng.standard_normal((size, h.shape[1]))),
        "like the activations": unit_rows(rng.standard_normal((size, len(mixed))) @ mixed),
        "data points": unit_rows(points),
    }


def dictionary_of(sae: SAE, h: F64) -> Dictionary:
    """The alive features of ``sae`` on ``h`` [N, d_in]. Raises InvalidInput when there is none."""
    z = sae.encode(h)
    alive = (z > 0).any(axis=0) & (sae.decoder_norms() > 0)
    if not alive.any():
        raise InvalidInput(
            "No feature of one SAE fires on these activations, so there is nothing to compare."
        )
    latents = z[:, alive] - z[:, alive].mean(axis=0)
    return Dictionary(unit_rows(sae.w_dec.T[alive]), unit_rows(latents.T), alive)


def similarities(a: Dictionary, b: Dictionary) -> tuple[F64, F64]:
    """Decoder cosines and latent correlations, both [n_a, n_b]."""
    return a.directions @ b.directions.T, a.latents @ b.latents.T


def _pair_scores(a: Dictionary, b: Dictionary) -> tuple[float, float, float]:
    cosine, correlation = similarities(a, b)
    return mmcs(cosine), assigned_mean(cosine), assigned_mean(correlation)


def _best_partner(a: Dictionary, b: Dictionary) -> tuple[F64, F64, NDArray[np.bool_]]:
    """For each feature of ``a``: best cosine in ``b``, that partner's correlation, whether it is found."""
    cosine, correlation = similarities(a, b)
    best = cosine.argmax(axis=1)
    same = (cosine >= SAME_DIRECTION) & (correlation >= SAME_ACTIVATION)
    hit: NDArray[np.bool_] = np.any(same, axis=1)
    rows = np.arange(len(best))
    return cosine[rows, best], correlation[rows, best], hit


def null_scores(h: F64, sizes: Sequence[int], pw_mcc: float, seed: int) -> dict[Null, NullScores]:
    """Of pairs of dictionaries of ``sizes`` without features, beside the observed ``pw_mcc``."""
    rng = np.random.default_rng(seed)
    scores: dict[Null, list[tuple[float, float]]] = {}
    for _ in range(NULL_DRAWS):
        one, other = (null_dictionaries(h, size, rng) for size in sizes)
        for name in one:
            cosine = one[name] @ other[name].T
            scores.setdefault(name, []).append((mmcs(cosine), assigned_mean(cosine)))
    return {name: _corrected(np.mean(values, axis=0), pw_mcc) for name, values in scores.items()}


def _corrected(null: F64, pw_mcc: float) -> NullScores:
    mean_mmcs, mean_mcc = (float(value) for value in null)
    return NullScores(mean_mmcs, mean_mcc, (pw_mcc - mean_mcc) / max(1.0 - mean_mcc, 1e-9))


def _scatter(values: F64, alive: NDArray[np.bool_], otherwise: float) -> F64:
    """``values`` of the alive features among all features."""
    out = np.full(len(alive), otherwise)
    out[alive] = values
    return out
