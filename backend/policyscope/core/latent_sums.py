"""What is counted of latents over data of any size, a few at a time in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policyscope.core.activations import Floats, spread_rows
from policyscope.core.blocks import F64
from policyscope.core.rows import blocks, forget
from policyscope.core.sae import SAE

CELLS = 1 << 22  # rows × columns of one part
COUNT_BUDGET = 2e11  # floating-point operations to encode what is only counted: seconds
LEAST_ROWS = 65_536
MOST_COUNTED = 1 << 27
"""Latents: to choose the largest of a row costs more than the product when the SAE is wide."""


@dataclass(frozen=True, eq=False)
class Counted:
    """In how many of ``rows`` rows each feature is active: ``active`` [F]."""

    rows: int
    active: NDArray[np.int64]


def activity_of(sae: SAE, activations: Floats) -> Counted:
    """Over all rows, or so many evenly spaced ones as can be encoded in seconds."""
    affordable = affordable_rows(2.0 * sae.d_in * sae.d_latent, COUNT_BUDGET)
    chosen = spread_rows(len(activations), min(affordable, max(512, MOST_COUNTED // sae.d_latent)))
    active = np.zeros(sae.d_latent, dtype=np.int64)
    for rows in parts_of(chosen, max(sae.d_in, sae.d_latent)):
        active += np.count_nonzero(sae.encode(taken(activations, rows)), axis=0)
    return Counted(len(chosen), active)


def affordable_rows(operations: float, budget: float) -> int:
    """How many rows of so many operations each fit into ``budget``; never fewer than LEAST_ROWS."""
    return max(LEAST_ROWS, int(budget / operations))


def parts_of(rows: NDArray[np.integer], width: int) -> Iterator[NDArray[np.integer]]:
    """``rows`` in parts of which ``width`` numbers each can be held at once."""
    for part in blocks(rows, most=max(512, CELLS // width)):
        yield rows[part]


def taken(table: Floats, rows: NDArray[np.integer]) -> Floats:
    """These rows, in memory; the pages of a mapped file are given back."""
    found: Floats = np.asarray(table[rows])
    forget(table)
    return found


class Tally:
    """Of parts [n, F] of latents that pass through ``watch``: active rows, sum and maximum per feature."""

    def __init__(self, features: int) -> None:
        self.active = np.zeros(features, dtype=np.int64)
        self.total: F64 = np.zeros(features)
        self.top: F64 = np.zeros(features)

    def watch(self, parts: Iterator[tuple[F64, F64]]) -> Iterator[tuple[F64, F64]]:
        for z, y in parts:
            self.active += np.count_nonzero(z, axis=0)
            self.total += z.sum(axis=0)
            np.maximum(self.top, z.max(axis=0), out=self.top)
            yield z, y
