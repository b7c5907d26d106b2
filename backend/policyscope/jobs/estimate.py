"""How long a job will take: before it starts from earlier jobs, while it runs from its own pace."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope.store.records import JobRow

SAMPLE = 20
SHARE_NEEDED = 0.02  # before that the pace of a job is mostly its start


def estimate_seconds(session: Session, kind: str, size: int | None) -> float | None:
    """Duration of a job of ``size`` units: median pace of the newest finished ones; None without any."""
    if not size:
        return None
    query = select(JobRow).where(JobRow.kind == kind, JobRow.state == "done")
    finished = session.scalars(query.order_by(JobRow.created_at.desc()).limit(SAMPLE)).all()
    paces = [_seconds(job) / job.spec["size"] for job in finished if job.spec.get("size")]
    return round(statistics.median(paces) * size, 3) if paces else None


def eta_seconds(job: JobRow) -> float | None:
    """Seconds left of a running job; None when it has not got far enough to tell."""
    done, total = job.progress["done"], job.progress["total"]
    if job.state != "running" or not total or done < SHARE_NEEDED * total:
        return None
    return round(_seconds(job) * max(total - done, 0) / done, 1)


def _seconds(job: JobRow) -> float:
    start = datetime.fromisoformat(job.started_at or job.created_at)
    end = datetime.fromisoformat(job.finished_at) if job.finished_at else datetime.now(UTC)
    return (end - start).total_seconds()
