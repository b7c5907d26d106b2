"""The rhythm of the legs: frequency, contact, symmetry, lag. All in steady gait of at least five strides."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from policyscope.core.measures import signals
from policyscope.core.measures.anatomy import Anatomy
from policyscope.core.measures.episode import Episode, UndefinedError
from policyscope.core.measures.measure import Measure

LEAST_DUTY = 0.02
LEAST_SECONDS = 0.02
LEAST_ANGLE = 0.02
LEAST_TORQUE = 0.01
LEAST_LIKENESS = 0.3
OfLeg = Callable[[Episode, int], float]


def stride_frequency(episode: Episode) -> float:
    return episode.stride_frequency


def step_frequency(episode: Episode) -> float:
    return episode.stride_frequency * (episode.anatomy.steps_per_stride or 1)


def landing_rate(episode: Episode) -> float:
    """Cross-check of the spectrum: landings of all feet per second."""
    steady = episode.steady
    landings = sum(
        len(signals.active_runs(column)[0]) - int(column[0]) for column in episode.contacts[steady].T
    )
    return landings / ((steady.stop - steady.start) * episode.dt)


def duty_factor(episode: Episode, leg: int) -> float:
    """Over whole strides, from the first landing to the last."""
    landings = episode.touch_downs(leg)
    return float(episode.contacts[landings[0] : landings[-1], leg].mean())


def stride_time(episode: Episode, leg: int) -> float:
    return float(np.diff(episode.touch_downs(leg)).mean()) * episode.dt


def joint_range(episode: Episode, leg: int) -> float:
    return signals.spread(episode.leg_angles[episode.steady, leg])


def leg_torque(episode: Episode, leg: int) -> float:
    """Mean |action| over the leg's motors, found by name."""
    prefixes = tuple(f"{joint} " for joint in episode.anatomy.legs[leg].joints)
    columns = [channel.index for channel in episode.info.actions if channel.name.startswith(prefixes)]
    return float(np.abs(episode.actions[episode.steady][:, columns]).mean())


def aerial_fraction(episode: Episode) -> float:
    return float((~episode.contacts[episode.steady].any(axis=1)).mean())


def double_support(episode: Episode) -> float:
    return float((episode.contacts[episode.steady].sum(axis=1) >= 2).mean())


def phase_lag(episode: Episode) -> float:
    lag, likeness = _lag(episode)
    if likeness < LEAST_LIKENESS:
        raise UndefinedError(f"The legs move too differently for a lag (correlation {likeness:.2f}).")
    return lag


def waveform_symmetry(episode: Episode) -> float:
    return _lag(episode)[1]


def _lag(episode: Episode) -> tuple[float, float]:
    first, second = episode.leg_angles[episode.steady, :2].T
    return signals.phase_lag(first, second, 1 / (episode.stride_frequency * episode.dt))


def orbit_spread(episode: Episode) -> float:
    """Only channels that vary count."""
    steady = episode.observations[episode.steady]
    section = episode.observations[episode.touch_downs(0)]
    overall = steady.std(axis=0)
    varies = overall > 1e-9
    return float((section.std(axis=0)[varies] / overall[varies]).mean())


def _asymmetry(of_leg: OfLeg, least: float) -> Callable[[Episode], float]:
    """Symmetry index of a number of each leg, averaged over the legs of a side."""

    def rule(episode: Episode) -> float:
        anatomy = episode.anatomy
        right, left = (
            float(np.mean([of_leg(episode, leg) for leg in side])) for side in (anatomy.right, anatomy.left)
        )
        index = signals.symmetry_index(right, left, least)
        if index is None:
            raise UndefinedError("Both sides are nearly zero, where the index explodes.")
        return index

    return rule


def _of_leg(of_leg: OfLeg, leg: int) -> Callable[[Episode], float]:
    return lambda episode: of_leg(episode, leg)


FREQUENCY = "Welch PSD of the stride signal (4 s Hann windows, 0.5–8 Hz, parabolic peak), steady gait"
CONTACT = "foot on floor with a normal force above 5 % of body weight"


def gait_measures(anatomy: Anatomy) -> Iterator[Measure]:
    """The gait measures that make sense for this body."""
    yield Measure("stride_frequency", "Stride frequency", "Hz", "neutral", FREQUENCY, stride_frequency)
    if anatomy.steps_per_stride:
        formula = f"{anatomy.steps_per_stride} × stride frequency"
        yield Measure("step_frequency", "Step frequency", "Hz", "neutral", formula, step_frequency)
    yield Measure(
        "landing_rate",
        "Landings",
        "Hz",
        "neutral",
        f"touch-downs of all feet / time; {CONTACT}",
        landing_rate,
    )
    yield from _leg_measures(anatomy)
    yield Measure(
        "aerial_fraction",
        "Time in the air",
        "fraction",
        "neutral",
        "P(no foot on the floor)",
        aerial_fraction,
    )
    if len(anatomy.legs) > 1:
        yield from _pair_measures(anatomy)
    if anatomy.right:
        yield from _symmetry_measures()
    yield Measure(
        "orbit_spread",
        "Spread of the orbit (research)",
        "1",
        "lower",
        "mean over channels of SD at the first leg's touch-down / SD over all steps",
        orbit_spread,
    )


def _leg_measures(anatomy: Anatomy) -> Iterator[Measure]:
    for index, leg in enumerate(anatomy.legs):
        key = "" if len(anatomy.legs) == 1 else "_" + leg.name.replace(" ", "_")
        of = "" if len(anatomy.legs) == 1 else f", {leg.name}"
        yield Measure(
            f"duty_factor{key}",
            f"Duty factor{of}",
            "fraction",
            "neutral",
            f"contact time / stride time; {CONTACT}",
            _of_leg(duty_factor, index),
        )


def _pair_measures(anatomy: Anatomy) -> Iterator[Measure]:
    first, second = anatomy.legs[0].name, anatomy.legs[1].name
    yield Measure(
        "double_support",
        "Two or more feet down",
        "fraction",
        "neutral",
        "P(≥ 2 feet on the floor)",
        double_support,
    )
    yield Measure(
        "phase_lag",
        f"Phase lag of {second} after {first}",
        "stride",
        "neutral",
        "argmax of the cross-correlation of the thigh angles / stride period, in [0, 1); 0.5 = alternating; "
        "undefined below a correlation of 0.3",
        phase_lag,
    )
    yield Measure(
        "waveform_symmetry",
        f"Likeness of {first} and {second}",
        "1",
        "higher",
        "cross-correlation of the thigh angles at the phase lag; 1 = equal waveforms",
        waveform_symmetry,
    )


def _symmetry_measures() -> Iterator[Measure]:
    formula = "200 |R − L| / (R + L), Robinson; undefined near zero"
    parts: tuple[tuple[str, str, OfLeg, float], ...] = (
        ("duty", "duty factor", duty_factor, LEAST_DUTY),
        ("stride_time", "stride time", stride_time, LEAST_SECONDS),
        ("range", "thigh range of motion", joint_range, LEAST_ANGLE),
        ("torque", "mean |torque|", leg_torque, LEAST_TORQUE),
    )
    for key, what, of_leg, least in parts:
        yield Measure(
            f"asymmetry_{key}",
            f"Asymmetry of {what}",
            "%",
            "lower",
            f"{formula}; of the {what}",
            _asymmetry(of_leg, least),
        )
