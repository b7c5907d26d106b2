"""ONNX files written field by field, for tests: no exporter is needed, and any node can be written."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np

_TYPES = {"float32": 1, "int32": 6, "int64": 7, "float64": 11}


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(place: int, value: int) -> bytes:
    return varint(place << 3) + varint(value)


def text(place: int, value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return varint(place << 3 | 2) + varint(len(raw)) + raw


def tensor(name: str, array: np.ndarray, place: int = 5) -> bytes:
    sizes = b"".join(number(1, size) for size in array.shape)
    kind = number(2, _TYPES[array.dtype.name])
    return text(place, sizes + kind + text(8, name) + text(9, array.tobytes()))


def node(
    op: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: float | Sequence[int]
) -> bytes:
    body = b"".join(text(1, name) for name in inputs) + b"".join(text(2, name) for name in outputs)
    for name, value in attributes.items():
        if isinstance(value, float):
            content = varint(2 << 3 | 5) + struct.pack("<f", value)
        elif isinstance(value, int):
            content = number(3, value)
        else:
            content = b"".join(number(8, item) for item in value)
        body += text(5, text(1, name) + content)
    return text(1, body + text(3, f"the_{op}") + text(4, op))


def model(
    nodes: Sequence[bytes],
    constants: Mapping[str, np.ndarray],
    outputs: Sequence[str] = ("y",),
    inputs: Sequence[str] = ("x",),
) -> bytes:
    graph = b"".join(nodes) + b"".join(tensor(name, array) for name, array in constants.items())
    graph += b"".join(text(11, text(1, name)) for name in inputs)
    graph += b"".join(text(12, text(1, name)) for name in outputs)
    return number(1, 8) + text(7, graph)
