"""Ridge on a million samples of 2,048 sparse features, part by part, against scikit-learn on all at once."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge

from policyscope.core.probes import moments_of, penalty_for, solve

ROWS, FEATURES, ACTIVE, TARGETS, PART = 1_000_000, 2_048, 32, 6, 20_000


@dataclass(frozen=True)
class Streamed:
    """Seconds of both; the largest difference of their weights; the most memory that ours held, in bytes."""

    ours: float
    theirs: float
    difference: float
    memory: int


def measure(rows: int = ROWS, features: int = FEATURES) -> Streamed:
    """Both fit all targets at once, once: a run takes minutes."""
    begun = time.perf_counter()
    found = moments_of(_parts(rows, features))
    penalty = penalty_for(found, 1e-3)
    weights = solve(found, penalty)[0]
    ours = time.perf_counter() - begun - _seconds(lambda: [None for _ in _parts(rows, features)])
    tracemalloc.start()
    moments_of(_parts(4 * PART, features))
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    sparse, targets = _whole(rows, features)
    model = Ridge(alpha=penalty, solver="sparse_cg", tol=1e-10)
    theirs = _seconds(lambda: model.fit(sparse, targets))
    return Streamed(ours, theirs, float(np.abs(weights - model.coef_.T).max()), memory)


def _seconds(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def _codes(rows: int, features: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Which features are active [n, 32], their values, and the targets, part by part."""
    truth = np.random.default_rng(1).normal(size=(features, TARGETS))
    step = features // ACTIVE
    for first in range(0, rows, PART):
        rng = np.random.default_rng([0, first])
        active = np.arange(ACTIVE) * step + rng.integers(0, step, (PART, ACTIVE))
        values = rng.exponential(size=(PART, ACTIVE))
        noise = rng.normal(size=(PART, TARGETS))
        yield active, values, np.einsum("nk,nkt->nt", values, truth[active]) + noise


def _parts(rows: int, features: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for active, values, targets in _codes(rows, features):
        latents = np.zeros((PART, features))
        np.put_along_axis(latents, active, values, axis=1)
        yield latents, targets


def _whole(rows: int, features: int) -> tuple[csr_matrix, np.ndarray]:
    parts = list(_codes(rows, features))
    active, values, targets = (np.concatenate(column) for column in zip(*parts, strict=True))
    starts = np.arange(0, active.size + 1, ACTIVE)
    return csr_matrix((values.ravel(), active.ravel(), starts), shape=(len(active), features)), targets
