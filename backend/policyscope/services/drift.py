"""How far a run's arms leave the activations that the policy itself produces, read as episodes end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from policyscope.core.manifold import Manifold
from policyscope.core.traces import Trace
from policyscope.store.records import Json


class Drift:
    """Mean distance, its percentile, and the share of steps beyond the policy's own 99th percentile."""

    signals = frozenset({"off_manifold"})

    def __init__(self, manifold: Manifold) -> None:
        self.manifold = manifold
        self._read: dict[str, list[tuple[int, int, float, float, float]]] = {}

    def keep(self, arm: str, seed: int, trace: Trace) -> None:
        """A sink of ``rollout``."""
        distance = trace["off_manifold"]
        far = float((distance > self.manifold.far).sum())
        percentiles = float(self.manifold.percentile(distance).sum())
        entry = (seed, len(distance), float(distance.sum()), percentiles, far)
        self._read.setdefault(arm, []).append(entry)

    def describe(self, arm: str) -> Json:
        """Over all steps of the arm; episodes are added up in the order of their seeds."""
        sums = np.array(sorted(self._read[arm]))[:, 1:].sum(axis=0)
        steps, distance, percentile, far = (float(value) for value in sums)
        return {
            "mean_distance": distance / steps,
            "mean_percentile": percentile / steps,
            "far_share": far / steps,
        }


def add_to(arms: Sequence[Json], drift: Drift | None) -> None:
    """Put ``off_manifold`` into each arm; None without cached data to compare with."""
    for arm in arms:
        arm["off_manifold"] = None if drift is None else drift.describe(arm["name"])
