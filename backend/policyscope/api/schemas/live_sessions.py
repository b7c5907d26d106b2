"""Live steering that the server steps."""

from __future__ import annotations

from marshmallow import fields, validate

from policyscope.api.schemas.base import (
    FEATURE_MAX,
    SEED_MAX,
    VALUE_MAX,
    Answer,
    Real,
    Request,
    described,
    many,
    one_of,
    real,
    text,
    whole,
    yes,
)
from policyscope.api.schemas.interventions import GateRequest
from policyscope.api.schemas.live import ENV, STARTS

MOST_STEPS = 50
MOST_PUSHES = 16


def _rows(description: str) -> fields.List:
    return fields.List(
        fields.List(Real(allow_none=True)),
        required=True,
        metadata=described(f"{description}, for each step."),
    )


class LiveRequest(Request):
    """Where the episode begins."""

    model_id = fields.String(
        required=True, validate=validate.Length(1, 64), metadata=described("Model with an SAE.")
    )
    env = ENV
    kind = fields.String(
        load_default="reset", validate=validate.OneOf(STARTS), metadata=described("As a run's start.")
    )
    seed = fields.Integer(
        strict=True, load_default=0, validate=validate.Range(0, SEED_MAX), metadata=described("Seed.")
    )


class LiveSession(Answer):
    """One episode under three arms, not yet begun."""

    id = text("Id.")
    env = text("Environment.")
    kind = one_of(STARTS, "Which start.")
    seed = whole("Seed.")
    weights = one_of(("original", "edited"), "Whether the model's weight edits act.")
    max_episode_steps = whole("Step limit.")
    dt = real("Seconds of one step; null without physical time.")
    restarts = yes("Episodes can begin at a given state, so in the middle of a gait.")
    cycle = yes("There is a stride, so that gates may look at its phase.")
    pose = fields.List(
        Real(allow_none=True),
        required=True,
        metadata=described("Of all arms, as a replay has it: joint positions, or what is sketched."),
    )


class LivePush(Request):
    """α added to one latent of the steered arm, and −α of the opposite one."""

    feature_idx = fields.Integer(
        strict=True,
        required=True,
        validate=validate.Range(0, FEATURE_MAX),
        metadata=described("Latent of the SAE."),
    )
    alpha = Real(
        required=True, validate=validate.Range(-VALUE_MAX, VALUE_MAX), metadata=described("How much.")
    )
    gate = fields.Nested(GateRequest, allow_none=True, metadata=described("Only while this holds."))


class LiveStepsRequest(Request):
    steps = fields.Integer(
        strict=True,
        required=True,
        validate=validate.Range(1, MOST_STEPS),
        metadata=described("How many steps to play."),
    )
    pushes = fields.List(
        fields.Nested(LivePush),
        load_default=list,
        validate=validate.Length(max=MOST_PUSHES),
        metadata=described("What acts during them; nothing by default."),
    )


class LiveArm(Answer):
    """One arm after the steps just played."""

    name = one_of(("opposite", "baseline", "steered"), "Which arm.")
    steps = whole("Of the episode so far.")
    total = real("Return so far.")
    over = yes("The episode of this arm has ended.")
    fell = yes("It ended in a fall, or had one.")
    pose = _rows("What is drawn, before the step")
    actions = _rows("What the policy did")
    rewards = fields.List(Real(allow_none=True), required=True, metadata=described("Of each step."))
    activations = _rows("Of the pushed features, in the order of pushes, before the push")


class LiveSteps(Answer):
    """The steps just played; an arm that has ended has none."""

    over = yes("All arms have ended.")
    arms = many(LiveArm)
