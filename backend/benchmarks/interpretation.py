"""Ridge regression of all actions on all features, against scikit-learn's."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import Ridge

from benchmarks.harness import Contender
from policyscope.core.probes import moments, penalty_for, solve

ROWS, FEATURES, ACTIVE, TARGETS = 51_200, 128, 16, 6
OURS, THEIRS, LOOP = (
    "policyscope, all actions at once",
    "scikit-learn Ridge, all actions at once",
    "scikit-learn Ridge, one action at a time",
)


def data() -> tuple[np.ndarray, np.ndarray]:
    """Sparse latents ``[rows, features]`` and targets ``[rows, targets]`` that depend on them."""
    rng = np.random.default_rng(0)
    z = np.maximum(rng.normal(size=(ROWS, FEATURES)), 0.0)
    threshold = np.partition(z, FEATURES - ACTIVE, axis=1)[:, FEATURES - ACTIVE, None]
    z[z < threshold] = 0.0
    return z, z @ rng.normal(size=(FEATURES, TARGETS)) + rng.normal(size=(ROWS, TARGETS))


def contenders() -> tuple[list[Contender], float]:
    """The contenders, each fitting once, and the largest difference between the weights they find."""
    z, y = data()
    penalty = penalty_for(moments(z, y), 1e-3)

    def ours() -> np.ndarray:
        return solve(moments(z, y), penalty)[0]

    def theirs(targets: np.ndarray) -> np.ndarray:
        weights: np.ndarray = Ridge(alpha=penalty).fit(z, targets).coef_.T
        return weights

    def count(fit: object) -> int:
        return 1

    difference = float(np.abs(ours() - theirs(y)).max())
    return [
        Contender(LOOP, lambda: count([theirs(y[:, [t]]) for t in range(TARGETS)])),
        Contender(THEIRS, lambda: count(theirs(y))),
        Contender(OURS, lambda: count(ours())),
    ], difference
