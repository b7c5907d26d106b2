"""Interventions and what they do."""

from __future__ import annotations

from typing import Any

from flask import Response

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.effects import CalibrateRequest, DoseResponseRequest, Effects, ScanRequest
from policyscope.api.schemas.interventions import DoseRequest, DoseResult
from policyscope.api.schemas.runs import RunAccepted
from policyscope.services.effects import bundle, calibration, dose_response, edits, scan, studies

LOCATION = {"Location": {"schema": {"type": "string"}, "description": "The job."}}
effects = Views("effects", __name__, description="Doses, dose-response, scans, calibration, evidence.")


def _accepted(found: dict[str, Any]) -> Any:
    return found, 202, {"Location": f"/job/{found['job_id']}"}


@effects.route("/model/<model_id>/dose", methods=["POST"])
@effects.arguments(DoseRequest)
@effects.response(200, DoseResult)
def measure_dose(wanted: dict[str, Any], model_id: str) -> Any:
    """The dose of feature edits in every unit, with a warning where falls are likely. Stores nothing."""
    return edits.describe(workspace(), model_id, wanted["edits"])


@effects.route("/model/<model_id>/dose_response", methods=["POST"])
@effects.arguments(DoseResponseRequest)
@effects.response(202, RunAccepted, headers=LOCATION)
def start_dose_response(wanted: dict[str, Any], model_id: str) -> Any:
    """One feature at many doses, beside random directions and three simpler handles."""
    return _accepted(dose_response.start(workspace(), model_id, wanted))


@effects.route("/model/<model_id>/scan", methods=["POST"])
@effects.arguments(ScanRequest)
@effects.response(202, RunAccepted, headers=LOCATION)
def start_scan(wanted: dict[str, Any], model_id: str) -> Any:
    """Every alive feature in both signs; candidates are tried again on fresh seeds."""
    return _accepted(scan.start(workspace(), model_id, wanted))


@effects.route("/model/<model_id>/calibrate", methods=["POST"])
@effects.arguments(CalibrateRequest)
@effects.response(202, RunAccepted, headers=LOCATION)
def start_calibration(wanted: dict[str, Any], model_id: str) -> Any:
    """Find the dose that changes a measure as wanted, within what is safe, and confirm it."""
    return _accepted(calibration.start(workspace(), model_id, wanted))


@effects.route("/run/<run_id>/effects")
@effects.response(200, Effects)
def get_effects(run_id: str) -> Any:
    """The numbers of a dose-response, scan or calibration."""
    return studies.effects(workspace(), run_id)


@effects.route("/run/<run_id>/bundle")
@effects.response(200, {"type": "string", "format": "binary"}, content_type="application/zip")
def get_bundle(run_id: str) -> Response:
    """Evidence bundle: everything to compute the run again, with hashes. 409 before it is done."""
    name = {"Content-Disposition": f'attachment; filename="{run_id}.zip"'}
    return Response(bundle.export(workspace(), run_id), mimetype="application/zip", headers=name)
