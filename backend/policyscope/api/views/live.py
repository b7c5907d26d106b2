"""What a browser needs to run the closed loop by itself."""

from __future__ import annotations

from typing import Any

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.live import LiveNetwork, NetworkQuery, Physics, Starts, StartsQuery
from policyscope.services import live as service

live = Views("live", __name__, description="Live steering: the closed loop in the browser, a preview.")


@live.route("/env/<env_id>/physics")
@live.response(200, Physics)
def get_physics(env_id: str) -> Any:
    """The model file of a MuJoCo environment and the numbers of its task."""
    return service.physics(env_id)


@live.route("/model/<model_id>/network")
@live.arguments(NetworkQuery, location="query")
@live.response(200, LiveNetwork)
def get_network(query: dict[str, Any], model_id: str) -> Any:
    """The weights of the policy, edits included, and of its SAE."""
    return service.network(workspace(), model_id, query["env"])


@live.route("/model/<model_id>/starts")
@live.arguments(StartsQuery, location="query")
@live.response(200, Starts)
def get_starts(query: dict[str, Any], model_id: str) -> Any:
    """The simulator states from which a run would begin."""
    return service.begin(workspace(), model_id, **{"env_id": query.pop("env"), **query})
