"""Interventions and what they do."""

from __future__ import annotations

from typing import Any

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.interventions import DoseRequest, DoseResult
from policyscope.services.effects import edits

effects = Views("effects", __name__, description="Doses, scans and calibration of interventions.")


@effects.route("/model/<model_id>/dose", methods=["POST"])
@effects.arguments(DoseRequest)
@effects.response(200, DoseResult)
def measure_dose(wanted: dict[str, Any], model_id: str) -> Any:
    """The dose of feature edits in every unit, with a warning where falls are likely. Stores nothing."""
    return edits.describe(workspace(), model_id, wanted["edits"])
