"""Training SAEs."""

from __future__ import annotations

from typing import Any

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.training import TrainAccepted, TrainRequest
from policyscope.services import training as service

LOCATION = {"Location": {"schema": {"type": "string"}, "description": "The job."}}
training = Views("training", __name__, description="SAEs for a model that is stored.")


@training.route("/model/<model_id>/train_sae", methods=["POST"])
@training.arguments(TrainRequest)
@training.response(202, TrainAccepted, headers=LOCATION)
def train_sae(wanted: dict[str, Any], model_id: str) -> Any:
    """Roll the model out, train a TopK SAE on a tap, measure it in the closed loop, and publish a directory.

    A training that is killed goes on from its last checkpoint, to the same bytes.
    """
    found = service.start(workspace(), model_id, wanted)
    return found, 202, {"Location": f"/job/{found['job_id']}"}
