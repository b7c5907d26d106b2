"""Several SAEs of one model: upload, list, switch, export."""

from __future__ import annotations

from typing import Any

from flask import Response

from policyscope.api.current import workspace
from policyscope.api.schemas.sae_library import (
    ActiveSae,
    CompareQuery,
    ExportQuery,
    SaeComparison,
    Saes,
    SaeUpload,
)
from policyscope.api.schemas.saes import SaeInfo
from policyscope.api.views.saes import saes
from policyscope.services import sae_comparison
from policyscope.services import sae_library as service

BINARY = {"type": "string", "format": "binary"}


@saes.route("/model/<model_id>/sae", methods=["POST"])
@saes.arguments(SaeUpload, location="upload")
@saes.response(201, SaeInfo)
def upload_sae(form: dict[str, Any], model_id: str) -> Any:
    """Upload an SAE of any known library, check its tap, and make it the active one."""
    parts = [form[name] for name in ("file", "config") if name in form]
    files = {part.filename or "sae": part.read() for part in parts}
    return service.upload(workspace(), model_id, files, form.get("tap_index"))


@saes.route("/model/<model_id>/saes")
@saes.response(200, Saes)
def list_saes(model_id: str) -> Any:
    """The SAEs of a model, and which one is active."""
    return service.all_saes(workspace(), model_id)


@saes.route("/model/<model_id>/saes/active", methods=["PUT"])
@saes.arguments(ActiveSae)
@saes.response(200, SaeInfo)
def activate_sae(wanted: dict[str, Any], model_id: str) -> Any:
    """Make another SAE of the model the active one."""
    return service.activate(workspace(), model_id, wanted["sae_id"])


@saes.route("/model/<model_id>/saes/compare")
@saes.arguments(CompareQuery, location="query")
@saes.response(200, SaeComparison)
def compare_saes(query: dict[str, Any], model_id: str) -> Any:
    """Two SAEs side by side on the same states, and which features they share beyond chance."""
    return sae_comparison.compare_two(workspace(), model_id, query["first"], query["second"])


@saes.route("/model/<model_id>/sae/export")
@saes.arguments(ExportQuery, location="query")
@saes.response(200, BINARY, content_type="application/octet-stream")
def export_sae(query: dict[str, Any], model_id: str) -> Any:
    """The active SAE as a file of its own."""
    name, content = service.export(workspace(), model_id, query["format"])
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype="application/octet-stream", headers=headers)
