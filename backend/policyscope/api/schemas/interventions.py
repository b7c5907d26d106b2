"""Feature edits with their gates, schedules and doses."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

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
)

UNITS = ("alpha", "feature_sd", "activation_norm", "action_displacement")
GATES = ("active", "observation", "phase", "contact")
SHAPES = ("constant", "ramp", "pulse", "sine", "table")
MOST_VALUES = 10_000
OPS = "add: z + value; scale: z × value; clamp: z = value; ablate: z = 0; swap: exchange two latents."


def _index(description: str, *, required: bool = False, **more: Any) -> fields.Integer:
    return fields.Integer(
        strict=True,
        required=required,
        allow_none=not required,
        validate=validate.Range(0, FEATURE_MAX),
        metadata=described(description, **more),
    )


def _number(description: str, low: float = -VALUE_MAX, high: float = VALUE_MAX) -> Real:
    return Real(allow_none=True, validate=validate.Range(low, high), metadata=described(description))


class _Optional(Request):
    """A field that is null is one that was left out."""

    @post_load
    def without_nulls(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value is not None}


class GateRequest(_Optional):
    """Acts only while this holds."""

    kind = one_of(
        GATES,
        "active: a feature is above threshold; observation: a number lies between bounds; "
        "phase: the stride is within a window; contact: a foot is on the floor, or in the air (walkers).",
    )
    feature_idx = _index("active: this feature; the edited one by default.")
    threshold = _number("active: latent value to exceed; 0 by default.")
    index = _index("observation: which number.")
    above = _number("observation: must be above this.")
    below = _number("observation: must be below this.")
    start = _number("phase: start of the window, in strides; 0 is the crest of the rhythm.", 0, 1)
    stop = _number("phase: end of the window; may lie before start, then it wraps around.", 0, 1)
    foot = fields.String(
        validate=validate.Length(1, 40),
        metadata=described("contact: name of the leg, as the environment lists its feet.", example="right"),
    )
    on_floor = fields.Boolean(metadata=described("contact: false acts while the foot is in the air."))


class ScheduleRequest(_Optional):
    """A factor over the time of the episode."""

    shape = one_of(
        SHAPES,
        "constant: 1; ramp: 0 to 1 over the first period; pulse: on for duty of each period; "
        "sine: sin(2πt/period); table: values[t], then the last of them.",
    )
    start = _number("When it begins; 0 by default.", 0)
    stop = _number("When it ends; the end of the episode by default.", 0)
    period = _number("Length of the ramp, or of one pulse or sine.", 0)
    duty = _number("pulse: share of the period that is on; 0.5 by default.", 0, 1)
    values = fields.List(
        Real(validate=validate.Range(-VALUE_MAX, VALUE_MAX)),
        validate=validate.Length(1, MOST_VALUES),
        metadata=described("table: a factor for each step, such as α(t) moved by hand with a value of 1."),
    )
    unit = fields.String(
        load_default="steps",
        validate=validate.OneOf(("steps", "seconds")),
        metadata=described("Unit of start, stop and period. A run stores steps."),
    )


class FeatureEditRequest(Request):
    feature_idx = _index("Latent of the SAE.", required=True)
    op = one_of(FEATURE_OPS, OPS)
    value = Real(
        allow_none=True,
        load_default=None,
        validate=validate.Range(-VALUE_MAX, VALUE_MAX),
        metadata=described("Number; not used by ablate and swap."),
    )
    unit = fields.String(
        validate=validate.OneOf(UNITS),
        metadata=described(
            "Unit of the value of add: alpha (default), feature_sd (SDs when active), activation_norm "
            "(share of the RMS activation), action_displacement (share of the action's own variation)."
        ),
    )
    other_idx = _index("swap: the other feature.")
    gate = fields.Nested(GateRequest, allow_none=True, metadata=described("Only while this holds."))
    schedule = fields.Nested(ScheduleRequest, allow_none=True, metadata=described("Factor over time."))

    @validates_schema(skip_on_field_errors=True)
    def value_where_needed(self, data: dict[str, Any], **_: Any) -> None:
        if data["value"] is None and data["op"] not in ("ablate", "swap"):
            raise ValidationError(f"A number is needed for {data['op']}.", "value")


class Cycle(Answer):
    """How the phase of a stride is read from one observation."""

    plus = whole("Observation q; ahead leg.")
    minus = whole("Subtracted from it.", none=True)
    rate_plus = whole("Its rate.")
    rate_minus = whole("Subtracted from the rate.", none=True)
    centre = real("Mean of q.")
    spread = real("SD of q.")
    rate_spread = real("SD of the rate.")


class Gate(Answer):
    """Only fields that differ from the defaults."""

    kind = one_of(GATES, "What it looks at.")
    feature_idx = fields.Integer(metadata=described("active: this feature."))
    threshold = fields.Float(metadata=described("active: above this."))
    index = fields.Integer(metadata=described("observation: which number."))
    above = fields.Float(metadata=described("observation: above this."))
    below = fields.Float(metadata=described("observation: below this."))
    start = fields.Float(metadata=described("phase: from, in strides."))
    stop = fields.Float(metadata=described("phase: to."))
    cycle = fields.Nested(Cycle, metadata=described("phase: how it is read; set in runs."))
    foot = fields.String(metadata=described("contact: name of the leg."))
    on_floor = fields.Boolean(metadata=described("contact: false while the foot is in the air."))
    env = fields.String(metadata=described("contact: whose body it is; set in runs."))


class Schedule(Answer):
    """Only fields that differ from the defaults."""

    shape = one_of(SHAPES, "Shape.")
    start = fields.Float(metadata=described("When it begins."))
    stop = fields.Float(metadata=described("When it ends."))
    period = fields.Float(metadata=described("Length of the ramp, pulse or sine."))
    duty = fields.Float(metadata=described("pulse: share that is on."))
    values = fields.List(fields.Float(), metadata=described("table: a factor for each step."))
    unit = fields.String(metadata=described("steps or seconds; runs have steps."))


class FeatureEdit(Answer):
    feature_idx = whole("Latent of the SAE.")
    op = one_of(FEATURE_OPS, OPS)
    value = real("Number, for add always α; not used by ablate and swap.")
    other_idx = fields.Integer(metadata=described("swap: the other feature."))
    gate = fields.Nested(Gate, metadata=described("Only while this holds."))
    schedule = fields.Nested(Schedule, metadata=described("Factor over time."))


class Dose(Answer):
    """One set of edits in every unit, over the policy's own states, at full strength of every schedule."""

    alpha = real("α, for a single addition.")
    feature_sds = real("In SDs of the feature when active, for a single addition.")
    share_of_max = real("Of the feature's 99.9th percentile when active, for a single addition.")
    activation_norm = real("RMS length of the change over the RMS distance of activations from their mean.")
    mahalanobis = real("RMS Mahalanobis length of the change.")
    off_manifold_percentile = real("Mean percentile of edited states among the policy's own, by distance.")
    action_displacement = real("δ_a: RMS change of the action over its own spread. The default axis.")
    acts = real("Share of states in which anything changes.")
    level = one_of(("ok", "warning", "strong"), "warning from δ_a 0.10, strong from 0.20; never refused.")
    message = text("The same in words.")


class DoseRequest(Request):
    edits = fields.List(
        fields.Nested(FeatureEditRequest),
        required=True,
        validate=validate.Length(1, 64),
        metadata=described("Edits to measure together; nothing is stored."),
    )


class DoseResult(Answer):
    edits = many(FeatureEdit, "With raw values.")
    dose = nested(Dose, "In every unit; null for a phase or foot whose environment is not known.", none=True)
