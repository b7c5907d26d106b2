"""A pickle read as a description: nothing in it is imported, called or constructed.

A pickle is a small program. Here its instructions only build plain values: containers, numbers, text, arrays
(see ``inert_values``), and for every other class an ``Inert`` that keeps name, arguments and state and does
nothing. Whole pickled modules, TorchScript, VecNormalize and RLlib files are read this way.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from policyscope.core import inert_values
from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.inert_values import ArrayState, Budget, Inert, Name, TensorDict

__all__ = ["Inert", "Name", "read_pickle"]

MAX_INSTRUCTIONS = 250_000
MAX_BITS = 512
_VALUES = {
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING",
    "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINUNICODE",
    "BINBYTES", "BINBYTES8", "SHORT_BINBYTES", "BYTEARRAY8",
}  # fmt: skip
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_IGNORED = {"PROTO", "FRAME", "STOP", "READONLY_BUFFER"}
_MARK = object()

Storage = Callable[[Any], Any]
"""From a persistent id (how torch names the numbers of a tensor) to the numbers."""


def read_pickle(stream: io.BytesIO, budget: Budget, storage: Storage | None = None) -> object:
    """The value that the pickle at the stream's position describes; the stream is left after it.

    Mappings are TensorDict, sets are lists, bytearrays are bytes. Raises UnsupportedFile when it is not a
    pickle, LimitExceeded when it describes more than ``budget`` or takes too many instructions.
    """
    machine = _Machine(budget, storage)
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if count > MAX_INSTRUCTIONS:
                raise LimitExceeded(f"The pickle has more than {MAX_INSTRUCTIONS:,} instructions.")
            machine.step(opcode.name, argument)
        return machine.stack.pop()
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UnsupportedFile(
            f"The pickle in this file is damaged: {str(error)[:200] or 'it ends early'}."
        ) from error


@dataclass
class _Machine:
    budget: Budget
    storage: Storage | None
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def step(self, opcode: str, argument: Any) -> None:
        if opcode in _VALUES:
            self.stack.append(_value(argument))
        elif opcode in _CONSTANTS:
            self.stack.append(_CONSTANTS[opcode])
        elif opcode not in _IGNORED:
            handler = _HANDLERS.get(opcode)
            if handler is None:
                raise UnsupportedFile(f"The pickle uses the instruction {opcode}, which is not read here.")
            handler(self, argument)

    def marked(self) -> list[Any]:
        """What lies above the last mark, which is removed with it."""
        for position in range(len(self.stack) - 1, -1, -1):
            if self.stack[position] is _MARK:
                taken = self.stack[position + 1 :]
                del self.stack[position:]
                return taken
        raise ValueError("a mark is missing")

    def memoize(self, key: int) -> None:
        top = self.stack[-1]
        if isinstance(top, ArrayState):
            top.memo_keys.append(key)
        self.memo[key] = top

    def reduce(self, keyword: object = None) -> None:
        arguments, what = self.stack.pop(), self.stack.pop()
        if isinstance(arguments, list):
            self.budget.copied(arguments)
        self.construct(what, tuple(arguments) if isinstance(arguments, list | tuple) else ())

    def construct(self, what: object, arguments: tuple[Any, ...]) -> None:
        name = what.name if isinstance(what, Name) else type(what).__name__
        self.stack.append(inert_values.construct(name, arguments, self.budget))

    def build(self, _: object) -> None:
        state, target = self.stack.pop(), self.stack.pop()
        built = inert_values.build(target, state, self.budget)
        if isinstance(target, ArrayState):
            for key in target.memo_keys:
                self.memo[key] = built
            target.memo_keys.clear()
        self.stack.append(built)

    def persistent(self, identity: object) -> None:
        if self.storage is None:
            raise UnsupportedFile("The pickle refers to data outside of itself.")
        self.stack.append(self.storage(identity))

    def set_items(self, pairs: list[Any]) -> None:
        target = self.stack[-1]
        mapping = target.mapping if isinstance(target, Inert) else target
        if not isinstance(mapping, dict) or len(pairs) % 2:
            raise ValueError("entries are set on something that is not a mapping")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            mapping[self.budget.key(key)] = value

    def extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        sequence = target.items if isinstance(target, Inert) else target
        if not isinstance(sequence, list):
            raise ValueError("items are added to something that is not a list")
        sequence.extend(items)

    def instance(self, name: str) -> None:
        arguments = tuple(self.marked())
        self.construct(Name(inert_values.plain_name(name)), arguments)

    def named_on_stack(self, _: object) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise ValueError("the name of a class is not text")
        self.stack.append(Name(inert_values.plain_name(f"{module} {name}")))

    def old_object(self, _: object) -> None:
        what, *arguments = self.marked()
        self.construct(what, tuple(arguments))

    def with_keywords(self, _: object) -> None:
        self.stack.pop()
        self.reduce()

    def tuple_of(self, count: int) -> None:
        items = tuple(self.stack[len(self.stack) - count :])
        if len(items) != count or any(item is _MARK for item in items):
            raise ValueError("a tuple lacks items")
        del self.stack[len(self.stack) - count :]
        self.stack.append(items)

    def set_one(self, _: object) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.set_items([key, value])

    def append_one(self, _: object) -> None:
        item = self.stack.pop()
        self.extend([item])

    def dict_of_marked(self, _: object) -> None:
        pairs = self.marked()
        self.stack.append(TensorDict())
        self.set_items(pairs)


def _value(argument: Any) -> Any:
    """The argument of an instruction. What could not be printed or written again is refused with ValueError:
    numbers larger than any file has, and text with halves of characters."""
    if isinstance(argument, int) and argument.bit_length() > MAX_BITS:
        raise ValueError(f"a number of {argument.bit_length():,} bits")
    if isinstance(argument, str) and not argument.isascii():
        argument.encode()
    return bytes(argument) if isinstance(argument, bytearray) else argument


_HANDLERS: dict[str, Callable[[_Machine, Any], object]] = {
    "MARK": lambda m, _: m.stack.append(_MARK),
    "POP": lambda m, _: m.stack.pop(),
    "POP_MARK": lambda m, _: m.marked(),
    "DUP": lambda m, _: m.stack.append(m.stack[-1]),
    "EMPTY_TUPLE": lambda m, _: m.stack.append(()),
    "EMPTY_LIST": lambda m, _: m.stack.append([]),
    "EMPTY_SET": lambda m, _: m.stack.append([]),
    "EMPTY_DICT": lambda m, _: m.stack.append(TensorDict()),
    "LIST": lambda m, _: m.stack.append(m.marked()),
    "FROZENSET": lambda m, _: m.stack.append(m.marked()),
    "TUPLE": lambda m, _: m.stack.append(tuple(m.marked())),
    "TUPLE1": lambda m, _: m.tuple_of(1),
    "TUPLE2": lambda m, _: m.tuple_of(2),
    "TUPLE3": lambda m, _: m.tuple_of(3),
    "DICT": _Machine.dict_of_marked,
    "APPEND": _Machine.append_one,
    "APPENDS": lambda m, _: m.extend(m.marked()),
    "ADDITEMS": lambda m, _: m.extend(m.marked()),
    "SETITEM": _Machine.set_one,
    "SETITEMS": lambda m, _: m.set_items(m.marked()),
    "GLOBAL": lambda m, name: m.stack.append(Name(inert_values.plain_name(name))),
    "STACK_GLOBAL": _Machine.named_on_stack,
    "INST": _Machine.instance,
    "OBJ": _Machine.old_object,
    "REDUCE": _Machine.reduce,
    "NEWOBJ": _Machine.reduce,
    "NEWOBJ_EX": _Machine.with_keywords,
    "BUILD": _Machine.build,
    "PERSID": _Machine.persistent,
    "BINPERSID": lambda m, _: m.persistent(m.stack.pop()),
    "MEMOIZE": lambda m, _: m.memoize(len(m.memo)),
    "PUT": _Machine.memoize,
    "BINPUT": _Machine.memoize,
    "LONG_BINPUT": _Machine.memoize,
    "GET": lambda m, key: m.stack.append(m.memo[key]),
    "BINGET": lambda m, key: m.stack.append(m.memo[key]),
    "LONG_BINGET": lambda m, key: m.stack.append(m.memo[key]),
}  # EXT1/2/4 (a registry) and NEXT_BUFFER (data elsewhere) are refused
