"""Where in the stride a feature fires.

Phase runs from 0 to 1 over a stride, 0 at the first leg's touch-down where that can be told. A limit cycle
invites tiling: many features that each say "now it is phase 0.3" (arXiv 2604.28119). A feature whose latent a
single von Mises bump in phase explains is tagged as such a phase tile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policyscope.core.blocks import F64
from policyscope.core.measures import Episode, UndefinedError
from policyscope.core.measures.signals import circular_mean, cycle_phase

BINS = 48
TILE_R2, CONCENTRATED = 0.8, 0.6
KAPPAS: F64 = np.geomspace(0.5, 200.0, 14)
TURN = 2 * np.pi


@dataclass(frozen=True, eq=False)
class PhaseTuning:
    """Per feature: ``mean`` [F] in 0 to 1, weighted by the latent; ``concentration`` [F] R in 0 to 1.

    ``tile_r2`` [F]: R² of the best von Mises bump. ``curve`` [F, 48]: mean latent by phase. ``rows``: how
    many rows have a phase. All NaN for features that never fire there.
    """

    mean: F64
    concentration: F64
    tile_r2: F64
    curve: F64
    rows: int

    def is_tile(self, feature_idx: int) -> bool:
        return bool(self.tile_r2[feature_idx] > TILE_R2)


def stride_phase(episodes: Sequence[Episode]) -> F64 | None:
    """Phase [N] in 0 to 1 of every row of ``episodes`` in turn, NaN where there is no steady rhythm.

    None when no episode has one.
    """
    parts = [_phase_of(episode) for episode in episodes]
    phase = np.concatenate(parts)
    if not np.isfinite(phase).any():
        return None
    landed = np.concatenate([part[_landings(e)] for part, e in zip(parts, episodes, strict=True)])
    landed = landed[np.isfinite(landed)]
    zero = circular_mean(landed * TURN)[0] / TURN if len(landed) else 0.0
    return (phase - zero) % 1.0


def _phase_of(episode: Episode) -> F64:
    try:
        return cycle_phase(episode.rhythm, episode.dt, episode.stride_frequency) / TURN
    except UndefinedError:
        return np.full(episode.steps, np.nan)


def _landings(episode: Episode) -> NDArray[np.intp]:
    try:
        return episode.touch_downs(0)
    except UndefinedError:
        return np.zeros(0, dtype=np.intp)


def phase_tuning(z: F64, phase: F64) -> PhaseTuning:
    """How the latents ``z`` [N, F] depend on ``phase`` [N]."""
    known = np.isfinite(phase)
    z, phase = z[known], phase[known]
    total = z.sum(axis=0)
    alive = total > 0
    vector = np.divide(np.exp(1j * TURN * phase) @ z, total, out=np.zeros(len(total), complex), where=alive)
    count, sums = _binned(z, phase)
    curve = sums / np.maximum(count, 1)[:, None]
    return PhaseTuning(
        mean=np.where(alive, np.angle(vector) / TURN % 1.0, np.nan),
        concentration=np.where(alive, np.abs(vector), np.nan),
        tile_r2=np.where(alive, _tile_r2(z, count, sums), np.nan),
        curve=curve.T,
        rows=len(z),
    )


def _binned(z: F64, phase: F64) -> tuple[F64, F64]:
    place = np.minimum((phase * BINS).astype(np.intp), BINS - 1)
    member = (place[:, None] == np.arange(BINS)).astype(np.float64)
    return member.sum(axis=0), member.T @ z


def _tile_r2(z: F64, count: F64, sums: F64) -> F64:
    """R² of the latent on the best of a grid of bumps ``exp(κ (cos(φ − μ) − 1))``."""
    centres = TURN * (np.arange(BINS) + 0.5) / BINS
    bumps = np.exp(KAPPAS[:, None, None] * (np.cos(centres[None, :, None] - centres) - 1.0))
    basis = bumps.transpose(1, 0, 2).reshape(BINS, -1)
    n = count.sum()
    centred = basis - (count @ basis) / n
    covariance = centred.T @ sums
    spread = (count @ np.square(centred))[:, None] * (n * z.var(axis=0))[None]
    r2 = np.divide(np.square(covariance), spread, out=np.zeros_like(covariance), where=spread > 0)
    return np.asarray(r2.max(axis=0))
