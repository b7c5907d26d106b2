"""Features: interpretation and the stored perturbation."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from policyscope.api.schemas.base import (
    FEATURE_MAX,
    VALUE_MAX,
    Answer,
    Real,
    Request,
    described,
    many,
    nested,
    one_of,
    real,
    text,
    whole,
    yes,
)
from policyscope.api.schemas.interventions import Dose, FeatureEdit, FeatureEditRequest

SORTS = ("abs_weight", "standardized_weight", "marginal_r2", "ablation_effect", "density")


class Intervention(Answer):
    feature_idx = whole("The perturbed feature.")
    alpha = real("Its strength: α decoder directions are added at the tap.")
    decoder_norm = real("Length of the feature's decoder direction.")
    edits = many(FeatureEdit, "The same as feature edits.")
    dose = fields.Nested(
        Dose, allow_none=True, metadata=described("In every unit; null without cached data.")
    )


class StoredIntervention(Answer):
    intervention = nested(Intervention, "Null when none is stored.", none=True)


class Perturbation(Request):
    """The guide's ``feature_idx`` and ``alpha``, or ``edits``: several, of any kind, in any unit."""

    feature_idx = fields.Integer(
        strict=True,
        validate=validate.Range(0, FEATURE_MAX),
        metadata=described("Latent of the SAE.", example=42),
    )
    alpha = Real(
        validate=validate.Range(-VALUE_MAX, VALUE_MAX),
        metadata=described("Strength; 0 is exactly no change.", example=2.0),
    )
    edits = fields.List(
        fields.Nested(FeatureEditRequest),
        validate=validate.Length(1, 64),
        metadata=described("Instead of feature_idx and alpha."),
    )

    @validates_schema(skip_on_field_errors=True)
    def one_form(self, data: dict[str, Any], **_: Any) -> None:
        short = [name for name in ("feature_idx", "alpha") if name not in data]
        if "edits" in data and len(short) < 2:
            raise ValidationError("Give feature_idx and alpha, or edits, not both.", "edits")
        if "edits" not in data and short:
            raise ValidationError({name: ["Missing data for required field."] for name in short})

    @post_load
    def as_edits(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "edits" in data:
            return data
        return {"edits": [{"feature_idx": data["feature_idx"], "op": "add", "value": data["alpha"]}]}


class PerturbationResult(Answer):
    ok = yes("Always true.")
    feature_idx = whole("As sent; that of the first edit.")
    alpha = real("As sent; the value of the first edit.")
    decoder_norm = real("Length of the feature's decoder direction.")
    message = text("Feature perturbation parameters stored")
    intervention = nested(Intervention)


class Interpret(Request):
    target_dim = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0),
        metadata=described("Action dimension.", example=0),
    )
    top_k = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1),
        metadata=described("Features to return.", example=10),
    )
    sort_by = fields.String(
        load_default="abs_weight",
        validate=validate.OneOf(SORTS),
        metadata=described("Largest first by this."),
    )


class FeatureRow(Answer):
    feature_idx = whole("Latent of the SAE.")
    weight = real("Ridge weight of Z w = y.")
    abs_weight = real("Its absolute value.")
    standardized_weight = real("Ridge weight in standard deviations: comparable between features.")
    marginal_r2 = real("Share of the action's variance that this feature alone predicts.")
    density = real("Share of samples on which it is active.")
    ablation_effect = real("RMS change of this action when the feature is removed, in SDs of the action.")
    ablation_mean = real("Mean signed change of this action when it is removed, over its active states.")
    ablation_rms = real("RMS change over all actions together when it is removed.")
    mean_active = real("Mean activation when active.")
    max_activation = real("Largest activation.")
    decoder_norm = real("Length of its decoder direction.")
    local_gain = real("Mean change of the action per unit of α, to first order.")
    dead = yes("Never active on the cached samples.")


class Interpretation(Answer):
    features = many(FeatureRow, "Best first.")
    target_dim = whole("As sent.")
    target_name = text("Name of the action, where the environment is known.")
    n_samples = whole("Cached observations used.")
    r2 = real("Share of the action's variance that the ridge Z w = y predicts on its own data.")
    cv_r2 = real("The same for the standardised ridge on held-out episodes.")
    ridge_lambda = real("Ridge penalty.")
    sort_by = one_of(SORTS, "Order of the list.")
    d_latent = whole("Features in all.")
    dead_features = whole("Features never active.")
