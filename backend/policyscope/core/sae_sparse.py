"""Work on rows of any width as machine vectors: what is computed stays in registers, the end is masked.

Rows are put side by side for encoding, and summed over the few active latents of a row or the few rows of a
latent. Rows are where ``row`` says in matrices [rows, d], latents in [F, d].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types

from policyscope.core.sae_vectors import SIDE, intrinsic

WIDE = 32
_number, _index, _real = ir.IntType(64), ir.IntType(32), ir.FloatType()


class Emitter:
    """Writes vector operations on pieces of rows, ``wide`` numbers at once."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any, wide: int) -> None:
        self.context, self.builder, self.signature, self.arguments = context, builder, signature, arguments
        self.wide = wide
        self.vector, self.mask = (ir.VectorType(kind, wide) for kind in (_real, ir.IntType(1)))

    def array(self, place: int, within: int | None = None) -> Any:
        """The array that is the argument of that place, or one in the tuple that is."""
        kind, value = self.signature.args[place], self.arguments[place]
        if within is not None:
            kind, value = kind.types[within], self.builder.extract_value(value, within)
        return self.context.make_array(kind)(self.context, self.builder, value)

    def numbers(self, place: int) -> list[Any]:
        """Those of the tuple that is the argument of that place, as 64 bits."""
        count = len(self.signature.args[place])
        found = [self.builder.extract_value(self.arguments[place], i) for i in range(count)]
        return [self.builder.sext(one, _number) if one.type == _index else one for one in found]

    def at(self, array: Any, *places: Any) -> Any:
        """Pointer to an element of a C-ordered array."""
        offset = places[0]
        for axis, place in enumerate(places[1:], start=1):
            offset = self.builder.add(
                self.builder.mul(offset, self.builder.extract_value(array.shape, axis)), place
            )
        return self.builder.gep(array.data, [offset])

    def item(self, array: Any, *places: Any) -> Any:
        """That element, integers as 64 bits."""
        value = self.builder.load(self.at(array, *places))
        return self.builder.sext(value, _number) if value.type == _index else value

    @contextmanager
    def pieces(self, width: Any) -> Iterator[tuple[Any, Any]]:
        """Code for each piece of a row: where it begins, and which of its numbers there are."""
        size = width.type(self.wide)
        count = self.builder.udiv(self.builder.add(width, width.type(self.wide - 1)), size)
        with cgutils.for_range(self.builder, count) as loop:
            first = self.builder.mul(loop.index, size)
            yield first, self.inside(width, first)

    def inside(self, width: Any, first: Any) -> Any:
        """Which numbers of the piece from ``first`` on there are."""
        left = self.builder.trunc(self.builder.sub(width, first), _index)
        places = ir.Constant(ir.VectorType(_index, self.wide), list(range(self.wide)))
        return self.builder.icmp_signed("<", places, self.splat(left))

    def splat(self, value: Any) -> Any:
        kind = ir.VectorType(value.type, self.wide)
        one = self.builder.insert_element(ir.Constant(kind, ir.Undefined), value, _index(0))
        zeros = ir.Constant(ir.VectorType(_index, self.wide), None)
        return self.builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)

    def load(self, pointer: Any, mask: Any) -> Any:
        """Numbers where there are any, else zeros."""
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        kind = ir.FunctionType(self.vector, [pointer.type, _index, self.mask, self.vector])
        load = cgutils.get_or_insert_function(
            self.builder.module, kind, f"llvm.masked.load.v{self.wide}f32.p0"
        )
        return self.builder.call(load, [pointer, _index(4), mask, self.vector(None)])

    def store(self, value: Any, pointer: Any, mask: Any) -> None:
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [self.vector, pointer.type, _index, self.mask])
        store = cgutils.get_or_insert_function(
            self.builder.module, kind, f"llvm.masked.store.v{self.wide}f32.p0"
        )
        self.builder.call(store, [value, pointer, _index(4), mask])

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        fma = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.fma.v{self.wide}f32")
        return self.builder.call(fma, [a, b, c])

    def total(self, value: Any) -> Any:
        """Sum of a vector, in whatever order is fastest: always the same one on one machine."""
        kind = ir.FunctionType(_real, [_real, self.vector])
        name = f"llvm.vector.reduce.fadd.v{self.wide}f32"
        reduce = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(reduce, [_real(0.0), value], fastmath=("reassoc", "nsz"))

    def sum_of(self) -> Any:
        """A vector that starts at zero and can be added to."""
        place = cgutils.alloca_once(self.builder, self.vector)
        self.builder.store(self.vector(None), place)
        return place

    def add(self, a: Any, b: Any, to: Any) -> None:
        self.builder.store(self.fma(a, b, self.builder.load(to)), to)


def written_by(body: Callable[[Emitter], Any], result: Any, *kinds: Any, wide: int = WIDE) -> Any:
    """What an intrinsic returns: its types, and the code that ``body`` writes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        found = body(Emitter(context, builder, signature, arguments, wide))
        return context.get_dummy_value() if found is None else found

    return result(*kinds), generate


@intrinsic
def gather(
    typing_context: Any, data: Any, rows: Any, b_dec: Any, beside: Any, centred: Any, first: Any
) -> Any:
    """``rows`` of ``data`` less ``b_dec``: ``centred`` [B, d] from ``first`` on, and turned, ``beside``.

    ``beside`` [d, 32]: where there are fewer rows the last one fills the tile. Squares of 16 x 16 are turned
    in registers: writing rows into columns number by number takes as long as multiplying by 40 latents.
    """

    def body(emit: Emitter) -> None:
        b, first = emit.builder, emit.arguments[5]
        source, order, bias, columns, to = (emit.array(i) for i in range(5))
        width, last = (b.extract_value(array.shape, 0) for array in (bias, order))
        last = b.sub(last, _number(1))
        for top in (0, SIDE):
            places = [
                b.select(b.icmp_signed("<", n, last), n, last) for n in map(_number, range(top, top + SIDE))
            ]
            found = [emit.item(order, place) for place in places]
            with emit.pieces(width) as (start, inside):
                middle, square = emit.load(emit.at(bias, start), inside), []
                for i, row in enumerate(found):
                    square.append(b.fsub(emit.load(emit.at(source, row, start), inside), middle))
                    place = emit.at(to, b.add(first, _number(top + i)), start)
                    emit.store(square[i], place, inside)
                left = b.sub(width, start)
                for i, column in enumerate(_turned(b, square)):
                    real = emit.splat(b.icmp_signed("<", _number(i), left))
                    emit.store(column, emit.at(columns, b.add(start, _number(i)), _number(top)), real)

    return written_by(body, types.void, data, rows, b_dec, beside, centred, types.intp, wide=SIDE)


def _turned(builder: Any, square: list[Any]) -> list[Any]:
    """Columns of 16 vectors of 16: blocks off the diagonal change places, ever smaller ones."""
    for distance in (8, 4, 2, 1):
        upper = [c if not c & distance else SIDE + c - distance for c in range(SIDE)]
        lower = [c + distance if not c & distance else SIDE + c for c in range(SIDE)]
        kind = ir.VectorType(_index, SIDE)
        for i in (i for i in range(SIDE) if not i & distance):
            a, b = square[i], square[i + distance]
            square[i] = builder.shuffle_vector(a, b, ir.Constant(kind, [_index(c) for c in upper]))
            square[i + distance] = builder.shuffle_vector(a, b, ir.Constant(kind, [_index(c) for c in lower]))
    return square


@intrinsic
def residual(typing_context: Any, decoder: Any, listed: Any, where: Any, x: Any, error: Any) -> Any:
    """A row of ``x`` [B, d] minus what its latents decode to, into that of ``error``; Σ of its squares.

    ``listed``: latents and values [lists, most], and how many there are. ``where``: which list, which row.
    """

    def body(emit: Emitter) -> Any:
        b, (place, row) = emit.builder, emit.numbers(2)
        chosen, z, how_many = (emit.array(1, i) for i in range(3))
        weights, rows, out = (emit.array(i) for i in (0, 3, 4))
        count, square = emit.item(how_many, place), emit.sum_of()
        with emit.pieces(b.extract_value(rows.shape, 1)) as (first, mask):
            left = cgutils.alloca_once(b, emit.vector)
            b.store(emit.load(emit.at(rows, row, first), mask), left)
            with cgutils.for_range(b, count) as loop:
                latent = emit.item(chosen, place, loop.index)
                minus = emit.splat(b.fneg(emit.item(z, place, loop.index)))
                emit.add(minus, emit.load(emit.at(weights, latent, first), mask), left)
            value = b.load(left)
            emit.store(value, emit.at(out, row, first), mask)
            emit.add(value, value, square)
        return emit.total(b.load(square))

    return written_by(body, types.float32, decoder, listed, where, x, error)


@intrinsic
def latent_gradient(typing_context: Any, weights: Any, active: Any, where: Any, factor: Any) -> Any:
    """Add ``factor`` times what rows give to the gradients of one latent; returns that of its bias.

    ``weights``: decoder rows and the two gradients [F, d]. ``active``: rows and values of the latents
    [lanes, …], error and centred rows [B, d]. ``where``: the latent, the lane, first and last place there.
    """

    def body(emit: Emitter) -> Any:
        b = emit.builder
        width = b.extract_value(emit.array(0, 0).shape, 1)
        bias = cgutils.alloca_once(b, _real)
        b.store(_real(0.0), bias)
        with b.if_else(b.icmp_signed("<=", width, width.type(WIDE))) as (narrow, wider):
            with narrow:
                _in_registers(emit, 1, width, bias)
            with wider, b.if_else(b.icmp_signed("<=", width, width.type(2 * WIDE))) as (double, any_width):
                with double:
                    _in_registers(emit, 2, width, bias)
                with any_width:
                    _in_memory(emit, width, bias)
        return b.fmul(b.load(bias), emit.arguments[3])

    return written_by(body, types.float32, weights, active, where, types.float32)


def _in_registers(emit: Emitter, pieces: int, width: Any, bias: Any) -> None:
    """Sums over the rows stay in registers, so only narrow latents have room."""
    b, (latent, lane, first, last) = emit.builder, emit.numbers(2)
    decoder, to_encoder, to_decoder = (emit.array(0, i) for i in range(3))
    rows, values, error, centred = (emit.array(1, i) for i in range(4))
    at = [(width.type(i * WIDE), emit.inside(width, width.type(i * WIDE))) for i in range(pieces)]
    direction = [emit.load(emit.at(decoder, latent, start), mask) for start, mask in at]
    for_encoder, for_decoder = ([emit.sum_of() for _ in at] for _ in range(2))
    with cgutils.for_range_slice(b, first, last, _number(1)) as (p, _):
        row, value = emit.item(rows, lane, p), emit.splat(emit.item(values, lane, p))
        left = [emit.load(emit.at(error, row, start), mask) for start, mask in at]
        product = b.fmul(left[0], direction[0])
        for e, w in zip(left[1:], direction[1:], strict=True):
            product = emit.fma(e, w, product)
        slope = emit.total(product)
        b.store(b.fadd(b.load(bias), slope), bias)
        for (start, mask), e, enc, dec in zip(at, left, for_encoder, for_decoder, strict=True):
            emit.add(value, e, dec)
            emit.add(emit.splat(slope), emit.load(emit.at(centred, row, start), mask), enc)
    factor = emit.splat(emit.arguments[3])
    for (start, mask), enc, dec in zip(at, for_encoder, for_decoder, strict=True):
        for array, total in ((to_encoder, enc), (to_decoder, dec)):
            place = emit.at(array, latent, start)
            emit.store(emit.fma(factor, b.load(total), emit.load(place, mask)), place, mask)


def _in_memory(emit: Emitter, width: Any, bias: Any) -> None:
    b, (latent, lane, first, last) = emit.builder, emit.numbers(2)
    decoder, to_encoder, to_decoder = (emit.array(0, i) for i in range(3))
    rows, values, error, centred = (emit.array(1, i) for i in range(4))
    with cgutils.for_range_slice(b, first, last, _number(1)) as (p, _):
        row, product = emit.item(rows, lane, p), emit.sum_of()
        with emit.pieces(width) as (start, mask):
            a = emit.load(emit.at(error, row, start), mask)
            emit.add(a, emit.load(emit.at(decoder, latent, start), mask), product)
        slope = emit.total(b.load(product))
        b.store(b.fadd(b.load(bias), slope), bias)
        factor = emit.arguments[3]
        shares = [emit.splat(b.fmul(x, factor)) for x in (slope, emit.item(values, lane, p))]
        with emit.pieces(width) as (start, mask):
            for share, source, to in zip(shares, (centred, error), (to_encoder, to_decoder), strict=True):
                place = emit.at(to, latent, start)
                more = emit.fma(share, emit.load(emit.at(source, row, start), mask), emit.load(place, mask))
                emit.store(more, place, mask)
