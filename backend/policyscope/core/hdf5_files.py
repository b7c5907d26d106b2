"""HDF5 files of strangers: one table of numbers, or the episodes of a Minari dataset, read slice by slice.

HDF5 can point anywhere: to other files, into itself, to programs that unpack it. Only plain tables that lie
in the file itself are read; everything else is refused with the reason. Source of the layout of episodes: the
Minari documentation, "Dataset standards" (groups ``episode_0`` …, one observation more than actions).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from policyscope.core.buffers import Buffer, BufferFile
from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.rows import Joined, Rows

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MAX_OBJECTS, MAX_EPISODES, MAX_DEPTH = 10_000, 100_000, 4
MAX_CHUNK, MAX_BYTES = 64 << 20, 64 << 30
KNOWN_NAMES: Mapping[str, tuple[str, ...]] = {
    "observations": ("observations", "obs", "observation", "cached_obs"),
    "activations": ("activations", "tapped_activations", "acts"),
}
"""Names that decide between several tables, by what is looked for."""
_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32, h5py.h5z.FILTER_LZF}
_EPISODE = re.compile(r"episode_(\d{1,9})")
_DAMAGE = (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError)


@dataclass(frozen=True, eq=False)
class Recording:
    """Columns of equal length by name, as ``ActivationData`` calls them; ``is_minari``: cut into episodes."""

    columns: Mapping[str, Rows]
    is_minari: bool = False


def looks_like_hdf5(data: Buffer) -> bool:
    return data[: len(SIGNATURE)] == SIGNATURE


def open_hdf5(data: Buffer, wanted: str) -> Recording:
    """The table of ``wanted`` (a key of KNOWN_NAMES), or everything that a Minari dataset has for it.

    Raises UnsupportedFile when there is none, more than one, or one that is not plain numbers in this file;
    LimitExceeded when there is too much of anything.
    """
    try:
        root = h5py.File(BufferFile(data), "r", locking=False)
        episodes = _episode_names(root)
        if not episodes:
            return Recording({wanted: _chosen(root, wanted)})
        if wanted != "observations":
            raise UnsupportedFile(
                f"This is a Minari dataset, which holds observations and no {wanted}. Give it as the "
                "observations; activations are then computed by the policy itself."
            )
        return Recording(_episodes(root, episodes), is_minari=True)
    except _DAMAGE as error:
        raise damaged(error) from error


def damaged(error: BaseException) -> UnsupportedFile:
    """What the library says of a file that it cannot read."""
    return UnsupportedFile(f"This HDF5 file is damaged: {ascii(str(error))[1:-1][:160]}.")


class Table:
    """One dataset, read by slices of rows; an unreadable slice raises UnsupportedFile."""

    def __init__(self, dataset: h5py.Dataset, rows: int | None = None) -> None:
        self._dataset = dataset
        self.shape: tuple[int, ...] = (dataset.shape[0] if rows is None else rows, *dataset.shape[1:])
        self.dtype = dataset.dtype

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(self.shape[0])
        try:
            return np.asarray(self._dataset[start:stop])
        except _DAMAGE as error:
            raise damaged(error) from error


def _names(group: h5py.Group, shown: str) -> list[str]:
    if len(group) > MAX_EPISODES:
        raise LimitExceeded(f"{shown} holds {len(group):,} entries; at most {MAX_EPISODES:,} are read.")
    return list(group)


def _member(group: h5py.Group, name: str, shown: str) -> Any:
    """What ``name`` is, where it is in this file; None where there is no such name."""
    link = group.get(name, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        raise UnsupportedFile(f"{shown} points into another file, which is not followed. Copy the data in.")
    if link is not None and not isinstance(link, h5py.HardLink):
        raise UnsupportedFile(f"{shown} is a link to another place, which is not followed. Copy the data.")
    return group.get(name)


def _episode_names(root: h5py.File) -> list[str]:
    """In the order of their numbers; empty where the file is no Minari dataset."""
    found = {name: match for name in _names(root, "The file") if (match := _EPISODE.fullmatch(name))}
    return sorted(found, key=lambda name: int(found[name][1]))


def _chosen(root: h5py.File, wanted: str) -> Table:
    """The table of a known name at the top, else the only one there is."""
    for name in KNOWN_NAMES[wanted]:
        if name in root:
            return _matrix(_member(root, name, f"'{name}'"), f"'{name}'")
    tables = dict(_tables(root))
    if len(tables) == 1:
        ((shown, dataset),) = tables.items()
        return _matrix(dataset, shown)
    names = ", ".join(KNOWN_NAMES[wanted])
    if not tables:
        raise UnsupportedFile(f"This HDF5 file holds no table [N, columns]; name one of {names}, at the top.")
    raise UnsupportedFile(
        f"This HDF5 file holds {len(tables)} tables ({', '.join(sorted(tables)[:8])}), and none is called "
        f"{names}. Rename the one that is meant, or save it in a file of its own."
    )


def _tables(root: h5py.File) -> Iterator[tuple[str, h5py.Dataset]]:
    """All datasets with two dimensions. Groups that hold one another are refused, and so is too much."""
    seen: set[Any] = set()
    groups: list[tuple[h5py.Group, str, int]] = [(root, "", 0)]
    while groups:
        group, path, depth = groups.pop()
        address = h5py.h5o.get_info(group.id).addr
        if address in seen:
            raise UnsupportedFile(f"The group {path[:80]!r} of this HDF5 file is met twice: it holds itself.")
        seen.add(address)
        for name in _names(group, f"The group {path[:80]!r}" if path else "The file"):
            shown = f"{path}/{ascii(name)[1:-1][:60]}".lstrip("/")
            member = _member(group, name, f"'{shown}'")
            if isinstance(member, h5py.Group):
                groups.append((member, shown, depth + 1))
            elif isinstance(member, h5py.Dataset) and member.ndim == 2:
                yield shown, member
            if depth >= MAX_DEPTH or len(seen) + len(groups) > MAX_OBJECTS:
                raise LimitExceeded(
                    f"The groups of this HDF5 file nest deeper than {MAX_DEPTH} or are more than "
                    f"{MAX_OBJECTS:,}. Save the table in a file of its own."
                )


def _episodes(root: h5py.File, names: Sequence[str]) -> dict[str, Rows]:
    """Aligned columns of all steps: without the last observation of an episode, on which nothing acted."""
    parts: dict[str, list[Table]] = {"observations": [], "action": [], "reward": []}
    for name in names:
        episode = _member(root, name, f"'{name}'")
        if not isinstance(episode, h5py.Group):
            raise UnsupportedFile(f"'{name}' is not a group, as the episodes of a Minari dataset are.")
        for column, part in _steps(episode, name).items():
            parts[column].append(part)
    lengths = [part.shape[0] for part in parts["observations"]]
    columns: dict[str, Rows] = {
        column: Joined(tables, f"The {column} of the episodes")
        for column, tables in parts.items()
        if len(tables) == len(names)
    }
    numbers = np.array([int(name.removeprefix("episode_")) for name in names], dtype=np.int32)
    columns["episode"] = np.repeat(numbers, lengths)
    columns["step"] = np.concatenate([np.arange(n, dtype=np.int32) for n in lengths])
    return columns


def _steps(episode: h5py.Group, name: str) -> dict[str, Table]:
    """The steps of one episode. Actions that are not one table of numbers are left out."""
    found = {
        part: _member(episode, part, f"'{name}/{part}'") for part in ("observations", "actions", "rewards")
    }
    observations = _matrix(found["observations"], f"'{name}/observations'")
    rewards = _table(found["rewards"], f"'{name}/rewards'", dimensions=(1,))
    steps = rewards.shape[0]
    if steps < 1 or observations.shape[0] not in (steps, steps + 1):
        raise UnsupportedFile(
            f"'{name}' has {observations.shape[0]} observations and {steps} rewards; a Minari episode has at "
            "least one step, and one observation more than rewards."
        )
    taken = {"observations": Table(observations._dataset, steps), "reward": rewards}
    if isinstance(found["actions"], h5py.Dataset):
        actions = _table(found["actions"], f"'{name}/actions'", dimensions=(1, 2), kinds="fiu")
        if actions.shape[0] != steps:
            raise UnsupportedFile(f"'{name}' has {actions.shape[0]} actions and {steps} rewards.")
        taken["action"] = actions
    return taken


def _matrix(member: Any, shown: str) -> Table:
    """``member`` as the table [N, columns] that is looked for."""
    if isinstance(member, h5py.Group):
        keys = ", ".join(ascii(key)[1:-1][:40] for key in sorted(_names(member, shown))[:6])
        raise UnsupportedFile(
            f"{shown} is a dictionary ({keys}); policies here take one vector of observations. Flatten it "
            "(gymnasium.wrappers.FlattenObservation) in the order the policy was trained with, and save that."
        )
    return _table(member, shown, dimensions=(2,))


def _table(member: Any, shown: str, dimensions: tuple[int, ...], kinds: str = "f") -> Table:
    """``member`` as a table that can be read without leaving the file; raises with the reason if not."""
    if not isinstance(member, h5py.Dataset):
        raise UnsupportedFile(f"{shown} is missing or is no dataset.")
    if member.dtype.kind not in kinds or member.dtype.itemsize > 8 or member.dtype.hasobject:
        raise UnsupportedFile(f"{shown} holds {_kind(member.dtype)}; floats of up to 64 bits are needed.")
    if member.shape is None or member.ndim not in dimensions or 0 in member.shape:
        raise UnsupportedFile(
            f"{shown} has shape {list(member.shape or ())}; "
            f"{'[N, columns]' if 2 in dimensions else '[N]'} with at least one row is needed."
        )
    if math.prod(member.shape) * member.dtype.itemsize > MAX_BYTES:
        raise LimitExceeded(
            f"{shown} has shape {list(member.shape)}; at most {MAX_BYTES >> 30} GiB of numbers are read."
        )
    _check_storage(member, shown)
    return Table(member)


def _check_storage(dataset: h5py.Dataset, shown: str) -> None:
    """Raise unless the numbers lie in this file, in pieces of a bounded size, packed by a known filter."""
    plan = dataset.id.get_create_plist()
    if dataset.is_virtual or plan.get_layout() not in (
        h5py.h5d.COMPACT,
        h5py.h5d.CONTIGUOUS,
        h5py.h5d.CHUNKED,
    ):
        raise UnsupportedFile(f"{shown} is a virtual dataset, put together from others. Copy the data in.")
    if plan.get_external_count():
        raise UnsupportedFile(
            f"{shown} keeps its numbers in another file, which is not opened. Copy them in."
        )
    for index in range(plan.get_nfilters()):
        if plan.get_filter(index)[0] not in _FILTERS:
            raise UnsupportedFile(
                f"{shown} is packed with the filter {plan.get_filter(index)[0]}; gzip, lzf, shuffle and "
                "fletcher32 are read. Save it with one of them or without."
            )
    if dataset.chunks and math.prod(dataset.chunks) * dataset.dtype.itemsize > MAX_CHUNK:
        raise LimitExceeded(
            f"{shown} is cut into pieces of shape {list(dataset.chunks)}; at most {MAX_CHUNK >> 20} MiB a "
            "piece are read. Save it with smaller chunks."
        )


def _kind(dtype: np.dtype) -> str:
    if h5py.check_ref_dtype(dtype) is not None:
        return "references to objects"
    if h5py.check_string_dtype(dtype) is not None:
        return "texts"
    return "rows of different lengths" if h5py.check_vlen_dtype(dtype) is not None else f"{dtype} values"
