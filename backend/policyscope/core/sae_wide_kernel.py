"""Compiled parts of a training step of a wide TopK SAE, where the encoder's product is left to a library.

Its result, in bfloat16, only names candidates, a quarter more than the k latents of a row; float32 decides.
What follows costs k latents a row instead of all. Gradients are summed by latent, from a list of the rows
it is active in: no two threads write to one place, and the order of every sum is that of the rows.
"""

from __future__ import annotations

import numpy as np

from policyscope.core.sae_tile import ONE, ZERO, compiled, mark, threshold
from policyscope.core.sae_vectors import TILE, lowest


@compiled
def choose(first, last, products, b_enc, k, tile, chosen, how_many):
    """The ``k`` largest of ReLU(products + b_enc) of rows ``first`` to ``last``.

    ``products`` [F, B]: bfloat16 as uint16. ``chosen`` int32 [B, k] and ``how_many`` [B] are filled.
    """
    values, high = tile.values, tile.columns.high
    bits = values.view(np.uint32)
    features = len(b_enc)
    for start in range(first, last, TILE):
        rows = min(TILE, last - start)
        high[:] = ZERO
        for j in range(features):
            line, bias = products[j, start : start + rows], b_enc[j]
            for r in range(rows):
                bits[j, r] = np.uint32(line[r]) << np.uint32(16)
            for r in range(TILE):
                value = values[j, r] + bias if r < rows else ZERO
                value = value if value > ZERO else ZERO
                values[j, r] = value
                high[r] = value if value > high[r] else high[r]
        flat = values.reshape(-1)
        threshold(flat, features, k, tile.columns)
        mark(flat, features, high, tile.masks)
        how_many[start : start + rows] = 0
        for j in range(features):
            mask = tile.masks[j]
            while mask != 0:
                row = start + lowest(mask)
                mask &= mask - np.uint32(1)
                chosen[row, how_many[row]] = j
                how_many[row] += 1


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
def _drop_smallest(row, k, chosen, how_many, z):
    """Of a row's candidates, keep the ``k`` of the largest values."""
    count = how_many[row]
    while count > k:
        least = 0
        for place in range(1, count):
            least = place if z[row, place] < z[row, least] else least
        count -= 1
        z[row, least], chosen[row, least] = z[row, count], chosen[row, count]
    how_many[row] = count


@compiled
def explain(first, last, k, centred, weights, active, error):
    """Exact values of the candidates, the ``k`` largest kept; ``error``: rows minus what these decode to.

    Returns Σ error².
    """
    encoder, decoder, b_enc = weights
    chosen, how_many, z = active
    square = np.float64(0.0)
    for row in range(first, last):
        x, left = centred[row], error[row]
        left[:] = x
        for place in range(how_many[row]):
            j = chosen[row, place]
            w, value = encoder[j], b_enc[j]
            for i in range(len(x)):
                value += w[i] * x[i]
            z[row, place] = value if value > ZERO else ZERO
        _drop_smallest(row, k, chosen, how_many, z)
        for place in range(how_many[row]):
            value, d = z[row, place], decoder[chosen[row, place]]
            for i in range(len(x)):
                left[i] -= value * d[i]
        total = ZERO
        for i in range(len(x)):
            total += left[i] * left[i]
        square += total
    return square


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
def latent_gradients(first, last, lists, z, rows, decoder, factor, grad):
    """Gradients of latents ``first`` to ``last``; ``rows``: error and centred rows [B, d]."""
    starts, places = lists
    error, centred = rows
    grad_enc, grad_dec, grad_bias, fired = grad
    k = z.shape[1]
    for j in range(first, last):
        enc, dec, direction = grad_enc[j], grad_dec[j], decoder[j]
        enc[:] = ZERO
        dec[:] = ZERO
        bias = ZERO
        fired[j] = False
        for at in range(starts[j], starts[j + 1]):
            row, place = places[at] // k, places[at] % k
            value = z[row, place]
            if value == ZERO:
                continue
            fired[j] = True
            e, x = error[row], centred[row]
            d_z = ZERO
            for i in range(len(e)):
                d_z += e[i] * direction[i]
            d_z *= factor
            scaled = value * factor
            for i in range(len(e)):
                dec[i] += scaled * e[i]
                enc[i] += d_z * x[i]
            bias += d_z
        grad_bias[j] = bias


@compiled
def project(first, last, decoder, grad_dec, frozen):
    """Take the part along each unit row off its gradient."""
    for j in range(first, last):
        row, slope = decoder[j], grad_dec[j]
        along = ZERO
        for i in range(len(row)):
            along += slope[i] * row[i]
        for i in range(len(row)):
            slope[i] = ZERO if frozen else slope[i] - along * row[i]


@compiled
def unit(first, last, decoder):
    """Rows of norm 1."""
    for j in range(first, last):
        row, square = decoder[j], ZERO
        for i in range(len(row)):
            square += row[i] * row[i]
        scale = ONE / np.sqrt(square)
        for i in range(len(row)):
            row[i] *= scale
