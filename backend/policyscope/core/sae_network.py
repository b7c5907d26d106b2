"""The k largest of each column by sorting networks: two numbers become their larger and smaller, 16 columns
at once and without a branch, which for small k takes a third of the time of counting."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types

from policyscope.core.sae_vectors import TILE, intrinsic

LARGEST_K = 16
_HALF = TILE // 2
_number, _vector = ir.IntType(64), ir.VectorType(ir.FloatType(), _HALF)

_BEST_OF_8 = (
    ((0, 2), (1, 3), (4, 6), (5, 7)),
    ((0, 4), (1, 5), (2, 6), (3, 7)),
    ((0, 1), (2, 3), (4, 5), (6, 7)),
    ((2, 4), (3, 5)),
    ((1, 4), (3, 6)),
    ((1, 2), (3, 4), (5, 6)),
)
"""Sorts eight with 19 comparisons, the fewest there can be."""


def _larger_and_smaller(builder: Any, a: Any, b: Any) -> tuple[Any, Any]:
    more = builder.fcmp_ordered(">", a, b)
    return builder.select(more, a, b), builder.select(more, b, a)


def _sort(builder: Any, values: list[Any]) -> list[Any]:
    """Falling, 8 or 16 of them."""
    if len(values) == 8:
        for i, j in (pair for layer in _BEST_OF_8 for pair in layer):
            values[i], values[j] = _larger_and_smaller(builder, values[i], values[j])
        return values
    half = len(values) // 2
    first, second = _sort(builder, values[:half]), _sort(builder, values[half:])
    return _sort_two_slopes(builder, [*first, *reversed(second)])


def _sort_two_slopes(builder: Any, values: list[Any]) -> list[Any]:
    """Falling, where they fall and then rise."""
    distance = len(values) // 2
    while distance:
        for i in range(len(values)):
            if not i & distance:
                values[i], values[i + distance] = _larger_and_smaller(
                    builder, values[i], values[i + distance]
                )
        distance //= 2
    return values


def _generate(size: int) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values, limit = (
            context.make_array(signature.args[i])(context, builder, arguments[i]).data for i in (0, 3)
        )
        n, k, zero = arguments[1], arguments[2], _vector(None)
        best = [cgutils.alloca_once(builder, _vector) for _ in range(size)]
        beyond = cgutils.alloca_once(builder, _vector)
        ranked = cgutils.alloca_once(builder, ir.ArrayType(_vector, size + 1))

        def load(column: int, row: Any) -> Any:
            last = builder.sub(n, _number(1))
            inside = builder.icmp_signed("<", row, n)
            place = builder.mul(builder.select(inside, row, last), _number(TILE))
            pointer = builder.gep(values, [builder.add(place, _number(column))])
            value = builder.load(builder.bitcast(pointer, _vector.as_pointer()), align=4)
            return builder.select(inside, value, zero)

        for column in (0, _HALF):
            for place in (*best, beyond):
                builder.store(zero, place)
            groups = builder.udiv(builder.add(n, _number(size - 1)), _number(size))
            with cgutils.for_range(builder, groups) as loop:
                first = builder.mul(loop.index, _number(size))
                fresh = _sort(builder, [load(column, builder.add(first, _number(i))) for i in range(size)])
                kept, most = [], builder.load(beyond)
                for place, other in zip(best, reversed(fresh), strict=True):
                    more, less = _larger_and_smaller(builder, builder.load(place), other)
                    kept.append(more)
                    most = _larger_and_smaller(builder, most, less)[0]
                builder.store(most, beyond)
                for place, value in zip(best, _sort_two_slopes(builder, kept), strict=True):
                    builder.store(value, place)
            for i, place in enumerate((*best, beyond)):
                builder.store(
                    builder.load(place), builder.gep(ranked, [_number(0), _number(i)], inbounds=True)
                )
            found = builder.load(builder.gep(ranked, [_number(0), k], inbounds=True))
            to = builder.gep(limit, [_number(column)])
            builder.store(found, builder.bitcast(to, _vector.as_pointer()), align=4)
        return context.get_dummy_value()

    return generate


@intrinsic
def next_of_8(typing_context: Any, values: Any, n: Any, k: Any, limit: Any) -> Any:
    """``limit`` [32]: the (k+1)-th largest of each column of the first ``n`` rows of ``values``; k <= 8.

    ``values`` >= 0 are flat [F, 32].
    """
    return types.void(values, types.intp, types.intp, limit), _generate(8)


@intrinsic
def next_of_16(typing_context: Any, values: Any, n: Any, k: Any, limit: Any) -> Any:
    """The same for k <= 16."""
    return types.void(values, types.intp, types.intp, limit), _generate(16)
