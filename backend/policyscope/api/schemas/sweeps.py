"""Sweeps: many SAEs of one tap, trained on the same data and judged together."""

from __future__ import annotations

from typing import Any, get_args

from marshmallow import fields, validate

from policyscope.api.schemas.base import (
    SEED_MAX,
    Answer,
    Real,
    Request,
    anything,
    described,
    many,
    nested,
    one_of,
    real,
    text,
    texts,
    whole,
    wholes,
    yes,
)
from policyscope.api.schemas.base import interval as ends
from policyscope.api.schemas.jobs import STATES, Job
from policyscope.api.schemas.reports import StabilityNull
from policyscope.api.schemas.training import Disturbed, count
from policyscope.core.sae import Variant
from policyscope.core.transcoder import KINDS

CELL_STATES = ("waiting", "training", "trained", "done")


def _numbers(high: int, description: str) -> fields.List:
    """A list that the width of the tap decides when it is left out."""
    return fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, high)),
        allow_none=True,
        load_default=None,
        validate=validate.Length(1, 16),
        metadata=described(f"{description} By the width of the tap when left out."),
    )


def _or_by_width(high: int, description: str, low: int = 1) -> fields.Integer:
    return fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(low, high),
        metadata=described(f"{description} By the width of the tap when left out."),
    )


class SweepRequest(Disturbed):
    env = fields.String(
        required=True,
        validate=validate.Length(1, 80),
        metadata=described("Environment id.", example="Walker2d-v5"),
    )
    tap_index = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, 1000),
        metadata=described("Module whose output the SAEs read.", example=4),
    )
    output_tap = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(0, 1000),
        metadata=described("Module whose output transcoders make of what they read; only with one of them."),
    )
    variant = fields.List(
        fields.String(validate=validate.OneOf((*get_args(Variant), *KINDS))),
        load_default=lambda: ["topk"],
        validate=validate.Length(1, 8),
        metadata=described("Variants to try, and transcoders.", default=["topk"]),
    )
    d_latent = _numbers(65_536, "Numbers of latents to try.")
    topk = _numbers(4096, "Numbers of active latents (k) to try.")
    seeds_of_each = count(3, 1, 10, "Training seeds of each configuration.")
    seed = count(0, 0, SEED_MAX, "First training seed, and seed of the data.")
    steps = _or_by_width(1_000_000, "Training steps of each SAE.")
    batch = _or_by_width(65_536, "Vectors of one step.", 2)
    lr = Real(
        allow_none=True,
        load_default=None,
        validate=validate.Range(0, 1, min_inclusive=False, max_inclusive=False),
        metadata=described("Learning rate; by the number of latents when left out."),
    )
    num_traj = count(100, 0, 10_000, "Episodes to collect; with data_from, in addition to those there.")
    data_from = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Length(1, 40),
        metadata=described("Sweep whose episodes come first; they keep their numbers and their split."),
    )
    max_timesteps = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(2, 100_000),
        metadata=described("Longest episode; the environment's own limit by default."),
    )
    eval_episodes = count(20, 2, 1000, "Episodes in which every SAE is played.")
    cache_samples = count(30_000, 64, 1_000_000, "Samples kept beside the SAEs.")


class Planned(Answer):
    variant = text("Variant.")
    d_latent = whole("Latents.")
    k = whole("Latents active at once, on average in every variant but topk.")
    seed = whole("Training seed.")


class SweepPlan(Answer):
    sweep_id = text("Id it would have: the same request has the same id.")
    done = yes("The same sweep is there already.")
    cells = many(Planned, "Every SAE it would train, smallest first.")
    d_in = whole("Width of the tap.")
    d_latent = wholes("Numbers of latents.")
    topk = wholes("Numbers of active latents.")
    steps = whole("Training steps of each.")
    batch = whole("Vectors of one step.")
    vectors = whole("Vectors of all trainings.")
    max_timesteps = whole("Longest episode.")
    estimate_s = real("Seconds it will take, judged by earlier sweeps; null without any.")
    command = text("The command that does the same.")


class SweepAccepted(Answer):
    job_id = text("Job to follow; null when the same sweep was done before.", none=True)
    sweep_id = text("The sweep.")
    state = one_of(STATES, "State of the job.")
    reused = yes("The same sweep was there or on its way.")
    estimate_s = real("Seconds it will take, judged by earlier sweeps; null without any.")


def _optional(field: fields.Field[Any]) -> fields.Field[Any]:
    """There once the cell has come so far."""
    field.required = False
    return field


class Density(Answer):
    counts = wholes("Latents by log10 of their density, in 12 equal steps from 1e-4 to 1.")
    silent = whole("Latents that never fire.")


class CellGate(Answer):
    return_mean = real("Mean return when the policy acts through the SAE.")
    return_recovered = real("1 = nothing lost, 0 = no better than the mean activation.")
    interval = ends("95 % interval of it, by a paired bootstrap over episodes.")
    fall_rate = real("Share of episodes that fall.")
    fall_ci = ends("95 % interval of it.")
    added_falls = real("Fall rate less that of the policy as it is.")
    mean_length = real("Mean steps of an episode.")
    passes = yes("Lower bound of the return recovered at least 0.90, at most 5 points more falls.")
    verdict = text("The level in words.")


class AffineMap(Answer):
    fvu = real("Fraction of variance unexplained of the tap that is written.")
    action_fvu = real("The same of the action.")
    feedback_fvu = real("The same of the response to small disturbances.")


class SweepCell(Planned):
    number = whole("Its number in the sweep.")
    state = one_of(CELL_STATES, "How far it is.")
    curves = fields.Dict(
        keys=fields.String(),
        values=fields.List(Real(allow_none=True)),
        required=True,
        allow_none=True,
        metadata=described(
            "Equally long lists over training: step, loss, val_fvu, dead_fraction, l0, lr, feedback_fvu, "
            "return_recovered, fall_rate (the last two at three moments); null before it began."
        ),
    )
    density = nested(Density, "Densities of its latents so far.", none=True)
    fvu = _optional(real("Fraction of variance unexplained, on episodes that no cell was trained on."))
    feedback_fvu = _optional(real("The same of the response to small disturbances."))
    action_fvu = _optional(real("The same of the action."))
    l0 = _optional(real("Latents active at once."))
    dead_features = _optional(whole("Latents that never fire."))
    dead_conclusive = _optional(yes("On enough samples to call them dead."))
    dense_features = _optional(whole("Latents active in more than half of the states."))
    crowding = _optional(real("Mean absolute cosine between decoder directions."))
    affine_map = _optional(
        nested(
            AffineMap,
            "Beside a transcoder: the best affine map between its taps, which needs no latents; null beside "
            "an SAE.",
            none=True,
        )
    )
    gate = _optional(nested(CellGate, "What it does in the closed loop."))


class SweepStability(Answer):
    saes = whole("Training seeds compared.")
    mmcs = real("Mean maximal cosine similarity.")
    pw_mcc = real("Mean cosine under the best assignment.")
    activation_mcc = real("Mean correlation of latents under their own best assignment.")
    nulls = many(StabilityNull, "The same of dictionaries without features.")
    stable_share = real("Share of the first seed's features found in at least two thirds of the others.")


class Configuration(Answer):
    variant = text("Variant.")
    d_latent = whole("Latents.")
    k = whole("Latents active at once.")
    cells = wholes("Its SAEs, one per training seed.")
    fvu = real("Mean over training seeds.")
    feedback_fvu = real("Mean over training seeds.")
    action_fvu = real("Mean over training seeds.")
    l0 = real("Mean over training seeds.")
    dead_features = real("Mean over training seeds.")
    crowding = real("Mean over training seeds.")
    return_recovered = real("Over all its training seeds and episodes.")
    interval = ends("95 % interval; training seeds and episodes are resampled.")
    fall_rate = real("Share of episodes that fall.")
    added_falls = real("Fall rate less that of the policy as it is.")
    passes = yes("Lower bound of the return recovered at least 0.90, at most 5 points more falls.")
    verdict = text("The level in words.")
    stability = nested(SweepStability, "Whether training seeds agree; null for one.", none=True)


class ReferenceLine(Answer):
    return_mean = real("Mean return.")
    fall_rate = real("Share of episodes that fall.")


class SweepData(Answer):
    samples = whole("Rows collected.")
    episodes = anything("Episodes by kind: clean, noisy, pushed, reset.")
    observation_names = texts("What the observations are.")
    action_names = texts("What the actions are.")
    state = yes("Simulator states were kept.")


class Sweep(Answer):
    sweep_id = text("Id.")
    model_id = text("Model it belongs to.")
    job = nested(Job, "The job that makes it.")
    episodes = whole("Episodes in which every SAE is played.")
    request = anything("What was asked for, with what the width of the tap decided.")
    command = text("The command that does the same.")
    cells = many(SweepCell, "Every SAE, smallest first.")
    configurations = many(Configuration, "Cells that differ in their training seed only; empty until done.")
    recommended = whole("Number of the cell to keep; null when none passes, or not done.", none=True)
    sentence = text("The result in words; null until done.", none=True)
    baseline = nested(ReferenceLine, "The policy as it is.", none=True)
    floor = nested(ReferenceLine, "Its tap replaced by the mean.", none=True)
    data = nested(SweepData, "What was collected.", none=True)
    imported_at = text("When it came in with a workspace; null for what was trained here.", none=True)


class SweepSummary(Answer):
    sweep_id = text("Id.")
    job_id = text("The job that makes it.")
    state = one_of(STATES, "State of the job.")
    created_at = text("ISO-8601, UTC.")
    env = text("Environment.")
    tap_index = whole("Tap.")
    output_tap = whole("Tap that transcoders write; null where there are none.", none=True)
    cells = whole("SAEs and transcoders.")
    sentence = text("The result in words; null until done.", none=True)
    imported_at = text("When it came in with a workspace; null for what was trained here.", none=True)


class Sweeps(Answer):
    sweeps = many(SweepSummary, "Newest first.")


class UseCell(Request):
    cell = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(0, 1000),
        metadata=described("Number of the cell; the recommended one by default."),
    )


class CellQuery(Request):
    cell = fields.Integer(
        load_default=None,
        validate=validate.Range(0, 1000),
        metadata=described("Number of the cell; the recommended one by default."),
    )
