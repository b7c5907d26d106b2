"""Tensors in and out of torch files, without ever running what a file says.

The only caller of ``torch.load``. torch is imported inside the functions, so importing this module is cheap.
Before torch sees a file its pickle is disassembled (never executed): a file that needs any class beyond
plain tensors is refused with its name, which also stops allocations such as ``bytearray(10**10)``.
"""

from __future__ import annotations

import io
import pickletools
import re
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.inert_values import TensorDict
from policyscope.core.torch_archive import Archive, read_archive

if TYPE_CHECKING:
    import torch

__all__ = ["MAX_BYTES", "TensorDict", "load_archive", "load_tensors", "save_tensor", "save_tensors"]

MAX_BYTES = 2**31
MAX_NODES = 20_000
MAX_DEPTH = 16
_LEGACY_PICKLES = 5  # magic number, protocol, system, object, storage keys
_ALLOWED = re.compile(
    r"collections\.OrderedDict"
    r"|torch\._utils\._rebuild_(tensor|tensor_v2|parameter|parameter_with_state)"
    r"|torch\._tensor\._rebuild_from_type_v2"
    r"|torch\.\w+Storage|torch\.storage\.(Untyped|Typed)Storage"
    r"|torch\.(Size|device|Tensor|float16|bfloat16|float32|float64|int8|int16|int32|int64|uint8|bool)"
    r"|torch\.nn\.parameter\.Parameter"
)


class ForeignClasses(UnsupportedFile):
    """A torch file that needs classes beyond plain tensors; ``torch.load`` never sees it."""


def load_archive(data: bytes, *, max_bytes: int = MAX_BYTES) -> Archive:
    """The content of a torch file, a TorchScript archive or a plain pickle.

    As ``load_tensors``, but an object of a class that is not known comes back as an ``Inert`` description.
    """
    try:
        return Archive(load_tensors(data, max_bytes=max_bytes), "torch")
    except ForeignClasses:
        return read_archive(data, max_bytes)


def load_tensors(data: bytes, *, max_bytes: int = MAX_BYTES) -> object:
    """The content of a torch file with every tensor as a numpy array (half and bfloat16 as float32).

    Mappings come back as TensorDict, lists and tuples as lists, plain values as they are. Raises
    UnsupportedFile when the file is damaged or holds anything but tensors and plain values, LimitExceeded
    when it is too large.
    """
    _check_classes(data, max_bytes)
    import torch

    try:
        content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever it meets: many types, no common base
        raise UnsupportedFile(f"torch cannot read this file: {_first_line(error)}") from error
    return _Reader(max_bytes).read(content, depth=0)


def save_tensors(content: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> bytes:
    """``content`` as a torch file that ``torch.load(weights_only=True)`` opens; arrays become tensors.

    ``metadata`` lands in the state_dict's own ``_metadata``, which ``load_state_dict`` passes over.
    """
    import torch

    tensors: OrderedDict[str, Any] = OrderedDict((name, _to_torch(value)) for name, value in content.items())
    if metadata is not None:
        tensors._metadata = OrderedDict(metadata)  # type: ignore[attr-defined]
    buffer = io.BytesIO()
    torch.save(tensors if metadata is not None else dict(tensors), buffer)
    return buffer.getvalue()


def save_tensor(array: np.ndarray) -> bytes:
    """One tensor as a torch file, such as ``cached_obs.pt``."""
    import torch

    buffer = io.BytesIO()
    torch.save(_to_torch(array), buffer)
    return buffer.getvalue()


def _to_torch(value: object) -> object:
    import torch

    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.array(value, order="C"))
    if isinstance(value, Mapping):
        return {key: _to_torch(item) for key, item in value.items()}
    return value


def _check_classes(data: bytes, max_bytes: int) -> None:
    try:
        needed = {name for stream in _pickles(data, max_bytes) for name in _class_names(stream)}
    except (zipfile.BadZipFile, ValueError, IndexError, UnicodeDecodeError, NotImplementedError) as error:
        raise UnsupportedFile(f"This is not a file that torch.save wrote: {_first_line(error)}") from error
    foreign = sorted(
        (name for name in needed if not _ALLOWED.fullmatch(name)),
        key=lambda name: (name.startswith(("torch.", "__builtin__.", "builtins.")), name),
    )
    if foreign:
        shown = ", ".join(foreign[:4]) + (f" and {len(foreign) - 4} more" if len(foreign) > 4 else "")
        raise ForeignClasses(
            f"This file is a pickled Python object that needs {shown}; opening it would run code "
            "from the file, which is never done here. Save the weights alone: "
            "torch.save(model.state_dict(), 'imitator.pt')."
        )


def _pickles(data: bytes, max_bytes: int) -> Iterator[io.BytesIO]:
    if not data.startswith(b"PK"):
        stream = io.BytesIO(data)
        for _ in range(_LEGACY_PICKLES):
            yield stream
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        unpacked = sum(member.file_size for member in members)
        if unpacked > max_bytes or len(members) > MAX_NODES:
            raise LimitExceeded(
                f"The file unpacks to {unpacked:,} bytes in {len(members):,} members; "
                f"at most {max_bytes:,} bytes and {MAX_NODES:,} members are opened."
            )
        names = [m.filename for m in members if m.filename.endswith(".pkl")]
        if any(name.endswith("/constants.pkl") for name in names):
            raise ForeignClasses(
                "This is a TorchScript archive, which holds code; save the weights alone: "
                "torch.save(model.state_dict(), 'imitator.pt')."
            )
        if not names:
            raise UnsupportedFile("This zip file holds no data.pkl, so torch.save did not write it.")
        for name in names:
            yield io.BytesIO(archive.read(name))


def _class_names(stream: io.BytesIO) -> Iterator[str]:
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name in ("GLOBAL", "INST"):
            yield str(argument).replace(" ", ".")
        elif opcode.name in ("STACK_GLOBAL", "EXT1", "EXT2", "EXT4"):
            yield "a class named while it is opened (pickle protocol 4)"


class _Reader:
    """Walks what torch returned with a budget: a small file can describe a huge or endless structure."""

    def __init__(self, max_bytes: int) -> None:
        self.nodes_left = MAX_NODES
        self.bytes_left = max_bytes

    def read(self, item: object, depth: int) -> object:
        import torch

        self.nodes_left -= 1
        if self.nodes_left < 0 or depth > MAX_DEPTH:
            raise LimitExceeded(
                f"The file holds more than {MAX_NODES:,} entries or nests deeper than {MAX_DEPTH}."
            )
        if isinstance(item, torch.Tensor):
            return self._array(item)
        if isinstance(item, Mapping):
            result = TensorDict((str(key), self.read(value, depth + 1)) for key, value in item.items())
            metadata = getattr(item, "_metadata", None)
            result.metadata = dict(metadata) if isinstance(metadata, Mapping) else {}
            return result
        if isinstance(item, list | tuple):
            return [self.read(value, depth + 1) for value in item]
        return item

    def _array(self, tensor: torch.Tensor) -> np.ndarray:
        import torch

        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex() or tensor.is_meta:
            raise UnsupportedFile(
                f"A tensor of shape {list(tensor.shape)} is {tensor.dtype}, {tensor.layout}; "
                "dense real tensors are supported."
            )
        size = tensor.numel() * tensor.element_size()
        self.bytes_left -= size
        if self.bytes_left < 0 or size > tensor.untyped_storage().nbytes():
            raise LimitExceeded(f"A tensor of shape {list(tensor.shape)} is larger than what its file holds.")
        dense = tensor.detach()
        if dense.dtype in (torch.float16, torch.bfloat16):
            dense = dense.float()
        return dense.contiguous().numpy().copy()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
