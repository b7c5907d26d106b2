"""Tables that are read by slices of rows, so that they can be larger than the memory."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from policyscope.core.errors import UnsupportedFile

BLOCK_BYTES = 4 << 20


class Rows(Protocol):
    """What an array and a table in a file have in common."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype: ...

    def __getitem__(self, rows: slice, /) -> np.ndarray: ...


class Joined:
    """Tables with the same columns, one after the other. Raises UnsupportedFile when they differ."""

    def __init__(self, parts: Sequence[Rows], what: str) -> None:
        kinds = {(part.shape[1:], part.dtype.newbyteorder("=")) for part in parts}
        if len(kinds) != 1:
            shown = " and ".join(sorted(f"{list(columns)} of {dtype}" for columns, dtype in kinds)[:3])
            raise UnsupportedFile(f"{what} differ: {shown}. All must have the same columns.")
        self._parts = parts
        self._ends = np.cumsum([part.shape[0] for part in parts])
        self.shape: tuple[int, ...] = (int(self._ends[-1]), *parts[0].shape[1:])
        self.dtype = parts[0].dtype

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(self.shape[0])
        found = []
        index = int(np.searchsorted(self._ends, start, side="right"))
        while start < stop:
            before = int(self._ends[index]) - self._parts[index].shape[0]
            end = min(stop, int(self._ends[index]))
            found.append(self._parts[index][start - before : end - before])
            start, index = end, index + 1
        return np.concatenate(found) if found else np.empty((0, *self.shape[1:]), self.dtype)


def block_rows(rows: Rows, size: int = BLOCK_BYTES) -> int:
    """How many rows make ``size`` bytes."""
    row_bytes = rows.dtype.itemsize * int(np.prod(rows.shape[1:], dtype=np.int64))
    return max(1, size // max(row_bytes, 1))


def blocks(*tables: Rows, most: int | None = None) -> Iterator[slice]:
    """Slices that cover all rows of tables of one length, of ``most`` rows or about 4 MiB of the widest.

    Of a file that is mapped into memory, the pages of a slice are given back before the next one.
    """
    n, step = tables[0].shape[0], most or min(map(block_rows, tables))
    for start in range(0, n, step):
        yield slice(start, min(n, start + step))
        for table in tables:
            forget(table)


def forget(table: Rows) -> None:
    """Give the pages of a mapped file back to the system, which reads them again when they are asked for."""
    if isinstance(table, np.memmap) and table.mode == "r" and hasattr(mmap, "MADV_DONTNEED"):
        mapped = getattr(table, "_mmap", None)
        if isinstance(mapped, mmap.mmap):
            mapped.madvise(mmap.MADV_DONTNEED)


def gathered(table: np.ndarray, rows: NDArray[np.integer]) -> np.ndarray:
    """The rows at these indices, in memory; of a mapped file, its pages are given back on the way."""
    out = np.empty((len(rows), *table.shape[1:]), table.dtype)
    for part in blocks(out):
        out[part] = table[rows[part]]
        forget(table)
    return out
