"""Hostile files, made by code: name, and the files of one upload by their names."""

from __future__ import annotations

import base64
import io
import json
import pickle
import random
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gadgets
import numpy as np
import tiny
import torch

GIB = 1 << 30
Upload = tuple[str, dict[str, bytes]]


def uploads(canary: Path) -> Iterator[Upload]:
    """Every hostile upload; opening one with an unpickler would leave ``canary`` behind."""
    canary.with_suffix(".py").write_text(f"open({str(canary)!r}, 'w').close()")
    for family in (_pickles, _graphs, _torch_files, _torchscript, _sb3, _zips, _others):
        for name, data in family(canary):
            yield name, {name.replace(" ", "_") + ".pt": data}
    for name, data in _safetensors():
        yield name, {"sae.safetensors": data}
        yield f"{name} with a cfg", {"w.safetensors": data, "cfg.json": b'{"architecture": "standard"}'}
    for name, config in _configs():
        yield name, {"sae_weights.safetensors": safetensors({"W_enc": _F32_2}, bytes(16)), "cfg.json": config}


def torch_zip(pickled: bytes, storages: dict[str, bytes] | None = None, method: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/version", "3\n")
        for key, content in (storages or {}).items():
            archive.writestr(f"archive/data/{key}", content)
    return buffer.getvalue()


def _pickles(canary: Path) -> Iterator[tuple[str, bytes]]:
    legacy = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
    for name, data in gadgets.pickles(canary):
        yield f"pickle {name}", data
        yield f"torch zip {name}", torch_zip(data)
        yield f"torch legacy {name}", legacy + data


def _graphs(_: Path) -> Iterator[tuple[str, bytes]]:
    """No code: structures that are small on paper and large or endless when walked."""
    yield "bytearray of 8 GB", b"\x80\x02cbuiltins\nbytearray\n\x8a\x05\x00\x00\x00\x00\x02\x85R."
    yield "bytes of 8 GB", b"\x80\x02cbuiltins\nbytes\n\x8a\x05\x00\x00\x00\x00\x02\x85R."
    yield (
        "range of 1e12",
        b"\x80\x02cbuiltins\nlist\ncbuiltins\nrange\n\x8a\x06\x00\x10\xa5\xd4\xe8\x00\x85R\x85R.",
    )
    doubling = b"\x80\x02]q\x00" + b"".join(
        b"]q" + bytes([i + 1]) + b"(h" + bytes([i]) + b"h" + bytes([i]) + b"e" for i in range(60)
    )
    yield "a list doubled 60 times", doubling + b"."
    yield "a list in itself", b"\x80\x02]q\x00h\x00a."
    yield "a dictionary in itself", b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s."
    yield "nested 200,000 deep", b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b"."
    yield "a tuple 200,000 deep", b"\x80\x02)" + b"\x85" * 200_000 + b"."
    yield "300,000 keys", pickle.dumps({str(i): i for i in range(300_000)}, 2)
    collisions = {i * (2**61 - 1): 0 for i in range(200)}
    prime = 2**61 - 1
    yield (
        "colliding keys",
        b"\x80\x02}(" + b"".join(pickle.dumps(i * prime, 2)[2:-1] + b"K\x00" for i in range(20_000)) + b"u.",
    )
    yield "a number of a million digits", b"L" + b"9" * 1_000_000 + b"L\n."
    yield "a number of 8 MB", b"\x80\x02\x8b" + struct.pack("<I", 8 << 20) + b"\x7f" * (8 << 20) + b"."
    yield "a length of 4 GB", b"\x80\x04B\xff\xff\xff\xffabc."
    yield "a length of 2**63", b"\x80\x04\x8e" + struct.pack("<Q", 2**63) + b"abc."
    yield "a frame of 2**62", b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"}."
    yield "memo at 2**31", b"\x80\x02}r\xff\xff\xff\x7f."
    yield "marks without end", b"\x80\x02" + b"(" * 3_000_000
    yield "an empty stack", b"\x80\x02."
    yield "pop from nothing", b"\x80\x0200000."
    yield "protocol 255", b"\x80\xff}."
    yield "a few collisions", pickle.dumps(collisions, 4)


def _rebuilt(offset: int, size: Any, stride: Any) -> bytes:
    raw = torch.zeros(4).untyped_storage()
    storage = torch.storage.TypedStorage(wrap_storage=raw, dtype=torch.float32, _internal=True)
    return tiny.saved(
        {
            "net.0.weight": gadgets.Call(
                torch._utils._rebuild_tensor_v2, storage, offset, size, stride, False, {}
            )
        }
    )


def _torch_files(_: Path) -> Iterator[tuple[str, bytes]]:
    good = tiny.policy_bytes()
    yield "stride 0, 100000 x 100000", tiny.saved({"net.0.weight": torch.zeros(1).expand(100_000, 100_000)})
    yield (
        "stride 0 in an sae",
        tiny.saved(
            {
                "sae_state": {"encoder.weight": torch.zeros(1).expand(10**6, 10**6)},
                "k": 1,
                "d_in": 1,
                "d_latent": 1,
            }
        ),
    )
    cases: dict[str, tuple[int, Any, Any]] = {
        "an offset of 1e9": (10**9, (2, 2), (2, 1)),
        "a negative offset": (-4, (2, 2), (2, 1)),
        "a negative size": (0, (-2, 2), (2, 1)),
        "a negative stride": (0, (2, 2), (-2, 1)),
        "a size beyond its numbers": (0, (1000, 1000), (1000, 1)),
        "a size of 2**62": (0, (2**62, 4), (0, 0)),
        "sizes of text": (0, ("2", 2), (2, 1)),
        "sixty-five dimensions": (0, (1,) * 65, (0,) * 65),
        "a size of fractions": (0, (2.5, 2), (2, 1)),
    }
    for name, case in cases.items():
        yield name, _rebuilt(*case)
    yield "not a number", tiny.saved({"net.0.weight": torch.full((2, 3), float("nan"))})
    yield "sparse", tiny.saved({"net.0.weight": torch.eye(3).to_sparse()})
    yield "complex", tiny.saved({"net.0.weight": torch.zeros(2, 3, dtype=torch.complex64)})
    yield "no dimension", tiny.saved({"net.0.weight": torch.tensor(1.0)})
    yield "zero rows", tiny.saved({"net.0.weight": torch.zeros(0, 3)})
    for part in (0.1, 0.5, 0.9, 0.99):
        yield f"truncated at {part}", good[: int(len(good) * part)]
    yield "no numbers behind the names", torch_zip(zipfile.ZipFile(io.BytesIO(good)).read(_main(good)))
    yield "a key that leads out", good.replace(b"storage", b"storage").replace(b"data/0", b"../../")
    shuffled = bytearray(good)
    for position in random.Random(1).sample(range(len(good)), 200):
        shuffled[position] ^= 0xFF
    yield "200 bytes flipped", bytes(shuffled)


def _main(data: bytes) -> str:
    return next(name for name in zipfile.ZipFile(io.BytesIO(data)).namelist() if name.endswith("data.pkl"))


def _torchscript(canary: Path) -> Iterator[tuple[str, bytes]]:
    code = f"class M(Module):\n  def __setstate__(self, s):\n    torch.save(s, {str(canary)!r})\n"
    for name, pickled in (
        ("TorchScript that writes when loaded", b"\x80\x02c__torch__\nM\n)\x81}b."),
        ("TorchScript with a gadget", next(gadgets.opcode_pickles(canary))[1]),
    ):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("m/data.pkl", pickled)
            archive.writestr("m/constants.pkl", b"\x80\x02).")
            archive.writestr("m/code/__torch__.py", code * (1 if "writes" in name else 100_000))
            archive.writestr("m/version", "3\n")
        yield name, buffer.getvalue()


def _sb3(canary: Path) -> Iterator[tuple[str, bytes]]:
    gadget = base64.b64encode(list(gadgets.opcode_pickles(canary))[2][1]).decode()
    serialized = {":type:": "<class 'function'>", ":serialized:": gadget}
    hostile: dict[str, Any] = {name: serialized for name in ("policy_class", "lr_schedule", "action_space")}
    actor = tiny.saved(
        {
            "mlp_extractor.policy_net.0.weight": torch.zeros(8, 3),
            "mlp_extractor.policy_net.0.bias": torch.zeros(8),
            "action_net.weight": torch.zeros(1, 8),
            "action_net.bias": torch.zeros(1),
        }
    )
    documents = {
        "pickles in data": json.dumps(hostile),
        "a pickle for kwargs": json.dumps({"policy_kwargs": serialized}),
        "an activation that is a pickle": json.dumps({"policy_kwargs": {"activation_fn": gadget}}),
        "data nested 100,000 deep": "[" * 100_000,
        "data that is a number": "1e999",
        "data with NaN": '{"policy_kwargs": NaN}',
        "data that is no JSON": "\x80\x02.",
        "base64 that is none": '{"action_space": {":serialized:": "!!!"}}',
    }
    for name, document in documents.items():
        yield f"SB3 {name}", sb3_zip(document.encode("latin-1"), actor)
    yield "SB3 gadget as policy.pth", sb3_zip(b"{}", next(gadgets.pickles(canary))[1])
    extra = {"pytorch_variables.pth": next(gadgets.pickles(canary))[1]}
    yield "SB3 gadget as variables", sb3_zip(json.dumps(hostile).encode(), actor, extra)


def sb3_zip(document: bytes, actor: bytes, extra: dict[str, bytes] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in {"data": document, "policy.pth": actor, **(extra or {})}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def zero_bomb(size: int, name: str = "archive/data.pkl") -> bytes:
    """A zip whose member deflates ``size`` zeros; the stream is one block repeated, the checksum is wrong."""
    chunk = bytes(1 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)
    return raw_zip(name, block * (size >> 20) + b"\x03\x00", size, 0, 8)


def raw_zip(name: str, content: bytes, size: int, crc: int, method: int, flags: int = 0) -> bytes:
    """A zip of one member whose directory says what it is told to say."""
    sizes = struct.pack("<III", crc, min(len(content), 0xFFFFFFFF), size)
    fixed = struct.pack("<HHHHH", 20, flags, method, 0, 0x21)
    local = b"PK\x03\x04" + fixed + sizes + struct.pack("<HH", len(name), 0) + name.encode() + content
    entry = b"PK\x01\x02\x14\x00" + fixed + sizes + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0)
    entry += name.encode()
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local), 0)
    return local + entry + end


def _zips(canary: Path) -> Iterator[tuple[str, bytes]]:
    gadget = next(gadgets.opcode_pickles(canary))[1]
    bomb = zero_bomb(2 * GIB)
    yield "2 GiB deflated", bomb
    yield "500 MiB deflated", zero_bomb(500 << 20)
    yield "2 GiB as policy.pth", zero_bomb(2 * GIB - 1, "policy.pth")
    yield "a bomb that claims 10 bytes", raw_zip("archive/data.pkl", bomb[48:-200], 10, 0, 8)
    yield "claims 4 GiB", raw_zip("archive/data.pkl", b"\x80\x02}.", 0xFFFFFFFE, 0, 0)
    yield "encrypted", raw_zip("archive/data.pkl", b"x" * 40, 40, 0, 0, flags=1)
    yield "method 99", raw_zip("archive/data.pkl", b"x", 1, 0, 99)
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield f"16 MiB by method {method}", torch_zip(bytes(16 << 20), method=method)
    for name in ("../../../tmp/canary", "/etc/cron.d/canary", "..\\..\\canary", "a\x00b", str(canary)):
        yield f"slip {name[:9]!a}", _members({name: b"x", "archive/data.pkl": gadget})
    yield "twice the same name", _members([("a/data.pkl", b"\x80\x02}."), ("a/data.pkl", gadget)])
    yield "two data.pkl", _members({"a/data.pkl": gadget, "b/data.pkl": gadget})
    yield "30,000 members", _members({f"a/{i}": b"" for i in range(30_000)})
    link = zipfile.ZipInfo("archive/data.pkl")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    yield "a symbolic link", _members([(link, b"/etc/passwd")])
    yield "zip64 of 2**60", _zip64(2**60)
    yield "zip64 of -1", _zip64(2**64 - 1)
    good = tiny.policy_bytes()
    yield "directory cut off", good[:-30]
    yield "directory offset wrong", good[:-6] + struct.pack("<I", 0xFFFFFFF0) + good[-2:]
    yield "an image and a zip", b"\x89PNG\r\n\x1a\n" + good
    yield "a pickle and a zip", gadget + good
    yield "a zip and a pickle", good + gadget
    yield "a zip in a comment", good[:-2] + struct.pack("<H", len(bomb[-60:])) + bomb[-60:]
    yield "entries that overlap", _overlapping()


def _members(members: Any) -> bytes:
    import warnings

    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")
        for name, content in members.items() if isinstance(members, dict) else members:
            archive.writestr(name, content)
    return buffer.getvalue()


def _zip64(size: int) -> bytes:
    name = b"archive/data.pkl"
    extra = struct.pack("<HHQQ", 1, 16, size, size)
    fixed = struct.pack("<HHHHHIII", 45, 0, 0, 0, 0x21, 0, 0xFFFFFFFF, 0xFFFFFFFF)
    local = b"PK\x03\x04" + fixed + struct.pack("<HH", len(name), len(extra)) + name + extra + b"\x80\x02}."
    entry = b"PK\x01\x02\x2d\x00" + fixed + struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, 0, 0)
    entry += name + extra
    return local + entry + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local), 0)


def _overlapping() -> bytes:
    """Many names over the same compressed bytes."""
    kernel = zlib.compress(bytes(10 << 20), 9)[2:-4]
    local = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, 0, len(kernel), 10 << 20, 1, 0)
    local += b"a" + kernel
    entries = b"".join(
        b"PK\x01\x02\x14\x00"
        + struct.pack("<HHHHHIIIHHHHHII", 20, 0, 8, 0, 0x21, 0, len(kernel), 10 << 20, 8, 0, 0, 0, 0, 0, 0)
        + (b"%04d.pkl" % i)
        for i in range(1000)
    )
    return (
        local
        + entries
        + b"PK\x05\x06"
        + struct.pack("<HHHHIIH", 0, 0, 1000, 1000, len(entries), len(local), 0)
    )


_F32_2 = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}


def safetensors(header: Any, body: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def _safetensors() -> Iterator[tuple[str, bytes]]:
    twice = b'{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[1],'
    nan = struct.pack("<4f", 1, float("nan"), float("inf"), 0)
    ours = {"format": "policyscope sae", "k": "99999999999", "variant": "topk"}
    cases: dict[str, bytes] = {
        "overlap": safetensors({"a": _F32_2, "b": {**_F32_2, "data_offsets": [8, 24]}}, bytes(24)),
        "the same name twice": safetensors(twice + b'"data_offsets":[0,4]}}', bytes(16)),
        "not finite": safetensors({"w_enc": _F32_2}, nan),
        "a header of 100 MB": safetensors({"a": _F32_2}, bytes(16), 100 << 20),
        "a header of 2**63": safetensors({"a": _F32_2}, bytes(16), 2**63),
        "offsets beyond the end": safetensors({"a": {**_F32_2, "data_offsets": [0, 1 << 40]}}, bytes(16)),
        "offsets backwards": safetensors({"a": {**_F32_2, "data_offsets": [16, 0]}}, bytes(16)),
        "negative offsets": safetensors({"a": {**_F32_2, "data_offsets": [-16, 0]}}, bytes(16)),
        "a shape of 2**62": safetensors({"a": {**_F32_2, "shape": [2**62, 2**62]}}, bytes(16)),
        "a shape that wraps around": safetensors({"a": {**_F32_2, "shape": [2**32, 2**32]}}, b""),
        "shape against bytes": safetensors({"a": {**_F32_2, "shape": [3, 3]}}, bytes(16)),
        "an unknown type": safetensors({"a": {**_F32_2, "dtype": "P32"}}, bytes(16)),
        "a header nested deep": safetensors(b"{" + b'"a":{' * 50_000, bytes(16)),
        "a gap": safetensors({"a": {**_F32_2, "data_offsets": [16, 32]}}, bytes(32)),
        "bytes left over": safetensors({"a": _F32_2}, bytes(400)),
        "lying metadata": safetensors({"__metadata__": ours, "w_enc": _F32_2}, bytes(16)),
        "metadata that is a list": safetensors({"__metadata__": [1], "a": _F32_2}, bytes(16)),
        "no tensors": safetensors({}),
        "a header that is a list": safetensors([1, 2]),
    }
    for name, data in cases.items():
        yield f"safetensors {name}", data


def _configs() -> Iterator[tuple[str, bytes]]:
    yield "a config nested deep", b'{"a":' * 100_000
    yield "a config of a huge number", b'{"architecture": "topk", "k": 1' + b"0" * 5000 + b"}"
    yield "a config with NaN", b'{"architecture": "topk", "k": NaN, "d_in": Infinity}'
    yield "a config that is a list", b"[]"
    yield "a config of the wrong types", b'{"architecture": ["topk"], "k": {"a": 1}, "d_sae": "x"}'
    for encoding in ("utf-16-be", "utf-16-le", "utf-32-be", "utf-32-le"):
        yield f"a config in {encoding}", '{"architecture": "x"}'.encode(encoding)
    yield "a config of no encoding", b'{"architecture": "\xff\xfe"}'


def _others(canary: Path) -> Iterator[tuple[str, bytes]]:
    objects = np.array(
        [gadgets.Call(print, "x"), *(item for _, item in gadgets.python_calls(canary))], object
    )
    buffer = io.BytesIO()
    np.save(buffer, objects, allow_pickle=True)
    yield "npy of objects", buffer.getvalue()
    packed = io.BytesIO()
    np.savez(packed, a=objects)
    yield "npz of objects", packed.getvalue()
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (%d,%d), }"
    for name, text in (
        ("npy of 2**62", header % (2**31, 2**31)),
        ("npy with code for a header", b"__import__('os').system('touch %s')" % str(canary).encode()),
        ("npy header nested", b"(" * 60_000),
    ):
        yield name, b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(16)
    yield "HDF5 of nothing", b"\x89HDF\r\n\x1a\n" + b"\xff" * 500
    yield "HDF5 that claims much", b"\x89HDF\r\n\x1a\n\x02\x08\x08\x00" + b"\xf0" * 200
    yield (
        "ONNX with weights elsewhere",
        b"\x08\x07\x12\x07pytorch:\x40\x2a\x20location\x12\x10../../etc/passwd",
    )
    yield "a gzip of zeros", b"\x1f\x8b" + zlib.compress(bytes(1 << 20))
    yield "billion laughs", b'<!DOCTYPE l [<!ENTITY a "&b;&b;"><!ENTITY b "&a;&a;">]><l>&a;</l>'
    yield "YAML that calls", b"!!python/object/apply:os.system ['touch %s']" % str(canary).encode()
    for name, value in {
        "a layer of 1e12": {"layers": [{"size": 3}, {"size": 10**12}]},
        "layers of 1e9": {"layers": [{"size": 10**9}, {"size": 10**9}]},
        "100,000 layers": {"layers": [{"size": 1}] * 100_000},
        "sizes of text": {"layers": [{"size": "3"}, {"size": None}]},
        "sizes below zero": {"layers": [{"size": -3}, {"size": -1}]},
        "sizes of fractions": {"layers": [{"size": 1e308}, {"size": 2.5}]},
        "layers that are no list": {"layers": {"size": 3}},
    }.items():
        yield f"JSON {name}", json.dumps(value).encode()
    yield "JSON nested deep", b'{"layers":' + b"[" * 100_000
    yield "JSON with a number of 10,000 digits", b'{"layers": [{"size": ' + b"9" * 10_000 + b"}]}"
    yield "JSON with NaN", b'{"layers": [{"size": NaN}, {"size": Infinity}]}'
    for encoding in ("utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le"):
        yield f"JSON in {encoding}", '{"layers": []}'.encode(encoding)
