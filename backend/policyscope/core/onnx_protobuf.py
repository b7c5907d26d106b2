"""The few fields of an ONNX file that describe a chain of layers, read from its protobuf encoding.

A message is a list of numbered fields; what is not asked for is passed over. Nothing is allocated beyond the
file itself. Source: ``onnx.proto`` (numbers of the fields) and the protobuf encoding guide.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from policyscope.core.errors import LimitExceeded, UnsupportedFile

MAX_NODES = 2_000
MAX_TENSORS = 5_000
MAX_VALUES = 1_000  # inputs, and outputs
MAX_FIELDS = 20_000
MAX_DIMENSIONS = 8
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_TYPES = {1: "f4", 6: "i4", 7: "i8", 9: "?", 10: "f2", 11: "f8", 16: "u2"}
_NAMES = {1: "float32", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64", 16: "bfloat16"}
_BFLOAT16, _ELSEWHERE = 16, 1
_LISTS = {1: 4, 6: 5, 7: 7, 11: 10}
"""Field of a tensor that holds its numbers one by one, by their type; the usual place is ``raw_data``."""

Content = int | memoryview
Message = Mapping[int, list[Content]]
Value = int | float | bytes | np.ndarray | list[int]
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Node:
    """One operation. ``inputs`` and ``outputs`` are names of values; an absent input has an empty name."""

    op: str
    name: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Value]

    @property
    def label(self) -> str:
        """For messages: ``'/net/0/Gemm' (Gemm)``."""
        shown = self.name or (self.outputs[0] if self.outputs else "")
        return f"{shown[:80]!r} ({self.op[:40]})"

    def number(self, name: str, default: float) -> float:
        """An attribute that is one number. Raises UnsupportedFile when it is something else or not finite."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise UnsupportedFile(f"{name} of the node {self.label} of this ONNX file is no finite number.")
        return float(value)

    def whole(self, name: str, default: int) -> int:
        """An attribute that is one whole number. Raises UnsupportedFile when it is something else."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int):
            raise UnsupportedFile(f"{name} of the node {self.label} of this ONNX file is no whole number.")
        return value


@dataclass(frozen=True)
class Graph:
    """Operations in order, constants by name, and the names of what goes in and comes out."""

    nodes: list[Node]
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)


def looks_like_onnx(data: bytes) -> bool:
    """Field 1, the version of the format, comes first and is a small number."""
    return len(data) > 2 and data[0] == 0x08 and 1 <= data[1] <= 40


def read_graph(data: bytes, beside: Files | None = None) -> Graph:
    """The graph of a model; ``beside`` are files by name in which the model may keep its weights.

    Raises UnsupportedFile when the file is damaged or its weights lie elsewhere, or LimitExceeded.
    """
    try:
        (graph,) = _inner(_message(memoryview(data)), 7) or [memoryview(b"")]
        return _graph(_message(graph), beside or {})
    except (ValueError, TypeError, IndexError, struct.error, OverflowError) as error:
        raise UnsupportedFile(f"The ONNX file is damaged: {str(error)[:160]}.") from error


def _graph(message: Message, beside: Files) -> Graph:
    limits = {1: ("nodes", MAX_NODES), 5: ("tensors", MAX_TENSORS)}
    limits |= {11: ("inputs", MAX_VALUES), 12: ("outputs", MAX_VALUES)}
    for number, (what, most) in limits.items():
        if len(message.get(number, ())) > most:
            raise LimitExceeded(f"The ONNX file has more than {most:,} {what}.")
    if 15 in message:
        raise UnsupportedFile("The ONNX file has sparse weights, which are not supported.")
    constants = dict(_tensor(_message(data), beside) for data in _inner(message, 5))
    inputs, outputs = ([_text(_message(data), 1) for data in _inner(message, number)] for number in (11, 12))
    nodes = [_node(_message(data), beside) for data in _inner(message, 1)]
    given = [name for node in nodes for name in node.outputs if name]
    if len(given) != len(set(given)):
        raise ValueError("two nodes give the same value")
    return Graph(nodes, constants, [name for name in inputs if name not in constants], outputs)


def _node(message: Message, beside: Files) -> Node:
    attributes: dict[str, Value] = {}
    for data in _inner(message, 5):
        attribute = _message(data)
        value = _attribute(attribute, beside)
        if value is not None:
            attributes[_text(attribute, 1)] = value
    op, name, domain = (_text(message, number) for number in (4, 3, 7))
    return Node(op, name, domain, _texts(message, 1), _texts(message, 2), attributes)


def _attribute(message: Message, beside: Files) -> Value | None:
    """None for kinds that no supported operation has."""
    if 5 in message:
        return _tensor(_message(_inner(message, 5)[-1]), beside)[1]
    if 2 in message:
        return float(struct.unpack("<f", _inner(message, 2)[-1])[0])
    if 4 in message:
        return bytes(_inner(message, 4)[-1])
    if 8 in message:
        return _whole_numbers(message, 8)
    return _whole(message, 3) if 3 in message else None


def _tensor(message: Message, beside: Files) -> tuple[str, np.ndarray]:
    """Name and numbers, as float64 or int64; whole numbers and truth values are int64."""
    name, kind, sizes = _text(message, 8), _whole(message, 2), _whole_numbers(message, 1)
    if kind not in _TYPES:
        raise UnsupportedFile(
            f"{name[:80]!r} holds numbers of a type (ONNX's {kind}) that is not supported; "
            f"{', '.join(_NAMES.values())} are."
        )
    if len(sizes) > MAX_DIMENSIONS or any(not 0 <= size < 2**48 for size in sizes):
        raise ValueError(f"the tensor {name[:60]!r} has the sizes {sizes[:9]}")
    values = _numbers(message, kind, _raw(message, name, beside))
    if len(values) != math.prod(sizes):
        raise ValueError(f"the tensor {name[:60]!r} {sizes} has {len(values)} numbers")
    if kind == _BFLOAT16:
        values = (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return name, values.astype(np.float64 if values.dtype.kind == "f" else np.int64).reshape(sizes)


def _raw(message: Message, name: str, beside: Files) -> memoryview | None:
    """The bytes of the numbers, here or in the file that the tensor names; None when they are listed."""
    if _whole(message, 14) != _ELSEWHERE:
        return _inner(message, 9)[-1] if 9 in message else None
    entries = [_message(data) for data in _inner(message, 13)]
    where = {_text(entry, 1): _text(entry, 2) for entry in entries}
    file = where.get("location", "")
    if file not in beside:
        raise UnsupportedFile(
            f"The weights ({name[:60]!r}) lie in another file, {file[:80]!r}. Put both files into one .zip, "
            "or export with the weights inside: torch.onnx.export(…, external_data=False)."
        )
    start = int(where.get("offset", "0"))
    end = start + int(where.get("length", len(beside[file]) - start))
    if not 0 <= start <= end <= len(beside[file]):
        raise ValueError(f"the tensor {name[:60]!r} lies outside {file[:80]!r}")
    return memoryview(beside[file])[start:end]


def _numbers(message: Message, kind: int, raw: memoryview | None) -> np.ndarray:
    dtype = np.dtype(_TYPES[kind]).newbyteorder("<")
    if raw is not None:
        return np.frombuffer(raw, dtype)
    place = _LISTS.get(kind, 5)  # half, bfloat16 and bool are listed as int32
    if kind in (1, 11):
        return np.frombuffer(b"".join(_inner(message, place)), dtype)
    bits = np.array(_whole_numbers(message, place), dtype=np.int64)
    return bits.astype(np.uint16).view(np.float16) if kind == 10 else bits.astype(_TYPES[kind])


def _message(data: memoryview) -> Message:
    """Contents of the fields by number: a whole number, or bytes (of fixed-size numbers too)."""
    found: dict[int, list[Content]] = {}
    position = 0
    for _ in range(MAX_FIELDS):
        if position >= len(data):
            return found
        key, position = _varint(data, position)
        kind = key & 7
        if kind == _VARINT:
            content, position = _varint(data, position)
            found.setdefault(key >> 3, []).append(content)
            continue
        if kind == _BYTES:
            size, position = _varint(data, position)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"a field of the kind {kind}")
        if size > len(data) - position:
            raise ValueError("it ends early")
        found.setdefault(key >> 3, []).append(data[position : position + size])
        position += size
    raise LimitExceeded(f"A part of the ONNX file has more than {MAX_FIELDS:,} fields.")


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for count in range(10):
        byte = data[position + count]
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value & (2**64 - 1), position + count + 1
    raise ValueError("a number that does not end")


def _inner(message: Message, number: int) -> list[memoryview]:
    contents = message.get(number, [])
    if not all(isinstance(content, memoryview) for content in contents):
        raise ValueError(f"field {number} has another kind than expected")
    return contents  # type: ignore[return-value]


def _texts(message: Message, number: int) -> tuple[str, ...]:
    return tuple(bytes(content).decode("utf-8", "replace") for content in _inner(message, number))


def _text(message: Message, number: int) -> str:
    return "".join(_texts(message, number)[-1:])


def _whole(message: Message, number: int) -> int:
    return (_whole_numbers(message, number) or [0])[-1]


def _whole_numbers(message: Message, number: int) -> list[int]:
    """One by one or packed into bytes; the largest of 64 bits are negative numbers."""
    values: list[int] = []
    for content in message.get(number, ()):
        if isinstance(content, int):
            values.append(content)
            continue
        values += _packed(content)
    return [value - 2**64 if value >= 2**63 else value for value in values]


def _packed(content: memoryview) -> list[int]:
    """Numbers of seven bits a byte, the least first; the last byte of each is below 128."""
    raw = np.frombuffer(content, np.uint8) if len(content) else np.zeros(0, np.uint8)
    ends = np.flatnonzero(raw < 0x80)
    starts = np.concatenate([[0], ends + 1])[: len(ends)]
    sizes = ends - starts + 1
    if len(raw) and (not len(ends) or ends[-1] != len(raw) - 1 or sizes.max() > 10):
        raise ValueError("a number that does not end")
    if not len(raw):
        return []
    shifts = 7 * (np.arange(len(raw)) - np.repeat(starts, sizes)).astype(np.uint64)
    parts = (raw & 0x7F).astype(np.uint64) << shifts
    numbers: list[int] = np.add.reduceat(parts, starts).tolist()
    return numbers
