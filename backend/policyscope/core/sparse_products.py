"""Sums of products of sparse latents, compiled: a TopK code has k values in a row, so k² products, not F²."""

from __future__ import annotations

import numba as nb
import numpy as np

from policyscope.core.blocks import F64

DENSEST = 0.25
"""Share of values that are not 0 up to which this is faster than a matrix product."""


def is_sparse(z: F64) -> bool:
    """Whether few values of ``z`` [N, F] are not 0, judged by up to 512 rows spread over it."""
    some = z[:: max(1, len(z) // 512)]
    return bool(np.count_nonzero(some) <= DENSEST * some.size)


@nb.njit("void(f8[:, ::1], f8[:, ::1], i8[::1], f8[::1], f8[:, ::1])", nogil=True, cache=True)
def add_products(z, y, rows, y_shift, total):  # type: ignore[no-untyped-def]
    """Add the products of the columns (latents, targets less ``y_shift``, 1) over ``rows`` to ``total``.

    Only its upper triangle is filled. Row after row, so the order of every sum is that of ``rows``.
    """
    features, targets = z.shape[1], y.shape[1]
    width = features + targets
    where, values = np.empty(width + 1, dtype=np.int64), np.empty(width + 1)
    for row in rows:
        count = 0
        for j in range(features):
            where[count], values[count] = j, z[row, j]
            count += z[row, j] != 0.0
        for j in range(targets):
            where[count + j], values[count + j] = features + j, y[row, j] - y_shift[j]
        count += targets
        where[count], values[count] = width, 1.0
        for a in range(count + 1):
            line, value = total[where[a]], values[a]
            for b in range(a, count + 1):
                line[where[b]] += value * values[b]
