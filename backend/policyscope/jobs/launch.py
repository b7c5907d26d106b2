"""Where the process of a job runs: the interface that the engine uses, and this machine.

``cluster`` has the other launcher. Either way one job is one child process (``child``), which says by
messages how far it is and how it ended.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import Any, Protocol

from policyscope.jobs import child
from policyscope.jobs.limits import Limits
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import Json

log = logging.getLogger(__name__)
PRELOAD = ["policyscope.jobs.preload", "policyscope.cli"]


@dataclass(frozen=True)
class Order:
    """What is to be done: the ``entry`` of the job's kind with its frozen ``spec``.

    ``parts``: into how many pieces the work may be split, 0 when it may not.
    """

    job_id: str
    attempt: int
    entry: str
    spec: Json
    parts: int = 0


class Attempt(Protocol):
    """A job that has been started."""

    @property
    def sources(self) -> Sequence[Any]:
        """What ``multiprocessing.connection.wait`` can wait for; others call ``wake``."""

    @property
    def end(self) -> str | None:
        """How its process ended, such as "signal 9"; None while it runs."""

    def messages(self) -> list[Json]:
        """What has been said since: progress, ``done`` or ``error`` (see ``child``)."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""

    def close(self, patience: float) -> None:
        """End it if it does not end within ``patience`` seconds, and free what it holds."""


class Launcher(Protocol):
    @property
    def slots(self) -> int:
        """How many jobs may run at the same time now."""

    def open(self, wake: Callable[[], None]) -> None:
        """Get ready; ``wake`` tells the engine that an attempt has something to say."""

    def start(self, order: Order) -> Attempt: ...

    def close(self) -> None: ...


class LocalAttempt:
    """A child process of this one."""

    def __init__(self, order: Order, store: ArtifactStore, limits: Limits) -> None:
        context = multiprocessing.get_context("forkserver")
        self._pipe, theirs = multiprocessing.Pipe(duplex=False)
        arguments = (theirs, order.entry, str(store.root), order.spec, limits)
        self._process = context.Process(target=child.main, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        log.info("job %s started as process %s", order.job_id, self._process.pid)

    @property
    def sources(self) -> list[Any]:
        pipes: list[Connection] = [] if self._pipe.closed else [self._pipe]
        return [self._process.sentinel, *pipes]

    @property
    def end(self) -> str | None:
        code = self._process.exitcode
        return None if code is None else f"signal {-code}" if code < 0 else f"exit code {code}"

    def messages(self) -> list[Json]:
        """A broken pipe says nothing: the exit code will."""
        found = []
        try:
            while not self._pipe.closed and self._pipe.poll():
                found.append(json.loads(self._pipe.recv_bytes()))
        except (EOFError, OSError):
            self._pipe.close()
        return found

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def close(self, patience: float) -> None:
        self._process.join(patience)
        self._process.kill()
        self._process.join()
        self._pipe.close()


class LocalLauncher:
    """At most ``slots`` processes of this machine, which share ``limits.processors``."""

    def __init__(self, store: ArtifactStore, slots: int, limits: Limits) -> None:
        self.slots = slots
        self._store, self._limits = store, limits
        self._running: list[LocalAttempt] = []

    def open(self, wake: Callable[[], None]) -> None:
        del wake  # the engine waits for the processes themselves
        warm_up()

    def start(self, order: Order) -> LocalAttempt:
        self._running = [attempt for attempt in self._running if attempt.end is None]
        share = max(1, self._limits.processors // (len(self._running) + 1))
        attempt = LocalAttempt(order, self._store, replace(self._limits, processors=share))
        self._running.append(attempt)
        return attempt

    def close(self) -> None:
        self._running.clear()


def warm_up() -> None:
    """Start the process that forks children, so that a job starts in milliseconds."""
    forkserver.set_forkserver_preload(PRELOAD)
    forkserver.ensure_running()
