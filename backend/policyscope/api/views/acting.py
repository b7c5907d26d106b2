"""How a model acts around its layers: squashing, scaling, normalisation."""

from __future__ import annotations

from typing import Any

from policyscope.api.current import workspace
from policyscope.api.schemas.acting import Acting, ActingChange, NormalisationUpload
from policyscope.api.views.models import models
from policyscope.services import acting as service


@models.route("/model/<model_id>/acting")
@models.response(200, Acting)
def get_acting(model_id: str) -> Any:
    """How a model squashes and scales its actions and normalises observations."""
    return service.get(workspace(), model_id)


@models.route("/model/<model_id>/acting", methods=["PATCH"])
@models.arguments(ActingChange)
@models.response(200, Acting)
def change_acting(request: dict[str, Any], model_id: str) -> Any:
    """Correct how a model acts; what is not given stays. Later runs are of the corrected policy."""
    return service.change(workspace(), model_id, service.from_request(request))


@models.route("/model/<model_id>/acting", methods=["DELETE"])
@models.response(200, Acting)
def reset_acting(model_id: str) -> Any:
    """Act as the uploaded file says."""
    return service.reset(workspace(), model_id)


@models.route("/model/<model_id>/vec_normalize", methods=["POST"])
@models.arguments(NormalisationUpload, location="upload")
@models.response(200, Acting)
def attach_vec_normalize(form: dict[str, Any], model_id: str) -> Any:
    """Normalise observations with the statistics of a VecNormalize file."""
    file = form["file"]
    return service.attach_normalisation(
        workspace(), model_id, file.read(), file.filename or "vec_normalize.pkl"
    )
