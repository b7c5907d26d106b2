"""Compiled parts of a training step of a wide TopK SAE.

Products in bytes (``sae_int8``) name the candidates of a row, a quarter more than its k latents; float32
decides. What follows costs k latents a row instead of all. Gradients are summed by latent, from a list of
the rows it is active in: no two threads write to one place, and the order of every sum is that of the rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from policyscope.core.sae_int8 import lay, products
from policyscope.core.sae_kernel import update_latents
from policyscope.core.sae_tile import ZERO, compiled, encode, mark, threshold
from policyscope.core.sae_vectors import TILE, fetch, lowest

UPDATED = 16
"""Latents whose parameters are updated at once."""
FEW = 4
"""Rows of which a tile is decided faster one by one."""


class Batch(NamedTuple):
    """Rows, and what is found out about each."""

    centred: Any  # [B, d]
    error: Any  # [B, d]: what its active latents leave of it
    squares: Any  # float64 [B]: Σ error²
    latents: Any  # int32 [B, m]: those that are active
    how_many: Any  # int64 [B]
    z: Any  # [B, m]
    d_z: Any  # [B, m]: error times decoder row
    limits: Any  # [B]: latents of which int8 says more are candidates
    doubtful: Any  # bool [B]: another latent may be larger than the least that is kept


def new_batch(rows: int, width: int, most: int) -> Batch:
    """With room for ``most`` candidates."""
    centred, error = np.zeros((2, rows, width), dtype=np.float32)
    z, d_z = np.zeros((2, rows, most), dtype=np.float32)
    return Batch(
        centred,
        error,
        np.zeros(rows),
        np.zeros((rows, most), dtype=np.int32),
        np.zeros(rows, dtype=np.int64),
        z,
        d_z,
        np.zeros(rows, dtype=np.float32),
        np.zeros(rows, dtype=np.bool_),
    )


@compiled
def centre(first, last, data, order, b_dec, batch):
    """Rows ``first`` to ``last`` of a batch: ``order`` of ``data``, less ``b_dec``."""
    for row in range(first, last):
        for i in range(len(b_dec)):
            batch.centred[row, i] = data[order[row], i] - b_dec[i]


@compiled
def choose(first, last, packed, scratch, tile, batch):
    """The candidates of rows ``first`` to ``last``, the largest of ReLU(encoder x + b_enc) by int8."""
    for start in range(first, last, TILE):
        rows = np.arange(start, min(start + TILE, last))
        lay(batch.centred, rows, scratch)
        tile.columns.high[:] = ZERO
        for group in range(len(packed.words)):
            products(packed, group, scratch, tile.columns.high, tile.values)
        _list_largest(rows, batch.z.shape[1], tile, batch)


@compiled
def decide(some, k, weights, tile, batch):
    """The ``k`` largest of the rows ``some``, of all products in float32."""
    encoder, _, b_enc = weights
    values, high = tile.values, tile.columns.high
    for start in range(0, len(some), TILE):
        rows = some[start : start + TILE]
        for r in range(len(rows)):
            tile.beside[:, r] = batch.centred[rows[r]]
        if len(rows) > FEW:
            encode(encoder, b_enc, tile.beside, values, len(rows))
        high[:] = ZERO
        for r in range(len(rows)):
            x = batch.centred[rows[r]]
            for j in range(len(b_enc)):
                if len(rows) <= FEW:
                    values[j, r] = max(_dot(encoder[j], x) + b_enc[j], ZERO)
                high[r] = max(high[r], values[j, r])
        _list_largest(rows, k, tile, batch)


@compiled
def _dot(a, b):
    total = ZERO
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@compiled
def _list_largest(rows, k, tile, batch):
    """The ``k`` largest ``values`` of a tile's ``rows``, of which ``high`` are the largest."""
    features, high, values = len(tile.masks), tile.columns.high, tile.values.reshape(-1)
    threshold(values, features, k, tile.columns)
    high[len(rows) :] = np.inf
    mark(values, features, high, tile.masks)
    for r in range(len(rows)):
        batch.limits[rows[r]] = high[r]
        batch.how_many[rows[r]] = 0
    for j in range(features):
        mask = tile.masks[j]
        while mask != 0:
            r = lowest(mask)
            mask &= mask - np.uint32(1)
            row = rows[r]
            place = batch.how_many[row]
            batch.latents[row, place], batch.z[row, place] = j, tile.values[j, r]
            batch.how_many[row] = place + 1


@compiled
def keep_largest(first, last, rectified, k, tile):
    """Rows ``first`` to ``last`` of ``rectified`` [B, n] >= 0 keep their ``k`` largest; the rest become 0."""
    values, high = tile.values, tile.columns.high
    n = rectified.shape[1]
    for start in range(first, last, TILE):
        rows = min(TILE, last - start)
        high[:] = ZERO
        for r in range(TILE):
            for j in range(n):
                values[j, r] = rectified[start + r, j] if r < rows else ZERO
        for j in range(n):
            for r in range(TILE):
                high[r] = values[j, r] if values[j, r] > high[r] else high[r]
        threshold(values.reshape(-1), n, k, tile.columns)
        for r in range(rows):
            row = rectified[start + r]
            for j in range(n):
                row[j] = row[j] if row[j] > high[r] else ZERO


@compiled
def _drop_smallest(row, k, batch):
    """Of a row's candidates, keep the ``k`` of the largest values; the least of these."""
    latents, z, count = batch.latents[row], batch.z[row], batch.how_many[row]
    while True:
        least = 0
        for place in range(1, count):
            least = place if z[place] < z[least] else least
        if count <= k:
            break
        count -= 1
        z[least], latents[least] = z[count], latents[count]
    batch.how_many[row] = count
    return z[least] if count == k else ZERO


@compiled
def _compute(row, encoder, b_enc, batch):
    """Exact values of a row's candidates; how wrong int8 is about the one it is most wrong about."""
    x, wrong = batch.centred[row], ZERO
    count, latents, z = batch.how_many[row], batch.latents[row], batch.z[row]
    for place in range(count):
        if place + 1 < count:
            fetch(encoder, latents[place + 1])
        value = _dot(encoder[latents[place]], x) + b_enc[latents[place]]
        wrong = max(wrong, abs(value - z[place]))
        z[place] = value if value > ZERO else ZERO
    return wrong


@compiled
def explain(rows, k, weights, batch):
    """Exact values of the candidates of ``rows``, the ``k`` largest kept, and what these leave of a row.

    It is doubtful when fewer than ``k`` are active, or when a latent that is no candidate would be among the
    ``k`` if int8 were as wrong about it as about the candidate it is most wrong about.
    """
    encoder, decoder, b_enc = weights
    for row in rows:
        wrong = _compute(row, encoder, b_enc, batch)
        least = _drop_smallest(row, k, batch)
        batch.doubtful[row] = (least == ZERO) | (least < batch.limits[row] + wrong)
        left, count, latents = batch.error[row], batch.how_many[row], batch.latents[row]
        left[:] = batch.centred[row]
        for place in range(count):
            if place + 1 < count:
                fetch(decoder, latents[place + 1])
            value, d = batch.z[row, place], decoder[latents[place]]
            for i in range(len(left)):
                left[i] -= value * d[i]
        for place in range(count):
            batch.d_z[row, place] = _dot(decoder[latents[place]], left)
        batch.squares[row] = _dot(left, left)


@compiled
def by_latent(chosen, how_many, starts, places):
    """List (row, place) as ``row * k + place`` by latent: those of j lie at ``starts[j] : starts[j + 1]``."""
    k = chosen.shape[1]
    starts[:] = 0
    for row in range(len(chosen)):
        for place in range(how_many[row]):
            starts[chosen[row, place] + 1] += 1
    for j in range(1, len(starts)):
        starts[j] += starts[j - 1]
    ends = starts[:-1].copy()
    for row in range(len(chosen)):
        for place in range(how_many[row]):
            j = chosen[row, place]
            places[ends[j]] = row * k + place
            ends[j] += 1


@compiled
def latent_gradients(ends, lists, batch, weights, factor, grad, notes):
    """Gradients of the latents between ``ends``, those of decoder rows without their part along the rows.

    ``notes``: whether each fired, and whether its gradient is added to what is there, bool [F]; and [d],
    which becomes Σ (gradient of b_enc) (encoder row). Returns Σ of the squares.
    """
    starts, places = lists
    encoder, decoder, frozen = weights
    grad_enc, grad_dec, grad_bias = grad
    fired, added, through_encoder = notes
    most = batch.z.shape[1]
    through_encoder[:] = ZERO
    square = np.float64(0.0)
    for j in range(ends[0], ends[1]):
        enc, dec, direction, w = grad_enc[j], grad_dec[j], decoder[j], encoder[j]
        bias = grad_bias[j] if added[j] else ZERO
        if not added[j]:
            enc[:] = ZERO
            dec[:] = ZERO
        fired[j] = False
        for at in range(starts[j], starts[j + 1]):
            if at + 1 < starts[j + 1]:
                fetch(batch.error, places[at + 1] // most)
                fetch(batch.centred, places[at + 1] // most)
            row, place = places[at] // most, places[at] % most
            value = batch.z[row, place]
            if value == ZERO:
                continue
            fired[j] = True
            e, x = batch.error[row], batch.centred[row]
            d_z, scaled = batch.d_z[row, place] * factor, value * factor
            for i in range(len(e)):
                dec[i] += scaled * e[i]
                enc[i] += d_z * x[i]
            bias += d_z
        grad_bias[j] = bias
        along = _dot(dec, direction)
        for i in range(len(dec)):
            dec[i] = ZERO if frozen else dec[i] - along * direction[i]
            through_encoder[i] += bias * w[i]
        square += bias * bias + _dot(dec, dec) + _dot(enc, enc)
    return square


@compiled
def update(ends, learning, pace):
    """The step of the latents between ``ends``, few at a time, so that they are in the cache when scaled."""
    theta, grad, first, second = learning
    for a in range(ends[0], ends[1], UPDATED):
        update_latents(a, min(a + UPDATED, ends[1]), theta, grad, first, second, pace)
