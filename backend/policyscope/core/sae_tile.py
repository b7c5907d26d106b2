"""What compiled training does with a tile: 32 rows side by side, so that inner loops run over neighbours.

In every function a tile's matrices have the rows of the batch as columns, unless it says otherwise.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np

from policyscope.core.sae_network import LARGEST_K, next_of_8, next_of_16
from policyscope.core.sae_vectors import (
    BLOCK,
    SIDE,
    TILE,
    bits_above,
    how_many_bits,
    lowest,
    products,
    transpose_bits,
)

TILES = 4
"""In a lane."""
HALVINGS = 48
ONE, ZERO, HALF = np.float32(1.0), np.float32(0.0), np.float32(0.5)

compiled = nb.njit(
    nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"}, cache=True, error_model="numpy"
)


class Columns(NamedTuple):
    """One number per row of the tile each, float32 [32]: an interval and the counts beyond its ends."""

    low: Any
    high: Any
    middle: Any
    count: Any
    below: Any
    beyond: Any


class Listed(NamedTuple):
    """The active latents of each row of a lane."""

    latents: Any  # uint32 [128, most + 1]
    values: Any  # [128, most]
    how_many: Any  # int32 [128]
    ends: Any  # int32 [F]: rows in which a latent is active, then where those listed so far end


class Tile(NamedTuple):
    """Scratch of one thread; what is active is kept for each of the ``TILES`` tiles of a lane."""

    beside: Any  # [d, 32]: centred rows, for encoding
    values: Any  # [F, 32]: rectified pre-activations
    dead_values: Any  # [F, 32]: those of dead latents, packed
    masks: Any  # uint32 [F]: one bit for each row in which the latent is active
    everyone: Any  # int64 [F]: 0, 1, 2, …
    columns: Columns
    total: Any  # [d]
    words: Any  # uint32 [33, 16 n]: bits of latents in a row of the tile
    folded: Any  # uint64: the same memory
    main: Listed
    auxiliary: Listed


def zeros(shape: int | tuple[int, ...], kind: type[np.generic] = np.float32) -> np.ndarray:
    """Zeros that begin with a line of the cache: a vector across two lines takes longer to load."""
    size, line = int(np.prod(shape)) * np.dtype(kind).itemsize, 4 * SIDE
    memory = np.zeros(size + line, dtype=np.uint8)
    first = -memory.ctypes.data % line
    return memory[first : first + size].view(kind).reshape(shape)


def new_tile(features: int, width: int, k: int = 1, aux_k: int = 1) -> Tile:
    """Empty scratch for ``k`` and ``aux_k`` active latents in a row."""
    beside, values, dead_values = (
        zeros(shape) for shape in ((width, TILE), (features, TILE), (features, TILE))
    )
    low, high, middle, count, below, beyond = zeros((6, TILE))
    columns = Columns(low, high, middle, count, below, beyond)
    masks, everyone = np.zeros(features, dtype=np.uint32), np.arange(features)
    main, auxiliary = (_new_listed(features, most) for most in (k, aux_k))
    total = np.zeros(width, dtype=np.float32)
    words = zeros((TILE + 1, -(-features // (TILE * SIDE)) * SIDE), np.uint32)
    folded = words.view(np.uint64)
    return Tile(beside, values, dead_values, masks, everyone, columns, total, words, folded, main, auxiliary)


def _new_listed(features: int, most: int) -> Listed:
    rows = TILES * TILE
    latents, values = np.zeros((rows, most + 1), dtype=np.uint32), np.zeros((rows, most), dtype=np.float32)
    return Listed(latents, values, np.zeros(rows, dtype=np.int32), np.zeros(features, dtype=np.int32))


@compiled
def encode(encoder, b_enc, beside, out, rows):
    """ReLU of the pre-activations, ``out`` [F, 32]; zeros beyond the first ``rows`` columns."""
    features = len(b_enc)
    for first in range(0, features, BLOCK):
        products(encoder, b_enc, min(first, features - BLOCK), beside, out)
    for r in range(rows, TILE):
        for j in range(features):
            out[j, r] = ZERO


@compiled
def _above(values, n, limit, count):
    """How many of the first ``n`` of each column exceed ``limit`` [32]."""
    for r in range(TILE):
        count[r] = ZERO
    whole = n - n % 4
    for j in range(0, whole, 4):
        at = j * TILE
        for r in range(TILE):
            t = limit[r]
            count[r] += (
                (ONE if values[at + r] > t else ZERO) + (ONE if values[at + TILE + r] > t else ZERO)
            ) + (
                (ONE if values[at + 2 * TILE + r] > t else ZERO)
                + (ONE if values[at + 3 * TILE + r] > t else ZERO)
            )
    for j in range(whole, n):
        at = j * TILE
        for r in range(TILE):
            count[r] += ONE if values[at + r] > limit[r] else ZERO


@compiled
def threshold(values, n, k, columns):
    """``columns.high``, the largest of each column, becomes a value that ``k`` of its first ``n`` exceed.

    Narrows an interval by interpolating the counts at its ends, and by halving every other time. Where values
    tie at the edge, fewer than ``k`` exceed it.
    """
    low, high, middle, count, below, beyond = columns
    wanted = np.float32(k)
    for r in range(TILE):
        low[r] = ZERO
        beyond[r] = ZERO
    _above(values, n, low, below)
    for r in range(TILE):
        high[r] = ZERO if below[r] <= wanted else high[r]
    for turn in range(HALVINGS):
        still = ZERO
        for r in range(TILE):
            between = below[r] - beyond[r]
            share = (below[r] - wanted) / (between if between > ONE else ONE)
            share = share if turn % 2 == 0 else HALF
            middle[r] = low[r] + share * (high[r] - low[r])
            still += ONE if (middle[r] > low[r]) & (middle[r] < high[r]) else ZERO
        if still == ZERO:
            return
        _above(values, n, middle, count)
        for r in range(TILE):
            up, down = count[r] >= wanted, count[r] <= wanted
            low[r] = middle[r] if up else low[r]
            below[r] = count[r] if up else below[r]
            high[r] = middle[r] if down else high[r]
            beyond[r] = count[r] if down else beyond[r]


@compiled
def limits(values, n, k, columns):
    """``columns.high`` becomes a value that the ``k`` largest of the first ``n`` of each column exceed."""
    if k <= 8:
        next_of_8(values, n, k, columns.high)
    elif k <= LARGEST_K:
        next_of_16(values, n, k, columns.high)
    else:
        high = columns.high
        high[:] = ZERO
        for j in range(n):
            for r in range(TILE):
                value = values[j * TILE + r]
                high[r] = value if value > high[r] else high[r]
        threshold(values, n, k, columns)


@compiled
def mark(values, n, limit, masks):
    """``masks`` [n]: one bit per column whose value exceeds its limit."""
    for j in range(n):
        masks[j] = bits_above(values, j * TILE, limit)


@compiled
def enlist(which, values, bits, where, listed):
    """List the latents whose value exceeds its limit for each row of a tile, and count rows by latent.

    ``which`` names the latents; ``bits``: the limits [32] and one memory for bits as uint32 and as uint64;
    ``where``: the tile's place in the lane, and its rows. Whether a word has another bit is not asked but
    computed: a wrong guess of the processor costs more than a step in vain.
    """
    limit, words, folded = bits
    place, rows = where
    latents, kept, how_many, ends = listed
    n = len(which)
    used = -(-n // (2 * TILE))
    for block in range(2 * used):
        for i in range(TILE):
            p = block * TILE + i
            words[i, block] = bits_above(values, p * TILE, limit) if p < n else np.uint32(0)
    transpose_bits(words[:TILE])
    for r in range(rows):
        at, found = place * TILE + r, 0
        for w in range(used):
            found += how_many_bits(folded[r, w])
        word, w, count = folded[r, 0], 0, 0
        for _ in range(found + used - 1):
            following = folded[r, w + 1]
            empty = word == np.uint64(0)
            latents[at, count] = w * 64 + lowest(word)
            count += 0 if empty else 1
            w += 1 if empty else 0
            word = following if empty else word & (word - np.uint64(1))
        for i in range(found):
            p = latents[at, i]
            j = which[p]
            latents[at, i] = j
            kept[at, i] = values[p * TILE + r]
            ends[j] += np.int32(1)
        how_many[at] = found


@compiled
def by_latent(listed, rows, first, to):
    """The lists of a lane's ``rows`` ordered by latent: those of j lie at ``starts[j] : starts[j + 1]``.

    ``to``: ``starts`` [F + 1], rows of the batch and values, each [128 most]. Row 0 of the lane is ``first``.
    """
    latents, kept, how_many, ends = listed
    starts, row_of, values = to
    total = np.int32(0)
    for j in range(len(ends)):
        starts[j] = total
        total += ends[j]
        ends[j] = starts[j]
    starts[len(ends)] = total
    for row in range(rows):
        for n in range(how_many[row]):
            j = latents[row, n]
            place = ends[j]
            row_of[place] = first + row
            values[place] = kept[row, n]
            ends[j] = place + np.int32(1)
