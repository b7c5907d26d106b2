"""Jobs as the outside sees them."""

from __future__ import annotations

from policyscope.jobs.estimate import eta_seconds
from policyscope.services.workspace import Workspace
from policyscope.store.records import RUN, JobRow, Json, RunRow, require


def get(ws: Workspace, job_id: str) -> Json:
    """Raises NotFound."""
    return describe(ws.table.get(job_id))


def list_jobs(ws: Workspace, state: str | None = None) -> list[Json]:
    """Newest first, all or those in one state."""
    return [describe(job) for job in ws.table.list(state)]


def cancel(ws: Workspace, job_id: str) -> Json:
    """Stop a job and return it as it ended. Ended jobs stay as they are. Raises NotFound."""
    return describe(ws.engine.cancel(job_id))


def retry(ws: Workspace, job_id: str) -> Json:
    """Queue a job that ended without a result again. Raises NotFound, Conflict or Busy."""
    with ws.records.read() as session:
        run_id = (ws.table.get(job_id).spec.get("result") or {}).get("run_id")
        if run_id is not None:
            require(session, RunRow, run_id, RUN)
    return describe(ws.engine.retry(job_id))


def describe(job: JobRow) -> Json:
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "progress": {**job.progress, "eta_s": eta_seconds(job)},
        "attempt": job.attempt,
        "estimate_s": job.spec.get("estimate_s"),
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "result": job.result,
        "error": job.error,
    }
