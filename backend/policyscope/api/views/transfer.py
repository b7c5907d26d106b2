"""A workspace as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Response, send_file

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.transfer import (
    CHECKS,
    ExportAccepted,
    ExportRequest,
    ImportReport,
    ImportRequest,
)
from policyscope.api.views.runs import LOCATION
from policyscope.services.transfer import exporting, importing

transfer = Views("transfer", __name__, description="A workspace, or one model of it, as one file.")


@transfer.route("/workspace/export", methods=["POST"])
@transfer.arguments(ExportRequest)
@transfer.response(202, ExportAccepted, headers=LOCATION)
def export_workspace(wanted: dict[str, Any]) -> Any:
    """Write models, SAEs, notes, collections, views, finished runs, report cards and sweeps into one file; a
    job to follow. ``left_out`` in its ``workspace.json`` says what is not there."""
    accepted = exporting.start(workspace(), wanted["model_id"])
    return accepted, 202, {"Location": f"/job/{accepted['job_id']}"}


@transfer.route("/workspace/export/<export_id>")
@transfer.response(200, {"type": "string", "format": "binary"}, content_type="application/zip")
def get_workspace(export_id: str) -> Response:
    """The file, in ranges too, so that a broken download can go on."""
    path = exporting.path(workspace(), export_id)
    return send_file(
        path, mimetype="application/zip", as_attachment=True, download_name="workspace.zip", conditional=True
    )


@transfer.route("/workspace/import", methods=["POST"])
@transfer.arguments(ImportRequest, location="upload")
@transfer.response(200, ImportReport)
def import_workspace(form: dict[str, Any]) -> Any:
    """Take in such a file: every hash is checked, policies and SAEs are opened as uploads are, nothing here
    is overwritten. What is here already is recognised; ids that are in use become others. Analyses that were
    there are made again, by jobs."""
    file = form["file"]
    with workspace().store.scratch() as scratch:
        path = Path(scratch) / "workspace.zip"
        file.save(path)
        report = importing.read(workspace(), path, _shown(file.filename), CHECKS)
    return {**report, "analysing": importing.analyse(workspace(), report.pop("analysed"))}


def _shown(filename: str | None) -> str:
    return "".join(letter for letter in filename or "" if letter.isprintable())[:100] or "The file"
