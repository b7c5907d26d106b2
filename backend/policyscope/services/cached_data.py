"""Cached data of an artifacts directory, of any size: read in quarantine block by block, into files to map.

The copy belongs to us, is finite and has plain columns, whatever the format was; nothing is ever whole in
memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from policyscope.core.activations import (
    ARRAYS,
    EPISODE_ARRAYS,
    ActivationData,
    check_episodes,
    check_finite,
)
from policyscope.core.policy import Policy
from policyscope.core.rows import blocks
from policyscope.services import quarantine
from policyscope.store.paths import open_regular
from policyscope.store.writing import storage_errors

DATA_LIMIT = 64 << 30
Columns = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Cached:
    """Columns by name. ``is_minari``: observations of a dataset in which no activations can be."""

    columns: Columns
    is_minari: bool = False

    def data(self) -> ActivationData:
        """Raises ShapeMismatch when the columns do not line up."""
        known: dict[str, Any] = {name: array for name, array in self.columns.items() if name in ARRAYS}
        return ActivationData(**known, checked=True)


def read_file(path: Path, shown: str, wanted: str, into: Path) -> Cached:
    """``wanted`` ("observations" or "activations") of one file, and of Minari episodes all there is.

    Raises NotFound, InvalidInput, UnsupportedFile, LimitExceeded, Busy or StorageFull.
    """
    with (
        open_regular(path, DATA_LIMIT, shown) as (file, size),
        quarantine.rows_of(file, size, shown, wanted) as incoming,
    ):
        columns: Columns = {}
        for name, form in incoming.columns.items():
            what = shown if name == wanted else f"{shown}: {name}"
            parts = _finite(incoming.blocks(name), what)
            columns[name] = write_array(into / f"{name}.npy", form.dtype, form.shape, parts)
        check_episodes({name: array for name, array in columns.items() if name in EPISODE_ARRAYS}, shown)
        return Cached(columns, incoming.is_minari)


def with_activations(cached: Cached, policy: Policy, tap_index: int, into: Path) -> Cached:
    """With what the policy itself has at the tap for these observations, where the file could not hold it."""
    observations = cached.columns["observations"]
    shape = (len(observations), policy.tap_dim(tap_index))
    parts = (policy.head(observations[part], tap_index).astype(np.float32) for part in blocks(observations))
    tapped = write_array(into / "activations.npy", np.dtype(np.float32), shape, parts)
    return replace(cached, columns={**cached.columns, "activations": tapped})


def write_array(
    path: Path, dtype: np.dtype, shape: tuple[int, ...], parts: Iterable[np.ndarray]
) -> np.ndarray:
    """``parts`` one after the other as a ``.npy`` file, mapped into memory. Raises StorageFull."""
    with storage_errors(), path.open("xb") as file:
        _write_header(file, dtype, shape)
        for part in parts:
            file.write(np.ascontiguousarray(part, dtype).data.cast("B"))
        file.flush()
        os.fsync(file.fileno())
    array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _write_header(file: BinaryIO, dtype: np.dtype, shape: tuple[int, ...]) -> None:
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _finite(parts: Iterable[np.ndarray], what: str) -> Iterator[np.ndarray]:
    """``parts``, until one holds NaN or infinity. Raises InvalidInput."""
    start = 0
    for part in parts:
        check_finite([(start, part.reshape(len(part), -1))], what)
        yield part
        start += len(part)


def whole_file(array: np.ndarray) -> Path | None:
    """The ``.npy`` file that ``array`` is a view of, where it is all of it."""
    path = Path(str(getattr(array, "filename", None) or ""))
    if not isinstance(array, np.memmap) or array.mode != "r" or path.suffix != ".npy" or not path.is_file():
        return None
    return path if array.offset + array.nbytes == path.stat().st_size else None
