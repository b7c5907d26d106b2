"""Jobs on a Dask cluster: the scheduler finds a worker, whose ``Host`` runs the child process.

Dask cannot stop a running task and loses its queue with the scheduler; the worker's host and the job table
make up for both. A job whose worker or scheduler is lost ends here, and the engine queues it again: what was
done lies in the checkpoints of the shared store.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from distributed import Client, Future
from distributed.security import Security

from policyscope.config import Tls
from policyscope.jobs.cluster_host import IDENTITY, TOPIC, Task, perform, software
from policyscope.jobs.launch import Order
from policyscope.jobs.limits import Limits
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import Json

log = logging.getLogger(__name__)
CONNECT_SECONDS, RETRY_SECONDS, COUNT_SECONDS = 3.0, 5.0, 1.0
SILENCE_SECONDS = 5.0  # a worker that was told to stop a job and says nothing for so long is given up
WHOLE = "whole"


def security_of(tls: Tls | None) -> Security | None:
    """Both ends show a certificate of the cluster's own authority, whatever their role."""
    if tls is None:
        return None
    files: dict[str, Any] = {"tls_ca_file": str(tls.authority), "require_encryption": True}
    for role in ("client", "worker", "scheduler"):
        files |= {f"tls_{role}_cert": str(tls.certificate), f"tls_{role}_key": str(tls.key)}
    return Security(**files)


class ClusterLauncher:
    """Starts attempts on the workers of the scheduler at ``address``, as soon as there are any."""

    def __init__(self, address: str, tls: Tls | None, store: ArtifactStore, limits: Limits) -> None:
        self._address, self._security, self._store = address, security_of(tls), store
        self._limits, self._software = limits, software()
        self._attempts: dict[str, ClusterAttempt] = {}
        self._client: Client | None = None
        self._try_at = self._count_at = 0.0
        self._slots = 0
        self.wake: Callable[[], None] = lambda: None

    @property
    def slots(self) -> int:
        """Threads of all workers; 0 while the scheduler does not answer."""
        client, now = self._connected(), time.monotonic()
        if client is None:
            return 0
        if now >= self._count_at:
            self._count_at = now + COUNT_SECONDS
            try:
                self._slots = sum(client.nthreads().values())
            except (OSError, TimeoutError):
                self._slots = 0
        return self._slots

    def open(self, wake: Callable[[], None]) -> None:
        self.wake = wake
        identity = self._store.root / IDENTITY
        if not identity.is_file():
            identity.write_text(secrets.token_hex(16))
        self._store_id = identity.read_text()
        self._connected()

    def start(self, order: Order) -> ClusterAttempt:
        attempt = ClusterAttempt(self, order)
        self._attempts[attempt.token] = attempt
        attempt.begin()
        return attempt

    def close(self) -> None:
        if self._client is not None:
            self._client.close(timeout=2)
            self._client = None

    def submit(self, token: str, stage: str, order: Order) -> Future:
        """Raises OSError without a scheduler."""
        client = self._client
        if client is None or client.status != "running":
            raise OSError(f"The scheduler at {self._address} does not answer.")
        task = Task(token, stage, order, self._limits, self._store_id, self._software)
        key = f"{order.job_id}-{order.attempt}-{stage}-{token}"
        return client.submit(perform, task, key=key, pure=False, retries=0)

    def forget(self, token: str) -> None:
        self._attempts.pop(token, None)

    def _connected(self) -> Client | None:
        if self._client is not None and self._client.status == "running":
            return self._client
        if self._client is not None:
            log.warning("the scheduler at %s was lost", self._address)
            client, self._client = self._client, None
            for attempt in list(self._attempts.values()):
                attempt.lose("the scheduler was lost")
            client.close(timeout=0)
        if time.monotonic() >= self._try_at:
            self._try_at = time.monotonic() + RETRY_SECONDS
            self._client = self._connect()
        return self._client

    def _connect(self) -> Client | None:
        try:
            client = Client(
                self._address, security=self._security, timeout=CONNECT_SECONDS, set_as_default=False
            )
        except (OSError, TimeoutError) as error:
            log.warning("the scheduler at %s does not answer (%s)", self._address, error)
            return None
        client.subscribe_topic(TOPIC, self._hear)
        return client

    def _hear(self, event: tuple[float, Json]) -> None:
        message = event[1]
        attempt = self._attempts.get(message["token"])
        if attempt is not None:
            attempt.hear(message)


class ClusterAttempt:
    """One job on the cluster: its parts side by side, if it has any, then the whole, which finds them."""

    sources: Sequence[Any] = ()

    def __init__(self, launcher: ClusterLauncher, order: Order) -> None:
        self.token = secrets.token_hex(8)
        self._launcher, self._order = launcher, order
        self._lock = threading.Lock()
        self._futures: dict[str, Future] = {}
        self._living: set[str] = set()
        self._answers: dict[str, Json] = {}
        self._progress: dict[str, Json] = {}
        self._inbox: deque[Json] = deque()
        self._lost: str | None = None
        self._stop_by: float | None = None

    def begin(self) -> None:
        """Raises OSError without a scheduler."""
        order = self._order
        parts = range(order.parts) if order.parts > 1 else ()
        for number in parts:
            part = replace(order, spec={**order.spec, "part": number}, parts=0)
            self._submit(str(number), part)
        if not parts:
            self._submit(WHOLE, order)

    @property
    def end(self) -> str | None:
        with self._lock:
            if self._lost is not None:
                return self._lost
            if WHOLE in self._answers and WHOLE not in self._living:
                return str(self._answers[WHOLE]["end"])
            if self._stop_by is None or (self._living and time.monotonic() < self._stop_by):
                return None
            bad = next((answer for answer in self._answers.values() if _failed(answer)), None)
            return str(bad["end"]) if bad else "ended on request"

    def messages(self) -> list[Json]:
        with self._lock:
            found, self._inbox = list(self._inbox), deque()
        return found

    def hear(self, message: Json) -> None:
        """What a worker says of one stage."""
        stage = message["stage"]
        with self._lock:
            if "started" in message:
                self._living.add(stage)
            elif "ended" in message:
                self._living.discard(stage)
            else:
                self._progress[stage] = message["progress"]
                self._inbox.append({"progress": self._together(stage)})
        self._launcher.wake()

    def lose(self, how: str) -> None:
        with self._lock:
            self._lost = how
        self._launcher.wake()

    def terminate(self) -> None:
        """Cancel: a worker sees that a task is no longer wanted, and ends its process."""
        with self._lock:
            if self._stop_by is not None:
                return
            self._stop_by = time.monotonic() + SILENCE_SECONDS
            futures = list(self._futures.values())
        for future in futures:
            future.cancel()

    def kill(self) -> None:
        """The worker kills what does not end by itself."""

    def close(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        if self.end is None:
            self.terminate()
        while self.end is None and time.monotonic() < deadline:
            time.sleep(0.02)
        self._launcher.forget(self.token)
        for future in self._futures.values():
            future.release()

    def _submit(self, stage: str, order: Order) -> None:
        future = self._launcher.submit(self.token, stage, order)
        self._futures[stage] = future
        future.add_done_callback(partial(self._done, stage))

    def _done(self, stage: str, future: Future) -> None:
        """Called in a thread of its own when a task has ended, in whatever way."""
        answer = _answer(future)
        with self._lock:
            self._answers[stage] = answer
            stopped = self._stop_by is not None
            complete = stage != WHOLE and not stopped and len(self._answers) == self._order.parts
            if _failed(answer) or stage == WHOLE:
                self._inbox += [answer["outcome"]] if answer["outcome"] and not stopped else []
            if not answer["cancelled"]:
                self._living.discard(stage)
        if _failed(answer):
            self.terminate()
        elif complete:
            try:
                self._submit(WHOLE, self._order)
            except OSError as error:
                self.lose(str(error))
        self._launcher.wake()

    def _together(self, stage: str) -> Json:
        """Progress of all parts as one; the whole speaks for itself."""
        newest = self._progress[stage]
        if stage == WHOLE:
            return newest
        parts = [self._progress[name] for name in self._progress]
        total = round(sum(part["total"] for part in parts) / len(parts) * self._order.parts)
        return {**newest, "done": sum(part["done"] for part in parts), "total": total}


def _failed(answer: Json) -> bool:
    return "done" not in (answer["outcome"] or {})


def _answer(future: Future) -> Json:
    """``outcome`` and ``end`` of a task; of a ``cancelled`` one its worker still tells the end."""
    if future.status == "finished":
        try:
            return {**future.result(timeout=SILENCE_SECONDS), "cancelled": False}
        except Exception as error:
            log.warning("the answer of %s was lost (%s)", future.key, error)
    if future.status == "cancelled":
        return {"outcome": None, "end": "ended on request", "cancelled": True}
    return {"outcome": None, "end": "its worker was lost", "cancelled": False}
