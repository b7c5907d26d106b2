"""What a run keeps of every step, in arrays allocated once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core.errors import LimitExceeded

I64 = NDArray[np.int64]
Trace = dict[str, NDArray[Any]]
"""One episode: name -> array ``[length, …]``. Entry t holds what was seen and done at step t."""

RECORDABLE = frozenset(
    {"observations", "activations", "features", "off_manifold", "actions", "rewards", "state"}
)
MEMORY_BYTES = 256 * 2**20
KEPT_BYTES = 2**30


class Recorder:
    """Buffers ``[slots, horizon, *shape]`` per signal; a slot is lent to a row for one episode."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], rows: int, slots: int, horizon: int) -> None:
        """``shapes``: shape of one step of each recorded signal; at most ``slots`` rows record at once."""
        self._buffers = {name: np.empty((slots, horizon, *shape)) for name, shape in shapes.items()}
        self._slot_of_row = np.full(rows, -1, dtype=np.int64)
        self._free = list(range(slots))

    def begin(self, row: int) -> None:
        """Record the episode that ``row`` starts now."""
        self._slot_of_row[row] = self._free.pop()

    def write(self, rows: I64, steps: I64, signals: Mapping[str, NDArray[Any]]) -> None:
        """Store step ``steps[i]`` of row ``rows[i]`` if it is recorded; signals are ``[n, *shape]``."""
        slots = self._slot_of_row[rows]
        kept = slots >= 0
        for name, buffer in self._buffers.items():
            buffer[slots[kept], steps[kept]] = signals[name][kept]

    def end(self, row: int, length: int) -> Trace | None:
        """The finished episode of ``row``, copied out; None if it was not recorded. Frees its slot."""
        slot = int(self._slot_of_row[row])
        if slot < 0:
            return None
        self._slot_of_row[row] = -1
        self._free.append(slot)
        return {name: buffer[slot, :length].copy() for name, buffer in self._buffers.items()}


def check_kept(shapes: Mapping[str, tuple[int, ...]], steps: int) -> None:
    """Raise LimitExceeded when traces of ``steps`` steps are too large to be returned in memory."""
    size = step_bytes(shapes) * steps
    if size > KEPT_BYTES:
        raise LimitExceeded(
            f"Recording every step would take {size / 2**30:.1f} GiB; at most {KEPT_BYTES / 2**30:g} GiB are "
            "kept in memory. Record fewer episodes or signals, or give a sink that takes each episode."
        )


def step_bytes(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """What one step of all signals takes."""
    return 8 * sum(math.prod(shape) for shape in shapes.values())


def slots_in_memory(shapes: Mapping[str, tuple[int, ...]], horizon: int) -> int:
    """How many episodes may be recorded at once within the memory set aside for it (at least one)."""
    return max(1, MEMORY_BYTES // max(1, step_bytes(shapes) * horizon))
