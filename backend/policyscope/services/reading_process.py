"""The helper that forks a disposable process for every file, and the two ends of one such process."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path

STATUS_SECONDS = 2.0
_ROOT = str(Path(__file__).resolve().parents[2])
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from policyscope.services.quarantined import serve; serve(int(sys.argv[2]))"
)
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "LC_ALL": "C.UTF-8",
    "HDF5_PLUGIN_PRELOAD": "::",  # no filter is loaded that a file asks for
}
SLOWEST_READING = 16 << 20  # bytes a second
BLOCK = b"+"  # of rows that come in blocks: here is another


def extra_seconds(size: int) -> int:
    """How much longer than a small file one of this size may take."""
    return size // SLOWEST_READING


class Child:
    """The two ends kept of one disposable process: messages, and how it ended."""

    def __init__(self, pipe: socket.socket, status: socket.socket) -> None:
        self.pipe, self._status = Connection(pipe.detach()), status

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.pipe.close()
        self._status.close()

    def exit_code(self) -> int | None:
        """As ``Popen.returncode``: minus the signal that ended it; None when nobody knows."""
        self._status.settimeout(STATUS_SECONDS)
        try:
            return int(self._status.recv(16))
        except (OSError, ValueError):
            return None


class Helper:
    """The process that forks; started at the first file, and again if it is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = 0
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def connect(self, file: int | None = None) -> Child:
        """A fresh process, which may read the open ``file`` where one is given."""
        (pipe, their_pipe), (status, their_status) = socket.socketpair(), socket.socketpair()
        with self._lock, their_pipe, their_status:
            descriptors = [their_pipe.fileno(), their_status.fileno(), *([] if file is None else [file])]
            try:
                socket.send_fds(self._running(), [b"+"], descriptors)
            except OSError:
                self._leave()
                socket.send_fds(self._running(), [b"+"], descriptors)
        return Child(pipe, status)

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


helper = Helper()
atexit.register(helper.close)
