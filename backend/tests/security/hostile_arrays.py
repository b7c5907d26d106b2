"""Hostile arrays: .npy, .npz and safetensors whose headers promise what the bytes do not hold."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gadgets
import numpy as np
from hostile import raw_zip, safetensors, zero_bomb

F4 = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


def npy(header: str | bytes, body: bytes = bytes(64), version: int = 1) -> bytes:
    text = header.encode() if isinstance(header, str) else header
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + body


def described(descr: str, shape: str = "(4,4)", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def saved(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def npz(members: list[tuple[str, bytes]], method: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def uploads(canary: Path) -> Iterator[tuple[str, bytes]]:
    for name, header in _headers(canary):
        yield f"npy {name}", npy(header)
    yield "npy a header of 4 GB", b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(100)
    yield "npy version 9", npy(described("'<f4'"), version=9)
    yield "npy version 3, no encoding", npy(b"\xff\xfe{'descr': '<f4'}", version=3)
    yield "npy ends in the header", npy(described("'<f4'"))[:30]
    yield "npy not a number", saved(np.full((4, 4), np.nan, np.float32))
    yield "npy no rows", saved(np.zeros((0, 4), np.float32))
    yield "npy one object", saved(np.array([[gadgets.Call(print, "x")]], object))
    yield from _npz(canary)
    yield from _safetensors()


def _headers(canary: Path) -> Iterator[tuple[str, str | bytes]]:
    touch = f"__import__('os').system('touch {canary}')"
    yield "a call for descr", f"{{'descr': {touch}, 'fortran_order': False, 'shape': (4,4)}}"
    yield "a call for shape", described("'<f4'", f"({touch},)")
    yield "a comprehension", described("'<f4'", "tuple(x for x in range(10**12))")
    yield "a power", described("'<f4'", "(9**9**9, 4)")
    yield "objects", described("'|O'")
    yield "objects in a record", described("[('a', '<f4'), ('b', '|O')]")
    yield "numbers of 2 GB each", described("'|S2000000000'")
    yield "records of 2 GB each", described("[('a', '|V2000000000')]")
    yield "an array in every number", described("('<f4', (30000, 30000))")
    yield "600 fields", described(str([(f"f{i}", "<f4") for i in range(600)]))
    yield "sizes that wrap around", described("'<f4'", "(4294967296, 4294967296)")
    yield "a size below zero", described("'<f4'", "(-4, -4)")
    yield "a size of 2**100", described("'<f4'", f"({2**100},)")
    yield "sizes of fractions", described("'<f4'", "(4.0, 4)")
    yield "a thousand sizes", described("'<f4'", str((1,) * 1_000))
    yield "an order of text", described("'<f4'", order="'x'")
    yield "dates", described("'<M8[ns]'")
    yield "complex", described("'<c8'")
    yield "parentheses", "(" * 9_000
    yield "parentheses that close", "(" * 4_000 + ")" * 4_000
    yield "a minus 9,000 times", described("'<f4'", "(" + "-" * 9_000 + "1,)")
    yield "keys too many", "{'descr': '<f4', 'fortran_order': False, 'shape': (4,4), 'x': 1}"
    yield "no dictionary", "[1, 2, 3]"
    yield "an unknown type", described("'<q9'")


def _npz(canary: Path) -> Iterator[tuple[str, bytes]]:
    good = saved(np.ones((4, 4), np.float32))
    bomb = zero_bomb(1 << 30, "a.npy")
    yield "npz 1 GiB deflated", bomb
    yield "npz a bomb that claims 10 bytes", raw_zip("a.npy", bomb[35:-100], 10, 0, 8)
    large = npy(described("'<f4'", "(4096, 4096)"), bytes(64 << 20))
    yield "npz a matrix of zeros", npz([("a.npy", large)], 8)
    yield "npz 4,900 members", npz([(f"{i}.npy", good) for i in range(4_900)])
    yield "npz 20,000 members", npz([(f"{i}.npy", b"") for i in range(20_000)])
    yield "npz a pickle for an array", npz([("a.npy", next(gadgets.pickles(canary))[1])])
    yield "npz names that lead out", npz([("../../../../tmp/canary.npy", good), ("/etc/canary.npy", good)])
    yield "npz an npz in an npz", npz([("a.npy", npz([("a.npy", good)]))])


def _safetensors() -> Iterator[tuple[str, bytes]]:
    many = {f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(40_000)}
    text = json.dumps(many).encode()
    last = b', "t39999": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}'
    cases: dict[str, bytes] = {
        "40,000 tensors": safetensors(text),
        "the last of 40,000 names twice": safetensors(text[:-1] + last),
        "a name of 4 MB": safetensors({"n" * (4 << 20): F4}, bytes(4)),
        "names that are half a character": safetensors(
            b'{"\\ud800.0.weight": ' + json.dumps({**F4, "shape": [1, 1]}).encode() + b"}", bytes(4)
        ),
        "no rows of 2**47": safetensors(
            {"net.0.weight": {**F4, "shape": [0, 2**47], "data_offsets": [0, 0]}}
        ),
        "no rows of 2**47 twice": safetensors(
            {"net.0.weight": {**F4, "shape": [0, 2**47, 2**47], "data_offsets": [0, 0]}}
        ),
        "nine dimensions": safetensors({"net.0.weight": {**F4, "shape": [1] * 9}}, bytes(4)),
        "a million dimensions": safetensors({"net.0.weight": {**F4, "shape": [1] * 1_000_000}}, bytes(4)),
        "a shape in a shape": safetensors({"net.0.weight": {**F4, "shape": [[1]]}}, bytes(4)),
        "a type that is a list": safetensors({"net.0.weight": {**F4, "dtype": ["F32"]}}, bytes(4)),
        "an entry that is a number": safetensors({"net.0.weight": 7}, bytes(4)),
        "a size of 5,000 digits": safetensors(b'{"a": {"shape": [1' + b"0" * 5_000 + b"]}}", bytes(4)),
        "sizes that are true": safetensors({"net.0.weight": {**F4, "shape": [True, True]}}, bytes(4)),
        "metadata of 10 MB": safetensors(
            {"__metadata__": {"a": "x" * (10 << 20)}, "net.0.weight": F4}, bytes(4)
        ),
        "a policy that is not finite": safetensors(
            {"net.0.weight": {**F4, "shape": [1, 1]}}, struct.pack("<f", float("inf"))
        ),
        "halves that are not finite": safetensors(
            {"net.0.weight": {"dtype": "BF16", "shape": [1, 1], "data_offsets": [0, 2]}}, b"\x80\x7f"
        ),
        "a header that is no JSON": safetensors(b"{" + pickle.dumps([1])[2:], bytes(4)),
        "a header of 15 MB of spaces": safetensors(b"{" + b" " * (15 << 20) + b"}"),
    }
    ours: Any = {"policyscope_sae": '{"k": 1e400, "tap_index": [], "input_norm": {}, "variant": []}'}
    arrays = {
        name: {**F4, "data_offsets": [4 * i, 4 * i + 4]}
        for i, name in enumerate(("w_enc", "b_enc", "w_dec", "b_dec"))
    }
    cases["our own sae with a lying header"] = safetensors({"__metadata__": ours, **arrays}, bytes(16))
    for name, data in cases.items():
        yield f"safetensors later: {name}", data
