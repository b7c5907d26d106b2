"""A file of cached data in any of its formats, as columns that are read by slices of rows."""

from __future__ import annotations

from policyscope.core.activations import read_table
from policyscope.core.buffers import Buffer
from policyscope.core.errors import LimitExceeded, PolicyscopeError, UnsupportedFile
from policyscope.core.hdf5_files import MAX_BYTES, Recording, looks_like_hdf5, open_hdf5


def open_recording(data: Buffer, wanted: str, what: str) -> Recording:
    """``wanted`` ("observations" or "activations") of the file ``data``; ``what`` names it in messages.

    Raises UnsupportedFile, InvalidInput (no floats [N, columns]) or LimitExceeded. Values are not looked at.
    """
    if not looks_like_hdf5(data):
        return Recording({wanted: read_table(data, what, MAX_BYTES)})
    try:
        return open_hdf5(data, wanted)
    except (UnsupportedFile, LimitExceeded) as error:
        raise _named(error, what) from error


def _named(error: PolicyscopeError, what: str) -> PolicyscopeError:
    return type(error)(f"{what}: {error.message}", code=error.code, fields=error.fields)
