"""Report cards of SAEs."""

from __future__ import annotations

from typing import Any

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.reports import Report, ReportRequest, Reports
from policyscope.api.schemas.understanding import AnalysisAccepted
from policyscope.services import reports as service

reports = Views("reports", __name__, description="Whether an SAE can stand in for what it explains.")


@reports.route("/model/<model_id>/report", methods=["POST"])
@reports.arguments(ReportRequest)
@reports.response(202, AnalysisAccepted)
def start_report(wanted: dict[str, Any], model_id: str) -> Any:
    """Measure the SAE offline and in the closed loop, beside reference lines."""
    return service.start(workspace(), model_id, wanted)


@reports.route("/model/<model_id>/report")
@reports.response(200, Report)
def get_report(model_id: str) -> Any:
    """The newest report on the model's SAE; 409 before there is one."""
    return service.newest(workspace(), model_id)


@reports.route("/model/<model_id>/reports")
@reports.response(200, Reports)
def list_reports(model_id: str) -> Any:
    """Reports on the model's SAE, newest first; an empty list before there is one."""
    return {"reports": service.list_reports(workspace(), model_id)}
