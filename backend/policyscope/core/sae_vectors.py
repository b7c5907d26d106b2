"""Operations that compiled training writes as machine vectors and atomics.

A loop over memory does not keep its sums in registers and does not turn 32 comparisons into 32 bits; these
do, on any processor: what it cannot do at once is cut into pieces by the compiler.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic as _intrinsic

TILE = 32
BLOCK = 4
"""Rows that ``products`` computes at once."""
SIDE = 16
"""Numbers of 32 bits in a line of the cache, and in the widest vectors."""

intrinsic: Any = _intrinsic  # its stub does not know that the typing context is not passed


@intrinsic
def fetch_add(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """Atomic ``array[index] += value`` of an int64 array; returns what was there before."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.atomic_rmw("add", builder.gep(data, [arguments[1]]), arguments[2], "seq_cst")

    return types.int64(array, types.intp, types.int64), generate


@intrinsic
def peek(typing_context: Any, array: Any, index: Any) -> Any:
    """``array[index]`` of an int64 array that other threads change."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.load_atomic(builder.gep(data, [arguments[1]]), "seq_cst", 8)

    return types.int64(array, types.intp), generate


@intrinsic
def products(typing_context: Any, weights: Any, bias: Any, first: Any, beside: Any, out: Any) -> Any:
    """Four rows of ``out`` [F, 32] from ``first`` on: ReLU(``weights`` @ ``beside`` + ``bias``)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        w, x, y = (context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 3, 4))
        b = context.make_array(signature.args[1])(context, builder, arguments[1])
        number, real = ir.IntType(64), ir.FloatType()
        vector = ir.VectorType(real, TILE // 2)
        width = builder.extract_value(x.shape, 0)
        rows = [builder.mul(builder.add(arguments[2], number(r)), width) for r in range(BLOCK)]
        kind = ir.FunctionType(vector, [vector] * 3)
        fma = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{TILE // 2}f32")
        sums = [cgutils.alloca_once(builder, vector) for _ in range(2 * BLOCK)]

        def spread(value: Any) -> Any:
            one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.IntType(32)(0))
            mask = ir.Constant(ir.VectorType(ir.IntType(32), TILE // 2), None)
            return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), mask)

        for r in range(2 * BLOCK):
            at = builder.add(arguments[2], number(r // 2))
            builder.store(spread(builder.load(builder.gep(b.data, [at]))), sums[r])
        with cgutils.for_range(builder, width) as loop:
            from_x = builder.gep(x.data, [builder.mul(loop.index, number(TILE))])
            halves = [
                builder.load(
                    builder.bitcast(builder.gep(from_x, [number(h * TILE // 2)]), vector.as_pointer()),
                    align=4,
                )
                for h in range(2)
            ]
            for r, row in enumerate(rows):
                wide = spread(builder.load(builder.gep(w.data, [builder.add(row, loop.index)])))
                for h in range(2):
                    total = sums[2 * r + h]
                    builder.store(builder.call(fma, [wide, halves[h], builder.load(total)]), total)
        for r in range(BLOCK):
            start = builder.mul(builder.add(arguments[2], number(r)), number(TILE))
            for h in range(2):
                to = builder.gep(y.data, [builder.add(start, number(h * TILE // 2))])
                total = builder.load(sums[2 * r + h])
                positive = builder.fcmp_ordered(">", total, vector(None))
                rectified = builder.select(positive, total, vector(None))
                builder.store(rectified, builder.bitcast(to, vector.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(weights, bias, types.intp, beside, out), generate


@intrinsic
def bits_above(typing_context: Any, values: Any, start: Any, limit: Any) -> Any:
    """One bit for each of 32 ``values`` from ``start`` on: whether it exceeds its ``limit`` [32]."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        v, t = (context.make_array(signature.args[i])(context, builder, arguments[i]).data for i in (0, 2))
        vector = ir.VectorType(ir.FloatType(), TILE)
        left, right = (
            builder.load(builder.bitcast(pointer, vector.as_pointer()), align=4)
            for pointer in (builder.gep(v, [arguments[1]]), t)
        )
        return builder.bitcast(builder.fcmp_ordered(">", left, right), ir.IntType(TILE))

    return types.uint32(values, types.intp, limit), generate


@intrinsic
def lowest(typing_context: Any, mask: Any) -> Any:
    """Index of the lowest set bit of a uint64; 64 when none is."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], context.get_constant(types.boolean, False))

    return types.intp(types.uint64), generate


@intrinsic
def how_many_bits(typing_context: Any, mask: Any) -> Any:
    """Set bits of a uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.intp(types.uint64), generate


@intrinsic
def transpose_bits(typing_context: Any, words: Any) -> Any:
    """Bit j of word i becomes bit i of word j in each column of ``words``, uint32 [32, 16 n]."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        number, index = ir.IntType(64), ir.IntType(32)
        vector = ir.VectorType(index, SIDE)
        columns = builder.extract_value(array.shape, 1)
        with cgutils.for_range(builder, builder.udiv(columns, number(SIDE))) as loop:
            first = builder.mul(loop.index, number(SIDE))
            places = [
                builder.bitcast(
                    builder.gep(array.data, [builder.add(first, builder.mul(columns, number(i)))]),
                    vector.as_pointer(),
                )
                for i in range(TILE)
            ]
            rows = [builder.load(place, align=4) for place in places]
            for distance, low in (
                (16, 0xFFFF),
                (8, 0xFF00FF),
                (4, 0xF0F0F0F),
                (2, 0x33333333),
                (1, 0x55555555),
            ):
                shift, mask = (ir.Constant(vector, [index(x)] * SIDE) for x in (distance, low))
                for i in (i for i in range(TILE) if not i & distance):
                    moved = builder.lshr(rows[i], shift)
                    change = builder.and_(builder.xor(moved, rows[i + distance]), mask)
                    rows[i + distance] = builder.xor(rows[i + distance], change)
                    rows[i] = builder.xor(rows[i], builder.shl(change, shift))
            for row, place in zip(rows, places, strict=True):
                builder.store(row, place, align=4)
        return context.get_dummy_value()

    return types.void(words), generate


@intrinsic
def fetch(typing_context: Any, data: Any, row: Any) -> Any:
    """Ask for a row of ``data`` [N, d] to be in the cache soon."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        number, index, width = ir.IntType(64), ir.IntType(32), builder.extract_value(array.shape, 1)
        start = builder.mul(arguments[1], width)
        with cgutils.for_range(
            builder, builder.udiv(builder.add(width, number(SIDE - 1)), number(SIDE))
        ) as loop:
            at = builder.add(start, builder.mul(loop.index, number(SIDE)))
            pointer = builder.gep(array.data, [at])
            kind = ir.FunctionType(ir.VoidType(), [pointer.type, index, index, index])
            name = "llvm.prefetch.p0"
            prefetch = cgutils.get_or_insert_function(builder.module, kind, name)
            builder.call(prefetch, [pointer, index(0), index(3), index(1)])
        return context.get_dummy_value()

    return types.void(data, types.intp), generate
