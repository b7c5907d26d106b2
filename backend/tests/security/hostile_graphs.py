"""Hostile ONNX models: nothing in them runs, but they can be endless, enormous or point elsewhere."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx_writer as onnx

W1, W2 = np.ones((8, 3), np.float32), np.ones((1, 8), np.float32)
WEIGHTS = {"w1": W1, "w2": W2}
FIRST = onnx.node("Gemm", ["x", "w1"], ["h"], transB=1)
RELU = onnx.node("Relu", ["h"], ["a"])
LAST = onnx.node("Gemm", ["a", "w2"], ["y"], transB=1)


def uploads(_: Path) -> Iterator[tuple[str, bytes]]:
    for family in (_protobuf, _tensors, _elsewhere, _shapes_of_graphs, _operations, _constants):
        for name, data in family():
            yield f"ONNX {name}", data


def _protobuf() -> Iterator[tuple[str, bytes]]:
    """Below the fields: lengths and numbers that lie."""
    start = onnx.number(1, 8)
    yield "of nothing", start + onnx.text(7, b"")
    yield "a million empty fields", start + onnx.text(7, b"\x0a\x00" * 1_000_000)
    yield "a million numbers for fields", start + onnx.text(7, b"\x08\x01" * 1_000_000)
    yield "a length of 2**63", start + b"\x3a" + onnx.varint(2**63) + b"abc"
    yield "a length beyond the end", start + b"\x3a\xff\xff\xff\x0f" + bytes(100)
    yield "a number without end", start + b"\x80" * 1_000_000
    yield "groups", start + b"\x3b" * 100_000
    yield "fields of a wrong kind", start + onnx.number(7, 1)
    yield "a graph in a graph in a graph", start + _nested(20_000)
    yield "ten megabytes of metadata", start + onnx.text(14, bytes(10 << 20)) + onnx.text(7, b"")
    yield "a name of a megabyte", onnx.model([onnx.node("n" * 1_000_000, ["x"], ["y"])], {})
    yield "names of no encoding", start + onnx.text(7, onnx.text(1, onnx.text(4, b"\xff\xfe\x00"))) * 3


def _nested(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = onnx.text(7, inner) if len(inner) < 60_000 else inner
    return inner


def _raw_tensor(sizes: list[int], raw: bytes, kind: int = 1, more: bytes = b"") -> bytes:
    body = b"".join(onnx.number(1, size) for size in sizes) + onnx.number(2, kind)
    return onnx.text(5, body + onnx.text(8, "w1") + onnx.text(9, raw) + more)


def _with_tensor(tensor: bytes) -> bytes:
    nodes = FIRST + RELU + LAST + tensor + onnx.tensor("w2", W2)
    values = onnx.text(11, onnx.text(1, "x")) + onnx.text(12, onnx.text(1, "y"))
    return onnx.number(1, 8) + onnx.text(7, nodes + values)


def _tensors() -> Iterator[tuple[str, bytes]]:
    cases: dict[str, tuple[Any, ...]] = {
        "sizes of 2**40": ([2**40, 2**40], bytes(16)),
        "sizes that wrap around": ([2**32, 2**32], b""),
        "a negative size": ([-8, -3], bytes(96)),
        "nine dimensions": ([1] * 9, bytes(4)),
        "100,000 dimensions": ([1] * 100_000, bytes(4)),
        "zero rows of 2**47": ([0, 2**47], b""),
        "half a number": ([8, 3], bytes(95)),
        "texts for weights": ([8, 3], bytes(96), 8),
        "complex weights": ([8, 3], bytes(192), 14),
        "a type that is none": ([8, 3], bytes(96), 2**31),
        "not a number": ([8, 3], np.full(24, np.nan, np.float32).tobytes()),
        "infinite": ([8, 3], np.full(24, np.inf, np.float32).tobytes()),
        "whole numbers for weights": ([8, 3], bytes(192), 7),
    }
    for name, case in cases.items():
        yield f"weights: {name}", _with_tensor(_raw_tensor(*case))
    listed = onnx.number(2, 10) + onnx.text(8, "w1") + onnx.text(5, b"\x01" * 4_000_000)
    yield "four million numbers one by one", _with_tensor(onnx.text(5, onnx.number(1, 4_000_000) + listed))
    yield "sparse weights", onnx.number(1, 8) + onnx.text(7, onnx.text(15, b"\x08\x01"))
    empty = onnx.tensor("", np.zeros(0, np.float32))
    yield "100,000 tensors", _with_tensor(empty * 100_000)


def _external(**entries: str) -> bytes:
    more = onnx.number(14, 1)
    for key, value in entries.items():
        more += onnx.text(13, onnx.text(1, key) + onnx.text(2, value))
    return _with_tensor(_raw_tensor([8, 3], b"", 1, more))


def _elsewhere() -> Iterator[tuple[str, bytes]]:
    for place in ("../../../etc/passwd", "/etc/passwd", "/dev/zero", "/proc/self/mem", "file:///etc/passwd"):
        yield f"weights in {place}", _external(location=place)
        yield f"zipped, weights in {place}", _zip({"m.onnx": _external(location=place), place: bytes(96)})
    for name, entries in {
        "an offset below zero": {"offset": "-96"},
        "an offset beyond the end": {"offset": "1" + "0" * 18},
        "an offset of 10,000 digits": {"offset": "9" * 10_000},
        "a length of 2**62": {"length": str(2**62)},
        "a length below zero": {"length": "-5"},
    }.items():
        model = _external(location="w.bin", **entries)
        yield f"zipped, {name}", _zip({"m.onnx": model, "w.bin": bytes(96)})
    yield "two models in one zip", _zip({"a.onnx": _external(location="b.onnx"), "b.onnx": bytes(96)})
    yield "zipped, weights of zeros", _zip({"m.onnx": _external(location="w"), "w": bytes(64 << 20)}, 8)


def _zip(files: dict[str, bytes], method: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _shapes_of_graphs() -> Iterator[tuple[str, bytes]]:
    """Cycles, missing ends, twice the same name, thousands of nodes."""
    gemm = onnx.node("Gemm", ["a", "square"], ["h"], transB=1)
    square = {"square": np.ones((8, 8), np.float32), **WEIGHTS}
    cases: dict[str, list[bytes]] = {
        "a cycle of activations": [
            FIRST,
            onnx.node("Relu", ["b"], ["a"]),
            onnx.node("Tanh", ["a"], ["b"]),
            LAST,
        ],
        "a cycle of layers": [gemm, RELU, LAST],
        "a node of itself": [FIRST, onnx.node("Relu", ["a"], ["a"]), LAST],
        "an output that nobody gives": [FIRST, RELU],
        "two nodes for one value": [FIRST, RELU, onnx.node("Tanh", ["h"], ["a"]), LAST],
        "nodes in the wrong order": [
            LAST,
            onnx.node("Add", ["s", "h"], ["a"]),
            onnx.node("Abs", ["h"], ["s"]),
            FIRST,
        ],
        "nodes without outputs": [FIRST, onnx.node("Relu", ["h"], []), RELU, LAST],
        "nodes without inputs": [onnx.node("Gemm", [], ["h"]), onnx.node("Add", [], ["a"]), LAST],
        "an empty name for a shape": [FIRST, onnx.node("Reshape", ["h", ""], ["a"]), LAST],
        "an output in second place": [FIRST, onnx.node("Relu", ["h"], ["q", "a"]), LAST],
        "10,000 nodes": [FIRST, *_chain("Relu", 10_000), LAST],
        "900 kinds in a row": [FIRST, *_chain("Softsign", 900), LAST],
    }
    for name, nodes in cases.items():
        yield name, onnx.model(nodes, square)
    yield "100,000 inputs", onnx.model([FIRST, RELU, LAST], WEIGHTS, inputs=["x"] * 100_000)
    yield "no input", onnx.model([FIRST, RELU, LAST], WEIGHTS, inputs=[])
    yield "50,000 outputs", onnx.model([FIRST, RELU, LAST], WEIGHTS, outputs=["y"] * 50_000)


def _chain(op: str, count: int) -> Iterator[bytes]:
    names = ["h", *(f"c{i}" for i in range(count - 1)), "a"]
    for before, after in itertools.pairwise(names):
        yield onnx.node(op, [before], [after])


def _operations() -> Iterator[tuple[str, bytes]]:
    """Of another domain, with code inside, or with settings of the wrong kind."""
    foreign = onnx.text(
        1, onnx.text(1, "h") + onnx.text(2, "a") + onnx.text(4, "PyOp") + onnx.text(7, "ai.evil")
    )
    yield "an operation of another domain", onnx.model([FIRST, foreign, LAST], WEIGHTS)
    relu = onnx.text(
        1, onnx.text(1, "h") + onnx.text(2, "a") + onnx.text(4, "Relu") + onnx.text(7, "ai.evil")
    )
    yield "a Relu of another domain", onnx.model([FIRST, relu, LAST], WEIGHTS)
    for op in ("Loop", "If", "Scan", "PythonOp", "Call"):
        yield f"a {op}", onnx.model([FIRST, onnx.node(op, ["h"], ["a"]), LAST], WEIGHTS)
    settings: dict[str, list[bytes]] = {
        "alpha is a list": [onnx.node("Gemm", ["x", "w1"], ["h"], transB=1, alpha=[1, 2]), RELU, LAST],
        "alpha is not a number": [
            onnx.node("Gemm", ["x", "w1"], ["h"], transB=1, alpha=float("nan")),
            RELU,
            LAST,
        ],
        "transB is a list": [onnx.node("Gemm", ["x", "w1"], ["h"], transB=[1]), RELU, LAST],
        "a bias that is one number": [onnx.node("Gemm", ["x", "w1", "one"], ["h"], transB=1), RELU, LAST],
        "an axis that is a list": [FIRST, onnx.node("LayerNormalization", ["h", "v"], ["a"], axis=[1]), LAST],
        "an axis of text": [FIRST, onnx.node("Flatten", ["h"], ["a"], axis=[1, 2]), LAST],
        "limits that are none": [FIRST, onnx.node("Clip", ["h", "nan", "nan"], ["a"]), LAST],
        "observations divided by zero": [
            onnx.node("Div", ["x", "zero"], ["d"]),
            onnx.node("Gemm", ["d", "w1"], ["h"], transB=1),
            RELU,
            LAST,
        ],
        "a shape of NaN": [FIRST, onnx.node("Reshape", ["h", "nan"], ["a"]), LAST],
        "weights without rows": [
            onnx.node("Gemm", ["x", "empty"], ["h"]),
            RELU,
            onnx.node("Tanh", ["a"], ["y"]),
        ],
    }
    constants = {
        **WEIGHTS,
        "one": np.array(1, np.float32),
        "v": np.ones(8, np.float32),
        "nan": np.array(np.nan, np.float32),
        "zero": np.zeros(3, np.float32),
        "empty": np.zeros((3, 0), np.float32),
    }
    for name, nodes in settings.items():
        yield name, onnx.model(nodes, constants)


def _constants() -> Iterator[tuple[str, bytes]]:
    """Small constants of which the graph makes large ones."""
    column, row = np.ones((1 << 16, 1), np.float32), np.ones((1, 1 << 16), np.float32)
    outer = onnx.node("Add", ["column", "row"], ["c0"])
    tall = {**WEIGHTS, "column": column, "row": row}
    yield "a sum of 2**32 numbers", onnx.model([outer, FIRST, RELU, LAST], tall)
    some = {**WEIGHTS, "column": column[: 1 << 12], "row": row[:, : 1 << 12]}
    many = [onnx.node("Erf", [f"c{i}"], [f"c{i + 1}"]) for i in range(1_000)]
    yield "a thousand sums of 2**24 numbers", onnx.model([outer, *many, FIRST, RELU, LAST], some)
    square = {**WEIGHTS, "c0": np.full((4, 4), 2.0, np.float32)}
    powers = [onnx.node("Pow", [f"c{i}", f"c{i}"], [f"c{i + 1}"]) for i in range(1_000)]
    yield "towers of powers", onnx.model([*powers, FIRST, RELU, LAST], square)
    wide = {"w1": np.ones((1, 100_000), np.float32), "w2": np.ones((1, 1), np.float32)}
    functions = [onnx.node("Softplus", ["x" if i == 0 else f"s{i}"], [f"s{i + 1}"]) for i in range(40)]
    first = onnx.node("Gemm", ["s40", "w1"], ["h"], transB=1)
    yield "forty functions before a wide layer", onnx.model([*functions, first, RELU, LAST], wide)
    scale = {**wide, "scale": np.linspace(1, 2, 100_000, dtype=np.float32)}
    yield (
        "a diagonal of 100,000",
        onnx.model(
            [
                onnx.node("Mul", ["x", "scale"], ["m"]),
                onnx.node("Neg", ["m"], ["n"]),
                onnx.node("Gemm", ["n", "w1"], ["h"], transB=1),
                RELU,
                LAST,
            ],
            scale,
        ),
    )
