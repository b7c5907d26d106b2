"""Features as points in a plane: near ones are alike, by PCA or by UMAP (method 7).

PCA is a projection, and says how much of the variance it shows. UMAP (McInnes et al. 2018, arXiv 1802.03426)
keeps neighbours together; how far apart groups lie in it means nothing, and nothing is clustered on it.
"""

from __future__ import annotations

import warnings

import numpy as np

from policyscope.core import affinities
from policyscope.core.blocks import F64
from policyscope.core.errors import InvalidInput

LEAST_FEATURES = 30
NEIGHBOURS, MIN_DISTANCE = 15, 0.1


def plane(directions: F64, profiles: F64) -> tuple[F64, float]:
    """Coordinates [n, 2] by PCA of unit directions beside the profiles [n, m], and the variance they show.

    Both halves count alike. The sign of an axis is set so that its largest coordinate is positive.
    """
    halves = [affinities.unit_rows(directions), profiles]
    scaled = [half / (np.sqrt(np.square(half - half.mean(axis=0)).sum()) or 1.0) for half in halves]
    joined = np.hstack(scaled)
    u, s, _ = np.linalg.svd(joined - joined.mean(axis=0), full_matrices=False)
    points = u[:, :2] * s[:2]
    points = points * np.where(points[np.abs(points).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
    return points, float(np.square(s[:2]).sum() / max(np.square(s).sum(), 1e-300))


def check_umap(features: int) -> None:
    """Raise InvalidInput when ``features`` are too few for neighbourhoods to mean anything."""
    if features < LEAST_FEATURES:
        message = f"A UMAP map needs at least {LEAST_FEATURES} features that fire neither almost never nor "
        message += f"almost always; there are {features}. Use pca."
        raise InvalidInput(message, fields={"map": message})


def umap_points(similarity: F64, seed: int = 0) -> F64:
    """Coordinates [n, 2] by UMAP of the distances 1 − ``similarity`` [n, n]; the same for the same seed.

    Raises InvalidInput for fewer than 30 features.
    """
    check_umap(len(similarity))
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of optional parts that are not installed, and of precomputed distances
        from umap import UMAP  # takes seconds to import

        reducer = UMAP(
            metric="precomputed",
            n_neighbors=NEIGHBOURS,
            min_dist=MIN_DISTANCE,
            random_state=seed,
            n_jobs=1,
        )
        distance = np.maximum(1.0 - similarity, 0.0)
        np.fill_diagonal(distance, 0.0)
        return np.asarray(reducer.fit_transform(distance), dtype=np.float64)
