"""Torch files in the format of before torch 1.6: five pickles, then the numbers of every storage in turn.

The numbers come after the pickle that refers to them, so that pickle is read twice: once to learn the type of
every storage, once more when the numbers are there.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Literal

from policyscope.core.errors import UnsupportedFile
from policyscope.core.inert_pickle import read_pickle
from policyscope.core.inert_values import NUMBERS, Budget, Storage

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
Identify = Callable[[object], tuple[str, str, int]]
Values = Callable[[bytes, str, Literal["<", ">"], int], Storage]


def read_legacy(stream: io.BytesIO, max_bytes: int, identify: Identify, values: Values) -> object:
    """The content of the file whose magic number has just been read.

    ``identify`` names a storage's type, key and count, ``values`` makes numbers of bytes. Raises
    UnsupportedFile or LimitExceeded.
    """
    protocol, system = read_pickle(stream, Budget(max_bytes)), read_pickle(stream, Budget(max_bytes))
    if protocol != PROTOCOL or not isinstance(system, dict):
        raise UnsupportedFile("This file begins like one of an old torch and goes on otherwise.")
    order: Literal["<", ">"] = "<" if system.get("little_endian", True) else ">"
    start, kinds = stream.tell(), {}

    def learn(identity: object) -> Storage:
        kind, key, _ = identify(identity)
        if isinstance(identity, tuple) and len(identity) > 5 and identity[5] is not None:
            raise UnsupportedFile("This file of an old torch has views of storages; save it again.")
        kinds[key] = kind
        return Storage(None)

    read_pickle(stream, Budget(max_bytes), learn)
    keys = read_pickle(stream, Budget(max_bytes))
    found = _storages(stream, keys, kinds, order, values)
    stream.seek(start)
    return read_pickle(stream, Budget(max_bytes), lambda identity: found[identify(identity)[1]])


def _storages(
    stream: io.BytesIO, keys: Any, kinds: dict[str, str], order: Literal["<", ">"], values: Values
) -> dict[str, Storage]:
    named = isinstance(keys, list) and all(isinstance(key, str) for key in keys)
    if not named or len(set(keys)) != len(keys) or set(keys) != set(kinds):
        raise UnsupportedFile("The numbers of this file do not belong to its tensors.")
    found: dict[str, Storage] = {}
    left = stream.getbuffer().nbytes - stream.tell()
    for key in keys:
        count = int.from_bytes(stream.read(8), "little" if order == "<" else "big", signed=True)
        if not 0 <= count <= left:
            raise UnsupportedFile(f"A tensor should have {count} numbers, and the file ends before.")
        found[key] = values(stream.read(count * NUMBERS[kinds[key]].itemsize), kinds[key], order, count)
    return found
