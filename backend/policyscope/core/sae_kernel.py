"""Compiled training steps of a small TopK SAE: the arithmetic of ``sae_step`` with nothing around it.

At the width of a policy's layer the operations of a tensor library take longer to start than to run. Here a
batch is cut into lanes of 128 rows, by its size alone, and a lane into tiles of 32. Every thread runs all
steps of a call and waits for the others three times a step. What is added up is added in the order of lanes
and slices, never in that of threads, so the bits do not depend on how many there are.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba.core import types

from policyscope.core.sae_step import AUX_COEFFICIENT, BETA_1, BETA_2, CLIP_NORM, EPSILON
from policyscope.core.sae_tile import (
    ONE,
    ZERO,
    accumulate,
    compiled,
    encode,
    gather,
    mark,
    subtract,
    threshold,
)
from policyscope.core.sae_vectors import TILE, fetch_add

LANE = 128
SLICES = 8
SPINS = 2_000
DECAY_1, DECAY_2, SMALL = np.float32(BETA_1), np.float32(BETA_2), np.float32(EPSILON)

_yield = types.ExternalFunction("sched_yield", types.int32())


class Weights(NamedTuple):
    """Parameters, or as many numbers of another kind for them."""

    encoder: Any  # [F, d]
    decoder: Any  # [F, d]: rows
    b_enc: Any  # [F]
    b_dec: Any  # [d]


class Learning(NamedTuple):
    """What a step changes."""

    theta: Weights
    grad: Weights
    first: Weights
    second: Weights
    silent: Any  # [F]: rows since the latent last fired


class Lessons(NamedTuple):
    """What to learn from."""

    data: Any  # [N, d]: normalised rows
    order: Any  # [steps, B]: rows of each step
    rates: Any  # [steps]: learning rates


class Rules(NamedTuple):
    """What stays the same."""

    k: int
    aux_k: int
    dead_after: float
    frozen: bool
    done: int  # steps before this call
    threads: int


class Sums(NamedTuple):
    """Where each lane and each slice adds up."""

    main: Any  # encoder, decoder and b_enc, each [lanes, ...]
    auxiliary: Any  # the same; only the rows of dead latents are in use
    fired: Any  # [lanes, F]
    errors: Any  # float64 [lanes, 1 + d]: error squared, then error
    slices: Any  # [SLICES, 1 + d]: gradient squared, then b_enc' W
    bounds: Any  # [SLICES + 1]: latents of the slices


def new_sums(lanes: int, features: int, width: int) -> Sums:
    """Empty places."""
    shapes = [(lanes, features, width), (lanes, features, width), (lanes, features)]
    main, auxiliary = (tuple(np.zeros(shape, dtype=np.float32) for shape in shapes) for _ in range(2))
    bounds = np.linspace(0, features, SLICES + 1).astype(np.int64)
    fired, errors = np.zeros((lanes, features), dtype=np.bool_), np.zeros((lanes, 1 + width))
    return Sums(main, auxiliary, fired, errors, np.zeros((SLICES, 1 + width), dtype=np.float32), bounds)


@compiled
def _wait(gate, threads):
    """Until all have come; ``gate`` counts those who have, and how often all have."""
    if threads == 1:
        return
    before = fetch_add(gate, 1, 0)
    if fetch_add(gate, 0, 1) == threads - 1:
        fetch_add(gate, 0, -threads)
        fetch_add(gate, 1, 1)
        return
    spins = 0
    while fetch_add(gate, 1, 0) == before:
        spins += 1
        if spins > SPINS:
            _yield()


@compiled
def _drop_padding(rows, tile):
    """The last tile of a lane may be short."""
    for r in range(rows, TILE):
        tile.columns.high[r] = ZERO
        for j in range(len(tile.values)):
            tile.values[j, r] = ZERO


@compiled
def _pack(dead, tile):
    high = tile.columns.high
    high[:] = ZERO
    for p in range(len(dead)):
        for r in range(TILE):
            value = tile.values[dead[p], r]
            tile.dead_values[p, r] = value
            high[r] = value if value > high[r] else high[r]


@compiled
def _explain(decoder, which, values, k, tile):
    """Mark the ``k`` largest ``values`` of each column and take what they decode to off the error."""
    flat = values.reshape(-1)
    threshold(flat, len(which), k, tile.columns)
    mark(flat, len(which), tile.columns.high, tile.masks)
    subtract(decoder, which, flat, tile.masks, tile.error)


@compiled
def _lane(lane, rows, lessons, rules, theta, dead, sums, tile):
    """Add up the rows of one lane; ``_reduce`` makes gradients of the sums."""
    main = (sums.main[0][lane], sums.main[1][lane], sums.main[2][lane])
    auxiliary = (sums.auxiliary[0][lane], sums.auxiliary[1][lane], sums.auxiliary[2][lane])
    fired, errors = sums.fired[lane], sums.errors[lane]
    main[0][:] = ZERO
    main[1][:] = ZERO
    main[2][:] = ZERO
    for j in dead:
        auxiliary[0][j] = ZERO
        auxiliary[1][j] = ZERO
        auxiliary[2][j] = ZERO
    fired[:] = False
    errors[:] = 0.0
    for first in range(0, len(rows), TILE):
        some = rows[first : first + TILE]
        gather(lessons.data, some, theta.b_dec, tile.beside, tile.centred)
        encode(theta.encoder, theta.b_enc, tile.beside, tile.values, tile.columns.high)
        _drop_padding(len(some), tile)
        tile.error[:] = tile.centred
        _explain(theta.decoder, tile.everyone, tile.values, rules.k, tile)
        for r in range(len(some)):
            square = ZERO
            for i in range(len(theta.b_dec)):
                square += tile.error[r, i] * tile.error[r, i]
                errors[1 + i] += tile.error[r, i]
            errors[0] += square
        accumulate(theta.decoder, tile.everyone, tile.values.reshape(-1), tile, main)
        for j in range(len(fired)):
            fired[j] |= tile.masks[j] != 0
        if len(dead) > 0:
            _pack(dead, tile)
            _explain(theta.decoder, dead, tile.dead_values, min(rules.aux_k, len(dead)), tile)
            accumulate(theta.decoder, dead, tile.dead_values.reshape(-1), tile, auxiliary)


@compiled
def evaluate(thread, threads, data, k, theta, tile, found):
    """``found`` [tiles, 2] of every ``threads``-th tile of ``data``: Σ error², number of active latents."""
    rows = np.arange(TILE)
    for place in range(thread, len(found), threads):
        first = place * TILE
        some = first + rows[: min(TILE, len(data) - first)]
        gather(data, some, theta.b_dec, tile.beside, tile.centred)
        encode(theta.encoder, theta.b_enc, tile.beside, tile.values, tile.columns.high)
        _drop_padding(len(some), tile)
        tile.error[:] = tile.centred
        _explain(theta.decoder, tile.everyone, tile.values, k, tile)
        square, active = ZERO, 0
        for r in range(len(some)):
            for i in range(len(theta.b_dec)):
                square += tile.error[r, i] * tile.error[r, i]
        for j in range(len(tile.masks)):
            mask = tile.masks[j]
            while mask != 0:
                mask &= mask - np.uint32(1)
                active += 1
        found[place, 0], found[place, 1] = square, active


@compiled
def _reduce(piece, learning, rules, sums, is_dead, factors):
    """Gradients of the latents of one slice, projected off the decoder rows."""
    theta, grad = learning.theta, learning.grad
    main_factor, aux_factor = factors
    width = theta.encoder.shape[1]
    partial = sums.slices[piece]
    partial[:] = ZERO
    for j in range(sums.bounds[piece], sums.bounds[piece + 1]):
        enc, dec, row = grad.encoder[j], grad.decoder[j], theta.decoder[j]
        enc[:] = ZERO
        dec[:] = ZERO
        bias = _add_lanes(enc, dec, j, sums.main, main_factor)
        if is_dead[j]:
            bias += _add_lanes(enc, dec, j, sums.auxiliary, aux_factor)
        along, square = ZERO, bias * bias
        for i in range(width):
            along += dec[i] * row[i]
        for i in range(width):
            dec[i] = ZERO if rules.frozen else dec[i] - along * row[i]
            square += dec[i] * dec[i] + enc[i] * enc[i]
            partial[1 + i] += bias * theta.encoder[j, i]
        grad.b_enc[j] = bias
        partial[0] += square


@compiled
def _add_lanes(enc, dec, j, lanes, factor):
    from_enc, from_dec, from_bias = lanes
    bias = ZERO
    for lane in range(len(from_bias)):
        for i in range(len(enc)):
            enc[i] += factor * from_enc[lane, j, i]
            dec[i] += factor * from_dec[lane, j, i]
        bias += factor * from_bias[lane, j]
    return bias


@compiled
def _output_gradient(sums, batch, width, d_bias):
    """Σ error² and its part that is not the mean's; ``d_bias`` [d] begins as the gradient of the output."""
    square = 0.0
    for lane in range(len(sums.errors)):
        square += sums.errors[lane, 0]
    spread = square
    for i in range(width):
        total = 0.0
        for lane in range(len(sums.errors)):
            total += sums.errors[lane, 1 + i]
        spread -= total * total / batch
        d_bias[i] = np.float32(total * (-2.0 / (batch * width)))
    return square, spread


@compiled
def _square_norm(sums, d_bias):
    """Of the whole gradient, once ``d_bias`` has what reaches it through the encoder."""
    norm = 0.0
    for piece in range(SLICES):
        norm += sums.slices[piece, 0]
        for i in range(len(d_bias)):
            d_bias[i] -= sums.slices[piece, 1 + i]
    for i in range(len(d_bias)):
        norm += d_bias[i] * d_bias[i]
    return norm


@compiled
def adam(theta, grad, first, second, pace):
    """Adam's step on flat arrays; ``pace`` as from ``pace_of``."""
    clip, rate, root = pace
    for i in range(len(theta)):
        g = grad[i] * clip
        m = first[i] + (g - first[i]) * (ONE - DECAY_1)
        v = second[i] * DECAY_2 + g * g * (ONE - DECAY_2)
        first[i] = m
        second[i] = v
        theta[i] -= rate * m / (np.sqrt(v) * root + SMALL)


@compiled
def _update(piece, learning, sums, pace, batch):
    """The step of one slice: parameters, unit rows, silence."""
    theta, grad, first, second, silent = learning
    a, b = sums.bounds[piece], sums.bounds[piece + 1]
    for part, slope, m, v in (
        (theta.encoder, grad.encoder, first.encoder, second.encoder),
        (theta.decoder, grad.decoder, first.decoder, second.decoder),
    ):
        adam(part[a:b].reshape(-1), slope[a:b].reshape(-1), m[a:b].reshape(-1), v[a:b].reshape(-1), pace)
    adam(theta.b_enc[a:b], grad.b_enc[a:b], first.b_enc[a:b], second.b_enc[a:b], pace)
    for j in range(a, b):
        square, row = ZERO, theta.decoder[j]
        for i in range(len(row)):
            square += row[i] * row[i]
        scale = ONE / np.sqrt(square)
        for i in range(len(row)):
            row[i] *= scale
        silent[j] += np.float32(batch)
        for lane in range(len(sums.fired)):
            silent[j] = ZERO if sums.fired[lane, j] else silent[j]


@compiled
def pace_of(norm, rate, t):
    """Clipping factor, step size and root of the second moment's correction at step ``t``."""
    clip = np.float32(min(1.0, CLIP_NORM / (math.sqrt(norm) + 1e-12)))
    step = np.float32(rate / (1.0 - BETA_1**t))
    return clip, step, np.float32(1.0 / math.sqrt(1.0 - BETA_2**t))


@compiled
def run_steps(thread, gate, lessons, rules, learning, sums, tile, losses):
    """All steps of ``lessons``, as one of ``rules.threads``; ``losses`` [steps] are those before each step.

    ``gate``: int64 [2], zeros, shared by the threads of one call.
    """
    steps, batch = lessons.order.shape
    features, width = learning.theta.encoder.shape
    lanes, threads = len(sums.errors), rules.threads
    dead_places = np.empty(features, dtype=np.int64)
    d_bias = np.empty(width, dtype=np.float32)
    for step in range(steps):
        is_dead = learning.silent > rules.dead_after
        n_dead = 0
        for j in range(features):
            if is_dead[j]:
                dead_places[n_dead] = j
                n_dead += 1
        for lane in range(thread, lanes, threads):
            rows = lessons.order[step, lane * LANE : min((lane + 1) * LANE, batch)]
            _lane(lane, rows, lessons, rules, learning.theta, dead_places[:n_dead], sums, tile)
        _wait(gate, threads)
        square, spread = _output_gradient(sums, batch, width, d_bias)
        weight = AUX_COEFFICIENT * min(1.0, n_dead / rules.aux_k)
        aux_factor = -2.0 * weight / spread if spread > 0 else 0.0
        factors = (np.float32(-2.0 / (batch * width)), np.float32(aux_factor))
        for piece in range(thread, SLICES, threads):
            _reduce(piece, learning, rules, sums, is_dead, factors)
        _wait(gate, threads)
        norm = _square_norm(sums, d_bias)
        pace = pace_of(norm, lessons.rates[step], rules.done + step + 1)
        for piece in range(thread, SLICES, threads):
            _update(piece, learning, sums, pace, batch)
        if thread == 0:
            theta, _, first, second, _ = learning
            adam(theta.b_dec, d_bias, first.b_dec, second.b_dec, pace)
            losses[step] = square / (batch * width)
        _wait(gate, threads)
