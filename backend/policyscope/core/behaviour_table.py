"""Behaviour measures of a run: every episode of every arm, and each arm against the baseline, pair by pair.

The return is the primary metric (see ``comparison``); these are secondary, so their p-values come with the
false discovery rate over all measures that could be tested. A pair counts for a measure only where both of
its episodes have a value, and an arm that falls more often has fewer such pairs: ``n`` says how many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core import statistics as st
from policyscope.core.measures import Reading, measures_for, table

F64 = NDArray[np.float64]
Json = dict[str, Any]
Readings = Sequence[Mapping[str, Reading]]
"""One mapping (key of the measure -> reading) per episode, in the order of the seeds."""

DRAWS = 2_000  # of the bootstrap; many measures, none of them primary


def describe_behaviour(env_id: str, arms: Mapping[str, Readings], baseline: str = "baseline") -> Json:
    """``{"measures", "arms", "comparisons"}`` in plain values, None where something is not defined.

    ``arms``: in display order, each with as many episodes as the baseline.
    """
    columns = {name: table(readings) for name, readings in arms.items()}
    return {
        "measures": [measure.to_json() for measure in measures_for(env_id)],
        "arms": [
            {"name": name, "measures": [_described(key, values, arms[name]) for key, values in found.items()]}
            for name, found in columns.items()
        ],
        "comparisons": [
            {"arm": name, "versus": baseline, "measures": _compared(found, columns[baseline])}
            for name, found in columns.items()
            if name != baseline
        ],
    }


def _described(key: str, values: F64, episodes: Readings) -> Json:
    known = values[np.isfinite(values)]
    reasons = [episode[key].reason for episode in episodes if episode[key].reason is not None]
    return {
        "key": key,
        "n": len(known),
        "mean": float(known.mean()) if len(known) else None,
        "sd": float(known.std(ddof=1)) if len(known) > 1 else None,
        "ci": _pair(st.bootstrap_interval(known, draws=DRAWS)),
        "values": [float(v) if np.isfinite(v) else None for v in values],
        "reason": max(set(reasons), key=reasons.count) if reasons else None,
    }


def _compared(arm: Mapping[str, F64], base: Mapping[str, F64]) -> list[Json]:
    entries = [_difference(key, arm[key] - base[key]) for key in base]
    p_values = [np.nan if entry["p_value"] is None else entry["p_value"] for entry in entries]
    for entry, q in zip(entries, st.benjamini_hochberg(p_values), strict=True):
        entry["q_value"] = float(q) if np.isfinite(q) else None
    return entries


def _difference(key: str, d: F64) -> Json:
    known = d[np.isfinite(d)]
    # a measure that no pair changes (an alive bonus of episodes that all last) is not a test
    moved = len(known) > 0 and bool(known.any())
    return {
        "key": key,
        "n": len(known),
        "mean_difference": float(known.mean()) if len(known) else None,
        "ci": _pair(st.bootstrap_interval(known, draws=DRAWS)),
        "d_z": st.effect_size(known),
        "p_value": st.sign_flip_p(known) if moved else None,
        "probability_of_increase": st.probability_of_improvement(known) if len(known) else None,
    }


def _pair(interval: st.Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)
