"""Files of strangers are opened in a process of their own, which may do nothing else and ends afterwards.

The readers in ``core`` run no code of a file; this is the second wall, for what they got wrong. The process
can open no file and no socket, has a limit on memory and on time, and gives back numbers and a description,
which are checked here before anything is stored. A helper with the readers loaded forks one for every file.
"""

from __future__ import annotations

import json
import logging
import math
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors

from policyscope.core import errors
from policyscope.core.activations import check_episodes, check_matrix
from policyscope.core.policy_spec import ObservationTransform, PolicySpec
from policyscope.core.rows import blocks
from policyscope.core.sae import SAE
from policyscope.core.unpacking import allowance
from policyscope.services.reading_process import BLOCK, Child, extra_seconds, helper

log = logging.getLogger(__name__)
MOST_AT_ONCE = 4
PATIENCE_SECONDS = 30.0
WALL_SECONDS = 20
LARGEST_ANSWER, LARGEST_HEADER, LARGEST_DATA = 3 << 30, 1 << 20, 64 << 30
PLAIN_TYPES = {
    np.dtype(letters).str for letters in ("f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")
}
_ERRORS = {
    kind.__name__: kind
    for kind in (errors.UnsupportedFile, errors.ShapeMismatch, errors.InvalidInput, errors.LimitExceeded)
}

Arrays = Mapping[str, np.ndarray]
Files = Mapping[str, bytes]
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


def open_policy(data: bytes, filename: str) -> tuple[PolicySpec, Arrays]:
    """Spec and tensors of a policy file. Raises UnsupportedFile, LimitExceeded or Busy."""
    described, arrays = read("policy", {filename: data})
    with _well_formed(filename):
        spec = PolicySpec.from_json(described)
    wanted = {} if spec.architecture_only else spec.tensor_shapes()
    if {name: array.shape for name, array in arrays.items()} != wanted:
        raise errors.UnsupportedFile(f"{filename}: its tensors do not fit its description.")
    return spec, arrays


def open_normalisation(data: bytes, filename: str) -> ObservationTransform | None:
    """What a VecNormalize file does to observations; None when it leaves them as they are."""
    described, _ = read("normalisation", {filename: data})
    with _well_formed(filename):
        transform = described["observation"]
        return None if transform is None else ObservationTransform.from_json(transform)


def open_sae(files: Files) -> SAE:
    """The SAE of one file of weights and at most one of configuration.

    Raises UnsupportedFile, InvalidInput, ShapeMismatch, LimitExceeded or Busy.
    """
    described, arrays = read("sae", files)
    fields: dict[str, Any] = {**described, **arrays}
    with _well_formed(next(iter(files))):
        return SAE(**fields)


def open_tensor(data: bytes, filename: str) -> np.ndarray:
    """The one float tensor ``[N, columns]`` of a file such as ``cached_obs.pt``; raises as ``open_sae``."""
    arrays = read("activations", {filename: data})[1]
    with _well_formed(filename):
        array = arrays["tensor"]
    check_matrix(array, filename)
    return array


def open_episodes(data: bytes, filename: str) -> Arrays:
    """Which row of the cached data is which step of which episode; raises as ``open_sae``."""
    arrays = read("episodes", {filename: data})[1]
    check_episodes(arrays, filename)
    return arrays


def open_arrays(data: bytes, filename: str) -> Arrays:
    """The arrays of a safetensors file of ours, such as ``replay.safetensors``; raises as ``open_sae``."""
    return read("arrays", {filename: data})[1]


@contextmanager
def rows_of(file: int, size: int, filename: str, wanted: str) -> Iterator[IncomingRows]:
    """``wanted`` ("observations" or "activations") of the open ``file`` of ``size`` bytes, block by block.

    Raises as ``read``, also while the blocks are taken.
    """
    with _place(), helper.connect(file) as child:
        incoming = IncomingRows(child, size, filename)
        child.pipe.send_bytes(json.dumps({"filename": filename, "wanted": wanted}).encode())
        incoming.begin()
        yield incoming


def read(reader: str, files: Files) -> tuple[Any, Arrays]:
    """What the reader of this name in ``quarantined`` makes of ``files``: JSON and arrays.

    Raises what the reader raised, LimitExceeded when it took too much memory or time, UnsupportedFile when it
    broke, Busy when too many files are being opened.
    """
    filename = next(iter(files), "The file")
    with _place(), helper.connect() as child:
        return _parse(_exchange(child, reader, files, filename), filename)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise errors.Busy("Too many files are being opened at the same time. Try again in a moment.")
    try:
        yield
    finally:
        _places.release()


@dataclass(frozen=True)
class Column:
    """The form of a column that is coming in: numbers of a plain type, [N] or [N, columns]."""

    dtype: np.dtype
    shape: tuple[int, ...]


class IncomingRows:
    """Columns of one file as they come: first their forms, then ``blocks`` of each, in the same order.

    What the process says is checked against what a file of ``size`` bytes can hold.
    """

    def __init__(self, child: Child, size: int, filename: str) -> None:
        self._child, self._size, self._filename = child, size, filename
        self.columns: dict[str, Column] = {}
        self.is_minari = False

    def begin(self) -> None:
        """Wait for the forms."""
        result = _result(self._receive(LARGEST_HEADER), self._filename)
        with _well_formed(self._filename):
            self.is_minari = bool(result["is_minari"])
            for name, (dtype, shape) in result["columns"].items():
                self.columns[str(name)] = _column(dtype, shape)
        unpacked = sum(math.prod(one.shape) * one.dtype.itemsize for one in self.columns.values())
        allowed = allowance(self._size, LARGEST_DATA)
        if unpacked > allowed:
            raise errors.LimitExceeded(
                f"{self._filename}: its {self._size:,} bytes unpack to {unpacked:,}; at most {allowed:,} are "
                "accepted of a file of this size. Save it without compression."
            )

    def blocks(self, name: str) -> Iterator[np.ndarray]:
        """The rows of the next column, a few MiB at a time."""
        column = self.columns[name]
        for part in blocks(np.broadcast_to(np.zeros((), column.dtype), column.shape)):
            status = self._receive(LARGEST_HEADER)
            if status != BLOCK:
                _result(status, self._filename)
            shape = (part.stop - part.start, *column.shape[1:])
            data = self._receive(math.prod(shape) * column.dtype.itemsize)
            with _well_formed(self._filename):
                block = np.frombuffer(data, column.dtype).reshape(shape)
            yield block

    def _receive(self, most: int) -> bytes:
        patience = WALL_SECONDS + extra_seconds(self._size) + 1
        try:
            if not self._child.pipe.poll(patience):
                raise _too_long(self._filename)
            return self._child.pipe.recv_bytes(most)
        except (EOFError, OSError) as error:
            raise _ended(self._child.exit_code(), self._filename) from error


def _column(dtype: str, shape: list[int]) -> Column:
    if (
        dtype not in PLAIN_TYPES
        or not 1 <= len(shape) <= 2
        or not all(type(n) is int and n > 0 for n in shape)
    ):
        raise ValueError("a column of another form")
    return Column(np.dtype(dtype), tuple(shape))


def _exchange(child: Child, reader: str, files: Files, filename: str) -> list[bytes]:
    """The two messages of the process: a JSON document, then safetensors."""
    pipe = child.pipe
    try:
        pipe.send_bytes(
            json.dumps({"reader": reader, "sizes": [len(data) for data in files.values()]}).encode()
        )
        for name, data in files.items():
            pipe.send_bytes(name.encode("utf-8", "replace"))
            pipe.send_bytes(data)
        if not pipe.poll(WALL_SECONDS + 1):
            raise _too_long(filename)
        return [pipe.recv_bytes(LARGEST_ANSWER), pipe.recv_bytes(LARGEST_ANSWER)]
    except (EOFError, OSError) as error:
        raise _ended(child.exit_code(), filename) from error


def _ended(code: int | None, filename: str) -> errors.PolicyscopeError:
    """Why the process is gone without an answer: the time limit, the system's memory, or a defect."""
    if code in (-signal.SIGALRM, -signal.SIGPROF, -signal.SIGXCPU):
        return _too_long(filename)
    if code == -signal.SIGKILL:
        return errors.LimitExceeded(
            f"{filename}: the system ended the reading of this file, most likely because the machine's "
            "memory was used up. Nothing was stored. Close other programs, or use a smaller file."
        )
    how = "without an answer" if code in (None, 0) else f"with code {code}"
    return _broken(filename, f"the process ended {how}")


def _too_long(filename: str) -> errors.LimitExceeded:
    return errors.LimitExceeded(
        f"{filename}: reading this file takes longer than a policy, an SAE or data of its size need. "
        "Nothing was stored. Save the weights alone and try again."
    )


def _broken(filename: str, details: str) -> errors.UnsupportedFile:
    """A defect of ours, told as one; the details go to the log."""
    log.error("reading %s broke the reader: %s", ascii(filename), details)
    return errors.UnsupportedFile(
        f"{filename}: the reader broke on this file, which is a defect of policyscope; its log says where. "
        "Nothing was stored. Save the weights alone in a plain format, such as safetensors, and try again.",
        code="reader_failed",
    )


@contextmanager
def _well_formed(filename: str) -> Iterator[None]:
    """An answer of another form than ours is not believed."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken(filename, f"an answer of the wrong form: {type(error).__name__}") from error


def _parse(messages: list[bytes], filename: str) -> tuple[Any, Arrays]:
    result = _result(messages[0], filename)
    try:
        return result, parse_safetensors(messages[1])
    except SafetensorError as error:
        raise errors.UnsupportedFile(f"{filename}: the numbers read from it are damaged.") from error


def _result(message: bytes, filename: str) -> Any:
    """What the process has to say of the file; raises what it was told."""
    with _well_formed(filename):
        answer = json.loads(message)
        if "broken" in answer:
            raise _broken(filename, str(answer["broken"]))
        if "error" in answer:
            told = answer["error"]
            raise _ERRORS[told["class"]](told["message"], code=told["code"], fields=told["fields"])
        return answer["result"]
