"""Features."""

from __future__ import annotations

from typing import Any

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.features import (
    Interpret,
    Interpretation,
    Perturbation,
    PerturbationResult,
    StoredIntervention,
)
from policyscope.services import features as service

features = Views("features", __name__, description="What an SAE learned: interpret it, perturb it.")


@features.route("/model/<model_id>/interpret_features", methods=["POST"])
@features.arguments(Interpret)
@features.response(200, Interpretation)
def interpret_features(wanted: dict[str, Any], model_id: str) -> Any:
    """Find the features that go with one action."""
    return service.interpret(workspace(), model_id, **wanted)


@features.route("/model/<model_id>/sae_perturb", methods=["POST"])
@features.arguments(Perturbation)
@features.response(200, PerturbationResult)
def sae_perturb(wanted: dict[str, Any], model_id: str) -> Any:
    """Store a feature perturbation for the next run."""
    return service.perturb(workspace(), model_id, wanted["edits"])


@features.route("/model/<model_id>/intervention")
@features.response(200, StoredIntervention)
def get_intervention(model_id: str) -> Any:
    """The stored feature perturbation, if any."""
    return service.intervention(workspace(), model_id)


@features.route("/model/<model_id>/intervention", methods=["DELETE"])
@features.response(200, StoredIntervention)
def clear_intervention(model_id: str) -> Any:
    """Forget the stored feature perturbation."""
    return service.clear(workspace(), model_id)
