"""Depth-2 decision trees for "is this feature active", all features at once, on binned signals.

A leaf holds at least 1 % of the training rows. Splits maximise the fall of the Gini impurity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]

BINS = 24
LEAST_LEAF = 0.01


@dataclass(frozen=True)
class Split:
    """Rows with ``signal <= threshold`` go left."""

    signal: int
    threshold: float


@dataclass(frozen=True)
class Leaf:
    """``path``: splits with the side taken (True = right); ``rate``: share of active training rows."""

    path: tuple[tuple[Split, bool], ...]
    rate: float


@dataclass(frozen=True, eq=False)
class Binned:
    """Signals [N, C] cut at quantiles: ``code`` [N, C], and the threshold above each bin but the last."""

    code: NDArray[np.intp]
    edges: tuple[F64, ...]

    @classmethod
    def of(cls, values: F64) -> Binned:
        edges = [_edges(column) for column in values.T]
        code = np.stack(
            [np.searchsorted(e, v, side="left") for e, v in zip(edges, values.T, strict=True)], axis=1
        )
        return cls(code, tuple(edges))


def grow(binned: Binned, active: Bools) -> list[Leaf]:
    """The leaves of the tree of one feature, ``active`` [N]; a single one where nothing can be split."""
    rows = np.arange(len(active))
    least = max(1, int(LEAST_LEAF * len(active)))
    leaves: list[Leaf] = []
    for path, part in _branches(binned, active, rows, (), least):
        deeper = _branches(binned, active, part, path, least) if path else [(path, part)]
        leaves += [Leaf(p, float(active[r].mean())) for p, r in deeper]
    return leaves


Path = tuple[tuple[Split, bool], ...]


def _branches(
    binned: Binned, active: Bools, rows: NDArray[np.intp], path: Path, least: int
) -> list[tuple[Path, NDArray[np.intp]]]:
    split = _best_split(binned, active, rows, least)
    if split is None:
        return [(path, rows)]
    signal, cut = split
    right = binned.code[rows, signal] > cut
    chosen = Split(signal, float(binned.edges[signal][cut]))
    return [((*path, (chosen, side)), rows[right == side]) for side in (False, True)]


def _best_split(binned: Binned, active: Bools, rows: NDArray[np.intp], least: int) -> tuple[int, int] | None:
    """(signal, last bin of the left side), or None when no split lowers the impurity."""
    code, labels = binned.code[rows], active[rows]
    signals = code.shape[1]
    offset = code + np.arange(signals) * BINS
    size = signals * BINS
    count = np.bincount(offset.ravel(), minlength=size).reshape(signals, BINS).cumsum(axis=1)[:, :-1]
    positive = (
        np.bincount(offset[labels].ravel(), minlength=size).reshape(signals, BINS).cumsum(axis=1)[:, :-1]
    )
    n, hits = len(rows), int(labels.sum())
    other, other_positive = n - count, hits - positive
    allowed = (count >= least) & (other >= least)
    with np.errstate(invalid="ignore", divide="ignore"):
        purity = np.square(positive) / count + np.square(other_positive) / other
    gain = np.where(allowed, purity, -np.inf)
    best = int(gain.argmax())
    if not gain.flat[best] > hits * hits / n + 1e-9:
        return None
    return best // (BINS - 1), best % (BINS - 1)


def score(leaves: Sequence[Leaf], values: F64) -> F64:
    """Rate [N] of the leaf that each row of ``values`` [N, C] falls into."""
    out = np.zeros(len(values))
    for leaf in leaves:
        inside = np.ones(len(values), dtype=np.bool_)
        for split, right in leaf.path:
            inside &= (values[:, split.signal] > split.threshold) == right
        out[inside] = leaf.rate
    return out


def auroc(scores: F64, active: Bools) -> float | None:
    """Probability that an active row scores above an inactive one, ties half; None without both kinds."""
    positives, negatives = np.sort(scores[active]), np.sort(scores[~active])
    if not len(positives) or not len(negatives):
        return None
    below = np.searchsorted(negatives, positives, side="left") + np.searchsorted(
        negatives, positives, side="right"
    )
    return float(0.5 * below.mean() / len(negatives))


def balanced_accuracy(predicted: Bools, active: Bools) -> float | None:
    """Mean of the shares of active and of inactive rows that are predicted right; None without both."""
    if active.all() or not active.any():
        return None
    return float(0.5 * (predicted[active].mean() + (~predicted[~active]).mean()))


def _edges(column: F64) -> F64:
    distinct = np.unique(column)
    if len(distinct) <= BINS:
        return 0.5 * (distinct[1:] + distinct[:-1])
    return np.unique(np.quantile(column, np.arange(1, BINS) / BINS))
