"""The job table: the truth about every job. Each change is one guarded UPDATE and wakes those who wait."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from policyscope.core.errors import Busy, Conflict, NotFound
from policyscope.store.records import JobRow, Json, Records, new_id, now

STATES = ("queued", "running", "done", "failed", "cancelled", "interrupted")
ACTIVE = ("queued", "running")
RETRIABLE = ("failed", "cancelled", "interrupted")
LEASE_SECONDS = 15
WAITING: Json = {"done": 0, "total": 0, "unit": "", "message": "Waiting", "metrics": {}}
INTERRUPTED = {
    "code": "interrupted",
    "message": "The server stopped while this job was running. Try it again: a training or a scan goes on "
    "from its last checkpoint.",
}


class JobTable:
    """Jobs in the database, and a way to wait for their changes within this process."""

    def __init__(self, records: Records, queue_limit: int) -> None:
        self._records = records
        self._queue_limit = queue_limit
        self._changed = threading.Condition()
        self._versions: dict[str, int] = {}
        self._closed = False

    def enqueue(self, session: Session, kind: str, spec: Mapping[str, Any], key: str | None = None) -> JobRow:
        """Add a queued job within ``session``. Raises Busy when the queue is full."""
        self._check_room(session)
        job = JobRow(
            id=new_id("j"),
            kind=kind,
            spec=dict(spec),
            state="queued",
            version=1,
            attempt=0,
            progress=WAITING,
            created_at=now(),
            key=key,
        )
        session.add(job)
        session.flush()
        return job

    def get(self, job_id: str) -> JobRow:
        """Raises NotFound."""
        with self._records.read() as session:
            row = session.get(JobRow, job_id) if "\x00" not in job_id else None
        if row is None:
            raise NotFound(f"There is no job with id {job_id[:60]!r}.")
        return row

    def list(self, state: str | None = None, limit: int = 200) -> Sequence[JobRow]:
        """The newest jobs first, of one state or all."""
        query = select(JobRow).order_by(JobRow.created_at.desc()).limit(limit)
        with self._records.read() as session:
            return session.scalars(query.where(JobRow.state == state) if state else query).all()

    def count(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        with self._records.read() as session:
            rows = session.execute(select(JobRow.state, func.count()).group_by(JobRow.state)).all()
        return dict.fromkeys(STATES, 0) | {state: number for state, number in rows}

    def claim(self, owner: str) -> JobRow | None:
        """Take the oldest queued job for ``owner``, or None. Two claimants never get the same job."""
        oldest = (
            select(JobRow.id)
            .where(JobRow.state == "queued")
            .order_by(JobRow.created_at, JobRow.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        moment = now()  # taken before the wait for the database, in which the job may have been queued
        started = case((JobRow.created_at > moment, JobRow.created_at), else_=moment)
        values = {"state": "running", "owner": owner, "started_at": started, "attempt": JobRow.attempt + 1}
        return self._change(JobRow.id == oldest, JobRow.state == "queued", values=values | _lease())

    def report(self, job: JobRow, progress: Json) -> None:
        """Store progress of a job this process runs."""
        self._change(*_mine(job), values={"progress": progress} | _lease())

    def finish(
        self, job: JobRow, state: str, *, result: Json | None = None, error: Json | None = None
    ) -> bool:
        """End a job this process runs; False when it was no longer ours to end (the attempt is the fence)."""
        values = {"state": state, "result": result, "error": error, "finished_at": now(), "lease_until": None}
        return self._change(*_mine(job), values=values) is not None

    def requeue(self, job: JobRow) -> bool:
        """Put a job that lost its process back in the queue; False when it was no longer ours."""
        values = {"state": "queued", "owner": None, "lease_until": None, "progress": WAITING}
        return self._change(*_mine(job), values=values) is not None

    def retry(self, job_id: str) -> JobRow:
        """Queue an ended job again. Raises NotFound, Conflict unless it ended without a result, Busy."""
        job = self.get(job_id)
        with self._records.read() as session:
            self._check_room(session)
        values = {"state": "queued", "owner": None, "error": None, "finished_at": None, "progress": WAITING}
        queued = self._change(JobRow.id == job.id, JobRow.state.in_(RETRIABLE), values=values)
        if queued is None:
            allowed = ", ".join(RETRIABLE)
            raise Conflict(f"Job {job.id} is {job.state}; only these can be tried again: {allowed}.")
        return queued

    def expired(self, owner: str) -> Sequence[JobRow]:
        """Running jobs of other owners whose lease has run out."""
        query = select(JobRow).where(
            JobRow.state == "running", JobRow.owner != owner, JobRow.lease_until < _utc()
        )
        with self._records.read() as session:
            return session.scalars(query).all()

    def cancel_queued(self, job_id: str) -> bool:
        """Cancel a job that has not started; False when it has."""
        values = {"state": "cancelled", "finished_at": now()}
        return self._change(JobRow.id == job_id, JobRow.state == "queued", values=values) is not None

    def renew(self, owner: str) -> None:
        """Heartbeat of everything that ``owner`` runs."""
        with self._records.write() as session:
            session.execute(
                update(JobRow).where(JobRow.owner == owner, JobRow.state == "running").values(_lease())
            )

    def wait(self, job_id: str, after: int, timeout: float) -> JobRow | None:
        """The job as soon as its version is above ``after``; None after ``timeout`` seconds or on closing."""
        job = self.get(job_id)
        if job.version > after:
            return job
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._versions.get(job_id, 0) > after, timeout)
            changed = self._versions.get(job_id, 0) > after
        return self.get(job_id) if changed else None

    @property
    def closed(self) -> bool:
        return self._closed

    def open(self) -> None:
        self._closed = False

    def close(self) -> None:
        """Wake everybody who waits; nothing will change any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _check_room(self, session: Session) -> None:
        waiting = session.scalar(select(func.count()).where(JobRow.state == "queued")) or 0
        if waiting >= self._queue_limit:
            raise Busy(f"{waiting} jobs are waiting already. Try again when some have finished.")

    def _change(self, *where: Any, values: Mapping[str, Any]) -> JobRow | None:
        statement = (
            update(JobRow).where(*where).values(version=JobRow.version + 1, **values).returning(JobRow)
        )
        with self._records.write() as session:
            job = session.scalars(statement.returning(JobRow)).one_or_none()
        if job is not None:
            with self._changed:
                self._versions[job.id] = job.version
                self._changed.notify_all()
        return job


def _mine(job: JobRow) -> tuple[Any, ...]:
    return (
        JobRow.id == job.id,
        JobRow.state == "running",
        JobRow.owner == job.owner,
        JobRow.attempt == job.attempt,
    )


def _lease() -> dict[str, str]:
    return {"heartbeat_at": now(), "lease_until": _utc(LEASE_SECONDS)}


def _utc(seconds_from_now: float = 0.0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds_from_now)).isoformat(timespec="microseconds")
