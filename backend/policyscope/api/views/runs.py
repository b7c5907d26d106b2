"""Runs."""

from __future__ import annotations

from typing import Any

from flask import Response

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.base import Ok
from policyscope.api.schemas.runs import Run, RunAccepted, RunRequest, Runs, RunsQuery
from policyscope.services import runs as service

LOCATION = {"Location": {"schema": {"type": "string"}, "description": "The job."}}
runs = Views("runs", __name__, description="Arms × seeds, compared.")


@runs.route("/model/<model_id>/run", methods=["POST"])
@runs.arguments(RunRequest)
@runs.response(
    202, RunAccepted, headers={"Location": {"schema": {"type": "string"}, "description": "The job."}}
)
def start_run(wanted: dict[str, Any], model_id: str) -> Any:
    """Play every arm on the same seeds; answers with a job to follow."""
    accepted = service.start(workspace(), model_id, wanted)
    return accepted, 202, {"Location": f"/job/{accepted['job_id']}"}


@runs.route("/runs")
@runs.arguments(RunsQuery, location="query")
@runs.response(200, Runs)
def list_runs(query: dict[str, Any]) -> Any:
    """List runs, newest first."""
    return {"runs": service.list_runs(workspace(), query.get("model_id"))}


@runs.route("/run/<run_id>")
@runs.response(200, Run)
def get_run(run_id: str) -> Any:
    """One run: arms, paired comparisons and the per-seed table once it is done."""
    return service.get(workspace(), run_id)


@runs.route("/run/<run_id>", methods=["DELETE"])
@runs.response(200, Ok)
def delete_run(run_id: str) -> Any:
    """Delete a run; 409 while its job is active."""
    service.delete(workspace(), run_id)
    return {"ok": True}


@runs.route("/run/<run_id>/episodes.csv")
@runs.response(200, {"type": "string"}, content_type="text/csv")
def get_episodes(run_id: str) -> Response:
    """One line per arm and episode; 409 before the job is done."""
    name = {"Content-Disposition": f'attachment; filename="{run_id}.csv"'}
    return Response(service.episodes_csv(workspace(), run_id), mimetype="text/csv", headers=name)
