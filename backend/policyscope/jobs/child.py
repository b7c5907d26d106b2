"""The child process of one job: do the work, report over the pipe, publish, exit.

Messages are JSON: ``{"progress": {…}}``, then ``{"done": true}`` or ``{"error": {…}, "traceback": …}``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType
from typing import Any

from policyscope.core.errors import PolicyscopeError
from policyscope.core.processors import use_processors
from policyscope.core.progress import Progress, drain
from policyscope.core.torch_device import set_torch_threads
from policyscope.jobs.kinds import find_task
from policyscope.jobs.limits import Limits
from policyscope.jobs.parent import die_with_parent
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import finite

REPORT_EVERY = 0.1
_OUT_OF_MEMORY = {
    "code": "out_of_memory",
    "message": "The job needed more memory than one job may take (POLICYSCOPE_JOB_MEMORY_GB). Ask for less.",
}


def main(pipe: Connection, entry: str, store: str, spec: Mapping[str, Any], limits: Limits) -> None:
    """Entry point of the child process."""
    _settle(limits)
    reporter = _Reporter(pipe)
    try:
        drain(find_task(entry)(ArtifactStore(Path(store)), spec), reporter.progress)
        reporter.send({"done": True})
    except PolicyscopeError as error:
        reporter.send({"error": {"code": error.code, "message": error.message}, "traceback": None})
    except MemoryError:
        reporter.send({"error": _OUT_OF_MEMORY, "traceback": None})
    except Exception as error:
        if "can't allocate memory" in str(error):  # torch's own word for it
            reporter.send({"error": _OUT_OF_MEMORY, "traceback": None})
            return
        message = f"The job stopped on an internal error ({type(error).__name__}); the server log says where."
        reporter.send({"error": _error("internal", message), "traceback": traceback.format_exc()})


class _Reporter:
    """Sends progress, at most every ``REPORT_EVERY`` seconds, but never drops the newest for long."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._next = 0.0

    def progress(self, progress: Progress) -> None:
        if time.monotonic() >= self._next or progress.done >= progress.total:
            self.send({"progress": asdict(progress)})
            self._next = time.monotonic() + REPORT_EVERY

    def send(self, message: Mapping[str, Any]) -> None:
        self._pipe.send_bytes(json.dumps(finite(message), allow_nan=False).encode())


def _settle(limits: Limits) -> None:
    """Die with the server, leave Ctrl-C to it, keep to the limits; SIGTERM becomes an orderly exit."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    limits.apply()
    use_processors(limits.processors)
    set_torch_threads(limits.threads)
    threading.Thread(target=_watch_parent, daemon=True).start()


def _leave(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(143)


def _watch_parent() -> None:
    """The parent-death signal covers the forking process; this covers the server itself."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _error(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}
