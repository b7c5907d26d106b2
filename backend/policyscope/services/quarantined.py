"""The disposable process that opens one file (see ``quarantine``): give up every right, read, answer, end."""

from __future__ import annotations

import codecs
import ctypes
import json
import mmap
import os
import re
import resource
import signal
import socket
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from safetensors.numpy import save as dump_safetensors

from policyscope.core import errors, safetensors_bytes
from policyscope.core.activations import read_episodes, read_tensor
from policyscope.core.buffers import Buffer
from policyscope.core.policy_formats import SUPPORTED, open_policy, vec_normalize
from policyscope.core.refusals import EXPECTED, explain
from policyscope.core.sae_formats import open_sae_files
from policyscope.core.torch_tensors import MAX_BYTES
from policyscope.core.unpacking import allowance
from policyscope.jobs.parent import die_with_parent
from policyscope.services import sending_rows
from policyscope.services.reading_process import BLOCK, extra_seconds

CPU_SECONDS, WALL_SECONDS = 15, 20
LEAST_CPU_SECONDS, BYTES_PER_SECOND = 1.0, 32 << 20  # a small file takes 0.01 s, 60 MiB take 0.1 to 0.9 s
EXTRA_MEMORY = 1 << 29
MEMORY_PER_BYTE = 6  # the file, its unpacked members, float32 copies, the answer
LARGEST_WHOLE = 512 << 20  # of a larger file only what can be read in place is
LONGEST_TRACEBACK, LONGEST_MESSAGE = 4000, 2000
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_CODECS = (
    *("cp437", "latin-1", "ascii", "unicode_escape", "raw_unicode_escape"),
    *(
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "utf-32-be",
    ),  # of JSON
)
_LINUX = sys.platform == "linux"

Files = Mapping[str, bytes]
Result = tuple[Any, Mapping[str, np.ndarray]]


def serve(descriptor: int) -> None:
    """Fork a process for every pair of pipes that comes in, until the server is gone."""
    warnings.simplefilter("ignore")  # a file would choose what is written to the log
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for name in _CODECS:
        codecs.lookup(name)  # imported on first use, which needs a file
    with socket.socket(fileno=descriptor) as control:
        while descriptors := socket.recv_fds(control, 1, 3)[1]:
            if os.fork() == 0:
                control.close()
                _watch_one(*descriptors)
            for number in descriptors:
                os.close(number)


def _watch_one(pipe: int, status: int, file: int | None = None) -> None:
    """Fork the process that reads, and say how it ended: only its parent knows.

    ``file`` is an open file to be read in place; otherwise files come through the pipe.
    """
    try:
        die_with_parent()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        reader = os.fork()
        if reader == 0:
            os.close(status)
            _serve_one(Connection(pipe), file)
        os.close(pipe)
        code = os.waitstatus_to_exitcode(os.waitpid(reader, 0)[1])
        os.write(status, str(code).encode())
    finally:
        os._exit(0)


def _serve_one(pipe: Connection, file: int | None) -> None:
    code = 1
    try:
        request = json.loads(pipe.recv_bytes())
        if file is not None:
            _send_rows(pipe, file, request)
            code = 0
            return
        _give_up_rights(sum(request["sizes"]))
        files = {pipe.recv_bytes().decode(): pipe.recv_bytes() for _ in request["sizes"]}
        for message in answer(request["reader"], files):
            pipe.send_bytes(message)
        code = 0
    finally:
        os._exit(code)


def _send_rows(pipe: Connection, file: int, request: dict[str, str]) -> None:
    """Map the file, which needs a right, then read it without any."""
    size = os.fstat(file).st_size
    mapped = mmap.mmap(file, size, access=mmap.ACCESS_READ) if size else mmap.mmap(-1, 1)
    _give_up_rights(min(size, LARGEST_WHOLE), extra_seconds(size))
    filename = request["filename"]

    def failure(error: Exception) -> bytes:
        return told(error, "activations", filename, memoryview(mapped)[:size])

    for message in sending_rows.messages(memoryview(mapped)[:size], filename, request["wanted"], failure):
        pipe.send_bytes(message)
        if message is not BLOCK:
            mapped.madvise(mmap.MADV_DONTNEED)


def answer(reader: str, files: Files) -> tuple[bytes, bytes]:
    """A JSON document with the result or the error, and the arrays as safetensors."""
    filename, data = next(iter(files.items()), ("The file", b""))
    try:
        described, arrays = READERS[reader](files)
        _check_answer(arrays, sum(map(len, files.values())), filename)
        whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        return json.dumps({"result": described}, allow_nan=False).encode(), dump_safetensors(whole)
    except Exception as error:
        return told(error, reader, filename, data), b""


def told(error: Exception, reader: str, filename: str, data: Buffer) -> bytes:
    """The answer to a file that was refused, or that broke the reader."""
    if isinstance(error, MemoryError):
        error = errors.LimitExceeded(f"{filename}: reading this file needs more memory than a file may take.")
    elif isinstance(error, RecursionError):
        error = errors.LimitExceeded(f"{filename}: what this file describes is nested too deep to be read.")
    if not isinstance(error, errors.PolicyscopeError):
        broken = "".join(traceback.format_exception(error))
        return json.dumps({"broken": broken[-LONGEST_TRACEBACK:]}).encode()
    _explain(reader, filename, data, error)
    return json.dumps({"error": _as_json(error)}).encode()


def _explain(reader: str, filename: str, data: Buffer, error: errors.PolicyscopeError) -> None:
    """Of a refused file: what was found, what was expected, what would work."""
    if reader not in EXPECTED or "found" in error.fields:
        return
    detail = error.message.removeprefix(f"{filename}: ").removesuffix(SUPPORTED).strip()
    parts = explain(reader, data, detail, too_large=isinstance(error, errors.LimitExceeded))
    error.fields = {**parts, **error.fields}  # who looked closest knows the better remedy


def _check_answer(arrays: Mapping[str, np.ndarray], size: int, filename: str) -> None:
    """What a file unpacks to is held by the server, so it must be in proportion to the file."""
    unpacked, allowed = sum(array.nbytes for array in arrays.values()), allowance(size, MAX_BYTES)
    if unpacked > allowed:
        raise errors.LimitExceeded(
            f"{filename}: its {size:,} bytes unpack to {unpacked:,}; at most {allowed:,} are accepted of a "
            "file of this size. Save it without compression."
        )


def _policy(files: Files) -> Result:
    ((filename, data),) = files.items()
    spec, tensors = open_policy(data, filename)
    return spec.to_json(), tensors


def _normalisation(files: Files) -> Result:
    ((filename, data),) = files.items()
    try:
        transform = vec_normalize.read(data)
    except errors.UnsupportedFile as error:
        raise errors.UnsupportedFile(f"{filename}: {error.message}") from error
    return {"observation": None if transform is None else asdict(transform)}, {}


def _sae(files: Files) -> Result:
    sae = open_sae_files(files)
    return sae.values(), sae.arrays()


def _activations(files: Files) -> Result:
    ((filename, data),) = files.items()
    return None, {"tensor": read_tensor(data, filename)}


def _episodes(files: Files) -> Result:
    ((filename, data),) = files.items()
    return None, read_episodes(data, filename)


def _arrays(files: Files) -> Result:
    """Arrays by name, as we store them beside a run."""
    ((filename, data),) = files.items()
    try:
        return None, safetensors_bytes.parse(data)[0]
    except errors.UnsupportedFile as error:
        raise errors.UnsupportedFile(f"{filename}: {error.message}") from error


READERS: Mapping[str, Callable[[Files], Result]] = {
    "policy": _policy,
    "normalisation": _normalisation,
    "sae": _sae,
    "activations": _activations,
    "episodes": _episodes,
    "arrays": _arrays,
}


def _as_json(error: errors.PolicyscopeError) -> dict[str, Any]:
    return {
        "class": type(error).__name__ if type(error).__module__ == errors.__name__ else "UnsupportedFile",
        "code": error.code,
        "message": _short(error.message),
        "fields": {name: _short(text) for name, text in error.fields.items()},
    }


def _short(text: str) -> str:
    """Without the middle, where a file's own names made it long."""
    half = LONGEST_MESSAGE // 2
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:half]} … {text[-half:]}"


def _give_up_rights(size: int, more_seconds: int = 0) -> None:
    """No new files or sockets, no core dump, no growing file, no life of its own; memory and time are bounded
    in proportion to the file, so that a small one gets its verdict soon whatever it describes.

    ``more_seconds``: for one that is sent on in blocks.
    """
    processor = min(CPU_SECONDS, LEAST_CPU_SECONDS + size / BYTES_PER_SECOND) + more_seconds
    for number in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(number, signal.SIG_DFL)
    signal.alarm(WALL_SECONDS + more_seconds)
    signal.setitimer(signal.ITIMER_PROF, processor)
    most_seconds = CPU_SECONDS + more_seconds
    limits = [
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_CPU, most_seconds, most_seconds + 1),  # first SIGXCPU, by which it is recognised
        (resource.RLIMIT_NOFILE, 0, 0),
    ]
    if _LINUX:
        die_with_parent()
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        memory = _address_space() + EXTRA_MEMORY + MEMORY_PER_BYTE * size
        limits.insert(0, (resource.RLIMIT_AS, memory, memory))
    for limit, soft, hard in limits:
        resource.setrlimit(limit, (soft, hard))


def _address_space() -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        found = re.search(r"VmSize:\s+(\d+) kB", status.read())
    return int(found[1]) * 1024 if found else 0
