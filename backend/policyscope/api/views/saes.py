"""SAEs and artifacts directories."""

from __future__ import annotations

from typing import Any

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.base import Ok
from policyscope.api.schemas.saes import ArtifactsDirectories, ArtifactsQuery, LoadSae, SaeInfo
from policyscope.services import directories
from policyscope.services import saes as service

saes = Views("saes", __name__, description="Sparse autoencoders and where they come from.")


@saes.route("/artifacts")
@saes.arguments(ArtifactsQuery, location="query")
@saes.response(200, ArtifactsDirectories)
def list_artifacts(query: dict[str, Any]) -> Any:
    """List artifacts directories, and whether they fit a model."""
    return directories.list_directories(workspace(), query.get("model_id"))


@saes.route("/model/<model_id>/load_sae", methods=["POST"])
@saes.arguments(LoadSae)
@saes.response(200, SaeInfo)
def load_sae(wanted: dict[str, Any], model_id: str) -> Any:
    """Load SAE artifacts from a directory, and check the tap against the cached data."""
    return service.attach(workspace(), model_id, wanted["artifacts_dir"], wanted["tap_index"])


@saes.route("/model/<model_id>/sae")
@saes.response(200, SaeInfo)
def get_sae(model_id: str) -> Any:
    """The attached SAE; 404 when there is none."""
    return service.get(workspace(), model_id)


@saes.route("/model/<model_id>/sae", methods=["DELETE"])
@saes.response(200, Ok)
def detach_sae(model_id: str) -> Any:
    """Take the SAE off the model, with its stored perturbation."""
    service.detach(workspace(), model_id)
    return {"ok": True}
