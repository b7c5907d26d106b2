"""What compiled training does with a tile: 32 rows side by side, so that inner loops run over neighbours.

In every function a tile's matrices have the rows of the batch as columns, unless it says otherwise.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np

from policyscope.core.sae_vectors import BLOCK, TILE, bits_above, lowest, products

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


class Tile(NamedTuple):
    """Scratch of one thread."""

    beside: Any  # [d, 32]: centred rows, for encoding
    centred: Any  # [32, d]: the same, for the gradients
    error: Any  # [32, d]
    values: Any  # [F, 32]: rectified pre-activations
    dead_values: Any  # [F, 32]: those of dead latents, packed
    masks: Any  # uint32 [F]: one bit for each row in which the latent is active
    everyone: Any  # int64 [F]: 0, 1, 2, …
    columns: Columns


def new_tile(features: int, width: int) -> Tile:
    """Empty scratch."""
    beside, centred, error, values, dead_values = (
        np.zeros(shape, dtype=np.float32)
        for shape in ((width, TILE), (TILE, width), (TILE, width), (features, TILE), (features, TILE))
    )
    low, high, middle, count, below, beyond = np.zeros((6, TILE), dtype=np.float32)
    columns = Columns(low, high, middle, count, below, beyond)
    masks = np.zeros(features, dtype=np.uint32)
    return Tile(beside, centred, error, values, dead_values, masks, np.arange(features), columns)


@compiled
def gather(data, rows, b_dec, beside, centred):
    """Rows minus ``b_dec``: ``beside`` [d, 32] for encoding, ``centred`` [32, d] for the gradients."""
    width = data.shape[1]
    for r in range(TILE):
        if r < len(rows):
            row = data[rows[r]]
            for i in range(width):
                centred[r, i] = row[i] - b_dec[i]
        else:
            for i in range(width):
                centred[r, i] = ZERO
    for i in range(width):
        for r in range(TILE):
            beside[i, r] = centred[r, i]


@compiled
def encode(encoder, b_enc, beside, out, largest):
    """ReLU of the pre-activations, ``out`` [F, 32], and the largest of each column."""
    flat, features = out.reshape(-1), len(b_enc)
    for first in range(0, features, BLOCK):
        products(encoder, min(first, features - BLOCK), beside, out)
    for r in range(TILE):
        largest[r] = ZERO
    for j in range(features):
        at, bias = j * TILE, b_enc[j]
        for r in range(TILE):
            value = flat[at + r] + bias
            value = value if value > ZERO else ZERO
            flat[at + r] = value
            largest[r] = value if value > largest[r] else largest[r]


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
def mark(values, n, limit, masks):
    """``masks`` [n]: one bit per column whose value exceeds its limit."""
    for j in range(n):
        masks[j] = bits_above(values, j * TILE, limit)


@compiled
def subtract(decoder, which, values, masks, error):
    """``error`` [32, d] minus what the marked values decode to; ``which`` names the latents."""
    for p in range(len(which)):
        mask = masks[p]
        row = decoder[which[p]]
        while mask != 0:
            r = lowest(mask)
            mask &= mask - np.uint32(1)
            z, to = values[p * TILE + r], error[r]
            for i in range(len(row)):
                to[i] -= z * row[i]


@compiled
def accumulate(decoder, which, values, tile, to):
    """Add the marked rows' shares to the sums ``to`` (encoder, decoder, b_enc) of their latents."""
    masks, d_output, centred = tile.masks, tile.error, tile.centred
    grad_enc, grad_dec, grad_bias = to
    for p in range(len(which)):
        mask = masks[p]
        if mask == 0:
            continue
        j = which[p]
        row, to_enc, to_dec = decoder[j], grad_enc[j], grad_dec[j]
        bias = ZERO
        while mask != 0:
            r = lowest(mask)
            mask &= mask - np.uint32(1)
            z, out, x = values[p * TILE + r], d_output[r], centred[r]
            d_z = ZERO
            for i in range(len(row)):
                d_z += out[i] * row[i]
            for i in range(len(row)):
                to_dec[i] += z * out[i]
                to_enc[i] += d_z * x[i]
            bias += d_z
        grad_bias[j] += bias
