"""Features: interpretation and the stored perturbation."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from policyscope.api.schemas.base import (
    FEATURE_MAX,
    FEATURE_OPS,
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

SORTS = ("abs_weight", "standardized_weight", "marginal_r2", "ablation_effect", "density")


class FeatureEdit(Answer):
    feature_idx = whole("Latent of the SAE.")
    op = one_of(FEATURE_OPS, "add: z + value; scale: z × value; clamp: z = value; ablate: z = 0.")
    value = real("Number; not used by ablate.")


class FeatureEditRequest(Request):
    feature_idx = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, FEATURE_MAX),
        metadata=described("Latent of the SAE."),
    )
    op = one_of(FEATURE_OPS, "add: z + value; scale: z × value; clamp: z = value; ablate: z = 0.")
    value = Real(
        allow_none=True,
        load_default=None,
        validate=validate.Range(-VALUE_MAX, VALUE_MAX),
        metadata=described("Number; not used by ablate."),
    )

    @validates_schema(skip_on_field_errors=True)
    def value_unless_ablate(self, data: dict[str, Any], **_: Any) -> None:
        if data["value"] is None and data["op"] != "ablate":
            raise ValidationError(f"A number is needed for {data['op']}.", "value")


class Intervention(Answer):
    feature_idx = whole("The perturbed feature.")
    alpha = real("Its strength: α decoder directions are added at the tap.")
    decoder_norm = real("Length of the feature's decoder direction.")
    edits = many(FeatureEdit, "The same as feature edits.")


class StoredIntervention(Answer):
    intervention = nested(Intervention, "Null when none is stored.", none=True)


class Perturbation(Request):
    feature_idx = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, FEATURE_MAX),
        metadata=described("Latent of the SAE.", example=42),
    )
    alpha = Real(
        required=True,
        validate=validate.Range(-VALUE_MAX, VALUE_MAX),
        metadata=described("Strength; 0 is exactly no change.", example=2.0),
    )


class PerturbationResult(Answer):
    ok = yes("Always true.")
    feature_idx = whole("As sent.")
    alpha = real("As sent.")
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
