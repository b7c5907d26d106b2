"""Two models side by side."""

from marshmallow import fields, validate

from policyscope.api.schemas.base import (
    Answer,
    Real,
    Request,
    described,
    many,
    nested,
    real,
    text,
    whole,
    wholes,
    yes,
)
from policyscope.api.schemas.runs import RunRequest


def _other() -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Length(1, 80),
        metadata=described("Id of the second model; the same id compares a model with its edited weights."),
    )


class CompareModelsQuery(Request):
    other = _other()


class CompareModelsRequest(RunRequest):
    """A run without arms of its own: the first model as uploaded, the second with its weight edits."""

    class Meta:
        exclude = ("arms",)

    other = _other()


class ComparedModel(Answer):
    id = text("Model.")
    name = text("Name.")
    widths = wholes("Observations, then the width of every linear layer, to the actions.")
    activation = text("Activation function.")
    parameters = whole("Numbers in its tensors.")
    edits = whole("Weight edits it acts with here; the first model acts as uploaded.")
    changed_weights = whole("Weights that these edits changed.")
    model_sha256 = text("Uploaded file.")
    weights_sha256 = text("Effective weights.")
    sae = text("Its SAE, by directory.", none=True)


class WeightGap(Answer):
    different = whole("Weights that differ between the two.")
    total = whole("Weights in all.")
    relative = real("Length of the difference over that of the first's weights.")


class ActionGap(Answer):
    name = text("Action.")
    rms = real("RMS difference, in its units.")
    rms_sd = real("The same in SDs of the first model's action; null where that is constant.")
    mean = real("Mean of second minus first.")


class ActionGaps(Answer):
    states = whole("Cached observations on which both acted.")
    states_of = text("Model whose SAE they were cached with.")
    observations_sha256 = text("Those observations, as float64.")
    env = text("Environment; null when it is not known, and outputs are compared as they are.", none=True)
    other_choice = real("Discrete actions: share of states in which they choose differently; else null.")
    gaps = many(ActionGap)


class FiringMatch(Answer):
    feature = whole("Feature of the first model's SAE.")
    partner = whole("Its partner in the second's.")
    correlation = real("Of their activations on the same states.")
    same = yes("Beyond chance, and at least 0.8.")


class SharedFeatures(Answer):
    reason = text("Why features were not compared; null when they were.", none=True)
    mean_correlation = real("Mean over the best one-to-one matching.")
    chance = real("95th percentile of the best partner's correlation in the hardest SAE without features.")
    shared = whole("Features that fire alike in both.", none=True)
    alive = fields.List(
        Real(), required=True, allow_none=True, metadata=described("Alive features of the first and second.")
    )
    matches = many(FiringMatch, "By correlation, greatest first.")


class ModelComparison(Answer):
    models = many(ComparedModel, "The first and the second.")
    weights = nested(WeightGap, "Null where they have different layers.", none=True)
    actions = nested(ActionGaps, "Null without cached observations.", none=True)
    features = nested(SharedFeatures)
