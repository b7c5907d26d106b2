"""Jobs as the outside sees them."""

from __future__ import annotations

from policyscope.services.workspace import Workspace
from policyscope.store.records import JobRow, Json


def get(ws: Workspace, job_id: str) -> Json:
    """Raises NotFound."""
    return describe(ws.table.get(job_id))


def list_jobs(ws: Workspace, state: str | None = None) -> list[Json]:
    """Newest first, all or those in one state."""
    return [describe(job) for job in ws.table.list(state)]


def cancel(ws: Workspace, job_id: str) -> Json:
    """Stop a job and return it as it ended. Ended jobs stay as they are. Raises NotFound."""
    return describe(ws.engine.cancel(job_id))


def describe(job: JobRow) -> Json:
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "progress": job.progress,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "result": job.result,
        "error": job.error,
    }
