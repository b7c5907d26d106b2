"""The k largest latents of a row, compiled: one pass with a heap of k. Sorting a wide row costs more than the
product that made it."""

from __future__ import annotations

import numba as nb
import numpy as np

from policyscope.core.blocks import F64

STRIDE = 64
"""Values whose largest is compared with the heap before each of them is."""


def top_k(values: F64, k: int) -> F64:
    """``values`` [..., n] >= 0 with all but the ``k`` largest of a row zero; the lowest index wins ties."""
    n = values.shape[-1]
    if k >= n:
        return values
    rows = np.ascontiguousarray(values).reshape(-1, n)
    kept = np.empty_like(rows)
    _keep(rows, k, kept)
    return kept.reshape(values.shape)


@nb.njit("void(f8[::1], f8)", nogil=True, cache=True)
def _replace_smallest(heap, value):  # type: ignore[no-untyped-def]
    """Put ``value`` in the place of the first of a heap, and the heap in order again."""
    place, size = 0, heap.shape[0]
    while True:
        child = 2 * place + 1
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if child >= size or value <= heap[child]:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = value


@nb.njit("i8(f8[::1], i8, i8, f8)", nogil=True, cache=True)
def _above(line, first, last, threshold):  # type: ignore[no-untyped-def]
    """How many of a piece of a row are above ``threshold``: a loop that the compiler makes vectors of."""
    count = 0
    for j in range(first, last):
        count += line[j] > threshold
    return count


@nb.njit("void(f8[:, ::1], i8, f8[:, ::1])", nogil=True, cache=True)
def _keep(values, k, kept):  # type: ignore[no-untyped-def]
    """``kept`` [rows, n]: the ``k`` largest of each row of ``values``, else zeros."""
    heap, n = np.empty(k), values.shape[1]  # the k largest so far, the smallest of them first
    for row in range(values.shape[0]):
        line, out = values[row], kept[row]
        heap[:] = -np.inf
        for first in range(0, n, STRIDE):
            last = min(first + STRIDE, n)
            if _above(line, first, last, heap[0]):
                for j in range(first, last):
                    if line[j] > heap[0]:
                        _replace_smallest(heap, line[j])
        threshold = heap[0]
        for j in range(n):
            out[j] = line[j] if line[j] > threshold else 0.0
        places, j = k - _above(heap, 0, k, threshold), 0
        while places > 0 and j < n:
            if line[j] == threshold:
                out[j] = threshold
                places -= 1
            j += 1
