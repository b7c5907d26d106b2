"""Jobs and their event streams."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from policyscope.api import events
from policyscope.api.current import streams, workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.jobs import Job, Jobs, JobsQuery
from policyscope.services import jobs as service

jobs = Views("jobs", __name__, description="Work longer than a request.")


@jobs.route("/jobs")
@jobs.arguments(JobsQuery, location="query")
@jobs.response(200, Jobs)
def list_jobs(query: dict[str, Any]) -> Any:
    """List jobs, newest first."""
    return {"jobs": service.list_jobs(workspace(), query.get("state"))}


@jobs.route("/job/<job_id>")
@jobs.response(200, Job)
def get_job(job_id: str) -> Any:
    """One job."""
    return service.get(workspace(), job_id)


@jobs.route("/job/<job_id>", methods=["DELETE"])
@jobs.response(200, Job)
def cancel_job(job_id: str) -> Any:
    """Cancel a job; answers when it has ended. Jobs that ended before stay as they are."""
    return service.cancel(workspace(), job_id)


@jobs.route("/job/<job_id>/retry", methods=["POST"])
@jobs.response(202, Job)
def retry_job(job_id: str) -> Any:
    """Start a failed, cancelled or interrupted job again, with the same spec; 409 for any other."""
    return service.retry(workspace(), job_id)


@jobs.route("/job/<job_id>/events")
@jobs.response(200, {"type": "string"}, content_type="text/event-stream")
def follow_job(job_id: str) -> Response:
    """Server-sent events: ``progress`` and ``state``, each with the whole job; ends with the job.

    Every event has an id; send it back as Last-Event-ID to resume without a gap. At most 64 streams: 503.
    """
    return events.stream(workspace().table, streams(), job_id, request.headers.get("Last-Event-ID"))
