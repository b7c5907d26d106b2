"""Files of strangers are opened in a process of their own, which may do nothing else and ends afterwards.

The readers in ``core`` run no code of a file; this is the second wall, for what they got wrong. The process
can open no file and no socket, has a limit on memory and on time, and gives back numbers and a description,
which are checked here before anything is stored. A helper with the readers loaded forks one for every file.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors

from policyscope.core import errors
from policyscope.core.policy_spec import ObservationTransform, PolicySpec

MOST_AT_ONCE = 4
PATIENCE_SECONDS = 30.0
WALL_SECONDS = 20
LARGEST_ANSWER = 3 << 30
_ROOT = str(Path(__file__).resolve().parents[2])
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from policyscope.services.quarantined import serve; serve(int(sys.argv[2]))"
)
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}
_ERRORS = {
    kind.__name__: kind
    for kind in (errors.UnsupportedFile, errors.ShapeMismatch, errors.InvalidInput, errors.LimitExceeded)
}

Arrays = Mapping[str, np.ndarray]


def open_policy(data: bytes, filename: str) -> tuple[PolicySpec, Arrays]:
    """Spec and tensors of a policy file. Raises UnsupportedFile, LimitExceeded or Busy."""
    described, arrays = read("policy", data, filename)
    spec = PolicySpec.from_json(described)
    wanted = {} if spec.architecture_only else spec.tensor_shapes()
    if {name: array.shape for name, array in arrays.items()} != wanted:
        raise errors.UnsupportedFile(f"{filename}: its tensors do not fit its description.")
    return spec, arrays


def open_normalisation(data: bytes, filename: str) -> ObservationTransform | None:
    """What a VecNormalize file does to observations; None when it leaves them as they are."""
    described, _ = read("normalisation", data, filename)
    transform = described["observation"]
    return None if transform is None else ObservationTransform.from_json(transform)


def read(reader: str, data: bytes, filename: str) -> tuple[Any, Arrays]:
    """What the reader of this name in ``quarantined`` makes of ``data``: JSON and arrays.

    Raises what the reader raised, LimitExceeded when it took too much memory or time, Busy when too many
    files are being opened.
    """
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise errors.Busy("Too many files are being opened at the same time. Try again in a moment.")
    try:
        with _helper.connect() as pipe:
            return _parse(_exchange(pipe, reader, data, filename), filename)
    finally:
        _places.release()


class _Helper:
    """The process that forks; started at the first file, and again if it is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = 0
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def connect(self) -> Connection:
        """A pipe to a fresh process."""
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            try:
                socket.send_fds(self._running(), [b"+"], [theirs.fileno()])
            except OSError:
                self._leave()
                socket.send_fds(self._running(), [b"+"], [theirs.fileno()])
        return Connection(ours.detach())

    def close(self) -> None:
        """Let the helper end; it does so when nobody can ask it any more."""
        with self._lock:
            self._leave()
            if self._process is not None and self._owner == os.getpid():
                self._process.wait()
                self._process = None

    def _leave(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None

    def _running(self) -> socket.socket:
        if self._control is None or self._owner != os.getpid():
            ours, theirs = socket.socketpair()
            command = [sys.executable, "-I", "-c", _BOOT, _ROOT, str(theirs.fileno())]
            quiet = subprocess.DEVNULL
            if self._process is not None:
                self._process.wait()
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], env=_ENVIRONMENT, stdin=quiet, stdout=quiet, cwd="/"
            )
            theirs.close()
            self._control, self._owner = ours, os.getpid()
        return self._control


_places = threading.BoundedSemaphore(MOST_AT_ONCE)
_helper = _Helper()
atexit.register(_helper.close)


def _exchange(pipe: Connection, reader: str, data: bytes, filename: str) -> list[bytes]:
    """The two messages of the process: a JSON document, then safetensors."""
    try:
        pipe.send_bytes(json.dumps({"reader": reader, "filename": filename, "size": len(data)}).encode())
        pipe.send_bytes(data)
        if not pipe.poll(WALL_SECONDS + 1):
            raise EOFError
        return [pipe.recv_bytes(LARGEST_ANSWER), pipe.recv_bytes(LARGEST_ANSWER)]
    except (EOFError, OSError) as error:
        message = (
            f"{filename}: this file could not be read to its end: it took more than {WALL_SECONDS} seconds, "
            "more memory than a file may take, or broke the reader. Nothing was stored."
        )
        raise errors.LimitExceeded(message, fields={"file": message}) from error


def _parse(messages: list[bytes], filename: str) -> tuple[Any, Arrays]:
    answer = json.loads(messages[0])
    if "error" in answer:
        told = answer["error"]
        raise _ERRORS[told["class"]](told["message"], code=told["code"], fields=told["fields"])
    try:
        return answer["result"], parse_safetensors(messages[1])
    except SafetensorError as error:
        raise errors.UnsupportedFile(f"{filename}: the numbers read from it are damaged.") from error
