"""The report card of an SAE."""

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
    real,
    text,
    texts,
    whole,
)
from policyscope.api.schemas.base import interval as interval_field


class ReportRequest(Request):
    env = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 80),
        metadata=described("Environment id; that of the SAE by default."),
    )
    episodes = fields.Integer(
        strict=True,
        load_default=16,
        validate=validate.Range(2, 200),
        metadata=described("Seeds; below 16 the return recovered is a preview."),
    )
    max_steps = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(1, 100_000),
        metadata=described("Longest episode; the environment's own limit by default."),
    )
    seed = fields.Integer(
        strict=True, load_default=0, validate=validate.Range(0, SEED_MAX), metadata=described("First seed.")
    )


class ReportLine(Answer):
    name = text("Stable name: baseline, sae, pca_same_rank, …")
    title = text("Name to show.")
    fvu = real("Fraction of variance unexplained, on the baseline episodes played for this report.")
    cosine = real("Mean cosine of centred activations and their reconstruction.")
    action_fvu = real("The same fraction of the action, one step ahead.")
    action_fvu_per_dim = fields.List(
        Real(allow_none=True), required=True, allow_none=True, metadata=described("By action.")
    )
    feedback_fvu = real("Of the response to a small disturbance: 0 perfect, 1 none, above 1 wrong.")
    return_mean = real("Mean return with the tap replaced at every step.")
    return_recovered = real(
        "0 = as bad as the mean, 1 = as good as the policy; null where that gap is unclear."
    )
    interval = interval_field("95 % paired bootstrap interval.")
    fall_rate = real("Share of episodes that fell.")
    fall_ci = interval_field("95 % Wilson interval.")
    mean_length = real("Steps.")
    survival = fields.List(
        Real(), required=True, metadata=described("Share of episodes not ended, at survival_steps.")
    )
    divergence_step = real("Median step at which the state is one SD from the paired baseline.")
    verdict = text("In words.", none=True)


class StabilityNull(Answer):
    name = text("What the dictionaries without features are made of.")
    mmcs = real("Their MMCS.")
    pw_mcc = real("Their PW-MCC.")
    corrected_pw_mcc = real("The observed PW-MCC, 0 = like this null, 1 = the same features.")


class Stability(Answer):
    saes = whole("SAEs compared.")
    mmcs = real("Mean greatest decoder cosine, both ways.")
    pw_mcc = real("Mean cosine over the best one-to-one assignment.")
    activation_mcc = real("The same on latents.")
    nulls = many(StabilityNull)
    badges = texts("By feature: stable, seed-specific or dead.")
    stable_share = real("Share of alive features that are stable.")


class Report(Answer):
    model_id = text("Model.")
    env = text("Environment.")
    episodes = whole("Seeds of the closed loop.")
    max_steps = whole("Longest episode.")
    seed = whole("First seed.")
    created_at = text("ISO-8601, UTC.")
    imported_at = text("When it came in with a workspace; null for what was measured here.", none=True)
    verdict = text("faithful, usable with caution, open-loop only, or why it cannot be measured.")
    sentence = text("The same with its numbers.")
    warnings = texts("What to beware of.")
    lines = many(ReportLine, "The SAE and its references.")
    survival_steps = fields.List(fields.Integer(), required=True, metadata=described("Steps of the curves."))
    sae = anything(
        "Offline metrics of the SAE on the same episodes: l0, densities, dead and dense features, …"
    )
    cached = anything(
        "FVU, cosine, action and feedback FVU on the cached data, part of which trained the SAE."
    )
    fvu_under_splice = real("FVU on the states visited while acting through the SAE.")
    stability = nested(
        Stability, "Against other SAEs loaded for this tap; null when there are none.", none=True
    )


class Reports(Answer):
    reports = many(Report, "Newest first, at most 20.")
