"""How a feature fires over an episode, and the badges that follow from it (method 4.7).

An onset is a step from silence to activity; silences of up to 2 steps do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from policyscope.core.associations import Ints, episode_slices
from policyscope.core.blocks import F64
from policyscope.core.measures.signals import active_runs

GAP = 2
EPISODE_SPECIFIC, GENERAL = 0.2, 0.8
PERIODIC_WITHIN = 0.25  # of the stride rate, or of a small multiple of it
TONIC_RUN, TONIC_DENSITY = 0.5, 0.5
TRANSIENT_SECONDS, TRANSIENT_SHARE = 1.0, 0.8
DENSE = 0.5


@dataclass(frozen=True, eq=False)
class Activity:
    """Per feature [F]. ``coverage``: the share of episodes with activity; ``onsets`` per episode.

    ``mean_run`` as a share of the episode; ``mean_over_max``, mean active latent over the greatest;
    ``early_share``, the share of its activity within the first second, and ``onset_rate`` per second (both
    NaN without physical time).
    """

    density: F64
    coverage: F64
    onsets: F64
    mean_run: F64
    mean_over_max: F64
    early_share: F64
    onset_rate: F64


def activity(z: F64, episode: Ints, dt: float | None) -> Activity:
    """Of latents ``z`` [N, F] in ``episode`` [N], whose rows are consecutive; ``dt`` in seconds."""
    slices, features = episode_slices(episode), z.shape[1]
    onsets, covered, runs = np.zeros((3, features))
    early = np.zeros(features)
    for rows in slices:
        part, length = z[rows], rows.stop - rows.start
        if dt is not None:
            early += part[: round(TRANSIENT_SECONDS / dt)].sum(axis=0)
        for j in np.flatnonzero(part.any(axis=0)):
            starts, stops = active_runs(part[:, j] > 0, gap=GAP)
            covered[j] += 1
            onsets[j] += len(starts)
            runs[j] += (stops - starts).sum() / length
    active, total, top = np.count_nonzero(z, axis=0), z.sum(axis=0), z.max(axis=0)
    seconds = np.nan if dt is None else len(z) * dt
    return Activity(
        density=active / len(z),
        coverage=covered / len(slices),
        onsets=onsets / len(slices),
        mean_run=runs / np.maximum(onsets, 1),
        mean_over_max=total / np.maximum(active, 1) / np.where(top > 0, top, 1.0),
        early_share=early / np.where(total > 0, total, 1.0) if dt is not None else np.full(features, np.nan),
        onset_rate=onsets / seconds,
    )


def badges(a: Activity, feature_idx: int, stride_rate: float | None) -> list[str]:
    """Of one feature, in order of importance: dead; episode-specific or general; transient, tonic, periodic;
    dense."""
    j = feature_idx
    if a.density[j] == 0:
        return ["dead"]
    found = []
    if a.coverage[j] < EPISODE_SPECIFIC:
        found.append("episode-specific")
    elif a.coverage[j] >= GENERAL:
        found.append("general")
    if a.early_share[j] >= TRANSIENT_SHARE:
        found.append("transient")
    elif a.mean_run[j] >= TONIC_RUN and a.density[j] >= TONIC_DENSITY:
        found.append("tonic")
    elif _periodic(float(a.onset_rate[j]), stride_rate):
        found.append("periodic")
    if a.density[j] > DENSE:
        found.append("dense")
    return found


def _periodic(onset_rate: float, stride_rate: float | None) -> bool:
    """Once or twice a stride."""
    if stride_rate is None or not np.isfinite(onset_rate):
        return False
    return any(abs(onset_rate / (times * stride_rate) - 1.0) <= PERIODIC_WITHIN for times in (1, 2))
