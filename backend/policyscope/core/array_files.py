"""Files of arrays: torch, ``.npy``, ``.npz`` and safetensors, told apart by their content.

Arrays that a file holds as they are come back as views of its bytes, so a file that is mapped into memory
can be larger than the memory.
"""

from __future__ import annotations

import io
import math
import tokenize

import numpy as np

from policyscope.core.buffers import Buffer
from policyscope.core.errors import UnsupportedFile
from policyscope.core.safetensors_bytes import looks_like_safetensors, parse
from policyscope.core.torch_tensors import MAX_BYTES, load_tensors
from policyscope.core.zip_bytes import member_bytes, member_names, open_zip

_NPY = b"\x93NUMPY"
_LONGEST_HEADER = 1 << 16
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_DAMAGE = (ValueError, EOFError, SyntaxError, TypeError, OverflowError, tokenize.TokenError)


def read_arrays(data: Buffer, max_bytes: int = MAX_BYTES) -> object:
    """One array, or arrays by name; of a torch file what ``load_tensors`` gives.

    Raises UnsupportedFile when the file is damaged, LimitExceeded when it unpacks to more than ``max_bytes``.
    """
    if data[: len(_NPY)] == _NPY:
        return _npy(data)
    if looks_like_safetensors(data):
        return parse(data)[0]
    if data[:2] == b"PK" and (arrays := _npz(data, max_bytes)):
        return arrays
    return load_tensors(data, max_bytes=max_bytes, views=True)


def _npz(data: Buffer, max_bytes: int) -> dict[str, np.ndarray]:
    """Empty when the zip holds anything but ``.npy`` members."""
    names = member_names(data)
    if not names or not all(name.endswith(".npy") for name in names):
        return {}
    with open_zip(data, max_bytes) as archive:
        return {name.removesuffix(".npy"): _npy(member_bytes(archive, data, name)) for name in names}


def _npy(data: Buffer) -> np.ndarray:
    """Arrays of objects would be pickles, and are refused."""
    try:
        stream = io.BytesIO(bytes(data[:_LONGEST_HEADER]))
        read_header = _HEADERS.get(np.lib.format.read_magic(stream))
        if read_header is None:
            raise ValueError("it is of a version that is not known")
        shape, fortran, dtype = read_header(stream)
        if dtype.hasobject:
            raise ValueError("it holds Python objects, which only a pickle can describe")
        count, start = math.prod(shape), stream.tell()
        if len(data) - start < count * dtype.itemsize:
            raise ValueError(f"it should hold {count:,} numbers, and the file ends before")
        array = np.frombuffer(data, dtype, count, start) if count else np.empty(0, dtype)
        native = array.astype(dtype.newbyteorder("="), copy=False)
        return native.reshape(shape, order="F" if fortran else "C")
    except (*_DAMAGE, RecursionError) as error:
        raise UnsupportedFile(f"This numpy array cannot be read: {str(error)[:160]}.") from error
