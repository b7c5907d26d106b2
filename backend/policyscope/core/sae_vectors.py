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

intrinsic: Any = _intrinsic  # its stub does not know that the typing context is not passed


@intrinsic
def fetch_add(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """Atomic ``array[index] += value`` of an int64 array; returns what was there before."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.atomic_rmw("add", builder.gep(data, [arguments[1]]), arguments[2], "seq_cst")

    return types.int64(array, types.intp, types.int64), generate


@intrinsic
def products(typing_context: Any, weights: Any, first: Any, beside: Any, out: Any) -> Any:
    """Four rows of ``out`` [F, 32], from ``first`` on, of ``weights`` [F, d] @ ``beside`` [d, 32]."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        w, x, y = (context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 2, 3))
        number, real = ir.IntType(64), ir.FloatType()
        vector = ir.VectorType(real, TILE // 2)
        width = builder.extract_value(x.shape, 0)
        rows = [builder.mul(builder.add(arguments[1], number(r)), width) for r in range(BLOCK)]
        kind = ir.FunctionType(vector, [vector] * 3)
        fma = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{TILE // 2}f32")
        sums = [cgutils.alloca_once(builder, vector) for _ in range(2 * BLOCK)]
        for total in sums:
            builder.store(vector(None), total)
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
                weight = builder.load(builder.gep(w.data, [builder.add(row, loop.index)]))
                one = builder.insert_element(ir.Constant(vector, ir.Undefined), weight, ir.IntType(32)(0))
                mask = ir.Constant(ir.VectorType(ir.IntType(32), TILE // 2), None)
                wide = builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), mask)
                for h in range(2):
                    total = sums[2 * r + h]
                    builder.store(builder.call(fma, [wide, halves[h], builder.load(total)]), total)
        for r in range(BLOCK):
            start = builder.mul(builder.add(arguments[1], number(r)), number(TILE))
            for h in range(2):
                to = builder.gep(y.data, [builder.add(start, number(h * TILE // 2))])
                builder.store(
                    builder.load(sums[2 * r + h]), builder.bitcast(to, vector.as_pointer()), align=4
                )
        return context.get_dummy_value()

    return types.void(weights, types.intp, beside, out), generate


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
    """Index of the lowest set bit of a uint32 that is not 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.zext(
            builder.cttz(arguments[0], context.get_constant(types.boolean, True)),
            context.get_value_type(types.intp),
        )

    return types.intp(types.uint32), generate
