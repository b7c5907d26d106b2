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

from policyscope.core.sae_sparse import gather, latent_gradient, residual
from policyscope.core.sae_step import AUX_COEFFICIENT, BETA_1, BETA_2, CLIP_NORM, EPSILON
from policyscope.core.sae_tile import (
    ONE,
    TILES,
    ZERO,
    by_latent,
    compiled,
    encode,
    enlist,
    limits,
    zeros,
)
from policyscope.core.sae_vectors import TILE, fetch, fetch_add, peek

LANE = TILES * TILE
SLICES = 8
SPINS = 10_000
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


class Active(NamedTuple):
    """Rows of a batch in which a latent is active, by lane and latent, and what they leave unexplained."""

    starts: Any  # int32 [lanes, F + 1]: those of latent j lie at starts[j] : starts[j + 1]
    rows: Any  # int32 [lanes, LANE * most]
    values: Any  # [lanes, LANE * most]
    error: Any  # [B, d]


class Batch(NamedTuple):
    """What is known of a batch, and where lanes and slices add up."""

    centred: Any  # [B, d]
    main: Active
    auxiliary: Active  # only of dead latents
    errors: Any  # float64 [lanes, 1 + d]: error squared, then error
    slices: Any  # [SLICES, 1 + d]: gradient squared, then b_enc' W
    bounds: Any  # [SLICES + 1]: latents of the slices


def new_batch(lanes: int, features: int, width: int, k: int, aux_k: int) -> Batch:
    """Empty places for ``k`` and ``aux_k`` active latents in a row."""

    def active(most: int) -> Active:
        starts, rows = (
            np.zeros(shape, dtype=np.int32) for shape in ((lanes, features + 1), (lanes, LANE * most))
        )
        error = zeros((lanes * LANE, width))
        return Active(starts, rows, np.zeros(rows.shape, dtype=np.float32), error)

    bounds = np.linspace(0, features, SLICES + 1).astype(np.int64)
    slices, centred = (zeros(shape) for shape in ((SLICES, 1 + width), (lanes * LANE, width)))
    return Batch(centred, active(k), active(aux_k), np.zeros((lanes, 1 + width)), slices, bounds)


@compiled
def _wait(gate, threads):
    """Until all have come; ``gate`` counts those who have, and how often all have."""
    if threads == 1:
        return
    before = peek(gate, 1)
    if fetch_add(gate, 0, 1) == threads - 1:
        fetch_add(gate, 0, -threads)
        fetch_add(gate, 1, 1)
        return
    spins = 0
    while peek(gate, 1) == before:
        spins += 1
        if spins > SPINS:
            _yield()


@compiled
def _pack(dead, tile):
    for p in range(len(dead)):
        for r in range(TILE):
            tile.dead_values[p, r] = tile.values[dead[p], r]


@compiled
def _explain(matrices, which, values, k, tile, listed, where):
    """List the ``k`` largest ``values`` of each column and take what they decode to off ``x``; Σ error².

    ``which`` names the latents; ``matrices``: decoder, x and error [B, d]; ``where``: the tile's place in the
    lane, its first row in the batch and how many there are.
    """
    decoder, x, error = matrices
    place, first, rows = where
    flat = values.reshape(-1)
    limits(flat, len(which), k, tile.columns)
    enlist(which, flat, (tile.columns.high, tile.words, tile.folded), (place, rows), listed)
    lists, square = (listed.latents, listed.values, listed.how_many), ZERO
    for r in range(rows):
        square += residual(decoder, lists, (place * TILE + r, first + r), x, error)
    return square


@compiled
def _lane(lane, rows, lessons, rules, theta, dead, batch, tile):
    """List what is active in the rows of one lane, and its error; ``_reduce`` makes gradients of that."""
    main, auxiliary, errors, base = batch.main, batch.auxiliary, batch.errors[lane], lane * LANE
    tile.main.ends[:] = 0
    tile.auxiliary.ends[:] = 0
    errors[:] = 0.0
    for place in range(-(-len(rows) // TILE)):
        some = rows[place * TILE : (place + 1) * TILE]
        first = base + place * TILE
        for row in rows[(place + 1) * TILE : (place + 2) * TILE]:
            fetch(lessons.data, row)
        where = (place, first, len(some))
        gather(lessons.data, some, theta.b_dec, tile.beside, batch.centred, first)
        encode(theta.encoder, theta.b_enc, tile.beside, tile.values, len(some))
        matrices = (theta.decoder, batch.centred, main.error)
        errors[0] += _explain(matrices, tile.everyone, tile.values, rules.k, tile, tile.main, where)
        _add_rows(main.error[first : first + len(some)], tile.total, errors)
        if len(dead) > 0:
            _pack(dead, tile)
            matrices = (theta.decoder, main.error, auxiliary.error)
            most = min(rules.aux_k, len(dead))
            _explain(matrices, dead, tile.dead_values, most, tile, tile.auxiliary, where)
    by_latent(tile.main, len(rows), base, (main.starts[lane], main.rows[lane], main.values[lane]))
    if len(dead) > 0:
        to = (auxiliary.starts[lane], auxiliary.rows[lane], auxiliary.values[lane])
        by_latent(tile.auxiliary, len(rows), base, to)


@compiled
def _add_rows(rows, total, errors):
    total[:] = ZERO
    for r in range(len(rows)):
        row = rows[r]
        for i in range(len(total)):
            total[i] += row[i]
    for i in range(len(total)):
        errors[1 + i] += total[i]


@compiled
def evaluate(thread, threads, data, k, theta, tile, found):
    """``found`` [tiles, 2] of every ``threads``-th tile of ``data``: Σ error², number of active latents."""
    centred, error = np.empty((2, TILE, data.shape[1]), dtype=np.float32)
    rows = np.arange(TILE)
    for place in range(thread, len(found), threads):
        first = place * TILE
        some = first + rows[: min(TILE, len(data) - first)]
        gather(data, some, theta.b_dec, tile.beside, centred, 0)
        encode(theta.encoder, theta.b_enc, tile.beside, tile.values, len(some))
        matrices, where = (theta.decoder, centred, error), (0, 0, len(some))
        square = _explain(matrices, tile.everyone, tile.values, k, tile, tile.main, where)
        found[place, 0], found[place, 1] = square, tile.main.how_many[: len(some)].sum()


@compiled
def _reduce(piece, learning, rules, batch, is_dead, factors):
    """Gradients of the latents of one slice, projected off the decoder rows."""
    theta, grad = learning.theta, learning.grad
    main_factor, aux_factor = factors
    width = theta.encoder.shape[1]
    partial = batch.slices[piece]
    partial[:] = ZERO
    for j in range(batch.bounds[piece], batch.bounds[piece + 1]):
        enc, dec, row = grad.encoder[j], grad.decoder[j], theta.decoder[j]
        enc[:] = ZERO
        dec[:] = ZERO
        bias = _add_active(j, batch.main, batch.centred, main_factor, theta.decoder, grad)
        if is_dead[j]:
            bias += _add_active(j, batch.auxiliary, batch.centred, aux_factor, theta.decoder, grad)
        parallel, square = ZERO, bias * bias
        for i in range(width):
            parallel += dec[i] * row[i]
        for i in range(width):
            dec[i] = ZERO if rules.frozen else dec[i] - parallel * row[i]
            square += dec[i] * dec[i] + enc[i] * enc[i]
            partial[1 + i] += bias * theta.encoder[j, i]
        grad.b_enc[j] = bias
        partial[0] += square


@compiled
def _add_active(j, active, centred, factor, decoder, grad):
    """Add to the gradients of latent ``j`` what the rows give in which it is active; that of its bias."""
    weights = (decoder, grad.encoder, grad.decoder)
    sources = (active.rows, active.values, active.error, centred)
    bias = ZERO
    for lane in range(len(active.starts)):
        where = (j, lane, active.starts[lane, j], active.starts[lane, j + 1])
        bias += latent_gradient(weights, sources, where, factor)
    return bias


@compiled
def _output_gradient(batch, rows, width, d_bias):
    """Σ error² and its part that is not the mean's; ``d_bias`` [d] begins as the gradient of the output."""
    square = 0.0
    for lane in range(len(batch.errors)):
        square += batch.errors[lane, 0]
    spread = square
    for i in range(width):
        total = 0.0
        for lane in range(len(batch.errors)):
            total += batch.errors[lane, 1 + i]
        spread -= total * total / rows
        d_bias[i] = np.float32(total * (-2.0 / (rows * width)))
    return square, spread


@compiled
def _square_norm(batch, d_bias):
    """Of the whole gradient, once ``d_bias`` has what reaches it through the encoder."""
    norm = 0.0
    for piece in range(SLICES):
        norm += batch.slices[piece, 0]
        for i in range(len(d_bias)):
            d_bias[i] -= batch.slices[piece, 1 + i]
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
def update_latents(a, b, theta, grad, first, second, pace):
    """Adam's step of latents ``a`` to ``b``, and decoder rows of norm 1 again."""
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


@compiled
def _update(piece, learning, batch, pace, rows):
    """The step of one slice: parameters, unit rows, silence."""
    theta, grad, first, second, silent = learning
    a, b = batch.bounds[piece], batch.bounds[piece + 1]
    update_latents(a, b, theta, grad, first, second, pace)
    for j in range(a, b):
        silent[j] += np.float32(rows)
        for starts in batch.main.starts:
            silent[j] = ZERO if starts[j + 1] > starts[j] else silent[j]


@compiled
def pace_of(norm, rate, t):
    """Clipping factor, step size and root of the second moment's correction at step ``t``."""
    clip = np.float32(min(1.0, CLIP_NORM / (math.sqrt(norm) + 1e-12)))
    step = np.float32(rate / (1.0 - BETA_1**t))
    return clip, step, np.float32(1.0 / math.sqrt(1.0 - BETA_2**t))


@compiled
def run_steps(thread, gate, lessons, rules, learning, batch, tile, losses):
    """All steps of ``lessons``, as one of ``rules.threads``; ``losses`` [steps] are those before each step.

    ``gate``: int64 [2], zeros, shared by the threads of one call.
    """
    steps, size = lessons.order.shape
    features, width = learning.theta.encoder.shape
    lanes, threads = len(batch.errors), rules.threads
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
            rows = lessons.order[step, lane * LANE : min((lane + 1) * LANE, size)]
            _lane(lane, rows, lessons, rules, learning.theta, dead_places[:n_dead], batch, tile)
        if step + 1 < steps and thread < lanes:
            for row in lessons.order[step + 1, thread * LANE : min(thread * LANE + TILE, size)]:
                fetch(lessons.data, row)
        _wait(gate, threads)
        square, spread = _output_gradient(batch, size, width, d_bias)
        weight = AUX_COEFFICIENT * min(1.0, n_dead / rules.aux_k)
        aux_factor = -2.0 * weight / spread if spread > 0 else 0.0
        factors = (np.float32(-2.0 / (size * width)), np.float32(aux_factor))
        for piece in range(thread, SLICES, threads):
            _reduce(piece, learning, rules, batch, is_dead, factors)
        _wait(gate, threads)
        norm = _square_norm(batch, d_bias)
        pace = pace_of(norm, lessons.rates[step], rules.done + step + 1)
        for piece in range(thread, SLICES, threads):
            _update(piece, learning, batch, pace, size)
        if thread == 0:
            theta, _, first, second, _ = learning
            adam(theta.b_dec, d_bias, first.b_dec, second.b_dec, pace)
            losses[step] = square / (size * width)
        _wait(gate, threads)
