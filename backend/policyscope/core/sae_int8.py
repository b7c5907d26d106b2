"""Products of a wide encoder in int8, which name the candidates of a row; float32 decides among them.

Rows are quantised by their own largest entry. Four products of bytes and their sum are one instruction where
a processor has it, twice as many at a time as in bfloat16, and the results are used where they arise: a
matrix [F, B] of them is never written. What 8 bits confuse shows in the candidates themselves: see
``sae_wide_kernel.explain``.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
from llvmlite import ir
from numba.core import cgutils, codegen, config, types

from policyscope.core.sae_sparse import Emitter, written_by
from policyscope.core.sae_tile import ZERO, compiled, zeros
from policyscope.core.sae_vectors import TILE, intrinsic


def lanes_of(features: str) -> int:
    """Sums of four that one instruction of a processor with such features adds to; 0 where none does."""
    named = features.split(",")
    return 16 if "+avx512vnni" in named else 8 if "+avxvnni" in named else 0


def _told() -> str:
    """Features of the processor that Numba compiles for."""
    told = cast(Any, config).CPU_FEATURES  # which it sets by name
    return codegen.get_host_cpu_features() if told is None else told


LANES = lanes_of(_told())
SUPPORTED = LANES > 0
GROUP = 12 if LANES == 16 else 3
"""Latents that are computed at once: their sums stay in registers, of which there are 32 or 16."""
PIECES = TILE // max(LANES, 1)
QUAD = 4
"""Bytes that one instruction multiplies and adds up."""
LARGEST, LEAST = np.float32(127.0), np.float32(1e-30)
MIDDLE = 128
"""Added to the entries of rows, which must not be negative."""

_number, _whole = ir.IntType(64), ir.VectorType(ir.IntType(32), max(LANES, 1))


class Packed(NamedTuple):
    """An encoder [F, d] in bytes."""

    words: Any  # int32 [groups, quads, GROUP]: four entries each of neighbouring latents
    factors: Any  # [groups * GROUP]: what a unit of each latent's row is worth
    offsets: Any  # int32 [groups * GROUP]: takes MIDDLE out of the sums again
    biases: Any  # [groups * GROUP]


def new_packed(features: int, width: int) -> Packed:
    groups, quads = -(-features // GROUP), -(-width // QUAD)
    padded = groups * GROUP
    return Packed(
        zeros((groups, quads, GROUP), np.int32), zeros(padded), zeros(padded, np.int32), zeros(padded)
    )


class Bytes(NamedTuple):
    """Scratch of one thread."""

    words: Any  # int32 [quads, 32]: four entries each of 32 rows
    factors: Any  # [32]: what a unit of each row is worth
    row: Any  # int8 [4 * quads]
    row_words: Any  # int32 [quads]: the same memory


def new_bytes(width: int) -> Bytes:
    quads = -(-width // QUAD)
    row = zeros(quads * QUAD, np.int8)
    return Bytes(zeros((quads, TILE), np.int32), zeros(TILE), row, row.view(np.int32))


@compiled
def _rounded(source, row):
    """``source`` in units of which its largest entry has 127, into the bytes ``row``; returns the unit."""
    largest = ZERO
    for i in range(len(source)):
        size = abs(source[i])
        largest = size if size > largest else largest
    scale = LARGEST / largest if largest > LEAST else ZERO
    for i in range(len(source)):
        row[i] = np.int8(np.rint(source[i] * scale))
    return largest / LARGEST


@compiled
def pack(first, last, encoder, b_enc, packed, scratch):
    """Groups ``first`` to ``last`` of the encoder [F, d] into ``packed``."""
    features, quads = len(encoder), packed.words.shape[1]
    for group in range(first, last):
        for lane in range(GROUP):
            j = group * GROUP + lane
            if j >= features:
                continue
            packed.factors[j] = _rounded(encoder[j], scratch.row)
            total = np.int32(0)
            for i in range(len(scratch.row)):
                total += np.int32(scratch.row[i])
            packed.offsets[j] = np.int32(-MIDDLE) * total
            packed.biases[j] = b_enc[j]
            for q in range(quads):
                packed.words[group, q, lane] = scratch.row_words[q]


@compiled
def lay(centred, rows, scratch):
    """``rows`` of ``centred`` side by side in bytes of 0 to 255, and zeros beside them."""
    scratch.factors[:] = ZERO
    for r in range(len(rows)):
        scratch.factors[r] = _rounded(centred[rows[r]], scratch.row)
        for q in range(len(scratch.row_words)):
            scratch.words[q, r] = scratch.row_words[q] ^ np.int32(-2139062144)  # 0x80808080: + MIDDLE


@intrinsic
def products(typing_context: Any, packed: Any, group: Any, rows: Any, high: Any, out: Any) -> Any:
    """``GROUP`` rows of ``out`` [F, 32]: ReLU of the products of ``rows`` with the ``group`` of ``packed``.

    ``high`` [32] becomes what is largest so far.
    """

    def body(emit: Emitter) -> None:
        first = emit.builder.mul(emit.arguments[1], _number(GROUP))
        latents = [emit.builder.add(first, _number(j)) for j in range(GROUP)]
        sums = [
            [cgutils.alloca_once_value(emit.builder, begin) for _ in range(PIECES)]
            for begin in (emit.splat(_item(emit, emit.array(0, 2), j)) for j in latents)
        ]
        _add_products(emit, sums)
        _put_results(emit, latents, sums)

    return written_by(body, types.void, packed, types.intp, rows, high, out, wide=LANES)


def _add_products(emit: Emitter, sums: list[list[Any]]) -> None:
    words, beside, b = emit.array(0, 0), emit.array(2, 0), emit.builder
    kind = ir.FunctionType(_whole, [_whole] * 3)
    dot = cgutils.get_or_insert_function(b.module, kind, f"llvm.x86.avx512.vpdpbusd.{32 * LANES}")
    with cgutils.for_range(b, b.extract_value(beside.shape, 0)) as loop:
        rows = _pieces(emit, _whole, beside, loop.index)
        for j, of_latent in enumerate(sums):
            w = emit.splat(_item(emit, words, emit.arguments[1], loop.index, _number(j)))
            for x, total in zip(rows, of_latent, strict=True):
                b.store(b.call(dot, [b.load(total), x, w]), total)


def _put_results(emit: Emitter, latents: list[Any], sums: list[list[Any]]) -> None:
    b, high, out = emit.builder, emit.array(3), emit.array(4)
    kind = ir.FunctionType(emit.vector, [emit.vector] * 2)
    larger = cgutils.get_or_insert_function(b.module, kind, f"llvm.maxnum.v{LANES}f32")
    units, tops = _pieces(emit, emit.vector, emit.array(2, 1)), _pieces(emit, emit.vector, high)
    for j, of_latent in zip(latents, sums, strict=True):
        factor, bias = (emit.splat(_item(emit, emit.array(0, i), j)) for i in (1, 3))
        for p, total in enumerate(of_latent):
            value = b.fmul(b.fmul(b.sitofp(b.load(total), emit.vector), factor), units[p])
            value = b.call(larger, [b.fadd(value, bias), emit.vector(None)])
            tops[p] = b.call(larger, [tops[p], value])
            b.store(value, _place(emit, emit.vector, out, p, j), align=4)
    for p, top in enumerate(tops):
        b.store(top, _place(emit, emit.vector, high, p), align=4)


def _item(emit: Emitter, array: Any, *places: Any) -> Any:
    return emit.builder.load(emit.at(array, *places))


def _pieces(emit: Emitter, kind: Any, array: Any, *row: Any) -> list[Any]:
    """The 32 numbers of a row, in vectors."""
    return [emit.builder.load(_place(emit, kind, array, p, *row), align=4) for p in range(PIECES)]


def _place(emit: Emitter, kind: Any, array: Any, piece: int, *row: Any) -> Any:
    return emit.builder.bitcast(emit.at(array, *row, _number(piece * LANES)), kind.as_pointer())
