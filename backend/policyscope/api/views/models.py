"""Models."""

from __future__ import annotations

from typing import Any

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.base import Ok
from policyscope.api.schemas.models import Model, ModelChange, Models, Summary, Upload
from policyscope.services import models as service
from policyscope.services import network

models = Views("models", __name__, description="Stored policies.")


@models.route("/upload", methods=["POST"])
@models.arguments(Upload, location="upload")
@models.response(201, Model)
def upload(form: dict[str, Any]) -> Any:
    """Upload a policy file."""
    file = form["file"]
    return service.upload(
        workspace(), file.read(), file.filename or "policy", form.get("name"), form.get("activation")
    )


@models.route("/models")
@models.response(200, Models)
def list_models() -> Any:
    """List models, newest first."""
    return {"models": service.all_models(workspace())}


@models.route("/model/<model_id>")
@models.response(200, Model)
def get_model(model_id: str) -> Any:
    """One model."""
    return service.get(workspace(), model_id)


@models.route("/model/<model_id>", methods=["PATCH"])
@models.arguments(ModelChange)
@models.response(200, Model)
def change_model(changes: dict[str, Any], model_id: str) -> Any:
    """Rename a model, or say which activation function it has."""
    return service.change(workspace(), model_id, changes.get("name"), changes.get("activation"))


@models.route("/model/<model_id>", methods=["DELETE"])
@models.response(200, Ok)
def delete_model(model_id: str) -> Any:
    """Delete a model with its SAEs and runs; 409 while one of its runs is active."""
    service.delete(workspace(), model_id)
    return {"ok": True}


@models.route("/model/<model_id>/summary")
@models.response(200, Summary)
def get_summary(model_id: str) -> Any:
    """What is needed to draw the network."""
    return network.summary(workspace(), model_id)
