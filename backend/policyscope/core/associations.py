"""What a feature goes with: ridge on standardised columns, alone and beyond the others, against a shift null.

An association, never a cause. R² are on held-out episodes. The null shifts a latent in a circle within each
episode by a random offset, which keeps its rhythm and breaks its timing (method 4.2); a quantity with one
value per episode is permuted over episodes instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from policyscope.core import probes, wide_probes
from policyscope.core.blocks import F64
from policyscope.core.statistics import benjamini_hochberg

Ints = NDArray[np.integer]

DRAWS = 500
NULL_CELLS = 1 << 24  # draws × targets × features held at once
FITTED_BELOW, LEAST_P = 5, 1e-6
BLOCKS = 20  # contiguous pieces of data without episode numbers


@dataclass(frozen=True, eq=False)
class Associations:
    """Of F features with T targets; ``weight`` and the rest [F, T], ``cv_r2`` and ``lambdas`` [T].

    ``weight``: SDs of the target per SD of the feature. ``marginal_r2``: of the feature alone. ``unique_r2``:
    what the full regression loses without it. ``p_value``: of the marginal association under the null,
    ``q_value``: its false discovery rate over the features, per target. NaN for a target that never changes.
    """

    weight: F64
    marginal_r2: F64
    unique_r2: F64
    p_value: F64
    q_value: F64
    cv_r2: F64
    lambdas: F64

    @classmethod
    def none(cls, features: int) -> Associations:
        """With no target yet."""
        empty = np.zeros((features, 0))
        return cls(empty, empty, empty, empty, empty, np.zeros(0), np.zeros(0))

    def joined(self, other: Associations) -> Associations:
        """With the targets of ``other`` after these."""
        arrays = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return Associations(**{name: np.concatenate(pair, axis=-1) for name, pair in arrays.items()})


def associate(
    z: F64, y: F64, groups: Ints | None, least_shift: int = 1, draws: int = DRAWS, seed: int = 0
) -> Associations:
    """``z`` [N, F] with ``y`` [N, T]; ``groups`` [N] are episodes, whose rows are consecutive.

    ``least_shift``: steps, about a gait period, by which the null moves a latent at least.
    """
    pieces = groups if groups is not None else np.arange(len(z)) * BLOCKS // len(z)
    p = shift_p_values(z, y, pieces, least_shift, draws, np.random.default_rng(seed))
    return _associations(z, y, groups, p)


def associate_episodes(z: F64, y: F64, draws: int = DRAWS, seed: int = 0) -> Associations:
    """The same for rows that are whole episodes: ``z`` [E, F] means, ``y`` [E, T] measures."""
    p = permutation_p_values(z, y, draws, np.random.default_rng(seed))
    return _associations(z, y, np.arange(len(z)), p)


def shift_p_values(
    z: F64, y: F64, groups: Ints, least_shift: int, draws: int, rng: np.random.Generator
) -> F64:
    """Two-sided [F, T], of the covariance within episodes; see ``_p_values``.

    Episode means are taken out first: no shift changes them, so left in they make the null too narrow (false
    discovery rate 13 % instead of 4 % on slow signals that have nothing to do with each other).
    """
    yc, slices = _within(y, groups), episode_slices(groups)
    shifts = [_shifts(rows.stop - rows.start, least_shift, draws, rng) for rows in slices]
    at_once = max(1, NULL_CELLS // (draws * y.shape[1]))
    parts = [z[:, start : start + at_once] for start in range(0, z.shape[1], at_once)]
    return np.concatenate([_shifted(part, _within(part, groups), (y, yc), slices, shifts) for part in parts])


def _shifted(
    z: F64, zc: F64, targets: tuple[F64, F64], slices: Sequence[slice], shifts: Sequence[Ints]
) -> F64:
    """P-values of some features; ``zc`` and the second of ``targets`` are deviations within episodes."""
    y, yc = targets
    null = np.zeros((y.shape[1], len(shifts[0]), z.shape[1]))
    for rows, by in zip(slices, shifts, strict=True):
        spectrum = np.fft.rfft(zc[rows], axis=0)
        for target in range(y.shape[1]):
            other = np.conj(np.fft.rfft(yc[rows, target]))[:, None]
            null[target] += np.fft.irfft(spectrum * other, n=rows.stop - rows.start, axis=0)[by]
    return _p_values(null.transpose(1, 2, 0), np.abs(zc.T @ yc), z, y)


def _within(columns: F64, groups: Ints) -> F64:
    """Deviations [N, n] from the mean of the episode."""
    out = np.empty_like(columns)
    for rows in episode_slices(groups):
        out[rows] = columns[rows] - columns[rows].mean(axis=0)
    return out


def permutation_p_values(z: F64, y: F64, draws: int, rng: np.random.Generator) -> F64:
    """The same with rows exchanged at random."""
    zc, yc = z - z.mean(axis=0), y - y.mean(axis=0)
    observed = np.abs(zc.T @ yc)
    null = np.stack([zc.T @ yc[rng.permutation(len(yc))] for _ in range(draws)])
    return _p_values(null, observed, z, y)


def episode_slices(groups: Ints) -> list[slice]:
    """The consecutive rows of each group in ``groups`` [N]."""
    starts = np.flatnonzero(np.diff(groups, prepend=groups[:1] - 1))
    return [slice(int(a), int(b)) for a, b in zip(starts, [*starts[1:], len(groups)], strict=True)]


def _shifts(length: int, least: int, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    low, high = (least, length - least) if length > 2 * least else (min(1, length - 1), length)
    return rng.integers(low, max(high, low + 1), draws)


def _p_values(null: F64, observed: F64, z: F64, y: F64) -> F64:
    """From ``null`` [draws, F, T]; NaN for columns that never change.

    Counting stops at 1 / (draws + 1), which a search over many features cannot use: where fewer than 5 draws
    reach the observed value, a normal distribution fitted to the draws is read instead.
    """
    draws = len(null)
    hits = (np.abs(null) >= observed * (1.0 - 1e-12)).sum(axis=0)
    counted = (1.0 + hits) / (draws + 1.0)
    centre, spread = null.mean(axis=0), np.maximum(null.std(axis=0), 1e-300)
    fitted = norm.sf((observed - centre) / spread) + norm.cdf((-observed - centre) / spread)
    p = np.where(hits < FITTED_BELOW, np.clip(fitted, LEAST_P, counted), counted)
    defined = np.outer(np.ptp(z, axis=0) > 0, np.ptp(y, axis=0) > 0)
    return np.where(defined, p, np.nan)


def _associations(z: F64, y: F64, groups: Ints | None, p: F64) -> Associations:
    if wide_probes.is_wide(z.shape[1]):
        rows = wide_probes.fitted_rows(len(z))
        fitted = wide_probes.StandardisedRows(z[rows], y[rows], None if groups is None else groups[rows])
        ridge = fitted.ridge()
        unique = fitted.unique_r2(ridge.lambdas)
        marginal = wide_probes.held_out_marginal_r2(z, y, groups)
    else:
        ridge = probes.standardised_ridge(z, y, groups)
        marginal, unique = _held_out_r2(z, y, groups, ridge.lambdas)
    dead = np.ptp(y, axis=0) == 0
    q = np.stack([benjamini_hochberg(column) for column in p.T], axis=1)
    return Associations(
        weight=ridge.weights,
        marginal_r2=np.where(dead, np.nan, marginal),
        unique_r2=np.where(dead, np.nan, unique),
        p_value=p,
        q_value=q,
        cv_r2=ridge.cv_r2,
        lambdas=ridge.lambdas,
    )


def _held_out_r2(z: F64, y: F64, groups: Ints | None, lambdas: F64) -> tuple[F64, F64]:
    """Marginal and unique R² [F, T], means over held-out folds of whole groups."""
    z_sd, y_sd = z.std(axis=0), y.std(axis=0)
    joined = np.hstack(
        [z / np.where(z_sd > 0, z_sd, 1.0), y / np.where(y_sd > 0, y_sd, 1.0), np.ones((len(z), 1))]
    )
    fold = probes.folds(len(z), groups)
    sums = [joined[fold == f].T @ joined[fold == f] for f in range(fold.max() + 1)]
    total, n = np.sum(sums, axis=0), z.shape[1]
    scores = []
    for held_out in sums:
        train = probes.centred_products(total - held_out, total - held_out)
        test = probes.centred_products(held_out, total - held_out)
        scores.append((_marginal(train, test, n), _unique(train, test, n, lambdas)))
    marginal, unique = (np.mean(parts, axis=0) for parts in zip(*scores, strict=True))
    return marginal, unique


def _marginal(train: F64, test: F64, n: int) -> F64:
    """1 − RSS / TSS of each feature alone, with the slope of the training folds."""
    variance = np.diag(train)[:n, None]
    slope = np.divide(train[:n, n:], variance, out=np.zeros_like(train[:n, n:]), where=variance > 1e-12)
    gained = 2.0 * slope * test[:n, n:] - np.square(slope) * np.diag(test)[:n, None]
    return gained / np.maximum(np.diag(test)[n:], 1e-12)


def _unique(train: F64, test: F64, n: int, lambdas: F64) -> F64:
    """How much R² on the test fold falls when one feature is left out of the ridge and the rest refitted.

    Leaving j out of a ridge moves the weights by ``−w_j A⁻¹e_j / (A⁻¹)_jj``: one inverse does for all j.
    """
    lost = np.zeros((n, len(lambdas)))
    for lam in np.unique(lambdas):
        targets = np.flatnonzero(lambdas == lam)
        inverse = np.linalg.inv(train[:n, :n] + lam * np.eye(n))
        weights = inverse @ train[:n, n + targets]
        moves = inverse / np.diag(inverse)
        residual = test[:n, n + targets] - test[:n, :n] @ weights
        curvature = np.einsum("fj,fj->j", moves, test[:n, :n] @ moves)[:, None]
        rise = 2.0 * weights * (moves.T @ residual) + np.square(weights) * curvature
        lost[:, targets] = rise / np.maximum(np.diag(test)[n + targets], 1e-12)
    return lost
