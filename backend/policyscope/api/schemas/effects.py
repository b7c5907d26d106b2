"""Studies of an intervention: dose-response, causal scan, calibration; what is asked for and what came out.

Doses are action displacements: the RMS change of the action over its own spread (δ_a). Differences are
paired by seed and in the unit of ``measure``.
"""

from marshmallow import fields, validate

from policyscope.api.schemas.base import (
    FEATURE_MAX,
    SEED_MAX,
    Answer,
    Real,
    Request,
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
from policyscope.api.schemas.behaviour import MeasureInfo
from policyscope.api.schemas.interventions import FeatureEdit
from policyscope.api.schemas.jobs import STATES
from policyscope.api.schemas.runs import RUN_KINDS

LARGEST_DOSE = 1.0


def _count(default: int, low: int, high: int, description: str) -> fields.Integer:
    return fields.Integer(
        strict=True,
        load_default=default,
        validate=validate.Range(low, high),
        metadata=described(description),
    )


def _feature() -> fields.Integer:
    return fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, FEATURE_MAX),
        metadata=described("Latent of the SAE."),
    )


class StudyRequest(Request):
    env = fields.String(
        required=True,
        validate=validate.Length(1, 80),
        metadata=described("Environment id.", example="Walker2d-v5"),
    )
    seed = _count(0, 0, SEED_MAX, "First seed.")
    max_steps = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(1, 100_000),
        metadata=described("Longest episode; the environment's own limit by default."),
    )
    again = fields.Boolean(
        load_default=False,
        metadata=described("Play it again even if the same study was finished before."),
    )


class MeasuredStudy(StudyRequest):
    measure = name_field("Behaviour measure; by default speed where a body walks, else return.", 60)


class DoseResponseRequest(MeasuredStudy):
    feature_idx = _feature()
    doses = fields.List(
        Real(validate=validate.Range(0, LARGEST_DOSE, min_inclusive=False)),
        load_default=lambda: [0.01, 0.02, 0.05, 0.10, 0.15],
        validate=validate.Length(1, 12),
        metadata=described("Sizes, played in both signs."),
    )
    random_directions = _count(20, 0, 100, "Random directions of the same displacement.")
    episodes = _count(16, 1, 200, "Seeds. Nothing is called significant under six.")


class ScanRequest(MeasuredStudy):
    dose = Real(
        load_default=0.05,
        validate=validate.Range(0, LARGEST_DOSE, min_inclusive=False),
        metadata=described("Size of every push; each feature is pushed both ways."),
    )
    features = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(1, 10_000),
        metadata=described("Only the first so many of the offline ranking; all alive features by default."),
    )
    episodes = _count(16, 6, 200, "Seeds of the scan.")
    winners = _count(5, 1, 20, "Candidates to try again, at most.")
    confirm_episodes = _count(32, 6, 200, "Fresh seeds on which they are tried again.")


class PushedFeature(Request):
    feature_idx = _feature()
    weight = Real(
        load_default=1.0,
        validate=validate.Range(-1e3, 1e3),
        metadata=described("Share of this feature's decoder direction in the push."),
    )


class CalibrationTarget(Request):
    measure = name_field("Behaviour measure, such as speed.", 60, required=True)
    change = Real(
        required=True,
        validate=validate.Range(-1e6, 1e6),
        metadata=described("Wanted change: 0.1 is 10 % more when relative, else in the measure's unit."),
    )
    relative = fields.Boolean(
        load_default=True, metadata=described("Whether change is a share of the baseline's mean.")
    )


class CalibrateRequest(StudyRequest):
    features = fields.List(
        fields.Nested(PushedFeature),
        required=True,
        validate=validate.Length(1, 64),
        metadata=described("One feature, or several pushed together."),
    )
    target = fields.Nested(CalibrationTarget, required=True)
    episodes = _count(8, 6, 64, "Seeds of the search.")
    confirm_episodes = _count(20, 6, 200, "Fresh seeds of the confirmation.")


class Effect(Answer):
    dose = real("Signed action displacement.")
    alpha = real("α that gives it.")
    n = whole("Pairs in which the measure is defined.")
    mean_difference = real("Mean paired difference.")
    ci = interval("95 % BCa bootstrap interval; null below 8 pairs.")
    iqm_difference = real("Interquartile mean of the differences.")
    d_z = real("Mean difference in SDs of the differences.")
    p_value = real("Sign-flip test; null under six pairs, where nothing can be significant.")
    probability_of_increase = real("Probability that a pair increases.")
    return_difference = real("Mean paired difference of the return.")
    fall_rate = real("Share of episodes that fell.")
    fall_ci = interval("95 % Wilson interval.")
    fall_p_value = real("McNemar's exact test of the falls; null under six pairs.")
    saturated_fraction = real("Share of action values clipped to the action box.")


class RandomBand(Answer):
    directions = whole("Random directions of the same displacement.")
    low = real("5th percentile of their mean effects.")
    high = real("95th percentile.")
    fall_rate = real("Their mean fall rate.")


class BaselineMeasured(Answer):
    mean = real("Mean of the measure.")
    fall_rate = real("Share of episodes that fell.")


class DosePoint(Effect):
    band = interval("Band that holds for all doses at once (95 %, max-t bootstrap over seeds).")
    random = nested(RandomBand, "Null without random directions.", none=True)
    outside_random = yes("Whether the mean lies outside it.", none=True)
    by_seed = fields.List(
        Real(allow_none=True), required=True, metadata=described("Differences, in the order of seeds.")
    )


class Control(Answer):
    name = text("Neuron of the largest gain, first principal axis, difference in means.")
    points = many(Effect, "By dose, rising.")


class BothSigns(Answer):
    positive = real("For doses above 0.")
    negative = real("For doses below 0.")


class DoseResponse(Answer):
    measure = nested(MeasureInfo)
    feature_idx = whole("Feature.")
    seeds = wholes("Seeds, the same everywhere.")
    baseline = nested(BaselineMeasured)
    points = many(DosePoint, "The feature, by dose, rising.")
    controls = many(Control)
    slope = real("Slope at zero (doses up to 0.02), per unit of action displacement.")
    slope_ci = interval("95 % bootstrap interval.")
    linear_range = real("Largest dose up to which slope × dose is right within 20 %.")
    trend = nested(BothSigns, "p of Page's trend test per sign.", none=True)
    asymmetry = real("0: the signs are opposites; 1: both push the same way.")
    collapse = nested(BothSigns, "Smallest dose at which falls rise by more than 20 points; null if none.")
    seeds_with_all_doses = whole("Seeds in which the measure is defined at every dose: those of the shape.")
    sentence = text("The result in words.")


class ScanRow(Effect):
    feature_idx = whole("Feature.")
    offline_rank = whole("Place in the ranking by ablation effect, from 0.")
    ablation_effect = real("RMS change of the action when it is removed, over the action's spread.")
    q_value = real("False discovery rate over all tests of the scan.")
    fall_q_value = real("The same for the falls.")


class Confirmation(Effect):
    feature_idx = whole("Feature.")
    p_adjusted = real("Holm-adjusted over the confirmations.")
    confirmed = yes("p_adjusted is below 0.05.")
    outside_random = yes("Outside the band of random directions.", none=True)


class Scan(Answer):
    measure = nested(MeasureInfo)
    dose = real("Size of every push.")
    seeds = wholes("Seeds of the scan.")
    confirmation_seeds = wholes("Fresh seeds.")
    baseline = nested(BaselineMeasured)
    tests = whole("Tests that the false discovery rate is over: the measure and the falls of every push.")
    candidates = whole("Pushes with q below 0.05 for the measure.")
    rows = many(ScanRow, "Every push. Not to be quoted: the largest of many is too large by selection.")
    confirmations = many(Confirmation, "Candidates on fresh seeds: the effects to quote.")
    random = nested(RandomBand, "On the fresh seeds.")
    out_of_reach = wholes("Features that no α pushes by this dose.")
    findings = texts("One sentence per confirmed effect.")
    sentence = text("The result in words.")


class SearchStep(Answer):
    dose = real("Dose tried.")
    effect = real("Mean paired difference.")
    fall_rate = real("Share of episodes that fell.")


class CalibrationConfirmation(Effect):
    outside_random = yes("Outside the band of random directions.", none=True)


class NamedEffect(Effect):
    name = text("opposite sign, a neuron, the first principal axis, the difference in means.")


class Calibration(Answer):
    measure = nested(MeasureInfo)
    status = one_of(("reached", "unreachable"), "unreachable: dose is then the best safe one, if any.")
    baseline = real("Mean of the measure without a push, on the seeds of the search.")
    target_change = real("Wanted change in the measure's unit.")
    safe_range = nested(BothSigns, "Largest dose without more falls and with at least 0.9 of the return.")
    ladder = many(Effect, "The doses of the safety check.")
    search = many(SearchStep, "Doses tried between them, in order.")
    dose = real("Signed dose found; null when no safe dose moves the measure that way.")
    alpha = real("α that gives it.")
    edits = many(FeatureEdit, "The same as feature edits, to store or run.")
    confirmation = nested(CalibrationConfirmation, "On fresh seeds: the effect to quote.", none=True)
    controls = many(NamedEffect, "The same displacement along other directions, on the fresh seeds.")
    random = nested(RandomBand, "On the fresh seeds.", none=True)
    seeds = wholes("Seeds of the search.")
    confirmation_seeds = wholes("Fresh seeds.")
    sentence = text("The result in words.")


class Effects(Answer):
    """The numbers of a study; those of its kind are null until it is done, the others always."""

    run_id = text("Run.")
    kind = one_of(RUN_KINDS, "Which of the three is filled; none for a comparison.")
    state = one_of(STATES, "State of its job.")
    dose_response = nested(DoseResponse, none=True)
    scan = nested(Scan, none=True)
    calibration = nested(Calibration, none=True)
