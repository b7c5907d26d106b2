"""One document about one feature: when it fires, what it does, examples, and its neighbours."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core import exemplars
from policyscope.core.affinities import cosines_with, nearest, phi_with
from policyscope.core.analysis import Subject, action_names
from policyscope.core.associations import episode_slices
from policyscope.core.measures import UndefinedError
from policyscope.core.naming import chance
from policyscope.services import analyses, clips, closed_loop, feature_notes, loaded
from policyscope.services.analyses import Stored
from policyscope.services.workspace import Workspace
from policyscope.store.records import Json

NEIGHBOURS = 8
DIGITS = 4


def read(ws: Workspace, model_id: str, feature_idx: int) -> Json:
    """Raises what ``analyses.read`` raises, and InvalidInput for a feature that the SAE has not."""
    found, key = analyses.read(ws, model_id)
    loaded.stored_sae(ws.store, key.spec["sae_content"]).check_feature(feature_idx)
    subject = analyses.subject_of(ws.store, key.spec)
    j = feature_idx
    return {
        "feature_idx": j,
        "name": found.about["names"][j],
        "badges": found.about["badges"][j],
        "note": feature_notes.of_model(ws, model_id).get(j, feature_notes.describe(None)),
        "statistics": _statistics(found, j),
        "actions": _actions(found, subject, j),
        "associations": _associations(found, j),
        "phase": _phase(found, j),
        **_examples(found, subject, j),
        "nearest": {
            view: [{"feature_idx": other, "similarity": s} for other, s in nearest(line, j, NEIGHBOURS)]
            for view, line in (
                ("cosine", cosines_with(subject.sae.w_dec.T, j)),
                ("coactivation", phi_with(found.columns, j)),
            )
        },
        "closed_loop": closed_loop.measured(ws, model_id).get(j, []),
    }


def _statistics(found: Stored, j: int) -> Json:
    names = ("density", "mean_active", "max_activation", "decoder_norm", "ablation_pooled")
    values = {name: float(found.arrays[name][j]) for name in names}
    values |= {name: float(found.arrays[f"activity.{name}"][j]) for name in analyses.ACTIVITY}
    values["output_percentile"] = float(found.arrays["percentile.covariance"][j])
    values["output_percentile_isotropic"] = float(found.arrays["percentile.isotropic"][j])
    return values


def _actions(found: Stored, subject: Subject, j: int) -> list[Json]:
    a = found.arrays
    names = action_names(subject.info, a["ablation_effect"].shape[1])
    h = np.asarray(subject.data.activations, dtype=np.float64)
    band = chance(subject.policy, subject.sae, subject.tap_index, h, found.columns, [j])[j]
    return [
        {
            "name": name,
            "ablation_effect": float(a["ablation_effect"][j, index]),
            "ablation_mean": float(a["ablation_mean"][j, index]),
            "local_gain": float(a["local_gain"][j, index]),
            "chance": float(band[index]),
        }
        for index, name in enumerate(names)
    ]


def _associations(found: Stored, j: int) -> list[Json]:
    entries = []
    for index, target in enumerate(found.about["targets"]):
        values = {n: float(found.arrays[f"association.{n}"][j, index]) for n in analyses.ASSOCIATIONS}
        values["standardized_weight"] = values.pop("weight")
        entries.append({"target": target["key"], "title": target["title"], **values})
    return entries


def _phase(found: Stored, j: int) -> Json | None:
    if "phase.mean" not in found.arrays:
        return None
    values = {name: float(found.arrays[f"phase.{name}"][j]) for name in ("mean", "concentration", "tile_r2")}
    return {
        **values,
        "tile": "phase tile" in found.about["badges"][j],
        "curve": found.arrays["phase.curve"][j].tolist(),
        "stride_rate": found.about["stride_rate"],
    }


def _examples(found: Stored, subject: Subject, j: int) -> Json:
    latent = found.columns.column(j)
    picked = exemplars.exemplars(latent, clips.timeline(found, subject))
    traces = _Traces(subject, latent)
    return {
        "histogram": {
            "edges": picked.histogram.edges.tolist(),
            "counts": picked.histogram.counts.tolist(),
            "inactive": picked.histogram.inactive,
            "density": picked.histogram.density,
            "cuts": [
                {"share": share, "value": float(value)}
                for share, value in zip(exemplars.SHARES, picked.histogram.cuts, strict=False)
            ],
        },
        "env": subject.info.id if subject.info else None,
        "undrawn": clips.undrawn(subject),
        "dt": subject.info.dt if subject.info else None,
        "legs": traces.legs,
        "top": [traces.clip(window) for window in picked.top],
        "quantiles": [
            {
                "low": interval.low,
                "high": interval.high,
                "count": interval.count,
                "clips": [traces.clip(window, short=True) for window in interval.windows],
            }
            for interval in picked.intervals
        ],
        "random_active": [traces.clip(window) for window in picked.random_active],
        "random_inactive": [traces.clip(window) for window in picked.random_inactive],
    }


class _Traces:
    """Clips of the cached episodes; contacts are worked out only for episodes that are shown."""

    def __init__(self, subject: Subject, latent: NDArray[np.float64]) -> None:
        self._subject, self._latent = subject, latent
        self._slices = episode_slices(subject.groups)
        self._episodes = subject.episodes()
        self._contacts: dict[int, NDArray[np.bool_] | None] = {}
        self.legs = self._legs()

    def clip(self, window: exemplars.Window, short: bool = False) -> Json:
        """The moment and its surroundings: the latent, and unless ``short`` actions and feet on the floor."""
        rows = slice(window.start, window.stop)
        moment: dict[str, Any] = asdict(window) | {"latent": _rounded(self._latent[rows])}
        if short:
            return {**moment, "actions": None, "contacts": None}
        columns = clips.actions_of(self._subject, rows).T
        return {**moment, "actions": [_rounded(c) for c in columns], "contacts": self._feet(window)}

    def _legs(self) -> list[str]:
        try:
            return [leg.name for leg in self._episodes[0].anatomy.legs] if self._episodes else []
        except UndefinedError:
            return []

    def _feet(self, window: exemplars.Window) -> list[list[bool]] | None:
        if not self.legs:
            return None
        index = next(i for i, rows in enumerate(self._slices) if rows.start <= window.row < rows.stop)
        if index not in self._contacts:
            try:
                self._contacts[index] = self._episodes[index].contacts
            except UndefinedError:
                self._contacts[index] = None
        touching, first = self._contacts[index], self._slices[index].start
        if touching is None:
            return None
        part: list[list[bool]] = touching[window.start - first : window.stop - first].T.tolist()
        return part


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values]
