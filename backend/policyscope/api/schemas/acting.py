"""How a model acts around its layers."""

from marshmallow import fields, validate

from policyscope.api.schemas.base import (
    VALUE_MAX,
    Answer,
    Real,
    Request,
    described,
    nested,
    one_of,
    whole,
    yes,
)
from policyscope.api.schemas.uploads import FileField

SQUASHES = ("none", "tanh", "clip")
SCALINGS = ("box", "none", "range")
LONGEST = 10_000
SQUASH = "After the last layer: none, tanh, or clip (to ±1)."
SCALING = (
    "Of squashed actions: box (stretched to the environment's action box), range (to action_low … "
    "action_high), or none (they are the action)."
)
OBSERVATION = "Before the first layer: (observation − mean) / scale, then limited to ±clip; null for none."


def _numbers(text: str, *, required: bool, example: list[float] | None = None) -> fields.List:
    more = {} if example is None else {"example": example}
    return fields.List(
        Real(validate=validate.Range(-VALUE_MAX, VALUE_MAX)),
        required=required,
        allow_none=True,
        validate=validate.Length(1, LONGEST),
        metadata=described(text, **more),
    )


class Normalisation(Request):
    mean = fields.List(
        Real(),
        required=True,
        validate=validate.Length(1, LONGEST),
        metadata=described("One per observation."),
    )
    scale = fields.List(
        Real(),
        required=True,
        validate=validate.Length(1, LONGEST),
        metadata=described("One per observation, above 0: the standard deviation."),
    )
    clip = Real(
        required=True,
        allow_none=True,
        validate=validate.Range(0, VALUE_MAX, min_inclusive=False),
        metadata=described("Limit of the normalised observation; null for none."),
    )


class ActingChange(Request):
    squash = fields.String(validate=validate.OneOf(SQUASHES), metadata=described(SQUASH, example="clip"))
    action_scaling = fields.String(
        validate=validate.OneOf(SCALINGS), metadata=described(SCALING, example="box")
    )
    action_low = _numbers("With range: the lowest value of every action.", required=False)
    action_high = _numbers("With range: the highest value of every action.", required=False)
    observation = fields.Nested(Normalisation, allow_none=True, metadata=described(OBSERVATION))


class ActingNow(Answer):
    squash = one_of(SQUASHES, SQUASH)
    action_scaling = one_of(SCALINGS, SCALING)
    action_low = _numbers("With range: the lowest value of every action.", required=True)
    action_high = _numbers("With range: the highest value of every action.", required=True)
    observation = nested(Normalisation, OBSERVATION, none=True)


class Acting(ActingNow):
    corrected = yes("A user has changed something of what the file says.")
    uploaded = nested(ActingNow, "What the uploaded file says.")
    obs_dim = whole("Numbers in an observation.")
    act_dim = whole("Numbers in an action.")


class NormalisationUpload(Request):
    file = FileField(
        required=True,
        metadata=described("vec_normalize.pkl of Stable-Baselines3.", type="string", format="binary"),
    )
