"""The engine: one thread of the server starts, watches and ends one child process per job, by a ``Launcher``.

The table is the truth; the engine only dispatches. Only this process writes the table. A job publishes its
``output`` in the store by one rename before it is marked done, so a kill at any moment either shows the whole
result or none of it.
"""

from __future__ import annotations

import fcntl
import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

from sqlalchemy.orm import Session

from policyscope.core.errors import Conflict
from policyscope.jobs.estimate import estimate_seconds
from policyscope.jobs.kinds import KINDS, Kinds
from policyscope.jobs.launch import Attempt, Launcher, Order
from policyscope.jobs.table import ACTIVE, INTERRUPTED, JobTable
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import JobRow, Json, new_id

log = logging.getLogger(__name__)
GRACE_SECONDS = 1.0
HEARTBEAT_SECONDS = 5.0
IDLE_SECONDS = 1.0  # until a job that another process queued is seen
REPORT_SECONDS = 0.4
GO_ON, CANCELLED_KEPT = ("sweep", "training"), 20
"""Kinds whose work is worth keeping when they are cancelled, and of how many of the newest cancelled jobs."""
ATTEMPTS = 3  # a job whose process was killed starts again, but not for ever: it may be what kills it
NOT_STARTED = {"code": "not_started", "message": "The job could not be started; the server log says why."}
DIED = "The job's process ended without a result ({how}). It may have run out of memory; try a smaller job."


@dataclass
class Running:
    """A job that was started and what it has said so far."""

    job: JobRow
    attempt: Attempt
    progress: Json | None = None
    report_at: float = 0.0
    outcome: Json | None = None
    cancelled: bool = False
    settled: bool = False  # recorded as done, although its process is still there
    kill_at: float | None = None


class Engine:
    """Runs queued jobs, as many at a time as the launcher has slots, until ``stop``."""

    def __init__(
        self, table: JobTable, store: ArtifactStore, launcher: Launcher, kinds: Kinds = KINDS
    ) -> None:
        self.table = table
        self._launcher = launcher
        self._store = store
        self._kinds = kinds
        self._owner = new_id("e")
        self._children: list[Running] = []
        self._to_cancel: set[str] = set()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._lock_file: int | None = None
        self._wake_out, self._wake_in = multiprocessing.Pipe(duplex=False)

    def check_free(self) -> None:
        """Raise Conflict when another server holds the store."""
        os.close(_lock(self._store, patience=0.0))

    def start(self) -> None:
        """Take the store, settle what an earlier server left, and begin. Raises Conflict if it is in use."""
        self._lock_file = _lock(self._store)
        self._store.sweep(keep=self._resumable())
        self._recover(self.table.list("running", limit=1_000_000))
        self.table.open()
        self._launcher.open(self.wake)
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the children, mark their jobs interrupted, and give the store back. Safe to call twice."""
        self._stopping = True
        self.wake()
        if self._thread is not None:
            self._thread.join(timeout=10)
            self._thread = None
        self._launcher.close()
        self.table.close()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def submit(
        self,
        session: Session,
        kind: str,
        work: Mapping[str, Any],
        output: str,
        result: Mapping[str, Any],
        *,
        key: str | None = None,
        size: int | None = None,
        parts: int = 0,
    ) -> JobRow:
        """Queue a job within ``session``; call ``wake`` after the transaction. Raises Busy.

        ``output`` is the store name that the work publishes, ``result`` what the job answers then, ``key``
        the hash of what was asked for, ``size`` how much there is to do, for the estimate of its duration,
        ``parts`` into how many pieces a cluster may split it: work with a number ``part`` does that one only.
        """
        estimate = estimate_seconds(session, kind, size)
        spec = {"work": work, "output": output, "result": result, "size": size, "estimate_s": estimate}
        spec["parts"] = parts
        return self.table.enqueue(session, kind, spec, key)

    def retry(self, job_id: str) -> JobRow:
        """Queue an ended job again, with the same spec. Raises NotFound, Conflict or Busy."""
        job = self.table.retry(job_id)
        self.wake()
        return job

    def wake(self) -> None:
        """Look at the table now."""
        self._wake_in.send_bytes(b"x")

    def cancel(self, job_id: str, timeout: float = 5.0) -> JobRow:
        """Stop a job, running or not, and return it as it ends up. Ended jobs stay as they are."""
        if not self.table.cancel_queued(job_id) and self.table.get(job_id).state == "running":
            self._to_cancel.add(job_id)
            self.wake()
        deadline = time.monotonic() + timeout
        job = self.table.get(job_id)
        while job.state in ACTIVE and time.monotonic() < deadline:
            job = self.table.wait(job_id, job.version, 0.5) or self.table.get(job_id)
        return job

    # Everything below runs in the dispatching thread.

    def _run(self) -> None:
        beat = time.monotonic()
        while not self._stopping:
            with _logged():
                self._start_queued()
                self._wait()
                self._attend()
                if time.monotonic() - beat > HEARTBEAT_SECONDS:
                    self.table.renew(self._owner)
                    self._recover(self.table.expired(self._owner))
                    beat = time.monotonic()
        with _logged():
            self._end_all()

    def _resumable(self) -> set[str]:
        """What jobs make that will go on, or may be told to: their checkpoints stay."""
        states = (*ACTIVE, "interrupted")
        jobs = [job for state in states for job in self.table.list(state, limit=1_000_000)]
        jobs += [job for job in self.table.list("cancelled", limit=CANCELLED_KEPT) if job.kind in GO_ON]
        return {job.spec["output"] for job in jobs}

    def _recover(self, lost: Sequence[JobRow]) -> None:
        """Jobs left running by a server that is gone."""
        for job in lost:
            self._settle_lost(job, "interrupted", INTERRUPTED)

    def _settle_lost(self, job: JobRow, state: str, error: Json) -> None:
        """A job without its process: done if it had published, else again, at last ``state``."""
        if self._store.has(job.spec["output"]):
            self._finish_done(job)
            return
        self._store.clear(job.spec["output"])
        if job.attempt % ATTEMPTS:
            log.warning("job %s lost its process and is queued again", job.id)
            self.table.requeue(job)
        else:
            self._store.discard(job.spec["output"])
            self.table.finish(job, state, error=error)

    def _finish_done(self, job: JobRow) -> None:
        self._store.checkpoints(job.spec["output"]).discard()
        self.table.finish(job, "done", result=job.spec["result"])

    def _start_queued(self) -> None:
        while len(self._children) < self._launcher.slots and (job := self.table.claim(self._owner)):
            try:
                self._children.append(self._start(job))
            except Exception:
                log.exception("job %s could not be started", job.id)
                self._settle_lost(job, "failed", NOT_STARTED)  # what forks may just have been killed

    def _start(self, job: JobRow) -> Running:
        spec = job.spec
        order = Order(job.id, job.attempt, self._kinds[job.kind], spec["work"], spec.get("parts", 0))
        attempt = self._launcher.start(order)
        log.info("job %s (%s) started", job.id, job.kind)
        return Running(job, attempt)

    def _wait(self) -> None:
        """Until something is to be done: a message, an exit, a wake-up, or a moment with children."""
        sources: list[Any] = [self._wake_out]
        for running in self._children:
            sources += running.attempt.sources
        wait(sources, 0.25 if self._children else IDLE_SECONDS)
        while self._wake_out.poll():
            self._wake_out.recv_bytes()

    def _attend(self) -> None:
        for running in list(self._children):
            _listen(running)
            self._press_cancel(running)
            if (end := running.attempt.end) is not None:
                _listen(running)
                self._finish(running, end)
                self._children.remove(running)
            elif not running.settled and not running.cancelled and "done" in (running.outcome or {}):
                self._settle_done(running)
            elif time.monotonic() >= running.report_at:
                self._record_progress(running)

    def _settle_done(self, running: Running) -> None:
        """The result is published, so nobody waits for the process, which needs a while to leave."""
        self._record_progress(running)
        self._finish_done(running.job)
        running.settled, running.kill_at = True, time.monotonic() + GRACE_SECONDS

    def _record_progress(self, running: Running) -> None:
        if running.progress is not None:
            self.table.report(running.job, running.progress)
            running.progress, running.report_at = None, time.monotonic() + REPORT_SECONDS

    def _press_cancel(self, running: Running) -> None:
        if running.job.id in self._to_cancel and not running.cancelled:
            self._to_cancel.discard(running.job.id)
            running.cancelled = True
            running.attempt.terminate()
            running.kill_at = time.monotonic() + GRACE_SECONDS
        if running.kill_at is not None and time.monotonic() >= running.kill_at:
            running.attempt.kill()

    def _finish(self, running: Running, end: str) -> None:
        """Record how a job ended. What it wrote is removed first, unless it is the result, or what a
        cancelled training can go on from."""
        running.attempt.close(patience=GRACE_SECONDS)
        self._to_cancel.discard(running.job.id)
        if running.settled:
            return
        if running.outcome is None and not running.cancelled:
            self._settle_lost(running.job, "failed", _died(end))
            return
        outcome = running.outcome or {}
        self._record_progress(running)
        if not running.cancelled and "done" in outcome:
            self._finish_done(running.job)
            return
        if running.cancelled and running.job.kind in GO_ON:
            self._store.clear(running.job.spec["output"])
        else:
            self._store.discard(running.job.spec["output"])
        if running.cancelled:
            self.table.finish(running.job, "cancelled")
            return
        log.error(
            "job %s failed: %s", running.job.id, outcome.get("traceback") or outcome["error"]["message"]
        )
        self.table.finish(running.job, "failed", error=outcome["error"])

    def _end_all(self) -> None:
        for running in self._children:
            running.attempt.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for running in self._children:
            running.attempt.close(patience=max(0.0, deadline - time.monotonic()))
            if running.settled:
                continue
            if self._store.has(running.job.spec["output"]):
                self._finish_done(running.job)
                continue
            self._store.clear(running.job.spec["output"])
            self.table.finish(running.job, "interrupted", error=INTERRUPTED)
        self._children.clear()


def _listen(running: Running) -> None:
    for message in running.attempt.messages():
        if "progress" in message:
            running.progress = message["progress"]
        else:
            running.outcome = message


def _died(end: str) -> Json:
    return {"code": "process_died", "message": DIED.format(how=end)}


@contextmanager
def _logged() -> Iterator[None]:
    """The dispatcher must outlive a passing failure, such as a full disk under the database."""
    try:
        yield
    except Exception:
        log.exception("the job dispatcher met an error and goes on")
        time.sleep(0.5)


def _lock(store: ArtifactStore, patience: float = 5.0) -> int:
    """Hold the store for this process; the kernel lets go when the process ends, however it ends."""
    store.root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(store.root / "engine.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise Conflict(
                    "Another policyscope server uses this artifacts root. Stop it, or set "
                    "POLICYSCOPE_ARTIFACTS to another directory."
                ) from None
            time.sleep(0.05)
