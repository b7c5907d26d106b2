"""What a worker of the cluster does with an order: one child process, as on one machine, and word of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from multiprocessing.connection import wait
from pathlib import Path

from distributed import Worker, WorkerPlugin, get_worker

from policyscope.jobs.launch import LocalAttempt, Order, warm_up
from policyscope.jobs.limits import Limits
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import Json

log = logging.getLogger(__name__)
TOPIC, HOST = "policyscope", "policyscope-host"
IDENTITY = "cluster.id"
PACKAGES = ("policyscope", "numpy", "torch", "gymnasium", "mujoco")
POLL_SECONDS, GRACE_SECONDS = 0.1, 1.0


@dataclass(frozen=True)
class Task:
    """One order, or one part of it, of the attempt named ``token``; ``store_id`` and ``software`` are the

    server's, and must be the worker's too, or its numbers would be others.
    """

    token: str
    stage: str
    order: Order
    limits: Limits
    store_id: str
    software: dict[str, str]


def software() -> dict[str, str]:
    """Versions of what decides the numbers."""
    return {name: version(name) for name in PACKAGES}


def perform(task: Task) -> Json:
    """Runs in a thread of the worker; the answer has the child's last message and how it ended."""
    worker = get_worker()
    host = worker.plugins[HOST]
    assert isinstance(host, Host)
    key = worker.get_current_task()

    def wanted() -> bool:
        state = worker.state.tasks.get(key)
        return state is not None and state.state in ("executing", "long-running")

    def say(message: Json) -> None:
        worker.log_event(TOPIC, {"token": task.token, "stage": task.stage, **message})

    return host.perform(task, wanted, say)


class Host(WorkerPlugin):
    """Runs orders below one artifacts store. ``processors`` are shared by the ``slots`` of the worker."""

    name = HOST

    def __init__(self, store: Path, processors: int, slots: int) -> None:
        self._store = ArtifactStore(store)
        self._share = max(1, processors // slots)

    def setup(self, worker: Worker) -> None:
        del worker
        warm_up()

    def perform(self, task: Task, wanted: Callable[[], bool], say: Callable[[Json], None]) -> Json:
        if refusal := self._refusal(task):
            error = {"code": "wrong_worker", "message": refusal}
            return {"outcome": {"error": error, "traceback": None}, "end": "exit code 0"}
        say({"started": True})
        attempt = LocalAttempt(task.order, self._store, replace(task.limits, processors=self._share))
        outcome: Json | None = None
        stop_at: float | None = None
        try:
            while attempt.end is None:
                wait(attempt.sources, POLL_SECONDS)
                outcome = _relay(attempt, say) or outcome
                if stop_at is None and not wanted():
                    attempt.terminate()
                    stop_at = time.monotonic() + GRACE_SECONDS
                if stop_at is not None and time.monotonic() > stop_at:
                    attempt.kill()
            outcome = _relay(attempt, say) or outcome
        finally:
            attempt.close(patience=0.0)
            say({"ended": attempt.end})
        return {"outcome": outcome, "end": attempt.end}

    def _refusal(self, task: Task) -> str | None:
        file = self._store.root / IDENTITY
        if not file.is_file() or file.read_text() != task.store_id:
            return (
                f"A worker of the cluster has another artifacts root ({self._store.root.parent}) than the "
                "server. Mount the same directory on both and set POLICYSCOPE_ARTIFACTS to it."
            )
        mine = software()
        other = [f"{name} {mine[name]} (server {task.software[name]})" for name in PACKAGES
                 if mine[name] != task.software[name]]  # fmt: skip
        if other:
            return f"A worker of the cluster has other versions: {', '.join(other)}. Install the server's."
        return None


def _relay(attempt: LocalAttempt, say: Callable[[Json], None]) -> Json | None:
    """Pass progress on; the last message, which is the outcome, is returned."""
    outcome = None
    for message in attempt.messages():
        if "progress" in message:
            say(message)
        else:
            outcome = message
    return outcome
