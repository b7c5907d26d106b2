"""The disposable process that opens one file (see ``quarantine``): give up every right, read, answer, end."""

from __future__ import annotations

import codecs
import ctypes
import json
import os
import re
import resource
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from safetensors.numpy import save as dump_safetensors

from policyscope.core import errors
from policyscope.core.policy_formats import open_policy, vec_normalize

CPU_SECONDS, WALL_SECONDS = 15, 20
EXTRA_MEMORY = 1 << 30
MEMORY_PER_BYTE = 6  # the file, its unpacked members, float32 copies, the answer
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CODECS = ("cp437", "latin-1", "ascii", "utf-8", "unicode_escape", "raw_unicode_escape")
_LINUX = sys.platform == "linux"

Result = tuple[Any, Mapping[str, np.ndarray]]


def serve(descriptor: int) -> None:
    """Fork a process for every pipe that comes in, until the server is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for name in _CODECS:
        codecs.lookup(name)  # imported on first use, which needs a file
    with socket.socket(fileno=descriptor) as control:
        while pipes := socket.recv_fds(control, 1, 1)[1]:
            if os.fork() == 0:
                control.close()
                _serve_one(Connection(pipes[0]))
            os.close(pipes[0])


def _serve_one(pipe: Connection) -> None:
    try:
        request = json.loads(pipe.recv_bytes())
        _give_up_rights(request["size"])
        for message in answer(request["reader"], pipe.recv_bytes(), request["filename"]):
            pipe.send_bytes(message)
    finally:
        os._exit(0)


def answer(reader: str, data: bytes, filename: str) -> tuple[bytes, bytes]:
    """A JSON document with the result or the error, and the arrays as safetensors."""
    try:
        described, arrays = READERS[reader](data, filename)
        whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        return json.dumps({"result": described}, allow_nan=False).encode(), dump_safetensors(whole)
    except errors.PolicyscopeError as error:
        told = error
    except MemoryError:
        told = errors.LimitExceeded(f"{filename}: reading this file needs more memory than a file may take.")
    except RecursionError:
        told = errors.LimitExceeded(f"{filename}: what this file describes is nested too deep to be read.")
    return json.dumps({"error": _as_json(told)}).encode(), b""


def _policy(data: bytes, filename: str) -> Result:
    spec, tensors = open_policy(data, filename)
    return spec.to_json(), tensors


def _normalisation(data: bytes, filename: str) -> Result:
    try:
        transform = vec_normalize.read(data)
    except errors.UnsupportedFile as error:
        raise errors.UnsupportedFile(f"{filename}: {error.message}") from error
    return {"observation": None if transform is None else asdict(transform)}, {}


READERS: Mapping[str, Callable[[bytes, str], Result]] = {
    "policy": _policy,
    "normalisation": _normalisation,
}


def _as_json(error: errors.PolicyscopeError) -> dict[str, Any]:
    return {
        "class": type(error).__name__ if type(error).__module__ == errors.__name__ else "UnsupportedFile",
        "code": error.code,
        "message": error.message,
        "fields": error.fields,
    }


def _give_up_rights(size: int) -> None:
    """No new files or sockets, no core dump, no growing file, bounded memory and time, no life of its own."""
    signal.alarm(WALL_SECONDS)
    limits = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_NOFILE, 0),
    ]
    if _LINUX:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        memory = _address_space() + EXTRA_MEMORY + MEMORY_PER_BYTE * size
        limits.insert(0, (resource.RLIMIT_AS, memory))
    for limit, value in limits:
        resource.setrlimit(limit, (value, value))


def _address_space() -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        found = re.search(r"VmSize:\s+(\d+) kB", status.read())
    return int(found[1]) * 1024 if found else 0
