"""Torch files, TorchScript archives and plain pickles, read statically (see ``inert_pickle``)."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from policyscope.core.buffers import Buffer
from policyscope.core.errors import UnsupportedFile
from policyscope.core.inert_pickle import read_pickle
from policyscope.core.inert_values import NUMBERS, Budget, Name, Storage, plain_name
from policyscope.core.torch_legacy import MAGIC, read_legacy
from policyscope.core.unpacking import allowance
from policyscope.core.zip_bytes import member_bytes, open_zip, read_member

Order = Literal["<", ">"]


@dataclass(frozen=True)
class Archive:
    """What a file describes. ``code`` is the text of a TorchScript archive's functions."""

    tree: Any
    kind: Literal["torch", "torchscript", "pickle"]
    code: str = ""


def read_archive(data: Buffer, max_bytes: int, *, views: bool = False) -> Archive:
    """Read ``data`` without running anything; raises UnsupportedFile or LimitExceeded.

    ``views``: tensors of a zip stay where they are in ``data`` where they can, and cannot be written to.
    """
    if data[:2] == b"PK":
        return _zip(data, max_bytes, views)
    max_bytes = allowance(len(data), max_bytes)
    stream, budget = io.BytesIO(data), Budget(max_bytes)
    first = read_pickle(stream, budget)
    if first == MAGIC:
        try:
            return Archive(read_legacy(stream, max_bytes, _identity, _values), "torch")
        except ValueError as error:
            raise UnsupportedFile(f"This torch file is damaged: {str(error)[:200]}.") from error
    return Archive(first, "pickle")


def _zip(data: Buffer, max_bytes: int, views: bool) -> Archive:
    with open_zip(data, max_bytes) as archive:
        names = archive.namelist()
        main = [name for name in names if name == "data.pkl" or name.endswith("/data.pkl")]
        if len(main) != 1:
            raise UnsupportedFile("This zip file holds no data.pkl, so torch.save did not write it.")
        folder = main[0].removesuffix("data.pkl")
        numbers = _Members(archive, data, folder, _byte_order(archive, folder))
        budget = Budget(allowance(len(data), max_bytes), views=views)
        tree = read_pickle(io.BytesIO(read_member(archive, main[0])), budget, numbers.storage)
        scripted = f"{folder}constants.pkl" in names
        return Archive(tree, "torchscript" if scripted else "torch", _code(archive) if scripted else "")


def _code(archive: zipfile.ZipFile) -> str:
    texts = [name for name in archive.namelist() if "/code/" in name and name.endswith(".py")]
    return "\n".join(read_member(archive, name).decode("utf-8", "replace") for name in texts)


def _byte_order(archive: zipfile.ZipFile, folder: str) -> Order:
    name = f"{folder}byteorder"
    return ">" if name in archive.namelist() and read_member(archive, name) == b"big" else "<"


@dataclass
class _Members:
    archive: zipfile.ZipFile
    data: Buffer
    folder: str
    order: Order

    def __post_init__(self) -> None:
        self._read: dict[str, Storage] = {}

    def storage(self, identity: object) -> Storage:
        kind, key, count = _identity(identity)
        if key not in self._read:
            raw = member_bytes(self.archive, self.data, f"{self.folder}data/{key}")
            self._read[key] = _values(raw, kind, self.order, count)
        return self._read[key]


def _identity(identity: object) -> tuple[str, str, int]:
    """Of ``("storage", FloatStorage, key, location, count)``: letters of the type, key and count."""
    if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != "storage":
        raise ValueError("a reference to numbers cannot be read")
    _, storage, key, _, count = identity[:5]
    name = storage.name if isinstance(storage, Name) else plain_name(str(storage))
    kind = name.removeprefix("torch.").removesuffix("Storage")
    if kind not in NUMBERS:
        raise UnsupportedFile(f"Numbers of the type {name} are not supported; floats and integers are.")
    if not isinstance(key, str) or not key.isalnum() or type(count) is not int:
        raise ValueError("a reference to numbers cannot be read")
    return kind, key, count


def _values(raw: Buffer, kind: str, order: Order, count: int) -> Storage:
    values = np.frombuffer(raw, NUMBERS[kind].newbyteorder(order))
    if len(values) != count:
        raise UnsupportedFile(f"A tensor should have {count} numbers, and {len(values)} are there.")
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    if kind == "BFloat16":
        native = (native.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return Storage(native)
