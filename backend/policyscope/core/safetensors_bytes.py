"""A safetensors file checked and read by ourselves: header, places of the tensors, numbers.

The library's own reader keeps the last of two tensors of one name and knows no bfloat16 in numpy.
Source: the format's own description (eight bytes of length, a JSON header, then the numbers without gaps).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from policyscope.core.buffers import Buffer
from policyscope.core.errors import LimitExceeded, UnsupportedFile

MAX_HEADER = 4 << 20
MAX_TENSORS = 20_000
MAX_DIMENSIONS = 8
_TYPES = {
    "F64": "f8", "F32": "f4", "F16": "f2", "BF16": "u2", "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1",
    "U64": "u8", "U32": "u4", "U16": "u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip


def looks_like_safetensors(data: Buffer) -> bool:
    """Eight bytes of length, then a JSON object; a torch file begins with ``PK`` or a pickle opcode."""
    return len(data) > 8 and data[8:9] == b"{" and data[:1] not in (b"{", b"[")


def parse(data: Buffer) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Tensors by name and the header's metadata; half and bfloat16 become float32.

    Raises UnsupportedFile when the header is damaged, a name comes twice, tensors overlap or leave gaps, or a
    type is not known; LimitExceeded when the header is too large.
    """
    header, start = _header(data)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise UnsupportedFile("The metadata of this safetensors file is not a list of names and texts.")
    if len(header) > MAX_TENSORS:
        raise LimitExceeded(f"The file holds {len(header):,} tensors; at most {MAX_TENSORS:,} are read.")
    _check_places(header, len(data) - start)
    body = memoryview(data)[start:]
    return {name: _tensor(name, entry, body) for name, entry in header.items()}, metadata


def _header(data: Buffer) -> tuple[dict[str, Any], int]:
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > len(data) - 8:
        raise UnsupportedFile(
            f"This is not a safetensors file: a header of {size:,} bytes does not fit {len(data):,} bytes."
        )
    if size > MAX_HEADER:
        raise LimitExceeded(f"The safetensors header has {size:,} bytes; at most {MAX_HEADER:,} are read.")
    try:
        header = json.loads(bytes(data[8 : 8 + size]), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise UnsupportedFile(f"The safetensors header cannot be read: {str(error)[:120]}.") from error
    if not isinstance(header, dict):
        raise UnsupportedFile("The safetensors header is not a JSON object.")
    if not all(name.isprintable() for name in header):
        raise UnsupportedFile("The safetensors header has a name that cannot be printed.")
    return header, 8 + size


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise UnsupportedFile(f"The safetensors header names {counts.most_common(1)[0][0][:60]!r} twice.")
    return found


def _check_places(header: Mapping[str, Any], size: int) -> None:
    """Every tensor lies right behind the one before it, and the last one ends with the file."""
    places = sorted(_place(name, entry) for name, entry in header.items())
    reached = 0
    for begin, end, name in places:
        if begin != reached:
            how = "overlaps the tensor before it" if begin < reached else "leaves a gap before it"
            raise UnsupportedFile(f"The safetensors file is damaged: {name[:60]!r} {how}.")
        reached = end
    if reached != size:
        raise UnsupportedFile(
            f"The safetensors file is damaged: its tensors take {reached:,} bytes, and {size:,} are there."
        )


def _place(name: str, entry: Any) -> tuple[int, int, str]:
    try:
        (begin, end), shape, kind = entry["data_offsets"], entry["shape"], np.dtype(_TYPES[entry["dtype"]])
        numbers = (begin, end, *shape)
        whole = isinstance(shape, list) and all(type(n) is int and 0 <= n < 2**48 for n in numbers)
        if not whole or len(shape) > MAX_DIMENSIONS or end - begin != math.prod(shape) * kind.itemsize:
            raise ValueError(shape)
        if math.prod(n or 1 for n in shape) >= 2**48:  # numpy refuses it also where another size is 0
            raise ValueError(shape)
    except (KeyError, TypeError, ValueError) as error:
        told = entry.get("dtype") if isinstance(entry, dict) else None
        raise UnsupportedFile(
            f"{name[:60]!r} in this safetensors file cannot be read: its type is {str(told)[:20]!r}, and its "
            f"shape and place must agree. Known types are {', '.join(_TYPES)}."
        ) from error
    return begin, end, name


def _tensor(name: str, entry: Mapping[str, Any], body: memoryview) -> np.ndarray:
    begin, end = entry["data_offsets"]
    stored = np.frombuffer(body[begin:end], np.dtype(_TYPES[entry["dtype"]]).newbyteorder("<"))
    values = stored.astype(stored.dtype.newbyteorder("="), copy=False).reshape(entry["shape"])
    if entry["dtype"] == "BF16":
        return (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return values.astype(np.float32) if entry["dtype"] == "F16" else values
