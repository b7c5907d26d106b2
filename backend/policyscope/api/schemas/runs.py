"""Runs: arms × seeds asked for, and what came out."""

from marshmallow import fields, validate

from policyscope.api.schemas.base import (
    SEED_MAX,
    Answer,
    Real,
    Request,
    anything,
    described,
    interval,
    many,
    name_field,
    nested,
    one_of,
    real,
    text,
    texts,
    whole,
    wholes,
    yes,
)
from policyscope.api.schemas.behaviour import Behaviour
from policyscope.api.schemas.interventions import Dose, FeatureEdit, FeatureEditRequest
from policyscope.api.schemas.jobs import STATES
from policyscope.api.schemas.starts import Start, StartRequest

WEIGHTS = ("edited", "original")
MOST_ARMS = 64
RUN_KINDS = ("comparison", "dose_response", "scan", "calibration")


class ArmRequest(Request):
    name = name_field("Name of the arm, unique in the run.", longest=60, required=True)
    edits = fields.List(
        fields.Nested(FeatureEditRequest),
        load_default=list,
        validate=validate.Length(max=64),
        metadata=described("Feature edits, applied at the tap at every step."),
    )
    weights = fields.String(
        load_default="edited",
        validate=validate.OneOf(WEIGHTS),
        metadata=described("edited: with the model's weight edits; original: as uploaded."),
    )
    model_id = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 80),
        metadata=described("Another model of the same sizes that plays this arm, without feature edits."),
    )


class RunRequest(Request):
    env = fields.String(
        required=True,
        validate=validate.Length(1, 80),
        metadata=described("Environment id.", example="Walker2d-v5"),
    )
    episodes = fields.Integer(
        strict=True,
        load_default=10,
        validate=validate.Range(1, 1000),
        metadata=described("Episodes per arm, each on its own seed; the seeds are the same in every arm."),
    )
    level = fields.String(
        validate=validate.OneOf(("preview", "compare", "confirm")),
        metadata=described("Instead of episodes: preview 4 (never significant), compare 16, confirm 32."),
    )
    max_steps = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(1, 100_000),
        metadata=described("Longest episode; the environment's own limit by default."),
    )
    seed = fields.Integer(
        strict=True,
        load_default=0,
        validate=validate.Range(0, SEED_MAX),
        metadata=described("First seed; episode i uses seed + i."),
    )
    arms = fields.List(
        fields.Nested(ArmRequest),
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, MOST_ARMS),
        metadata=described(
            "Default: baseline, edited weights if there are any, the stored intervention if any."
        ),
    )
    start = fields.Nested(
        StartRequest,
        load_default=None,
        allow_none=True,
        metadata=described("Where episodes begin; the environment's own reset by default."),
    )
    again = fields.Boolean(
        load_default=False,
        metadata=described("Play it again even if the same run was finished before."),
    )


class RunAccepted(Answer):
    job_id = text("Job to follow.")
    run_id = text("Run to read when the job is done.")
    state = one_of(STATES, "State of the job.")
    reused = fields.Boolean(
        metadata=described(
            "Such a run (same weights, SAE, arms, seeds, versions) was finished before: this is it."
        )
    )
    estimate_s = Real(
        allow_none=True,
        metadata=described("Seconds it will take, judged by earlier runs; null without any, 0 when reused."),
    )


class Distribution(Answer):
    mean = real("Mean.")
    ci = interval("95 % bootstrap interval of the mean.")
    iqm = real("Interquartile mean.")
    iqm_ci = interval("95 % bootstrap interval of the interquartile mean.")
    median = real("Median.")
    min = real("Smallest.")
    max = real("Largest.")
    sd = real("Standard deviation.")


class Episode(Answer):
    seed = whole("Seed.")
    return_ = Real(
        required=True,
        allow_none=True,
        data_key="return",
        attribute="return",
        metadata=described("Sum of rewards; null when it overflowed."),
    )
    length = whole("Steps.")
    fell = yes("Ended early by the environment.")
    terminated = yes("Ended by the environment.")
    truncated = yes("Ended by the step limit.")


class OffManifold(Answer):
    """Where the edited activations lie among those the policy produces on its own."""

    mean_distance = real("Mean Mahalanobis distance.")
    mean_percentile = real("Mean percentile among the policy's own states; about 50 without an edit.")
    far_share = real("Share of steps beyond the policy's own 99th percentile; about 0.01 without an edit.")


class Arm(Answer):
    name = text("Name.")
    edits = many(FeatureEdit)
    weights = one_of(WEIGHTS, "Which weights it used.")
    model_id = fields.String(
        allow_none=True, metadata=described("The model that played it, where that is another than the run's.")
    )
    weights_sha256 = fields.String(metadata=described("Hash of the weights that played it."))
    returns = nested(Distribution, "Sum of rewards per episode.")
    lengths = nested(Distribution, "Steps per episode.")
    fall_rate = real("Share of episodes that ended early.")
    fall_ci = interval("95 % Wilson interval.")
    saturated_fraction = real("Share of action values that were clipped to the action box.")
    off_manifold = fields.Nested(
        OffManifold, allow_none=True, metadata=described("Null without an SAE and cached data.")
    )
    dose = fields.Nested(
        Dose, allow_none=True, metadata=described("Of its edits; null without edits or cached data.")
    )
    episodes = many(Episode)


class ReturnDifference(Answer):
    mean_difference = real("Mean of the differences, seed by seed.")
    ci = interval("95 % bootstrap interval.")
    iqm_difference = real("Difference of interquartile means.")
    iqm_ci = interval("95 % bootstrap interval.")
    d_z = real("Mean difference in standard deviations of the differences.")
    p_value = real("Sign-flip test of no difference; null under six pairs, where nothing can be significant.")
    p_adjusted = real("The same, Holm-adjusted for the number of arms.")
    probability_of_improvement = real("Probability that an episode of this arm beats one of the other.")
    variance_ratio = real("Variance of this arm's returns over that of the other.")


class LengthDifference(Answer):
    mean_difference = real("Mean of the differences.")
    ci = interval("95 % bootstrap interval.")


class FallDifference(Answer):
    difference = real("Difference of fall rates.")
    p_value = real("McNemar's test; null under six pairs.")


class Comparison(Answer):
    arm = text("This arm …")
    versus = text("… against that one.")
    n = whole("Pairs: seeds in common.")
    return_ = fields.Nested(ReturnDifference, required=True, data_key="return", attribute="return")
    length = nested(LengthDifference)
    falls = nested(FallDifference)
    identical = yes("Every episode is the same, bit for bit.")
    inferential = yes("There are enough pairs for the interval and the test to mean something.")
    sentence = text("The same in words.")


class Provenance(Answer):
    model_sha256 = text("Uploaded file.")
    weights_sha256 = text("Effective weights.")
    sae_sha256 = text("SAE.", none=True)
    tap_index = whole("Tap.", none=True)
    versions = anything("Package versions.")
    arithmetic = text("Number format of the policy and SAE arithmetic.")
    imported_at = text("When it came in with a workspace; null for what was played here.", none=True)


class RunSummary(Answer):
    id = text("Server-made id.")
    kind = one_of(RUN_KINDS, "comparison: arms; the others have their numbers in /run/{id}/effects.")
    model_id = text("Model.")
    job_id = text("Job.")
    state = one_of(STATES, "State of its job.")
    env = text("Environment.")
    episodes = whole("Episodes per arm.")
    max_steps = whole("Longest episode.")
    seed = whole("First seed.")
    created_at = text("ISO-8601, UTC.")
    finished_at = text("ISO-8601, UTC.", none=True)
    arm_names = texts("Arms.")
    sentence = text("The result in words, once it is there.", none=True)


class Run(RunSummary):
    seeds = wholes("Seeds, the same in every arm.")
    start = nested(Start, "Where its episodes began.")
    arms = many(Arm, "Empty until the job is done.")
    comparisons = many(Comparison, "Each arm against the baseline. Empty until the job is done.")
    behaviour = nested(Behaviour, "Behaviour measures; null until the job is done.", none=True)
    provenance = nested(Provenance)


class Runs(Answer):
    runs = many(RunSummary, "Newest first.")


class RunsQuery(Request):
    model_id = fields.String(metadata=described("Only runs of this model."))
