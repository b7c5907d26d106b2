"""The few classes that may appear as values in an inert pickle, rebuilt from checked arguments.

Everything not listed here becomes an ``Inert``. Sizes are checked against what the file really holds before
anything is allocated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from policyscope.core.errors import LimitExceeded, UnsupportedFile

_DTYPE = re.compile(r"[<>|=]?(?:b1|[iu][1248]|f[248]|\?|bool|float(?:16|32|64)|u?int(?:8|16|32|64))")
NUMBERS = {
    kind: np.dtype(letters)
    for kind, letters in {
        "Float": "f4", "Double": "f8", "Half": "f2", "BFloat16": "u2", "Long": "i8", "Int": "i4",
        "Short": "i2", "Char": "i1", "Byte": "u1", "Bool": "?",
    }.items()
}  # fmt: skip
"""Torch's storage types as numpy's; a bfloat16 is read as its 16 bits first."""
MAX_DIMENSIONS = 32
_POINTER, _LONGEST_KEY, _LONGEST_NAME = 8, 8, 1_000
_MANGLED = re.compile(r"___torch_mangle_\d+\.")
_SPELLINGS = (("__builtin__.", "builtins."), ("numpy._core.", "numpy.core."), ("__torch__.", ""))


class TensorDict(dict[Any, Any]):
    """A mapping read from a file; ``metadata`` is what a state_dict carries beside its tensors."""

    metadata: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Name:
    """A class or function that the file names; it is never looked up."""

    name: str


@dataclass(eq=False)
class Inert:
    """An object of a class that is not known here: what the file says of it, and no behaviour."""

    name: str
    args: tuple[Any, ...] = ()
    state: Any = None
    items: list[Any] = field(default_factory=list)
    mapping: TensorDict = field(default_factory=TensorDict)

    def attribute(self, name: str) -> Any:
        """An attribute of the object, None when the file gives none."""
        return self.state.get(name) if isinstance(self.state, dict) else None


@dataclass
class Budget:
    """How many bytes a file may still describe, and how many keys that are not text.

    The hashes of text are not foreseeable; with numbers and tuples a file could make all keys of a mapping
    collide, and filling it would take quadratic time. ``views``: numbers may stay where they are in the file.
    """

    bytes_left: int
    keys_left: int = 5_000
    views: bool = False

    def spend(self, size: int, what: str) -> None:
        self.bytes_left -= size
        if self.bytes_left < 0:
            raise LimitExceeded(f"{what} is larger than a file opened here may be.")

    def copied(self, items: Sized) -> None:
        """Pay for a copy of a container: instructions that copy it again and again are few."""
        self.spend(_POINTER * len(items), "What the pickle describes")

    def key(self, key: object) -> Any:
        """``key``, once it is paid for; ValueError when no file needs such a key.

        Nested tuples are refused, since hashing them deeply would end the process.
        """
        simple = str | int | float | bytes | Name | None
        parts = key if isinstance(key, tuple) else (key,)
        if len(parts) > _LONGEST_KEY or not all(isinstance(part, simple) for part in parts):
            raise ValueError(f"a {type(key).__name__} is used as a key")
        self.keys_left -= not isinstance(key, str)
        if self.keys_left < 0:
            raise LimitExceeded("The pickle has more keys that are not text than a file opened here may.")
        return key


@dataclass(eq=False)
class ArrayState:
    """A numpy array whose state has not been read yet."""

    memo_keys: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Storage:
    """The numbers of one or several tensors; bfloat16 has already become float32. None: not read yet."""

    values: np.ndarray | None


@lru_cache(maxsize=1_000)
def plain_name(name: str) -> str:
    """``"module name"`` as ``module.name``, without Python 2, TorchScript and numpy 1 spellings."""
    if len(name) > _LONGEST_NAME:
        raise ValueError("the name of a class does not end")
    plain = _MANGLED.sub("", name.replace(" ", "."))
    for prefix, replacement in _SPELLINGS:
        if plain.startswith(prefix):
            plain = replacement + plain.removeprefix(prefix)
    return plain


def construct(name: str, args: tuple[Any, ...], budget: Budget) -> Any:
    """The value of ``name(*args)`` for the known names, an Inert for all others."""
    make = _MAKERS.get(name)
    if make is None:
        return Inert(name, args)
    return make(args, budget)


def build(target: Any, state: Any, budget: Budget) -> Any:
    """``target`` after it was given its ``state``."""
    if isinstance(target, ArrayState):
        return _array_from_state(state, budget)
    if isinstance(target, np.dtype):
        big = isinstance(state, tuple) and len(state) > 1 and state[1] == ">"
        return target.newbyteorder(">") if big else target
    if isinstance(target, TensorDict):
        metadata = state.get("_metadata") if isinstance(state, dict) else None
        target.metadata = dict(metadata) if isinstance(metadata, Mapping) else {}
        return target
    if isinstance(target, Inert):
        target.state = _merged(state, budget)
    return target


def _merged(state: Any, budget: Budget) -> Any:
    """A state given as ``(dict, slots)`` as one dict."""
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict):
        own = state[0] if isinstance(state[0], dict) else {}
        budget.copied(own)
        budget.copied(state[1])
        return TensorDict({**own, **state[1]})
    return state


def _mapping(args: tuple[Any, ...], budget: Budget) -> TensorDict:
    source = args[0] if args else []
    if not isinstance(source, list | dict):
        return TensorDict()
    budget.copied(source)
    if isinstance(source, dict):
        return TensorDict(source)
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in source):
        raise ValueError("a mapping is made of something else than pairs")
    return TensorDict((budget.key(key), value) for key, value in source)


def _default_mapping(args: tuple[Any, ...], budget: Budget) -> TensorDict:
    return _mapping(args[1:], budget)


def _sequence(args: tuple[Any, ...], budget: Budget) -> list[Any]:
    if not args or not isinstance(args[0], list | tuple):
        return []
    budget.copied(args[0])
    return list(args[0])


def _bytes(args: tuple[Any, ...], budget: Budget) -> bytes:
    """``bytearray(b"…")`` and ``_codecs.encode("…", "latin1")``; a number would mean an allocation."""
    first = args[0] if args else b""
    if isinstance(first, bytes):
        return first
    if isinstance(first, str):
        budget.spend(len(first), "What the pickle describes")
        return first.encode("latin-1")
    kind = type(first).__name__
    raise UnsupportedFile(f"The pickle makes a bytearray from a {kind}, which is never done here.")


def _dtype(args: tuple[Any, ...], _: Budget) -> Any:
    text = args[0] if args else None
    if isinstance(text, Name):
        text = text.name.removeprefix("numpy.")
    return np.dtype(text) if isinstance(text, str) and _DTYPE.fullmatch(text) else Inert("numpy.dtype", args)


def _scalar(args: tuple[Any, ...], _: Budget) -> Any:
    dtype, data = args
    raw = data.encode("latin-1") if isinstance(data, str) else data
    if not isinstance(dtype, np.dtype) or not isinstance(raw, bytes):
        return Inert("numpy.core.multiarray.scalar", args)
    return np.frombuffer(raw, dtype, count=1)[0].item()


def _from_buffer(args: tuple[Any, ...], budget: Budget) -> Any:
    buffer, dtype, shape, order = (*args, "C")[:4]
    return _array(buffer, dtype, shape, order == "F", budget)


def _array_from_state(state: Any, budget: Budget) -> Any:
    if not isinstance(state, tuple) or len(state) < 4:
        raise ValueError("a numpy array lacks its state")
    shape, dtype, fortran, data = state[-4:]
    return _array(data, dtype, shape, bool(fortran), budget)


def _array(data: Any, dtype: Any, shape: Any, fortran: bool, budget: Budget) -> Any:
    raw = data.encode("latin-1") if isinstance(data, str) else data
    if not isinstance(dtype, np.dtype) or not isinstance(raw, bytes):
        return Inert("numpy.ndarray", (shape, dtype))  # of objects, say: nothing that is read here
    sizes = _sizes(shape)
    if math.prod(sizes) * dtype.itemsize != len(raw):
        raise ValueError(f"an array of shape {list(sizes)} does not fit its {len(raw)} bytes")
    budget.spend(len(raw), "An array")
    array = np.frombuffer(raw, dtype).reshape(sizes, order="F" if fortran else "C")
    return np.array(array.astype(dtype.newbyteorder("="), copy=False), order="C")


def _tensor(args: tuple[Any, ...], budget: Budget) -> np.ndarray | None:
    """``_rebuild_tensor_v2(storage, offset, size, stride, …)``, mostly as an array of its own."""
    storage, offset, size, stride = args[:4]
    if not isinstance(storage, Storage):
        raise ValueError("a tensor has no storage")
    sizes, strides = _sizes(size), _sizes(stride)
    (start,) = _sizes((offset,))
    if storage.values is None:
        return None
    values, count = storage.values, math.prod(sizes)
    if len(sizes) != len(strides):
        raise ValueError("a tensor's sizes and strides do not agree")
    last = start + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True)) if count else start
    if count > len(values) or last >= len(values) + (count == 0):
        raise LimitExceeded(f"A tensor of shape {list(sizes)} is larger than what its file holds.")
    budget.spend(count * values.itemsize, f"A tensor of shape {list(sizes)}")
    steps = tuple(step * values.itemsize for step in strides)
    view = np.lib.stride_tricks.as_strided(values[start:], sizes, steps, writeable=False)
    if budget.views and values.dtype != np.float16:
        return view
    return np.array(view.astype(np.float32) if values.dtype == np.float16 else view, order="C")


def _sizes(shape: Any) -> tuple[int, ...]:
    whole = isinstance(shape, tuple | list) and len(shape) <= MAX_DIMENSIONS
    if not whole or not all(type(n) is int and 0 <= n < 2**48 for n in shape):
        raise ValueError(f"a shape is not made of at most {MAX_DIMENSIONS} whole numbers")
    return tuple(shape)


def _first(args: tuple[Any, ...], _: Budget) -> Any:
    return args[0]


def _typed_tensor(args: tuple[Any, ...], budget: Budget) -> Any:
    """``_rebuild_from_type_v2(function, type, args, state)``: a tensor with Python attributes."""
    function, _, inner, _ = args
    return (
        construct(function.name, tuple(inner), budget)
        if isinstance(function, Name)
        else Inert("tensor", args)
    )


def _reconstructor(args: tuple[Any, ...], budget: Budget) -> Any:
    return Inert(args[0].name if isinstance(args[0], Name) else "object")


_MAKERS: dict[str, Callable[[tuple[Any, ...], Budget], Any]] = {
    "collections.OrderedDict": _mapping,
    "collections.defaultdict": _default_mapping,
    "builtins.dict": _mapping,
    "builtins.list": _sequence,
    "builtins.set": _sequence,
    "builtins.frozenset": _sequence,
    "builtins.tuple": lambda args, budget: tuple(_sequence(args, budget)),
    "builtins.bytearray": _bytes,
    "_codecs.encode": _bytes,
    "copyreg._reconstructor": _reconstructor,
    "copy_reg._reconstructor": _reconstructor,
    "numpy.dtype": _dtype,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy.core.multiarray._reconstruct": lambda args, budget: ArrayState(),
    "numpy.core.numeric._frombuffer": _from_buffer,
    "torch.Size": lambda args, budget: tuple(_sequence(args, budget)),
    "torch.device": _first,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch._tensor._rebuild_from_type_v2": _typed_tensor,
    "torch.nn.parameter.Parameter": _first,
    "torch.jit._pickle.build_intlist": _first,
    "torch.jit._pickle.build_doublelist": _first,
    "torch.jit._pickle.build_boollist": _first,
    "torch.jit._pickle.build_tensorlist": _first,
    "torch.jit._pickle.restore_type_tag": _first,
}
