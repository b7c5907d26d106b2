"""Hostile and odd torch files: refused with a sentence, without running or allocating anything."""

import gc
import io
import pickle
import time
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from nets import file_of

from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.torch_tensors import load_tensors, save_tensor, save_tensors

RAN: list[str] = []


class Payload:
    def __reduce__(self):
        return (RAN.append, ("ran",))


def zip_with(pickled: bytes, **members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/version", b"3\n")
        for name, content in members.items():
            archive.writestr(f"archive/{name}", content)
    return buffer.getvalue()


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("zipped", [True, False])
def test_code_never_runs(protocol, zipped):
    pickled = pickle.dumps({"net.0.weight": Payload()}, protocol=protocol)
    with pytest.raises(UnsupportedFile):
        load_tensors(zip_with(pickled) if zipped else pickled)
    assert RAN == []


def test_a_large_allocation_is_refused_before_it_happens():
    bomb = b"\x80\x02cbuiltins\nbytearray\n\x8a\x05\x00\x00\x00\x00\x02\x85R."
    started = time.thread_time()
    with pytest.raises(UnsupportedFile, match="bytearray"):
        load_tensors(zip_with(bomb))
    assert time.thread_time() - started < 0.5


def test_a_deflated_bomb_is_refused_by_its_directory():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(5_000_000))
    assert len(buffer.getvalue()) < 10_000
    with pytest.raises(LimitExceeded, match="unpacks to 5,000,000 bytes"):
        load_tensors(buffer.getvalue(), max_bytes=1_000_000)


def test_an_expanded_tensor_is_refused():
    with pytest.raises(LimitExceeded, match=r"\[10000, 10000\]"):
        load_tensors(file_of({"w": torch.zeros(1).expand(10_000, 10_000)}))


def test_a_view_of_a_larger_tensor_opens():
    whole = torch.arange(20.0).reshape(4, 5)
    loaded = load_tensors(file_of({"w": whole[:, 1:3]}))
    assert np.array_equal(loaded["w"], whole[:, 1:3].numpy())  # type: ignore[index]


def test_a_graph_that_doubles_at_every_level_is_refused():
    node: list = []
    for _ in range(40):
        node = [node, node]
    started = time.thread_time()
    with pytest.raises(LimitExceeded):
        load_tensors(file_of({"x": node}))
    assert time.thread_time() - started < 2


def test_round_trip():
    content = {"a": {"w": np.arange(6, dtype=np.float32).reshape(2, 3)}, "k": 3, "none": None, "name": "x"}
    loaded = load_tensors(save_tensors(content))
    assert loaded["k"] == 3  # type: ignore[index]
    assert loaded["none"] is None  # type: ignore[index]
    assert np.array_equal(loaded["a"]["w"], content["a"]["w"])  # type: ignore[index]
    array = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)
    assert np.array_equal(load_tensors(save_tensor(array)), array)
    assert save_tensor(array) == save_tensor(array)


def test_lists_and_scalars_come_back():
    assert load_tensors(file_of({"a": [1, (2, 3)], "b": True})) == {"a": [1, [2, 3]], "b": True}


NUMBERS = {
    "float32": torch.float32,
    "float64": torch.float64,
    "half": torch.float16,
    "bfloat16": torch.bfloat16,
    "int64": torch.int64,
    "int8": torch.int8,
    "bool": torch.bool,
}


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("dtype", NUMBERS)
def test_the_static_reader_gives_what_torch_load_gives(dtype, zipped):
    numbers = (torch.randn(6, 5, generator=torch.Generator().manual_seed(0)) * 3).to(NUMBERS[dtype])
    content = OrderedDict(a=numbers, b=numbers.T, c=numbers[1:3, ::2], d=torch.zeros(0, 3), e=numbers[2, 2])
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=zipped)
    ours, theirs = load_tensors(buffer.getvalue()), torch.load(io.BytesIO(buffer.getvalue()))
    for name, tensor in theirs.items():
        expected = tensor.float() if dtype in ("half", "bfloat16") else tensor
        assert np.array_equal(ours[name], expected.numpy()), name  # type: ignore[index]


@pytest.mark.parametrize("cut", [40, 200, 400, -20, -4])
def test_a_cut_file_of_an_old_torch_is_refused(cut):
    buffer = io.BytesIO()
    torch.save({"a": torch.ones(40)}, buffer, _use_new_zipfile_serialization=False)
    with pytest.raises(UnsupportedFile):
        load_tensors(buffer.getvalue()[:cut])


def test_a_compressed_member_that_is_cut_off_or_no_deflate_at_all_is_damage():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(2000))
    data = bytearray(buffer.getvalue())
    start = data.index(b"archive/data.pkl") + len(b"archive/data.pkl")
    data[start] = 0x01  # a stored block, whose two lengths do not agree
    with pytest.raises(UnsupportedFile, match="damaged"):
        load_tensors(bytes(data))


def refused_quickly(data: bytes, words: str) -> None:
    """In this thread's own time: what other tests left behind in the process must not count."""
    gc.collect()
    gc.disable()
    try:
        started = time.thread_time()
        with pytest.raises((UnsupportedFile, LimitExceeded), match=words):
            load_tensors(data)
        assert time.thread_time() - started < 1
    finally:
        gc.enable()


def number_keys(keys: list[int]) -> bytes:
    return b"\x80\x02}(" + b"".join(pickle.dumps(key, 2)[2:-1] + b"K\x00" for key in keys) + b"u."


def test_keys_that_collide_are_few():
    """All of them have the hash 0, so each is compared with all before it."""
    refused_quickly(number_keys([i * (2**61 - 1) for i in range(20_000)]), "keys that are not text")
    assert len(load_tensors(number_keys(list(range(1000))))) == 1000  # type: ignore[arg-type]


def test_a_list_is_not_copied_again_and_again():
    copies = b"cbuiltins\nlist\nq\x010" + b"h\x01h\x00\x85R0" * 50_000
    refused_quickly(b"\x80\x02(" + b"K\x01" * 90_000 + b"lq\x000" + copies + b"N.", "larger than a file")


def test_a_nested_key_does_not_come_in_through_a_constructor():
    deep = b"\x80\x02)" + b"\x85" * 100_000 + b"q\x000"
    refused_quickly(deep + b"ccollections\nOrderedDict\n](](h\x00K\x01ee\x85R.", "used as a key")


def test_numbers_that_could_not_be_printed_are_refused():
    number = b"\x8b" + (1000).to_bytes(4, "little") + b"\x7f" * 1000
    refused_quickly(b"\x80\x02}X\x01\x00\x00\x00k" + number + b"s.", "a number of 7,999 bits")
    refused_quickly(b"\x80\x02X\x03\x00\x00\x00\xed\xa0\x80.", "surrogates not allowed")


def test_the_name_of_a_class_is_text():
    doubled = b"\x80\x02]q\x00" + b"]q\x01(h\x00h\x00e" * 1 + b"h\x01h\x01\x93."
    refused_quickly(doubled, "not text")
