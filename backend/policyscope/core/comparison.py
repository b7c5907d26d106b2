"""From the episodes of every arm to the numbers and the sentences a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core import statistics as st
from policyscope.core.arms import ArmResult
from policyscope.core.errors import InvalidInput

F64 = NDArray[np.float64]
Json = dict[str, Any]

INFERENTIAL_FROM = 6  # below this even the clearest outcome has p > 0.05
LEVEL = 0.05


def compare(results: Sequence[ArmResult], baseline: str = "baseline") -> Json:
    """Arms, paired comparisons with the baseline, and a summary: ``{"arms", "comparisons", "sentence"}``.

    Values are JSON numbers, None where something is not defined. Raises InvalidInput when the baseline is
    missing or arms were played on different seeds.
    """
    base = next((result for result in results if result.name == baseline), None)
    if base is None:
        raise InvalidInput(f"There is no arm called {baseline!r} to compare with.")
    others = [result for result in results if result is not base]
    for result in others:
        if not np.array_equal(result.seeds, base.seeds):
            raise InvalidInput(
                f"Arm {result.name!r} was played on other seeds than {baseline!r}; pairs need the same."
            )
    comparisons = [_comparison(result, base) for result in others]
    judged = [entry["return"] for entry in comparisons if entry["inferential"]]
    for difference, p in zip(judged, st.holm([each["p_value"] for each in judged]), strict=True):
        difference["p_adjusted"] = p
    return {
        "arms": [describe_arm(result) for result in results],
        "comparisons": comparisons,
        "sentence": _summary(comparisons, base),
    }


def describe_arm(result: ArmResult) -> Json:
    """One arm on its own: returns, lengths, falls, and the per-seed table."""
    count, falls = len(result.seeds), int(result.fell.sum())
    return {
        "name": result.name,
        "returns": _distribution(result.returns),
        "lengths": _distribution(result.lengths.astype(np.float64)),
        "fall_rate": falls / count,
        "fall_ci": _pair(st.wilson(falls, count)),
        "saturated_fraction": float(result.saturated_fraction.mean()),
        "episodes": [_episode(result, index) for index in range(count)],
    }


def _episode(result: ArmResult, index: int) -> Json:
    return {
        "seed": int(result.seeds[index]),
        "return": float(result.returns[index]),
        "length": int(result.lengths[index]),
        "fell": bool(result.fell[index]),
        "terminated": bool(result.terminated[index]),
        "truncated": bool(result.truncated[index]),
    }


def _distribution(values: F64) -> Json:
    return {
        "mean": float(values.mean()),
        "ci": _pair(st.bootstrap_interval(values)),
        "iqm": float(st.iqm(values)),
        "iqm_ci": _pair(st.bootstrap_interval(values, st.iqm)),
        "median": float(np.median(values)),
        "min": float(values.min()),
        "max": float(values.max()),
        "sd": float(values.std(ddof=1)) if len(values) > 1 else None,
    }


def _comparison(arm: ArmResult, base: ArmResult) -> Json:
    d = arm.returns - base.returns
    lengths = (arm.lengths - base.lengths).astype(np.float64)
    inferential = len(d) >= INFERENTIAL_FROM  # below it no test could ever come out
    entry = {
        "arm": arm.name,
        "versus": base.name,
        "n": len(d),
        "return": {
            "mean_difference": float(d.mean()),
            "ci": _pair(st.bootstrap_interval(d)),
            "iqm_difference": float(st.iqm(d)),
            "iqm_ci": _pair(st.bootstrap_interval(d, st.iqm)),
            "d_z": st.effect_size(d),
            "p_value": st.sign_flip_p(d) if inferential else None,
            "p_adjusted": None,
            "probability_of_improvement": st.probability_of_improvement(d),
            "variance_ratio": st.variance_ratio(arm.returns, base.returns),
        },
        "length": {"mean_difference": float(lengths.mean()), "ci": _pair(st.bootstrap_interval(lengths))},
        "falls": {
            "difference": float(arm.fell.mean() - base.fell.mean()),
            "p_value": st.mcnemar_p(arm.fell, base.fell) if inferential else None,
        },
        "identical": bool(
            np.array_equal(arm.returns, base.returns) and np.array_equal(arm.lengths, base.lengths)
        ),
        "inferential": inferential,
    }
    return {**entry, "sentence": _sentence(entry, arm, base)}


def _pair(interval: st.Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)


def _sentence(entry: Json, arm: ArmResult, base: ArmResult) -> str:
    n, name = entry["n"], f"“{arm.name}”"
    if entry["identical"]:
        return f"{name} gave exactly the {base.name} numbers on {_seeds(n)}."
    change = f"{_signed(entry['return']['mean_difference'])} in mean return ({_means(base, arm)})"
    falls = _falls(arm, base)
    if not entry["inferential"]:
        return (
            f"Preview on {_seeds(n)}: {name} against {base.name} {change}{falls}. So few seeds can never be "
            f"significant (smallest possible p {_p(st.smallest_p(n))}); run 16 to conclude."
        )
    evidence = f"{_interval(entry['return']['ci'])}p {_p(entry['return']['p_value'])}, {_seeds(n)}"
    if entry["return"]["p_value"] < LEVEL:
        verb = "raised" if entry["return"]["mean_difference"] > 0 else "lowered"
        return f"{name} {verb} the return: {change}, {evidence}{falls}."
    ci = entry["return"]["ci"]
    advice = " Interval and test disagree; run more seeds." if ci is not None and ci[0] * ci[1] > 0 else ""
    verdict = f"The effect of {name} on the return is not distinguishable from zero"
    return f"{verdict}: {change}, {evidence}{falls}.{advice}"


def _summary(comparisons: Sequence[Json], base: ArmResult) -> str:
    if not comparisons:
        low, high = base.returns.min(), base.returns.max()
        return (
            f"“{base.name}” alone on {_seeds(len(base.seeds))}: mean return {_number(base.returns.mean())}, "
            f"from {_number(low)} to {_number(high)}."
        )
    if len(comparisons) <= 2:
        return " ".join(entry["sentence"] for entry in comparisons)
    identical = sum(entry["identical"] for entry in comparisons)
    text = f"{len(comparisons)} arms against {base.name} on {_seeds(comparisons[0]['n'])}: "
    if not comparisons[0]["inferential"]:
        return text + "a preview; so few seeds can never be significant."
    clear = [e for e in comparisons if e["return"]["p_adjusted"] < LEVEL]
    text += f"{len(clear)} changed the return (Holm-adjusted p < {LEVEL})"
    return text + (f", {identical} gave exactly its numbers." if identical else ".")


def _falls(arm: ArmResult, base: ArmResult) -> str:
    ours, theirs, n = int(arm.fell.sum()), int(base.fell.sum()), len(arm.seeds)
    return f"; it fell in {ours} of {n} episodes, {base.name} in {theirs}" if ours or theirs else ""


def _seeds(n: int) -> str:
    return "1 seed" if n == 1 else f"{n} seeds"


def _means(base: ArmResult, arm: ArmResult) -> str:
    return f"{_number(base.returns.mean())} → {_number(arm.returns.mean())}"


def _interval(ci: list[float] | None) -> str:
    return "" if ci is None else f"95 % interval {_signed(ci[0])} to {_signed(ci[1])}, "


def _signed(value: float) -> str:
    return ("+" if value >= 0 else "−") + _number(abs(value))


def _number(value: float) -> str:
    """Four digits that matter, with thousands separated: 4,412, 12.35, 0.0031."""
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", "−")
    return f"{value:.4g}".replace("-", "−")


def _p(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"= {value:.2g}"
