"""Which moments to show for a feature: never only the strongest (method 4.8).

A histogram; 11 equal-width intervals of activation with 3 uniformly drawn moments each; the 12 strongest, at
most one per episode while episodes last, and at least a stride apart; random active and inactive moments.
Only places in the data are returned, no copies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policyscope.core.errors import InvalidInput, ShapeMismatch

F64 = NDArray[np.float64]
I64 = NDArray[np.intp]

INTERVALS, PER_INTERVAL = 11, 3
TOP = 12
RANDOM = 6
BINS = 40
SHARES = (0.5, 0.9, 0.99)


@dataclass(frozen=True)
class Window:
    """A clip around ``row``: rows ``start`` to ``stop`` (exclusive) of the data, all of one episode.

    ``episode`` and ``step`` name the moment itself, ``first_step`` the first of the clip; ``value`` is the
    latent there.
    """

    row: int
    start: int
    stop: int
    episode: int
    step: int
    first_step: int
    value: float


@dataclass(frozen=True)
class Interval:
    """Moments drawn uniformly from those with ``low`` < latent <= ``high``; ``count`` such moments exist."""

    low: float
    high: float
    count: int
    windows: tuple[Window, ...]


@dataclass(frozen=True, eq=False)
class Histogram:
    """Of the positive latents: ``counts`` [bins] between ``edges`` [bins + 1]; ``density`` = share active.

    ``cuts`` [SHARES]: quantiles of the positive latents, empty where there are none.
    """

    edges: F64
    counts: I64
    inactive: int
    density: float
    cuts: F64


@dataclass(frozen=True, eq=False)
class Exemplars:
    """``top`` is strongest first; ``intervals`` from the highest activations to the lowest."""

    histogram: Histogram
    top: tuple[Window, ...]
    intervals: tuple[Interval, ...]
    random_active: tuple[Window, ...]
    random_inactive: tuple[Window, ...]


@dataclass(frozen=True, eq=False)
class Timeline:
    """Where rows lie in time: ``episode`` [N] with rows of an episode consecutive, ``step`` [N] rising in it.

    ``half_window``: steps shown before and after a moment (0.5 s / dt); ``stride``: steps per stride.
    Raises ShapeMismatch when lengths differ, InvalidInput when an episode's rows are scattered.
    """

    episode: NDArray[np.integer]
    step: NDArray[np.integer]
    half_window: int
    stride: int

    def __post_init__(self) -> None:
        if len(self.episode) != len(self.step):
            raise ShapeMismatch(f"There are {len(self.episode)} episode numbers and {len(self.step)} steps.")
        first = np.flatnonzero(np.diff(self.episode, prepend=self.episode[:1] - 1))
        if len(np.unique(self.episode)) != len(first):
            raise InvalidInput("The rows of an episode must follow each other; sort the data by episode.")
        if self.half_window < 1 or self.stride < 1:
            raise InvalidInput(
                f"half_window is {self.half_window} and stride {self.stride}; both must be ≥ 1."
            )

    def window(self, row: int, value: float) -> Window:
        """The clip around ``row``, cut off at the ends of its episode."""
        same = self.episode[row]
        low, high = max(0, row - self.half_window), min(len(self.episode), row + self.half_window + 1)
        inside = low + np.flatnonzero(self.episode[low:high] == same)
        start, stop = int(inside[0]), int(inside[-1]) + 1
        return Window(
            row, start, stop, int(same), int(self.step[row]), int(self.step[start]), value=float(value)
        )


def exemplars(latent: F64, timeline: Timeline, seed: int = 0) -> Exemplars:
    """Moments of one feature's ``latent`` [N] >= 0. The same input gives the same moments."""
    if len(latent) != len(timeline.episode):
        raise ShapeMismatch(f"There are {len(latent)} values of the latent and {len(timeline.episode)} rows.")
    rng = np.random.default_rng(seed)
    active, inactive = np.flatnonzero(latent > 0), np.flatnonzero(latent <= 0)
    intervals = tuple(_intervals(latent, active, timeline, rng)) if len(active) else ()

    def drawn(rows: I64) -> tuple[Window, ...]:
        picked = rng.choice(rows, min(RANDOM, len(rows)), replace=False)
        return tuple(timeline.window(int(row), latent[row]) for row in np.sort(picked))

    return Exemplars(
        histogram=_histogram(latent[active], len(latent)),
        top=tuple(timeline.window(row, latent[row]) for row in strongest(latent, timeline)),
        intervals=intervals,
        random_active=drawn(active),
        random_inactive=drawn(inactive),
    )


def strongest(latent: F64, timeline: Timeline, most: int = TOP) -> list[int]:
    """Rows of the ``most`` greatest latents: first one per episode, then further ones a stride apart."""
    order = np.argsort(-latent, kind="stable")
    order = order[latent[order] > 0]
    _, first = np.unique(timeline.episode[order], return_index=True)
    chosen = [int(row) for row in order[np.sort(first)[:most]]]
    free = np.ones(len(latent), dtype=np.bool_)
    for row in chosen:
        _block(free, row, timeline)
    for row in order:
        if len(chosen) >= most:
            break
        if free[row]:
            chosen.append(int(row))
            _block(free, int(row), timeline)
    return sorted(chosen, key=lambda row: (-latent[row], row))


def _block(free: NDArray[np.bool_], row: int, timeline: Timeline) -> None:
    """Mark the rows less than a stride from ``row`` within its episode."""
    low, high = max(0, row - timeline.stride + 1), row + timeline.stride
    free[low:high] &= timeline.episode[low:high] != timeline.episode[row]


def _intervals(latent: F64, active: I64, timeline: Timeline, rng: np.random.Generator) -> list[Interval]:
    edges = np.linspace(0.0, float(latent.max()), INTERVALS + 1)
    place = np.clip(np.searchsorted(edges, latent[active], side="left") - 1, 0, INTERVALS - 1)
    found = []
    for index in reversed(range(INTERVALS)):
        rows = active[place == index]
        picked = np.sort(rng.choice(rows, min(PER_INTERVAL, len(rows)), replace=False))
        windows = tuple(timeline.window(int(row), latent[row]) for row in picked)
        found.append(Interval(float(edges[index]), float(edges[index + 1]), len(rows), windows))
    return found


def _histogram(values: F64, n: int) -> Histogram:
    top = float(values.max()) if len(values) else 1.0
    counts, edges = np.histogram(values, bins=BINS, range=(0.0, top))
    cuts = np.quantile(values, SHARES) if len(values) else np.empty(0)
    return Histogram(edges, counts.astype(np.intp), n - len(values), len(values) / max(n, 1), cuts)
