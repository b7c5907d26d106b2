"""For those who operate the server: readiness and metrics."""

from __future__ import annotations

from typing import Any

from flask import Response

from policyscope.api.current import streams, workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.operations import Readiness
from policyscope.services import readiness as service

operations = Views("operations", __name__, description="For those who operate the server.")


@operations.route("/readyz")
@operations.response(200, Readiness)
@operations.alt_response(503, schema=Readiness, description="Something is not ready.")
def readyz() -> Any:
    """Ready for work? 503 with the reasons when the database, the store or the job engine is not."""
    checks = service.check(workspace())
    ok = all(reason is None for reason in checks.values())
    return {"ok": ok, "checks": checks}, 200 if ok else 503


@operations.route("/metrics")
@operations.response(200, {"type": "string"}, content_type="text/plain")
def metrics() -> Response:
    """Counts of jobs by state and of free event streams, in the text format of Prometheus."""
    free = getattr(streams(), "_value", 0)
    return Response(service.metrics(workspace(), free), mimetype="text/plain; version=0.0.4")
