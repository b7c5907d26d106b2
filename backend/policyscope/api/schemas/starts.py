"""Where the episodes of a run begin."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from policyscope.api.schemas.base import (
    SEED_MAX,
    VALUE_MAX,
    Answer,
    Real,
    Request,
    described,
    name_field,
    one_of,
)

KINDS = ("reset", "cached", "run", "state")
ABOUT = (
    "reset: the environment's own, with noise_scale times its noise; cached: states of the cached data, in "
    "the middle of whatever the policy was doing; run: recorded states of another run; state: those given. "
    "Each episode gets a state of its own, decided by its seed, the same in every arm."
)
BELONGS = {
    "noise_scale": "reset",
    "run_id": "run",
    "arm": "run",
    "seed": "run",
    "step": "run",
    "states": "state",
}


def _whole(description: str, most: int) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(0, most), metadata=described(description))


class StartRequest(Request):
    kind = one_of(KINDS, ABOUT)
    noise_scale = Real(
        validate=validate.Range(0, 100),
        metadata=described("reset: factor on the reset noise of the environment; 1 by default."),
    )
    run_id = fields.String(
        validate=validate.Length(1, 80), metadata=described("run: a finished run in this environment.")
    )
    arm = name_field("run: the arm to start from; baseline by default.", longest=60)
    seed = _whole("run: only states of this seed; of every recorded seed by default.", SEED_MAX)
    step = _whole("run: only states after this many steps; of any step by default.", 100_000)
    states = fields.List(
        fields.List(Real(validate=validate.Range(-VALUE_MAX, VALUE_MAX)), validate=validate.Length(1, 1000)),
        validate=validate.Length(1, 1000),
        metadata=described(
            "state: one simulator state per episode, no two the same: joint positions, joint velocities, "
            "then the solver's warm start (as many as velocities; zeros will do). hard_stable: its state."
        ),
    )

    @validates_schema(skip_on_field_errors=True)
    def fields_of_the_kind(self, data: dict[str, Any], **_: Any) -> None:
        kind = data["kind"]
        for name in data.keys() & BELONGS.keys():
            if BELONGS[name] != kind:
                raise ValidationError(f"{name} belongs to a start of kind {BELONGS[name]}, not {kind}.", name)
        for name, of in (("run_id", "run"), ("states", "state")):
            if kind == of and name not in data:
                raise ValidationError(f"A start of kind {kind} needs {name}.", name)


class Start(Answer):
    """As asked for; the states themselves are in the evidence bundle."""

    kind = one_of(KINDS, ABOUT)
    noise_scale = fields.Float(metadata=described("reset: factor on the reset noise."))
    run_id = fields.String(metadata=described("run: where the states are from."))
    arm = fields.String(metadata=described("run: under which arm."))
    seed = fields.Integer(metadata=described("run: of this seed only."))
    step = fields.Integer(metadata=described("run: at this step only."))
