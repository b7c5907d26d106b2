"""How alike two features are: in what they write, when they fire, what they do, and in time.

Every matrix is ``[F, F]``, symmetric, with ones on the diagonal; a feature without a value (a zero direction,
one that never or always fires) is 0 to all others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policyscope.core.latents import LatentColumns

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.integer]

MOST_LAGS = 12
MOST_ROWS = 12_000


def cosines(rows: F64) -> F64:
    """Cosine between every two of ``rows`` [F, n]: decoder directions, or effects on the action."""
    unit = unit_rows(rows)
    return _with_unit_diagonal(np.clip(unit @ unit.T, -1.0, 1.0))


def unit_rows(rows: F64) -> F64:
    """``rows`` [F, n] scaled to length 1; zero rows stay zero."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, norms, out=np.zeros_like(rows, dtype=np.float64), where=norms > 0)


@dataclass(frozen=True, eq=False)
class Counts:
    """How often features fire alone [..., F] and together [..., F, F], in ``n`` [...] states."""

    single: F64
    both: F64
    n: F64

    def total(self, weights: F64 | None = None) -> Counts:
        """Summed over the first axis, each entry ``weights`` times."""
        w = np.ones(len(self.n)) if weights is None else weights
        return Counts(w @ self.single, np.tensordot(w, self.both, 1), np.asarray(w @ self.n))


def count(active: Bools) -> Counts:
    """Counts of ``active`` [N, F]."""
    # float32 counts whole numbers exactly up to 2^24
    dense = active.astype(np.float32)
    both = (dense.T @ dense).astype(np.float64)
    return Counts(np.diag(both).copy(), both, np.asarray(float(len(active))))


def count_groups(active: Bools, groups: Ints) -> Counts:
    """Counts of ``active`` [N, F] in each group (episode), along a first axis."""
    parts = [count(active[groups == group]) for group in np.unique(groups)]
    return Counts(*(np.stack([getattr(part, name) for part in parts]) for name in ("single", "both", "n")))


def phi(counts: Counts) -> F64:
    """Phi coefficient (n11 n00 − n10 n01) / sqrt(n1. n0. n.1 n.0) of firing together."""
    one, n = counts.single, float(counts.n)
    covariance = n * counts.both - np.outer(one, one)
    spread = np.sqrt(np.maximum(one * (n - one), 0.0))
    scale = np.outer(spread, spread)
    return _with_unit_diagonal(np.divide(covariance, scale, out=np.zeros_like(scale), where=scale > 0))


def temporal(z: F64, groups: Ints, reach: int) -> F64:
    """Greatest correlation of two latents ``z`` [N, F] over lags of up to ``reach`` steps within a group.

    ``groups`` [N] are episodes whose rows are consecutive. At most 13 lags per side are tried.
    """
    centred = z - z.mean(axis=0)
    spread = np.sqrt(np.square(centred).mean(axis=0))
    unit = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0).astype(np.float32)
    best = np.full((z.shape[1], z.shape[1]), -1.0)
    for lag in np.unique(np.linspace(0, reach, min(reach, MOST_LAGS) + 1).astype(int)):
        rows = np.flatnonzero(groups[: len(groups) - lag] == groups[lag:])
        rows = rows[:: max(1, len(rows) // MOST_ROWS)]
        if len(rows):
            later = (unit[rows].T @ unit[rows + lag]).astype(np.float64) / len(rows)
            best = np.maximum(best, np.maximum(later, later.T))
    return _with_unit_diagonal(np.clip(best, -1.0, 1.0))


def cosines_with(rows: F64, index: int) -> F64:
    """That line [F] of ``cosines``, without the others."""
    unit = unit_rows(rows)
    return np.asarray(np.clip(unit @ unit[index], -1.0, 1.0))


def phi_with(columns: LatentColumns, index: int) -> F64:
    """That line [F] of ``phi`` of the active latents, without the others."""
    single = np.diff(columns.start).astype(np.float64)
    here = columns.column(index) > 0
    running = np.concatenate([[0], np.cumsum(here[columns.rows])])
    both = (running[columns.start[1:]] - running[columns.start[:-1]]).astype(np.float64)
    n, spread = float(columns.n), np.sqrt(np.maximum(single * (columns.n - single), 0.0))
    scale = spread * spread[index]
    covariance = n * both - single * single[index]
    return np.divide(covariance, scale, out=np.zeros_like(scale), where=scale > 0)


def nearest(similarities: F64, feature_idx: int, most: int) -> list[tuple[int, float]]:
    """The ``most`` features with the greatest ``similarities`` [F] to it; ties to the lower index."""
    others = similarities.copy()
    others[feature_idx] = -np.inf
    order = np.argsort(-others, kind="stable")[: min(most, len(others) - 1)]
    return [(int(j), float(others[j])) for j in order]


def _with_unit_diagonal(matrix: F64) -> F64:
    np.fill_diagonal(matrix, 1.0)
    return matrix
