"""Curves over ordered doses: simultaneous bands, trends, monotone fits (method 6.6)."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from policyscope.core.statistics import DRAWS, F64, MIN_FOR_INTERVAL, SEED


def simultaneous_band(differences: F64, confidence: float = 0.95, draws: int = DRAWS) -> F64 | None:
    """Lower and upper ends [2, doses] that hold for all doses at once; None below 8 seeds.

    ``differences`` [seeds, doses]. Seeds are resampled together; the critical value is the quantile of the
    largest studentised deviation (max-t bootstrap). A dose without spread has a band of no width.
    """
    n = len(differences)
    if n < MIN_FOR_INTERVAL:
        return None
    mean, error = differences.mean(axis=0), differences.std(axis=0, ddof=1) / math.sqrt(n)
    varies = error > 0
    if not varies.any():
        return np.stack((mean, mean))
    rng = np.random.default_rng(SEED)
    largest = np.empty(draws)
    for start in range(0, draws, 1000):
        picked = differences[rng.integers(0, n, (min(1000, draws - start), n))][:, :, varies]
        spread = picked.std(axis=1, ddof=1) / math.sqrt(n)
        t = np.abs(picked.mean(axis=1) - mean[varies]) / np.where(spread > 0, spread, np.inf)
        largest[start : start + len(t)] = t.max(axis=1)
    half = float(np.quantile(largest, confidence)) * error
    return np.stack((mean - half, mean + half))


def page_trend_p(values: F64) -> float | None:
    """Two-sided p of Page's test for a trend over ordered columns; ``values`` [seeds, doses].

    L = Σ_j j R_j with R_j the sums of within-seed ranks (ties share), referred to its normal limit.
    E. B. Page, J. Am. Stat. Assoc. 58 (1963). None for fewer than 3 doses or 2 seeds.
    """
    n, k = values.shape
    if k < 3 or n < 2:
        return None
    below = (values[:, :, None] > values[:, None, :]).sum(axis=2)
    equal = (values[:, :, None] == values[:, None, :]).sum(axis=2)
    ranks = below + (equal + 1) / 2
    statistic = float((ranks.sum(axis=0) * np.arange(1, k + 1)).sum())
    mean = n * k * (k + 1) ** 2 / 4
    spread = math.sqrt(n * k**2 * (k + 1) ** 2 * (k - 1) / 144)
    return 2 * NormalDist().cdf(-abs(statistic - mean) / spread)


def isotonic(values: F64) -> F64:
    """Closest non-decreasing sequence to ``values`` [n] in squares (pool adjacent violators)."""
    means: list[float] = []
    sizes: list[int] = []
    for value in values.tolist():
        means.append(value)
        sizes.append(1)
        while len(means) > 1 and means[-2] > means[-1]:
            last, size = means.pop(), sizes.pop()
            means[-1] = (means[-1] * sizes[-1] + last * size) / (sizes[-1] + size)
            sizes[-1] += size
    return np.repeat(means, sizes)


def slope_at_zero(doses: F64, differences: F64, within: float) -> F64:
    """Slope [seeds] through the origin of ``differences`` [seeds, doses] over doses up to ``within``."""
    near = np.abs(doses) <= within + 1e-12
    x = doses[near]
    return np.asarray(differences[:, near] @ x / (x @ x))


def linear_range(doses: F64, means: F64, slope: float, error: float = 0.2) -> float:
    """Largest |dose| up to which every mean lies within ``error`` of ``slope · dose``; 0 if none does."""
    good = np.abs(means - slope * doses) <= error * np.abs(slope * doses)
    reached = 0.0
    for size in sorted(set(np.abs(doses).tolist())):
        if not good[np.abs(doses) == size].all():
            break
        reached = size
    return reached
