"""Pickles that run code when a real unpickler opens them: each would leave the canary behind."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


class Call:
    """Pickles as a call of ``function(*arguments)``, whatever follows in ``rest``."""

    def __init__(self, function: Callable[..., Any], *arguments: Any, state: Any = None) -> None:
        self.reduced = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self.reduced


def python_calls(canary: Path) -> Iterator[tuple[str, Any]]:
    """Objects that pickle to a call of something in the standard library, numpy or torch."""
    import functools
    import operator
    import os
    import runpy
    import subprocess

    import numpy as np
    import torch

    touch, source = f"touch {canary}", f"open({str(canary)!r}, 'w').close()"
    yield "os.system", Call(os.system, touch)
    yield "subprocess", Call(subprocess.Popen, ["touch", str(canary)])
    yield "check_output", Call(subprocess.check_output, ["touch", str(canary)])
    yield "exec", Call(exec, source)
    yield "eval", Call(eval, source)
    yield "open", Call(open, str(canary), "w")
    yield "write_text", Call(Path.write_text, canary, "x")
    yield "partial", Call(functools.partial, os.system, state=(os.system, (touch,), {}, {}))
    yield "methodcaller", Call(operator.methodcaller("write_text", "x"), canary)
    yield "run_path", Call(runpy.run_path, str(canary.with_suffix(".py")))
    yield "map", Call(list, Call(map, os.system, [touch]))
    yield "torch.load", Call(torch.load, str(canary.with_suffix(".pt")))
    yield "numpy.load", Call(np.load, str(canary.with_suffix(".npy")), None, True)
    yield "memmap", Call(np.memmap, str(canary), np.uint8, "w+", 0, (8,))


def opcode_pickles(canary: Path) -> Iterator[tuple[str, bytes]]:
    """Written by hand with opcodes that ``pickle.dumps`` does not use."""
    touch = f"touch {canary}"
    text = touch.encode()
    yield "INST", b"(S'" + text + b"'\nios\nsystem\n."
    yield "OBJ", b"(cos\nsystem\nS'" + text + b"'\no."
    yield "GLOBAL REDUCE", b"cos\nsystem\n(S'" + text + b"'\ntR."
    yield "NEWOBJ", b"\x80\x02cposix\nsystem\nS'" + text + b"'\n\x85\x81."
    yield "STACK_GLOBAL", b"\x80\x04\x8c\x05posix\x8c\x06system\x93" + _short(touch) + b"\x85R."
    yield "nested name", b"\x80\x04\x8c\x08builtins\x8c\x0dexec.__call__\x93" + _short("1") + b"\x85R."
    yield "BUILD", b"cos\nsystem\n(S'" + text + b"'\ntb."
    yield "EXT1", b"\x80\x02\x82\x01."
    yield "PERSID", b"P" + text + b"\n."
    yield (
        "memo of a call",
        b"\x80\x02cos\nsystem\nq\x00h\x00X" + struct.pack("<I", len(text)) + text + b"\x85R.",
    )
    yield "BUFFER", b"\x80\x05\x97."
    yield "after STOP", b"\x80\x02}." + b"cos\nsystem\n(S'" + text + b"'\ntR."


def _short(text: str) -> bytes:
    return (
        b"\x8c" + bytes([len(text)]) + text.encode()
        if len(text) < 256
        else b"X" + struct.pack("<I", len(text)) + text.encode()
    )


def pickles(canary: Path) -> Iterator[tuple[str, bytes]]:
    """All of them as bytes."""
    for protocol, (name, item) in enumerate(python_calls(canary)):
        yield name, pickle.dumps({"net.0.weight": item}, protocol % 6)
    yield from opcode_pickles(canary)
