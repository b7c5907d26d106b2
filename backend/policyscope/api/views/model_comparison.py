"""Two models side by side."""

from __future__ import annotations

from typing import Any

from policyscope.api.current import workspace
from policyscope.api.schemas.model_comparison import (
    CompareModelsQuery,
    CompareModelsRequest,
    ModelComparison,
)
from policyscope.api.schemas.runs import RunAccepted
from policyscope.api.views.acting import models
from policyscope.api.views.runs import LOCATION
from policyscope.services import model_comparison as service


@models.route("/model/<model_id>/compare")
@models.arguments(CompareModelsQuery, location="query")
@models.response(200, ModelComparison)
def compare_models(query: dict[str, Any], model_id: str) -> Any:
    """Two models of the same sizes without playing: layers, weights, actions, features."""
    return service.compare_two(workspace(), model_id, query["other"])


@models.route("/model/<model_id>/compare", methods=["POST"])
@models.arguments(CompareModelsRequest)
@models.response(202, RunAccepted, headers=LOCATION)
def play_models(wanted: dict[str, Any], model_id: str) -> Any:
    """Play both on the same seeds, without steering; a run whose second arm is the other model."""
    accepted = service.start(workspace(), model_id, wanted.pop("other"), wanted)
    return accepted, 202, {"Location": f"/job/{accepted['job_id']}"}
