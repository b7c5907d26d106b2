"""Live steering of environments that a browser cannot simulate."""

from __future__ import annotations

from typing import Any

from policyscope.api.current import live_sessions, workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.base import Ok
from policyscope.api.schemas.live_sessions import LiveRequest, LiveSession, LiveSteps, LiveStepsRequest

server_live = Views(
    "server-stepped live", __name__, description="Live steering where the server steps and the browser draws."
)


@server_live.route("/live", methods=["POST"])
@server_live.arguments(LiveRequest)
@server_live.response(201, LiveSession)
def open_live(wanted: dict[str, Any]) -> Any:
    """Begin an episode to be steered step by step; it is kept in memory only."""
    return live_sessions().open(workspace(), **{"env_id": wanted.pop("env"), **wanted})


@server_live.route("/live/<live_id>/steps", methods=["POST"])
@server_live.arguments(LiveStepsRequest)
@server_live.response(200, LiveSteps)
def step_live(wanted: dict[str, Any], live_id: str) -> Any:
    """Play a few steps. A run with the same α(t), as a schedule of shape table, gives the same numbers."""
    return live_sessions().play(live_id, wanted["steps"], wanted["pushes"])


@server_live.route("/live/<live_id>", methods=["DELETE"])
@server_live.response(200, Ok)
def close_live(live_id: str) -> Any:
    """End the session."""
    live_sessions().close(live_id)
    return {"ok": True}
