"""Training an SAE for a model that is stored."""

from typing import get_args

from marshmallow import fields, validate

from policyscope.api.schemas.base import SEED_MAX, Answer, Real, Request, described, one_of, text, whole
from policyscope.api.schemas.jobs import STATES
from policyscope.core.sae import Variant


def count(default: int, low: int, high: int, description: str) -> fields.Integer:
    checks = validate.Range(low, high)
    return fields.Integer(strict=True, load_default=default, validate=checks, metadata=described(description))


def share(default: float, description: str) -> Real:
    checks = validate.Range(0, 1)
    return Real(load_default=default, validate=checks, metadata=described(description))


def scale(default: float, most: float, description: str) -> Real:
    checks = validate.Range(0, most, min_inclusive=False)
    return Real(load_default=default, validate=checks, metadata=described(description))


class Disturbed(Request):
    """How the episodes of a data set are disturbed; what the shares leave is the policy left alone."""

    noise_scale = Real(
        load_default=0.15,
        validate=validate.Range(0, 1),
        metadata=described("Action noise of the noisy episodes, as a share of half the action range."),
    )
    noisy_share = share(0.6, "Share of the episodes with action noise.")
    pushed_share = share(0.0, "Share that begins mid-way with a random push on every velocity.")
    push_scale = scale(0.3, 100, "Strength of the pushes, in spreads of each velocity.")
    reset_share = share(0.0, "Share that begins with a wider reset.")
    reset_scale = scale(10.0, 1000, "By how much wider.")


class TrainRequest(Disturbed):
    env = fields.String(
        required=True,
        validate=validate.Length(1, 80),
        metadata=described("Environment id.", example="Walker2d-v5"),
    )
    artifacts_dir = fields.String(
        required=True,
        validate=validate.Length(1, 200),
        metadata=described("Directory to write, below the artifacts root.", example="my_sae"),
    )
    tap_index = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, 1000),
        metadata=described("Module whose output the SAE reads.", example=4),
    )
    latent_mult = count(4, 1, 64, "Features, as a multiple of the tap's width.")
    variant = fields.String(
        load_default="topk",
        validate=validate.OneOf(get_args(Variant)),
        metadata=described(
            "How features are kept: the k largest of a row (topk) or of a batch (batchtopk, matryoshka), "
            "those above a threshold of their own (jumprelu), or by a penalty steered to k (relu, gated)."
        ),
    )
    topk = count(16, 1, 4096, "Features active at a time; on average, in every variant but topk.")
    steps = count(12_000, 1, 1_000_000, "Training steps.")
    batch = count(512, 2, 65_536, "Vectors of one step.")
    lr = Real(
        allow_none=True,
        load_default=None,
        validate=validate.Range(0, 1, min_inclusive=False, max_inclusive=False),
        metadata=described("Learning rate; by the number of features when left out."),
    )
    num_traj = count(100, 2, 10_000, "Episodes to roll out.")
    max_timesteps = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(2, 100_000),
        metadata=described("Longest episode; the environment's own limit by default."),
    )
    eval_episodes = count(20, 2, 1000, "Episodes of the closed-loop measurement.")
    cache_samples = count(30_000, 64, 1_000_000, "Samples kept beside the SAE.")
    overwrite = fields.Boolean(
        load_default=False, metadata=described("Replace what the directory already holds.")
    )
    seed = count(0, 0, SEED_MAX, "Seed of everything.")


class TrainAccepted(Answer):
    job_id = text("Job to follow.")
    state = one_of(STATES, "State of the job.")
    artifacts_dir = text("What to give to load_sae when the job is done …")
    tap_index = whole("… with this tap.")
    estimate_s = Real(
        allow_none=True, metadata=described("Seconds it will take, judged by earlier trainings; or null.")
    )
