"""Which features two SAEs of one tap share: a one-to-one matching beside what chance gives.

Partners are assigned to maximise the summed decoder cosine and latent correlation (Hungarian algorithm). In
few dimensions dictionaries without features also match well, so a pair counts as the same feature only above
the 95th percentile of what the best of three such dictionaries reaches (see ``stability``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from policyscope.core.blocks import F64
from policyscope.core.errors import LimitExceeded, ShapeMismatch
from policyscope.core.sae import SAE
from policyscope.core.stability import (
    SAME_ACTIVATION,
    Dictionary,
    Null,
    NullScores,
    assigned_mean,
    dictionary_of,
    mmcs,
    null_dictionaries,
    null_scores,
    similarities,
)

MOST_FEATURES = 2048
CHANCE = 95.0  # percentile
NULL_SEED = 0


@dataclass(frozen=True)
class Match:
    """A feature of the first SAE and its partner in the second. ``same``: beyond chance, and firing alike."""

    feature: int
    partner: int
    cosine: float
    correlation: float
    same: bool


@dataclass(frozen=True)
class Comparison:
    """Scores as in ``stability``; ``chance_cosine``: what a partner's cosine must exceed.

    ``matches`` are sorted by cosine, greatest first. ``only_first`` and ``only_second``: alive features
    without a partner that is the same.
    """

    mmcs: float
    pw_mcc: float
    activation_mcc: float
    nulls: Mapping[Null, NullScores]
    chance_cosine: float
    matches: tuple[Match, ...]
    only_first: tuple[int, ...]
    only_second: tuple[int, ...]


def compare(first: SAE, second: SAE, activations: F64) -> Comparison:
    """``activations`` [N, d_in] of the tap that both read.

    Raises ShapeMismatch when they read different widths, LimitExceeded beyond 2,048 alive features,
    InvalidInput when one has no alive feature.
    """
    if first.d_in != second.d_in:
        raise ShapeMismatch(
            f"The SAEs read {first.d_in} and {second.d_in} units; features of one tap are matched."
        )
    one, other = (dictionary_of(sae, activations) for sae in (first, second))
    sizes = (len(one.directions), len(other.directions))
    if max(sizes) > MOST_FEATURES:
        raise LimitExceeded(
            f"The SAEs have {sizes[0]:,} and {sizes[1]:,} alive features; at most {MOST_FEATURES:,} are "
            "matched one to one. Compare smaller SAEs, or their report cards."
        )
    cosine, correlation = similarities(one, other)
    chance = _chance(one, sizes[1], activations)
    matches = _matches(one, other, cosine, correlation, chance)
    shared = [match for match in matches if match.same]
    pw_mcc = assigned_mean(cosine)
    return Comparison(
        mmcs=mmcs(cosine),
        pw_mcc=pw_mcc,
        activation_mcc=assigned_mean(correlation),
        nulls=null_scores(activations, sizes, pw_mcc, NULL_SEED),
        chance_cosine=chance,
        matches=matches,
        only_first=_without(one.alive, [match.feature for match in shared]),
        only_second=_without(other.alive, [match.partner for match in shared]),
    )


def _matches(
    one: Dictionary, other: Dictionary, cosine: F64, correlation: F64, chance: float
) -> tuple[Match, ...]:
    rows, columns = linear_sum_assignment(cosine + correlation, maximize=True)
    features, partners = np.flatnonzero(one.alive)[rows], np.flatnonzero(other.alive)[columns]
    order = np.argsort(-cosine[rows, columns], kind="stable")
    return tuple(
        Match(
            int(features[at]),
            int(partners[at]),
            float(cosine[rows[at], columns[at]]),
            float(correlation[rows[at], columns[at]]),
            bool(
                cosine[rows[at], columns[at]] > chance
                and correlation[rows[at], columns[at]] >= SAME_ACTIVATION
            ),
        )
        for at in order
    )


def _chance(one: Dictionary, size: int, activations: F64) -> float:
    """What the best partners of ``one`` reach by chance among ``size`` directions of the hardest null."""
    nulls = null_dictionaries(activations, size, np.random.default_rng(NULL_SEED))
    best = [(one.directions @ null.T).max(axis=1) for null in nulls.values()]
    return max(float(np.percentile(cosine, CHANCE)) for cosine in best)


def _without(alive: NDArray[np.bool_], shared: list[int]) -> tuple[int, ...]:
    return tuple(np.setdiff1d(np.flatnonzero(alive), shared).tolist())
