"""Files of arrays: torch, ``.npy``, ``.npz`` and safetensors, told apart by their content."""

from __future__ import annotations

import io
import tokenize

import numpy as np

from policyscope.core.errors import UnsupportedFile
from policyscope.core.safetensors_bytes import looks_like_safetensors, parse
from policyscope.core.torch_tensors import MAX_BYTES, load_tensors
from policyscope.core.zip_bytes import member_names, open_zip, read_member

_NPY = b"\x93NUMPY"
_DAMAGE = (ValueError, EOFError, SyntaxError, TypeError, OverflowError, tokenize.TokenError)


def read_arrays(data: bytes) -> object:
    """One array, or arrays by name; of a torch file what ``load_tensors`` gives.

    Raises UnsupportedFile when the file is damaged, LimitExceeded when it unpacks to too much.
    """
    if data.startswith(_NPY):
        return _npy(data)
    if looks_like_safetensors(data):
        return parse(data)[0]
    if data.startswith(b"PK") and (arrays := _npz(data)):
        return arrays
    return load_tensors(data)


def _npz(data: bytes) -> dict[str, np.ndarray]:
    """Empty when the zip holds anything but ``.npy`` members."""
    names = member_names(data)
    if not names or not all(name.endswith(".npy") for name in names):
        return {}
    with open_zip(data, MAX_BYTES) as archive:
        return {name.removesuffix(".npy"): _npy(read_member(archive, name)) for name in names}


def _npy(data: bytes) -> np.ndarray:
    """Arrays of objects would be pickles, and are refused."""
    try:
        array: np.ndarray = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except (*_DAMAGE, RecursionError) as error:
        raise UnsupportedFile(f"This numpy array cannot be read: {str(error)[:160]}.") from error
    return array.astype(array.dtype.newbyteorder("="), copy=False)
