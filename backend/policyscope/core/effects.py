"""What pushes did, in numbers: paired differences, dose-response curves and scans (method 6.4, 6.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from policyscope.core import statistics as st
from policyscope.core import trends
from policyscope.core.blocks import F64
from policyscope.core.comparison import INFERENTIAL_FROM, LEVEL
from policyscope.core.trials import Outcome

Json = dict[str, Any]
NEAR_ZERO = 0.02  # doses whose line is the slope
COLLAPSE = 0.20  # rise of the fall rate
BAND = (0.05, 0.95)


def paired(outcome: Outcome, base: Outcome) -> F64:
    """Differences [pairs] in the measure over seeds where both episodes have a value."""
    d = outcome.values - base.values
    return np.asarray(d[np.isfinite(d)])


def describe(outcome: Outcome, base: Outcome) -> Json:
    """One push against the baseline. ``p_value`` is None under six pairs: nothing could be significant."""
    d = paired(outcome, base)
    enough = len(d) >= INFERENTIAL_FROM
    push = outcome.push
    return {
        "dose": push.dose if push else 0.0,
        "alpha": push.alpha if push else 0.0,
        "n": len(d),
        "mean_difference": _mean(d),
        "ci": _pair(st.bootstrap_interval(d)),
        "iqm_difference": float(st.iqm(d)) if len(d) else None,
        "d_z": st.effect_size(d),
        "p_value": st.sign_flip_p(d) if enough else None,
        "probability_of_increase": st.probability_of_improvement(d) if len(d) else None,
        "return_difference": float((outcome.returns - base.returns).mean()),
        "fall_rate": outcome.fall_rate,
        "fall_ci": _pair(st.wilson(int(outcome.fell.sum()), len(outcome.fell))),
        "fall_p_value": st.mcnemar_p(outcome.fell, base.fell) if enough else None,
        "saturated_fraction": outcome.saturated_fraction,
    }


def random_band(outcomes: Sequence[Outcome], base: Outcome) -> Json:
    """5th to 95th percentile of the mean effects of random directions, with their falls."""
    effects = [d.mean() for outcome in outcomes if len(d := paired(outcome, base))]
    low, high = np.quantile(effects, BAND).tolist() if effects else (None, None)
    return {
        "directions": len(effects),
        "low": low,
        "high": high,
        "fall_rate": float(np.mean([outcome.fall_rate for outcome in outcomes])) if outcomes else None,
    }


def outside(effect: float | None, band: Json) -> bool | None:
    """Whether ``effect`` lies outside a random band, which serves both signs: random directions have none."""
    if effect is None or band["low"] is None:
        return None
    return not band["low"] <= effect <= band["high"]


def dose_response(
    base: Outcome, feature: Sequence[Outcome], random: Mapping[float, Sequence[Outcome]]
) -> Json:
    """The curve of a feature. ``feature``: outcomes in rising dose; ``random``: by |dose|."""
    doses = np.array([outcome.push.dose for outcome in feature if outcome.push])
    d = np.stack([outcome.values - base.values for outcome in feature], axis=1)
    whole = d[np.isfinite(d).all(axis=1)]
    band = trends.simultaneous_band(whole) if len(whole) else None
    bands = {size: random_band(found, base) for size, found in random.items()}
    points = []
    for index, outcome in enumerate(feature):
        point = describe(outcome, base)
        null = bands.get(round(abs(float(doses[index])), 6))
        point["band"] = None if band is None else band[:, index].tolist()
        point["random"] = null
        point["outside_random"] = None if null is None else outside(point["mean_difference"], null)
        point["by_seed"] = d[:, index].tolist()
        points.append(point)
    return {"points": points, **_shape(doses, whole, base, feature)}


def _shape(doses: F64, d: F64, base: Outcome, feature: Sequence[Outcome]) -> Json:
    falls = np.array([outcome.fall_rate - base.fall_rate for outcome in feature])
    found: Json = {
        "seeds_with_all_doses": len(d),
        "collapse": {
            name: _collapse(doses[side], falls[side])
            for name, side in (("positive", doses > 0), ("negative", doses < 0))
        },
    }
    nothing: Json = {"slope": None, "slope_ci": None, "linear_range": None, "trend": None, "asymmetry": None}
    if not len(d) or not (np.abs(doses) <= NEAR_ZERO + 1e-12).any():
        return found | nothing
    slopes, means = trends.slope_at_zero(doses, d, NEAR_ZERO), d.mean(axis=0)
    up = [index for index in np.argsort(doses) if doses[index] > 0]
    down = [index for index in np.argsort(-doses) if doses[index] < 0]
    return found | {
        "slope": float(slopes.mean()),
        "slope_ci": _pair(st.bootstrap_interval(slopes)),
        "linear_range": trends.linear_range(doses, means, float(slopes.mean())),
        "trend": {"positive": trends.page_trend_p(d[:, up]), "negative": trends.page_trend_p(d[:, down])},
        "asymmetry": _asymmetry(doses, means),
    }


def _collapse(doses: F64, rises: F64) -> float | None:
    hit = np.abs(doses[rises > COLLAPSE])
    return float(hit.min()) if len(hit) else None


def _asymmetry(doses: F64, means: F64) -> float | None:
    """|E(+d) + E(−d)| / (|E(+d)| + |E(−d)|) at the largest dose with both signs: 0 odd, 1 one-sided."""
    both = sorted({round(abs(x), 6) for x in doses if any(np.isclose(doses, -x))})
    if not both:
        return None
    plus = means[np.isclose(doses, both[-1])][0]
    minus = means[np.isclose(doses, -both[-1])][0]
    total = abs(plus) + abs(minus)
    return float(abs(plus + minus) / total) if total > 0 else None


def false_discovery(rows: Sequence[Json]) -> None:
    """Add ``q_value`` and ``fall_q_value``: Benjamini and Hochberg over every test of every row together."""
    names = ("p_value", "fall_p_value")
    p = [np.nan if row[name] is None else row[name] for name in names for row in rows]
    q = st.benjamini_hochberg(p)
    for index, row in enumerate(rows):
        for place, name in enumerate(("q_value", "fall_q_value")):
            value = q[place * len(rows) + index]
            row[name] = float(value) if np.isfinite(value) else None


def winners(rows: Sequence[Json], most: int) -> list[int]:
    """Indices of at most ``most`` rows to confirm: discoveries with the largest effect, steady ones first."""
    found = [index for index, row in enumerate(rows) if row["q_value"] is not None and row["q_value"] < LEVEL]

    def order(index: int) -> tuple[bool, float]:
        row = rows[index]
        changed_falls = row["fall_q_value"] is not None and row["fall_q_value"] < LEVEL
        return changed_falls, -abs(row["mean_difference"])

    return sorted(found, key=order)[:most]


def confirm(rows: Sequence[Json], band: Json) -> None:
    """Holm over the confirmed rows; ``confirmed`` where the adjusted p is below 0.05."""
    p = [1.0 if row["p_value"] is None else row["p_value"] for row in rows]
    for row, adjusted in zip(rows, st.holm(p), strict=True):
        row["p_adjusted"] = adjusted
        row["confirmed"] = adjusted < LEVEL
        row["outside_random"] = outside(row["mean_difference"], band)


def _mean(values: F64) -> float | None:
    return float(values.mean()) if len(values) else None


def _pair(interval: st.Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)
