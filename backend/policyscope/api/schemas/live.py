"""What a browser needs to run the closed loop by itself."""

from __future__ import annotations

from marshmallow import fields, validate

from policyscope.api.schemas.base import (
    SEED_MAX,
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
    wholes,
)
from policyscope.api.schemas.interventions import Cycle
from policyscope.core.sae import ARRAYS

STARTS = ("reset", "cached")
ENV = fields.String(required=True, metadata=described("Environment to run in."))


class Physics(Answer):
    """A MuJoCo model file and the numbers of its task, as gymnasium has them."""

    env = text("Environment.")
    task = text("Environment without its version: which observation and reward.")
    mjcf = text("The model file.")
    mujoco = text("Version of MuJoCo that runs use.")
    frame_skip = whole("Substeps of one step.")
    dt = real("Seconds of one step.", none=False)
    max_episode_steps = whole("Step limit.")
    fall_rule = text("When an episode counts as fallen.")
    numbers = fields.Dict(
        keys=fields.String(),
        values=fields.Float(),
        required=True,
        metadata=described("Weights of the reward by name."),
    )
    ranges = fields.Dict(
        keys=fields.String(),
        values=fields.List(Real(allow_none=True)),
        required=True,
        metadata=described("Lower and upper end by name; null where open."),
    )
    feet = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        required=True,
        metadata=described(
            "Geoms of the model file that touch the floor, by leg: what contact gates look at."
        ),
    )


class NetworkQuery(Request):
    env = ENV


class Packed(Answer):
    shape = wholes("Shape.")
    data = text("base64 of little-endian float32, row by row.")


def _reals(description: str) -> fields.List:
    return fields.List(fields.Float(), required=True, metadata=described(description))


def _arrays(description: str) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(), values=fields.Nested(Packed), required=True, metadata=described(description)
    )


class LiveModule(Answer):
    kind = one_of(("linear", "batchnorm", "layernorm", "activation", "identity"), "What it computes.")
    in_features = whole("Numbers in.")
    out_features = whole("Numbers out.")
    key = text("Prefix of its tensors.", none=True)
    activation = text("activation: which.", none=True)
    eps = real("batchnorm, layernorm: epsilon.", none=False)


class Normaliser(Answer):
    """(observation - mean) / scale, then limited to ±clip."""

    mean = _reals("Per observation.")
    scale = _reals("Per observation.")
    clip = real("Limit; null for none.")


class OutputRange(Answer):
    low = _reals("Per action.")
    high = _reals("Per action.")


class LiveSae(Answer):
    k = whole("Latents that stay, where there is no threshold.")
    input_norm = one_of(("none", "layer_norm", "unit_mean_square"), "Normalisation of every activation.")
    arrays = _arrays(f"{', '.join(ARRAYS)}; w_dec as [d_latent, d_in], threshold only where there is one.")


class LiveNetwork(Answer):
    """Policy and SAE, to be run elsewhere in float64."""

    env = text("Environment.")
    modules = many(LiveModule, "In order; the position is the tap index.")
    observation = nested(Normaliser, "Applied before the first module; null for none.", none=True)
    squash = one_of(("none", "tanh", "clip"), "Other than none: the output is brought to -1 to 1.")
    stretched_to = nested(OutputRange, "What -1 to 1 then becomes; null: nothing else.", none=True)
    tensors = _arrays("Weights by name.")
    weights = one_of(("original", "edited"), "Whether the model's weight edits are in them.")
    tap_index = whole("Where the SAE sits.")
    sae = nested(LiveSae)
    cycle = nested(Cycle, "How the phase of a stride is read; null where there is none.", none=True)


class StartsQuery(Request):
    env = ENV
    kind = fields.String(
        load_default="reset",
        validate=validate.OneOf(STARTS),
        metadata=described(
            "reset: the environment's own; cached: in the middle of what the policy was doing."
        ),
    )
    seed = fields.Integer(
        load_default=0, validate=validate.Range(0, SEED_MAX), metadata=described("First seed.")
    )
    episodes = fields.Integer(
        load_default=1, validate=validate.Range(1, 64), metadata=described("How many seeds from there on.")
    )


class Starts(Answer):
    """Where a run with this start, first seed and number of episodes begins."""

    env = text("Environment.")
    kind = one_of(STARTS, "Which start.")
    seeds = wholes("Seed of each state.")
    states = fields.List(
        fields.List(fields.Float()),
        required=True,
        metadata=described("Joint positions, joint velocities, then the solver's warm start."),
    )
