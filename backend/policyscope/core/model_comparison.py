"""Two policies on the same observations: how far their actions differ, and which features fire alike.

Units of two networks have no common basis, so features are matched by when they fire and never by direction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from policyscope.core.action_box import unscaled
from policyscope.core.blocks import F64
from policyscope.core.envs import EnvInfo
from policyscope.core.errors import LimitExceeded
from policyscope.core.policy import Policy
from policyscope.core.sae import SAE
from policyscope.core.sae_comparison import CHANCE, MOST_FEATURES, NULL_SEED
from policyscope.core.stability import SAME_ACTIVATION, Dictionary, dictionary_of, null_dictionaries


@dataclass(frozen=True)
class ActionGap:
    """RMS of the difference in an action's units, and in SDs of the first's action (None: it is constant)."""

    rms: float
    rms_sd: float | None
    mean: float


@dataclass(frozen=True)
class SameFiring:
    """A feature of the first SAE and its partner in the second; ``same``: beyond chance and at least 0.8."""

    feature: int
    partner: int
    correlation: float
    same: bool


@dataclass(frozen=True)
class Agreement:
    """``chance``: what a partner's correlation must exceed. ``matches``: by correlation, greatest first."""

    mean_correlation: float
    chance: float
    matches: tuple[SameFiring, ...]
    alive: tuple[int, int]


def actions_of(policy: Policy, observations: F64, info: EnvInfo | None) -> F64:
    """Actions [N, act] as the environment takes them: stretched and cut to its box; outputs without one."""
    outputs = policy(observations)
    if info is None or info.action_kind == "discrete":
        return outputs
    low = np.array([-np.inf if channel.low is None else channel.low for channel in info.actions])
    high = np.array([np.inf if channel.high is None else channel.high for channel in info.actions])
    return np.clip(unscaled(policy, outputs, info), low, high)


def action_gaps(first: F64, second: F64) -> tuple[ActionGap, ...]:
    """Per action, over the rows of ``first`` and ``second`` [N, act]."""
    difference, spread = second - first, first.std(axis=0)
    rms = np.sqrt((difference**2).mean(axis=0))
    return tuple(
        ActionGap(float(size), float(size / sd) if sd > 0 else None, float(mean))
        for size, sd, mean in zip(rms, spread, difference.mean(axis=0), strict=True)
    )


def other_choice(first: F64, second: F64) -> float:
    """Share of rows in which the greatest output is another: for discrete actions."""
    return float((first.argmax(axis=1) != second.argmax(axis=1)).mean())


def agreement(first: SAE, second: SAE, h_first: F64, h_second: F64) -> Agreement:
    """Features matched one to one by the correlation of their activations on the same states.

    ``h_first``, ``h_second``: what each SAE reads, row by row of the same observations. Chance is the best of
    three dictionaries without features on ``h_second``, cut so that they fire as often as the second's do.
    Raises LimitExceeded beyond 2,048 alive features, InvalidInput when one has none.
    """
    one, other = dictionary_of(first, h_first), dictionary_of(second, h_second)
    sizes = (len(one.latents), len(other.latents))
    if max(sizes) > MOST_FEATURES:
        raise LimitExceeded(
            f"The SAEs have {sizes[0]:,} and {sizes[1]:,} alive features; at most "
            f"{MOST_FEATURES:,} are matched."
        )
    correlation = one.latents @ other.latents.T
    density = (second.encode(h_second)[:, other.alive] > 0).mean(axis=0)
    chance = _chance(one, h_second, density)
    rows, columns = linear_sum_assignment(correlation, maximize=True)
    found = correlation[rows, columns]
    pairs = zip(np.flatnonzero(one.alive)[rows], np.flatnonzero(other.alive)[columns], found, strict=True)
    matches = [
        SameFiring(int(feature), int(partner), float(r), bool(r > chance and r >= SAME_ACTIVATION))
        for feature, partner, r in pairs
    ]
    matches.sort(key=lambda match: -match.correlation)
    return Agreement(float(found.mean()), chance, tuple(matches), sizes)


def _chance(one: Dictionary, h: F64, density: NDArray[np.float64]) -> float:
    """95th percentile of the best partner's correlation, in the hardest dictionary without features."""
    centred = h - h.mean(axis=0)
    rng = np.random.default_rng(NULL_SEED)
    worst = 0.0
    for directions in null_dictionaries(h, len(density), rng).values():
        reading = centred @ directions.T
        cuts = np.array([np.quantile(column, 1 - d) for column, d in zip(reading.T, density, strict=True)])
        latents = np.maximum(reading - cuts, 0.0)
        latents -= latents.mean(axis=0)
        length = np.linalg.norm(latents, axis=0)
        best = (one.latents @ (latents / np.where(length > 0, length, 1.0))).max(axis=1)
        worst = max(worst, float(np.percentile(best, CHANCE)))
    return worst
