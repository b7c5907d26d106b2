"""Raw weights."""

from __future__ import annotations

from typing import Any

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.models import (
    EditAt,
    EditResult,
    Edits,
    LayerWeights,
    Perturb,
    WeightsQuery,
)
from policyscope.services import weights as service

weights = Views("weights", __name__, description="Raw weights and their edits.")


@weights.route("/model/<model_id>/layer_weights/<key>")
@weights.arguments(WeightsQuery, location="query")
@weights.response(200, LayerWeights)
def get_layer_weights(query: dict[str, Any], model_id: str, key: str) -> Any:
    """One tensor, with edits applied; of a large one a window and an overview."""
    return service.layer_weights(workspace(), model_id, key, **query)


@weights.route("/model/<model_id>/perturb", methods=["POST"])
@weights.arguments(Perturb)
@weights.response(200, EditResult)
def perturb(edit: dict[str, Any], model_id: str) -> Any:
    """Scale a tensor, add noise to it, or set it."""
    return service.perturb(workspace(), model_id, edit)


@weights.route("/model/<model_id>/edit_at", methods=["POST"])
@weights.arguments(EditAt)
@weights.response(200, EditResult)
def edit_at(edit: dict[str, Any], model_id: str) -> Any:
    """Set one weight."""
    return service.perturb(workspace(), model_id, {"op": "edit_at", **edit})


@weights.route("/model/<model_id>/undo", methods=["POST"])
@weights.response(200, EditResult)
def undo(model_id: str) -> Any:
    """Drop the last weight edit; 409 when there is none."""
    return service.undo(workspace(), model_id)


@weights.route("/model/<model_id>/reset", methods=["POST"])
@weights.response(200, EditResult)
def reset(model_id: str) -> Any:
    """Drop all weight edits."""
    return service.reset(workspace(), model_id)


@weights.route("/model/<model_id>/edits")
@weights.response(200, Edits)
def list_edits(model_id: str) -> Any:
    """Weight edits in force, in order."""
    return {"edits": service.list_edits(workspace(), model_id)}
