"""Tensors in and out of torch files. Nothing of a file is ever run, imported or called: ``torch.load`` is not
used at all, files are read as descriptions (see ``inert_pickle``), and reading needs no torch.
"""

from __future__ import annotations

import io
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np

from policyscope.core.buffers import Buffer
from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.inert_values import Inert, Name, TensorDict
from policyscope.core.torch_archive import Archive, read_archive

__all__ = ["MAX_BYTES", "TensorDict", "load_archive", "load_tensors", "save_tensor", "save_tensors"]

MAX_BYTES = 2**31
MAX_NODES = 20_000
MAX_DEPTH = 16
_PLAIN_NAME = re.compile(r"torch\.(float16|bfloat16|float32|float64|int8|int16|int32|int64|uint8|bool)")
_PLAIN = (np.ndarray, str, bytes, int, float, complex, type(None))


class ForeignClasses(UnsupportedFile):
    """A torch file that holds more than tensors and plain values."""


def load_archive(data: bytes, *, max_bytes: int = MAX_BYTES) -> Archive:
    """The content of a torch file, a TorchScript archive or a plain pickle.

    As ``load_tensors``, but an object of a class that is not known comes back as an ``Inert`` description.
    """
    archive = read_archive(data, max_bytes)
    try:
        return Archive(_Plain().read(archive.tree, depth=0), archive.kind, archive.code)
    except ForeignClasses:
        return archive


def load_tensors(data: Buffer, *, max_bytes: int = MAX_BYTES, views: bool = False) -> object:
    """The content of a torch file with every tensor as a numpy array (half and bfloat16 as float32).

    Mappings come back as TensorDict, lists and tuples as lists, plain values as they are. Raises
    UnsupportedFile when the file is damaged or holds anything but tensors and plain values, LimitExceeded
    when it is too large. ``views``: tensors stay where they are in ``data`` where they can.
    """
    archive = read_archive(data, max_bytes, views=views)
    if archive.kind == "torchscript":
        raise ForeignClasses(
            "This is a TorchScript archive, which holds code; save the weights alone: "
            "torch.save(model.state_dict(), 'imitator.pt')."
        )
    return _Plain().read(archive.tree, depth=0)


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


class _Plain:
    """Copies a tree of plain values with a budget: a small file can describe a huge or endless structure."""

    def __init__(self) -> None:
        self.nodes_left = MAX_NODES

    def read(self, item: object, depth: int) -> object:
        self.nodes_left -= 1
        if self.nodes_left < 0 or depth > MAX_DEPTH:
            raise LimitExceeded(
                f"The file holds more than {MAX_NODES:,} entries or nests deeper than {MAX_DEPTH}."
            )
        if isinstance(item, TensorDict):
            result = TensorDict((str(key), self.read(value, depth + 1)) for key, value in item.items())
            result.metadata = item.metadata
            return result
        if isinstance(item, list | tuple):
            return [self.read(value, depth + 1) for value in item]
        if isinstance(item, Name) and _PLAIN_NAME.fullmatch(item.name):
            return item.name
        if isinstance(item, _PLAIN):
            return item
        raise ForeignClasses(
            f"This file is a pickled Python object that needs {_described(item)}; opening it would run code "
            "from the file, which is never done here. Save the weights alone: "
            "torch.save(model.state_dict(), 'imitator.pt')."
        )


def _described(item: object) -> str:
    return item.name if isinstance(item, Inert | Name) else type(item).__name__
