"""Behaviour measures of a run: what each is, every arm's values, and paired differences with the baseline."""

from marshmallow import fields

from policyscope.api.schemas.base import (
    Answer,
    Real,
    described,
    interval,
    many,
    one_of,
    real,
    text,
    whole,
)

DIRECTIONS = ("higher", "lower", "neutral")


class MeasureInfo(Answer):
    key = text("Stable name.")
    title = text("Name to show.")
    unit = text("Unit.")
    direction = one_of(DIRECTIONS, "Which way is usually better.")
    formula = text("How it is computed.")


class Measures(Answer):
    default = text("Measured when none is named: speed where a body walks, else the return.")
    measures = many(MeasureInfo)


class MeasuredArm(Answer):
    key = text("Measure.")
    n = whole("Episodes in which it is defined.")
    mean = real("Mean over those.")
    sd = real("Standard deviation over those.")
    ci = interval("95 % bootstrap interval of the mean; null below 8 episodes.")
    values = fields.List(
        Real(allow_none=True),
        required=True,
        metadata=described("By seed, in the order of the run's seeds; null where undefined."),
    )
    reason = text("Why it is undefined, in the episodes where it is.", none=True)


class BehaviourArm(Answer):
    name = text("Arm.")
    measures = many(MeasuredArm)


class MeasuredDifference(Answer):
    key = text("Measure.")
    n = whole("Pairs in which both episodes have a value.")
    mean_difference = real("Mean of the differences, seed by seed, in the measure's unit.")
    ci = interval("95 % bootstrap interval; null below 8 pairs.")
    d_z = real("Mean difference in standard deviations of the differences.")
    p_value = real("Sign-flip test; null when no pair differs.")
    q_value = real("Benjamini and Hochberg's false discovery rate over the measures of this comparison.")
    probability_of_increase = real("Probability that a pair increases.")


class BehaviourComparison(Answer):
    arm = text("This arm …")
    versus = text("… against that one.")
    measures = many(MeasuredDifference)


class Behaviour(Answer):
    """Secondary to the return: read p-values with their q-values."""

    measures = many(MeasureInfo)
    arms = many(BehaviourArm)
    comparisons = many(BehaviourComparison)
