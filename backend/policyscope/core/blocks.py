"""Matrix products whose rows do not depend on their neighbours.

A BLAS library picks its inner kernel by the shape of the product, and the kernels at the edges of a matrix
add up in another order. A row would then change in its last bits with the number of rows beside it, and a
rollout of 5 episodes would differ from the same episodes in a rollout of 16. So every product here has the
same shape: 64 rows, and a number of columns that is a multiple of 16 (measured: widths such as 100, 255 or
300 depend on the row's place in the block, multiples of 8 never did).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policyscope.core.errors import ShapeMismatch

F64 = NDArray[np.float64]

BLOCK_ROWS = 64
COLUMN_MULTIPLE = 16
CHUNK_ROWS = 4096  # keeps the intermediate results of a large data set in the cache
CHUNK_CELLS = 1 << 20  # and those of a wide result


def pad_columns(matrix: F64) -> F64:
    """``[rows, columns]`` with zero columns added up to the next multiple of 16; contiguous."""
    rows, columns = matrix.shape
    padded = np.zeros((rows, -(-columns // COLUMN_MULTIPLE) * COLUMN_MULTIPLE))
    padded[:, :columns] = matrix
    return padded


def as_rows(x: ArrayLike, width: int, what: str) -> F64:
    """``x`` as float64 ``[rows, width]``; raises ShapeMismatch, which calls the array ``what``."""
    rows = np.asarray(x, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != width:
        raise ShapeMismatch(f"{what} has shape {list(rows.shape)}; [rows, {width}] is needed.")
    return rows


def map_blocks(function: Callable[[F64], F64], x: F64, width: int) -> F64:
    """Apply ``function`` to ``x`` ``[rows, n]`` in blocks of 64 rows and return ``[rows, width]``.

    ``function`` receives ``[blocks, 64, n]`` (the last block filled up with zero rows) and returns
    ``[blocks, 64, width]``; it must treat rows separately.
    """
    most = min(CHUNK_ROWS, max(1, CHUNK_CELLS // (BLOCK_ROWS * width)) * BLOCK_ROWS)
    if 0 < len(x) <= most and len(x) % BLOCK_ROWS == 0:
        whole = function(x.reshape(-1, BLOCK_ROWS, x.shape[1])).reshape(len(x), width)
        return whole.copy() if np.may_share_memory(whole, x) else whole
    out = np.empty((len(x), width))
    for start in range(0, len(x), most):
        part = x[start : start + most]
        blocks = -(-len(part) // BLOCK_ROWS)
        padded = np.zeros((blocks * BLOCK_ROWS, x.shape[1]))
        padded[: len(part)] = part
        result = function(padded.reshape(blocks, BLOCK_ROWS, x.shape[1]))
        out[start : start + len(part)] = result.reshape(blocks * BLOCK_ROWS, width)[: len(part)]
    return out
