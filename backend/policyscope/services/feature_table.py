"""The table of all features for one target: sorted, filtered and cut into pages here, not in the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core.blocks import F64
from policyscope.core.errors import InvalidInput
from policyscope.services import analyses, closed_loop, collections, feature_notes, feature_search
from policyscope.services.analyses import Key, Stored
from policyscope.services.feature_search import Searched
from policyscope.services.workspace import Workspace
from policyscope.store.records import Json

SORTS = (
    "ablation_effect", "standardized_weight", "marginal_r2", "unique_r2", "p_value", "q_value", "weight",
    "local_gain", "output_percentile", "output_percentile_isotropic", "density", "mean_active",
    "max_activation", "auroc", "closed_loop", "feature_idx", "match",
)  # fmt: skip
SIGNED = ("standardized_weight", "weight", "local_gain", "closed_loop")
SMALLEST_FIRST = ("p_value", "q_value", "feature_idx", "match")
TOP_SHARE = 0.1  # of the alive features; above it in one ranking and below the median of the other disagrees
ASSOCIATED, EFFECTIVE = "associated, little effect", "effect, little association"


@dataclass(frozen=True, eq=False)
class _Columns:
    """Everything a row shows, by name, [F]; None where it does not apply to the target."""

    values: Mapping[str, F64 | None]
    disagreement: list[str | None]
    alive: NDArray[np.bool_]


def read(ws: Workspace, model_id: str, wanted: Json) -> Json:
    """One page. ``wanted``: target, sort_by, order, page, page_size, and the filters alive, min_density,
    max_q, min_percentile, badge, tag, collection, search. Raises what ``analyses.read`` raises, InvalidInput
    for a target that does not exist, NotFound for such a collection."""
    found, key = analyses.read(ws, model_id)
    target = found.target(wanted["target"])
    shown_runs = {j: closed_loop.telling(runs) for j, runs in closed_loop.measured(ws, model_id).items()}
    notes = feature_notes.of_model(ws, model_id)
    searched = _searched(found, key, notes, wanted["search"])
    columns = _columns(found, target, shown_runs, searched)
    kept = _filtered(found, columns, notes, wanted, searched)
    if wanted.get("collection") is not None:
        kept = kept[np.isin(kept, list(collections.members(ws, model_id, wanted["collection"])))]
    ordered = kept[_order(columns, kept, wanted["sort_by"], wanted["order"])]
    size = wanted["page_size"]
    pages = max(1, -(-len(ordered) // size))
    if wanted["page"] > pages:
        message = f"page is {wanted['page']}; with these filters there are {pages} of {size} features each."
        raise InvalidInput(message, fields={"page": message})
    shown = ordered[(wanted["page"] - 1) * size : wanted["page"] * size]
    return {
        "features": [
            _row(found, columns, int(j), notes, shown_runs.get(int(j)))
            | {"match": None if searched is None else searched.reasons[int(j)]}
            for j in shown
        ],
        "search": None if searched is None else searched.about,
        "target": found.about["targets"][target],
        "targets": found.about["targets"],
        "left_out": found.about["left_out"],
        "sort_by": wanted["sort_by"],
        "order": _direction(wanted["sort_by"], wanted["order"]),
        "page": wanted["page"],
        "page_size": size,
        "pages": pages,
        "matching": len(ordered),
        "d_latent": found.d_latent,
        "dead_features": int((~columns.alive).sum()),
        "n_samples": found.about["rows"],
    }


def _columns(
    found: Stored, target: int, runs: Mapping[int, Json | None], searched: Searched | None
) -> _Columns:
    a = found.arrays
    loop = [_number((runs.get(j) or {}).get("mean_difference")) for j in range(found.d_latent)]
    kind, _, index = found.about["targets"][target]["key"].partition(":")
    action = int(index) if kind == "action" else None
    effect = a["ablation_pooled"] if action is None else a["ablation_effect"][:, action]
    values: dict[str, F64 | None] = {
        "density": a["density"],
        "mean_active": a["mean_active"],
        "max_activation": a["max_activation"],
        "decoder_norm": a["decoder_norm"],
        "weight": a["raw_weight"][:, target],
        "standardized_weight": a["association.weight"][:, target],
        "ablation_effect": effect,
        "ablation_mean": None if action is None else a["ablation_mean"][:, action],
        "local_gain": None if action is None else a["local_gain"][:, action],
        "output_percentile": a["percentile.covariance"],
        "output_percentile_isotropic": a["percentile.isotropic"],
        "auroc": np.array([_number(name["when"]["auroc"]) for name in found.about["names"]]),
        "closed_loop": np.array(loop),
        "feature_idx": np.arange(found.d_latent, dtype=np.float64),
        "match": None if searched is None else _places(found.d_latent, searched),
    }
    values |= {
        name: a[f"association.{name}"][:, target]
        for name in ("marginal_r2", "unique_r2", "p_value", "q_value")
    }
    alive = a["density"] > 0
    association = np.abs(a["association.weight"][:, target])
    return _Columns(values, disagreements(association, effect, alive), alive)


def _searched(found: Stored, key: Key, notes: Mapping[int, Json], words: str | None) -> Searched | None:
    if words is None:
        return None
    return feature_search.find(found, analyses.env_of(key.spec["env"]), notes, words)


def _places(d_latent: int, searched: Searched) -> F64:
    return np.array([searched.rank.get(j, np.nan) for j in range(d_latent)], dtype=np.float64)


def disagreements(association: F64, effect: F64, alive: NDArray[np.bool_]) -> list[str | None]:
    """Features in the top tenth of one ranking and below the median of the other, in words; else None."""
    found: list[str | None] = [None] * len(alive)
    rows = np.flatnonzero(alive)
    if len(rows) < 10:
        return found
    ranks = [np.argsort(np.argsort(-values[rows], kind="stable")) for values in (association, effect)]
    top, half = TOP_SHARE * len(rows), len(rows) / 2
    for index, j in enumerate(rows):
        by_association, by_effect = ranks[0][index], ranks[1][index]
        if by_association < top and by_effect >= half:
            found[j] = ASSOCIATED
        elif by_effect < top and by_association >= half:
            found[j] = EFFECTIVE
    return found


def _filtered(
    found: Stored, columns: _Columns, notes: Mapping[int, Json], wanted: Json, searched: Searched | None
) -> NDArray[np.intp]:
    keep = columns.alive.copy() if wanted["alive"] else np.ones(found.d_latent, dtype=np.bool_)
    for name, column, sign in (
        ("min_density", "density", 1),
        ("max_q", "q_value", -1),
        ("min_percentile", "output_percentile", 1),
    ):
        values = columns.values[column]
        if wanted[name] is not None and values is not None:
            keep &= sign * np.where(np.isfinite(values), values, -sign * np.inf) >= sign * wanted[name]
    if searched is not None:
        keep &= np.isin(np.arange(found.d_latent), list(searched.rank))
    kept = np.flatnonzero(keep)
    return np.array([j for j in kept if _fits(found, int(j), notes.get(int(j)), wanted)], dtype=np.intp)


def _fits(found: Stored, j: int, note: Json | None, wanted: Json) -> bool:
    if wanted["badge"] is not None and wanted["badge"] not in found.about["badges"][j]:
        return False
    return wanted["tag"] is None or (note is not None and wanted["tag"] in note["tags"])


def _direction(sort_by: str, order: str | None) -> str:
    return order or ("asc" if sort_by in SMALLEST_FIRST else "desc")


def _order(columns: _Columns, kept: NDArray[np.intp], sort_by: str, order: str | None) -> NDArray[np.intp]:
    """Undefined values last whatever the order; ties to the lower feature."""
    values = columns.values[sort_by]
    if values is None and sort_by == "match":
        message = "match is the order of a search; give search too, or another order."
        raise InvalidInput(message, fields={"sort_by": message})
    if values is None:
        message = f"{sort_by} is known for actions only; choose a target such as action:0, or another order."
        raise InvalidInput(message, fields={"sort_by": message})
    keys = np.abs(values[kept]) if sort_by in SIGNED else values[kept].copy()
    keys = keys if _direction(sort_by, order) == "asc" else -keys
    keys[~np.isfinite(keys)] = np.inf
    return np.argsort(keys, kind="stable")


def _row(found: Stored, columns: _Columns, j: int, notes: Mapping[int, Json], run: Json | None) -> Json:
    numbers: dict[str, Any] = {
        name: None if values is None or not np.isfinite(values[j]) else float(values[j])
        for name, values in columns.values.items()
    }
    return {
        **numbers,
        "feature_idx": j,
        "name": found.about["names"][j]["text"],
        "badges": found.about["badges"][j],
        "note": notes.get(j, feature_notes.describe(None)),
        "dead": not columns.alive[j],
        "disagreement": columns.disagreement[j],
        "closed_loop": run,
    }


def _number(value: float | None) -> float:
    return np.nan if value is None else value
