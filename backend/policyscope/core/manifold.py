"""How far an activation lies from those the policy itself produces: Mahalanobis distance, with percentiles.

``D(x) = sqrt((x − m)ᵀ (Σ + ε I)⁻¹ (x − m))`` with ε a thousandth of the mean eigenvalue (method 5.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from policyscope.core.activations import spread_rows
from policyscope.core.blocks import F64, map_blocks, pad_columns

RIDGE = 1e-3
MOST_STATES = 20_000
QUANTILES = 1001
FAR = 0.99  # of the policy's own states lie nearer than what counts as off the manifold


@dataclass(frozen=True, eq=False)
class Manifold:
    """``centre`` [d]; ``whiten`` [d, d] maps x − centre to a vector whose length is the distance.

    ``levels``: distances of the policy's own states at 1,001 evenly spaced quantiles.
    """

    centre: F64
    whiten: F64
    levels: F64

    @classmethod
    def fit(cls, activations: F64) -> Manifold:
        """From activations [N, d] that the policy produced on its own."""
        x = np.asarray(activations[spread_rows(len(activations), MOST_STATES)], dtype=np.float64)
        centre = x.mean(axis=0)
        values, vectors = np.linalg.eigh((x - centre).T @ (x - centre) / len(x))
        ridge = RIDGE * max(float(values.mean()), 1e-300)
        whiten = vectors / np.sqrt(np.maximum(values, 0.0) + ridge)
        fitted = cls(centre, whiten, np.zeros(1))
        levels = np.quantile(fitted.distance(x), np.linspace(0.0, 1.0, QUANTILES))
        return cls(centre, whiten, levels)

    def distance(self, x: F64) -> F64:
        """Distance [n] of activations [n, d]; a row's number does not depend on the rows beside it."""
        padded, width = pad_columns(self.whiten), len(self.centre)
        scaled = map_blocks(lambda block: (block @ padded)[..., :width], x - self.centre, width)
        return np.sqrt(np.square(scaled).sum(axis=1))

    def length(self, displacement: F64) -> F64:
        """Mahalanobis length [n] of displacements [n, d]."""
        return self.distance(displacement + self.centre)

    def percentile(self, distance: F64) -> F64:
        """Share [n], in percent, of the policy's own states that lie nearer than ``distance`` [n]."""
        below = np.searchsorted(self.levels, distance, side="left")
        upto = np.searchsorted(self.levels, distance, side="right")
        return 50.0 * (below + upto) / len(self.levels)

    @property
    def far(self) -> float:
        """The distance that 99 % of the policy's own states stay within."""
        return float(self.levels[round(FAR * (len(self.levels) - 1))])
