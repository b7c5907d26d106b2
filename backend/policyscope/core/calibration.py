"""Finding the dose that changes a measure by a wanted amount, and confirming it (method 5.4).

Doses are signed action displacements. Signs are separate: what is safe for one may make the other fall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from policyscope.core import statistics as st
from policyscope.core import trends
from policyscope.core.blocks import F64
from policyscope.core.doses import Scales
from policyscope.core.effects import describe, outside, paired, random_band
from policyscope.core.progress import Work, staged
from policyscope.core.trials import Outcome, Push, Trials, control_directions, pushes_along, random_unit

Json = dict[str, Any]
LADDER = tuple(0.01 * 1.6**step for step in range(8))  # 0.01 … 0.27
ADDED_FALLS = 0.05
LEAST_RETURN = 0.9  # of the baseline's, by the lower end of the interval
EVALUATIONS = 10
TOLERANCE = 0.05  # of the target
RANDOM = 20


@dataclass(frozen=True, eq=False)
class Goal:
    """Change ``measure`` by ``change``: of the baseline's mean when ``relative``, else in its own unit."""

    direction: F64
    change: float
    relative: bool
    active: Any = field(repr=False)  # [N] bool, where the feature is active in the cached data


def calibrate(
    trials: Trials, scales: Scales, goal: Goal, seeds: Sequence[int], fresh: Sequence[int]
) -> Work[Json]:
    """Ladder of doses per sign, search within what is safe, confirmation on ``fresh`` seeds with controls.

    The answer is "reached" or "unreachable", then with the best safe dose; ``confirmation`` is the effect to
    quote, since the search itself favours lucky seeds.
    """
    ladder = _pushes(scales, goal.direction, [sign * size for sign in (-1, 1) for size in LADDER])
    base, *rungs = yield from staged(trials.play(ladder, seeds), "safe range")
    level = float(np.nanmean(base.values))
    target = goal.change * abs(level) if goal.relative else goal.change
    safe = {sign: _safe(rungs, base, sign) for sign in (-1, 1)}
    inside = [outcome for sign in (-1, 1) for outcome in safe[sign]]
    dose, tried = yield from _search(trials, scales, goal, seeds, (base, *inside), target)
    reached = dose is not None
    best = dose if dose is not None else _nearest(inside, base, target)
    result: Json = {
        "baseline": level,
        "target_change": target,
        "status": "reached" if reached else "unreachable",
        "safe_range": {
            "negative": max((abs(_dose(o)) for o in safe[-1]), default=0.0),
            "positive": max((_dose(o) for o in safe[1]), default=0.0),
        },
        "ladder": [describe(outcome, base) for outcome in rungs],
        "search": tried,
        "dose": best,
        "alpha": None,
        "confirmation": None,
        "controls": [],
        "random": None,
    }
    if best:
        result |= yield from _confirm(trials, scales, goal, fresh, best)
    return result


def _pushes(scales: Scales, direction: F64, doses: Sequence[float]) -> list[Push]:
    names, rows = [f"{dose:+.3f}" for dose in doses], np.tile(direction, (len(doses), 1))
    return [push for push in pushes_along(scales, names, rows, np.array(doses)) if push is not None]


def _dose(outcome: Outcome) -> float:
    return outcome.push.dose if outcome.push else 0.0


def _safe(rungs: Sequence[Outcome], base: Outcome, sign: int) -> list[Outcome]:
    """Outcomes of one sign, from the smallest dose up to the first that falls more or earns too little."""
    kept = []
    for outcome in sorted((o for o in rungs if _dose(o) * sign > 0), key=lambda o: abs(_dose(o))):
        interval = st.bootstrap_interval(outcome.returns - LEAST_RETURN * _floor(base))
        low = interval[0] if interval else float((outcome.returns - LEAST_RETURN * _floor(base)).min())
        if outcome.fall_rate - base.fall_rate > ADDED_FALLS or low < 0:
            break
        kept.append(outcome)
    return kept


def _floor(base: Outcome) -> F64:
    """Returns [seeds] such that 0.9 of them is a loss of a tenth, also where returns are negative."""
    return np.where(base.returns >= 0, base.returns, base.returns * (2 - LEAST_RETURN) / LEAST_RETURN)


def _search(
    trials: Trials,
    scales: Scales,
    goal: Goal,
    seeds: Sequence[int],
    played: Sequence[Outcome],
    target: float,
) -> Work[tuple[float | None, list[Json]]]:
    """Secant steps between the safe doses that enclose the target; None when none do.

    ``played``: the baseline and the safe doses, on the same ``seeds``.
    """
    base, *inside = played
    known = {0.0: 0.0} | {_dose(outcome): _effect(outcome, base) for outcome in inside}
    tried: list[Json] = []
    ends = _bracket(known, target)
    if ends is None:
        return None, tried
    while len(tried) < EVALUATIONS:
        dose = _between(ends, known, target)
        outcome = (yield from staged(trials.play(_pushes(scales, goal.direction, [dose]), seeds), "search"))[
            1
        ]
        known[dose] = _effect(outcome, base)
        error = abs(known[dose] - target)
        tried.append({"dose": dose, "effect": known[dose], "fall_rate": outcome.fall_rate})
        if error <= max(TOLERANCE * abs(target), _standard_error(outcome, base)):
            return dose, tried
        ends = (dose, ends[1]) if (known[dose] - target) * (known[ends[0]] - target) > 0 else (ends[0], dose)
    return _by_isotonic(known, target), tried


def _push(outcome: Outcome) -> Push:
    assert outcome.push is not None
    return outcome.push


def _effect(outcome: Outcome, base: Outcome) -> float:
    d = paired(outcome, base)
    return float(d.mean()) if len(d) else 0.0


def _standard_error(outcome: Outcome, base: Outcome) -> float:
    d = paired(outcome, base)
    return float(d.std(ddof=1) / np.sqrt(len(d))) if len(d) > 1 else 0.0


def _bracket(known: dict[float, float], target: float) -> tuple[float, float] | None:
    """Neighbouring doses, the smallest in size, between which the effect passes the target."""
    found = []
    for sign in (-1, 1):
        doses = sorted((dose for dose in known if dose * sign >= 0), key=abs)
        found += [(a, b) for a, b in pairwise(doses) if (known[a] - target) * (known[b] - target) <= 0]
    return min(found, key=lambda ends: abs(ends[1]), default=None)


def _between(ends: tuple[float, float], known: dict[float, float], target: float) -> float:
    """The secant's crossing, kept a tenth away from both ends so that the bracket always shrinks."""
    a, b = ends
    gap = known[b] - known[a]
    share = (target - known[a]) / gap if gap else 0.5
    return a + float(np.clip(share, 0.1, 0.9)) * (b - a)


def _by_isotonic(known: dict[float, float], target: float) -> float | None:
    """The dose of a monotone fit through everything evaluated, for a response that is not monotone."""
    doses = np.array(sorted(known))
    values = np.array([known[dose] for dose in doses])
    sign = 1.0 if np.polyfit(doses, values, 1)[0] >= 0 else -1.0
    fit = trends.isotonic(sign * values)
    if not fit[0] <= sign * target <= fit[-1]:
        return None
    return float(np.interp(sign * target, fit, doses))


def _nearest(inside: Sequence[Outcome], base: Outcome, target: float) -> float | None:
    """The safe dose whose effect comes nearest to the target and has its sign; None without any."""
    right = [o for o in inside if _effect(o, base) * target > 0]
    return _dose(min(right, key=lambda o: abs(_effect(o, base) - target))) if right else None


def _confirm(trials: Trials, scales: Scales, goal: Goal, fresh: Sequence[int], dose: float) -> Work[Json]:
    """The dose, its opposite, simpler directions and random ones of the same displacement, on new seeds."""
    size, sign = abs(dose), 1.0 if dose > 0 else -1.0
    controls = control_directions(scales, goal.direction, goal.active)
    names = ["confirmation", "opposite sign", *controls]
    names += [f"random {index}" for index in range(RANDOM)]
    rows = np.vstack(
        (goal.direction, goal.direction, *controls.values(), random_unit(len(goal.direction), RANDOM))
    )
    doses = np.full(len(names), sign * size)
    doses[1], doses[-RANDOM:] = -dose, size
    made = [push for push in pushes_along(scales, names, rows, doses) if push is not None]
    base, *outcomes = yield from staged(trials.play(made, fresh), "confirmation")
    by_name = {_push(outcome).name: outcome for outcome in outcomes}
    band = random_band([o for name, o in by_name.items() if name.startswith("random ")], base)
    confirmation = describe(by_name["confirmation"], base)
    confirmation["outside_random"] = outside(confirmation["mean_difference"], band)
    return {
        "alpha": _push(by_name["confirmation"]).alpha,
        "confirmation": confirmation,
        "random": band,
        "controls": [
            {"name": name, **describe(outcome, base)}
            for name, outcome in by_name.items()
            if name != "confirmation" and not name.startswith("random ")
        ],
    }
