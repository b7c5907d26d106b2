"""How much a feature's direction moves the action, beside random directions of the same length.

``S_j = rms_x ||g(x + δ w_j/||w_j||) − g(x)||`` with one δ for all, as a percentile among 500 random
directions: isotropic ones, and ones drawn like the activations themselves, N(0, Σ_x). (After "output score",
arXiv 2505.20063.) Near the 50th percentile a feature is no better a handle than chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from policyscope.core.activations import spread_rows
from policyscope.core.affinities import unit_rows
from policyscope.core.attribution import FLOATING_POINT_BUDGET
from policyscope.core.blocks import F64, as_rows
from policyscope.core.errors import InvalidInput
from policyscope.core.policy import Policy
from policyscope.core.sae import SAE

Null = Literal["isotropic", "covariance"]

DIRECTIONS = 500
SHARE = 0.1  # of the activations' RMS distance from their mean
MAX_STATES, MIN_STATES = 512, 32
ROWS_AT_ONCE = 65_536


@dataclass(frozen=True, eq=False)
class OutputScores:
    """``rms`` [F] in action units; ``percentile`` [F] in 0 to 100 per null, NaN for a zero direction.

    ``null``: sorted scores [directions] of the random directions; ``displacement``: the common length δ.
    """

    rms: F64
    percentile: Mapping[Null, F64]
    null: Mapping[Null, F64]
    displacement: float
    n_states: int


def output_scores(
    policy: Policy,
    sae: SAE,
    tap_index: int,
    h: F64,
    directions: int = DIRECTIONS,
    share: float = SHARE,
    seed: int = 0,
) -> OutputScores:
    """Scores of all features at activations ``h`` [N, d_in], thinned evenly to what a few seconds allow."""
    states = as_rows(h, sae.d_in, "The activation")
    if directions < 20 or not share > 0:
        raise InvalidInput(
            f"directions is {directions} and share {share}; at least 20 and above 0 are needed."
        )
    displacement = share * float(np.sqrt(np.square(states - states.mean(axis=0)).sum(axis=1).mean()))
    rng = np.random.default_rng(seed)
    null_directions = random_directions(states, directions, rng)
    thinned = states[spread_rows(len(states), _affordable(policy, tap_index, 2 * directions + sae.d_latent))]

    def score(rows: F64) -> F64:
        return displaced_rms(policy, tap_index, thinned, displacement * unit_rows(rows))

    rms = score(sae.w_dec.T)
    null: dict[Null, F64] = {name: np.sort(score(rows)) for name, rows in null_directions.items()}
    zero = sae.decoder_norms() == 0
    percentile: dict[Null, F64] = {
        name: np.where(zero, np.nan, percentile_in(values, rms)) for name, values in null.items()
    }
    return OutputScores(rms, percentile, null, displacement, len(thinned))


def random_directions(states: F64, directions: int, rng: np.random.Generator) -> dict[Null, F64]:
    """``directions`` random rows ``[directions, d]`` of each kind, not normalised."""
    centred = states - states.mean(axis=0)
    centred = centred[spread_rows(len(centred), 4096)]
    return {
        "isotropic": rng.standard_normal((directions, states.shape[1])),
        # random mixtures of centred data are exactly N(0, Σ_x) up to scale
        "covariance": rng.standard_normal((directions, len(centred))) @ centred,
    }


def displaced_rms(policy: Policy, tap_index: int, states: F64, displacements: F64) -> F64:
    """``rms_x ||g(x + v) − g(x)||`` [D] for each row v of ``displacements`` [D, d]."""
    actions = policy.tail(states, tap_index)
    at_once = max(1, ROWS_AT_ONCE // len(states))
    out = np.empty(len(displacements))
    for start in range(0, len(displacements), at_once):
        part = displacements[start : start + at_once]
        moved = (states[None] + part[:, None]).reshape(-1, states.shape[1])
        change = policy.tail(moved, tap_index).reshape(len(part), *actions.shape) - actions
        out[start : start + len(part)] = np.sqrt(np.square(change).sum(axis=2).mean(axis=1))
    return out


def percentile_in(sorted_null: F64, values: F64) -> F64:
    """Share of ``sorted_null`` below each of ``values``, in percent; ties count half."""
    below = np.searchsorted(sorted_null, values, side="left")
    upto = np.searchsorted(sorted_null, values, side="right")
    return 50.0 * (below + upto) / len(sorted_null)


def _affordable(policy: Policy, tap_index: int, directions: int) -> int:
    weights = sum(module.n_parameters() for module in policy.spec.modules[tap_index + 1 :])
    return int(np.clip(FLOATING_POINT_BUDGET / (2.0 * directions * max(weights, 1)), MIN_STATES, MAX_STATES))
