"""Sweeps of SAEs."""

from __future__ import annotations

from typing import Any

from flask import Response

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.saes import SaeInfo
from policyscope.api.schemas.sweeps import (
    CellQuery,
    Sweep,
    SweepAccepted,
    SweepPlan,
    SweepRequest,
    Sweeps,
    UseCell,
)
from policyscope.api.views.sae_library import BINARY
from policyscope.services.sweeps import plan, reading

LOCATION = {"Location": {"schema": {"type": "string"}, "description": "The sweep."}}
sweeps = Views("sweeps", __name__, description="Many SAEs of one tap, judged together in the closed loop.")


@sweeps.route("/model/<model_id>/sweep", methods=["POST"])
@sweeps.arguments(SweepRequest)
@sweeps.response(202, SweepAccepted, headers=LOCATION)
def start_sweep(wanted: dict[str, Any], model_id: str) -> Any:
    """Collect states once, train every SAE of a grid on them, play each in place of the layer, and choose.

    A sweep that is killed goes on from its last checkpoint. The same request is answered by the same sweep.
    """
    found = plan.start(workspace(), model_id, wanted)
    return found, 202, {"Location": f"/sweep/{found['sweep_id']}"}


@sweeps.route("/model/<model_id>/sweep/plan", methods=["POST"])
@sweeps.arguments(SweepRequest)
@sweeps.response(200, SweepPlan)
def plan_sweep(wanted: dict[str, Any], model_id: str) -> Any:
    """What a sweep would train, how long it would take, and its command line. Starts nothing."""
    return plan.plan(workspace(), model_id, wanted)


@sweeps.route("/model/<model_id>/sweeps")
@sweeps.response(200, Sweeps)
def list_sweeps(model_id: str) -> Any:
    """The sweeps of a model."""
    return {"sweeps": reading.list_sweeps(workspace(), model_id)}


@sweeps.route("/sweep/<sweep_id>")
@sweeps.response(200, Sweep)
def get_sweep(sweep_id: str) -> Any:
    """One sweep: its curves while it is made, its frontier and its recommendation when it is done."""
    return reading.get(workspace(), sweep_id)


@sweeps.route("/sweep/<sweep_id>/use", methods=["POST"])
@sweeps.arguments(UseCell)
@sweeps.response(200, SaeInfo)
def use_sweep(wanted: dict[str, Any], sweep_id: str) -> Any:
    """Attach one SAE of the sweep to its model and make it the active one."""
    return reading.use(workspace(), sweep_id, wanted["cell"])


@sweeps.route("/sweep/<sweep_id>/file")
@sweeps.arguments(CellQuery, location="query")
@sweeps.response(200, BINARY, content_type="application/octet-stream")
def save_sweep(query: dict[str, Any], sweep_id: str) -> Any:
    """One SAE or transcoder of the sweep as a safetensors file."""
    name, content = reading.file_of(workspace(), sweep_id, query["cell"])
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype="application/octet-stream", headers=headers)
