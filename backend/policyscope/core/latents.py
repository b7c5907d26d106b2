"""Latents of all features in the form they are asked for: one feature at a time, over all rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LatentColumns:
    """The positive latents, feature by feature: feature j has ``values[start[j]:start[j + 1]]`` at ``rows``.

    ``rows`` int32 and ``values`` float32 [n_active], ``start`` [F + 1], ``n`` rows in all.
    """

    rows: NDArray[np.int32]
    values: NDArray[np.float32]
    start: NDArray[np.int64]
    n: int

    @classmethod
    def of(cls, z: F64) -> LatentColumns:
        """From latents [N, F]."""
        feature, rows = np.nonzero(z.T)
        start = np.searchsorted(feature, np.arange(z.shape[1] + 1))
        return cls(rows.astype(np.int32), z[rows, feature].astype(np.float32), start, len(z))

    def column(self, feature_idx: int) -> F64:
        """Latents [N] of one feature."""
        part = slice(int(self.start[feature_idx]), int(self.start[feature_idx + 1]))
        out = np.zeros(self.n)
        out[np.asarray(self.rows[part])] = self.values[part]
        return out
