"""The kind ``scan``: every alive feature in both directions, and what of it survives on fresh seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from policyscope.core import effects as numbers
from policyscope.core.attribution import ablation_effects
from policyscope.core.doses import Scales
from policyscope.core.measures import find_measure
from policyscope.core.percent import percent
from policyscope.core.progress import Work, staged
from policyscope.core.trials import Outcome, Push, Trials, pushes_along, random_unit
from policyscope.services.effects import parts, studies
from policyscope.services.effects.edits import needed_scales
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import MODEL, Json, ModelRow, SaeRow, require

RANDOM = 20
SIGNS = (-1.0, 1.0)


def start(ws: Workspace, model_id: str, request: Json) -> Json:
    """Queue it. ``request``: dose, features (most to play, None = all alive), winners, confirm_episodes, …"""
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
        sae_row = session.get(SaeRow, row.sae_id) if row.sae_id else None
    ranked = rank_offline(needed_scales(ws, row, sae_row))[0][: request["features"]]
    episodes = (1 + 2 * len(ranked)) * request["episodes"]
    episodes += (1 + RANDOM + request["winners"]) * request["confirm_episodes"]
    pieces = parts.count(2 * len(ranked), request["episodes"])
    return studies.start(ws, model_id, "scan", request, episodes, pieces)


def rank_offline(scales: Scales) -> tuple[list[int], Any]:
    """Features that fire in the cached data, largest RMS ablation effect first; and that effect [F],

    in units of the action's own spread. Costs no rollout.
    """
    found = ablation_effects(scales.policy, scales.sae, scales.tap_index, scales.activations)
    effect = np.sqrt(np.square(found.rms).sum(axis=1)) / scales.action_spread
    alive = np.count_nonzero(scales.sae.encode(scales.activations), axis=0) > 0
    return [int(j) for j in np.argsort(-effect, kind="stable") if alive[j]], effect


def perform(store: ArtifactStore, spec: studies.Spec) -> Work[None]:
    """Play and publish; ``spec`` is what ``start`` froze. With ``part``, only play that part."""
    trials, scales = studies.opened(store, spec)
    ranked, effect = rank_offline(scales)
    tested = [(j, sign) for j in ranked[: spec["features"]] for sign in SIGNS]
    made = pushes_along(
        scales,
        [str(j) for j, _ in tested],
        np.array([scales.sae.direction(j) for j, _ in tested]).reshape(len(tested), scales.sae.d_in),
        np.array([sign * spec["dose"] for _, sign in tested]),
    )
    pushes = [push for push in made if push is not None]
    kept = store.checkpoints(spec["output"])
    if "part" in spec:
        yield from parts.play_one(trials, pushes, spec["seeds"], kept, "scan", spec["part"])
        return
    base, *outcomes = yield from staged(parts.play(trials, pushes, spec["seeds"], kept, "scan"), "scan")
    rows = [_row(outcome, base, ranked, effect) for outcome in outcomes]
    numbers.false_discovery(rows)
    chosen = numbers.winners(rows, spec["winners"])
    confirmed, band = yield from _confirm(trials, scales, spec, [pushes[index] for index in chosen])
    out_of_reach = [int(j) for (j, _), push in zip(tested, made, strict=True) if push is None]
    studies.publish(store, spec, _result(spec, base, rows, confirmed, (band, out_of_reach)))


def _row(outcome: Outcome, base: Outcome, ranked: list[int], effect: Any) -> Json:
    feature = int(outcome.push.name) if outcome.push else -1
    where = {"feature_idx": feature, "offline_rank": ranked.index(feature)}
    return {**where, "ablation_effect": float(effect[feature]), **numbers.describe(outcome, base)}


def _confirm(
    trials: Trials, scales: Scales, spec: studies.Spec, chosen: list[Push]
) -> Work[tuple[list[Json], Json]]:
    """The chosen pushes and random directions of the same displacement, on seeds the scan has not seen."""
    if not chosen:
        return [], {"directions": 0, "low": None, "high": None, "fall_rate": None}
    directions = random_unit(scales.sae.d_in, RANDOM, spec["seed"])
    made = pushes_along(scales, ["random"] * RANDOM, directions, np.full(RANDOM, spec["dose"]))
    pushes = [*chosen, *(push for push in made if push is not None)]
    seeds = studies.fresh_seeds(spec, spec["confirm_episodes"])
    base, *outcomes = yield from staged(trials.play(pushes, seeds), "confirmation")
    rows = [
        {"feature_idx": int(push.name), **numbers.describe(outcome, base)}
        for push, outcome in zip(chosen, outcomes, strict=False)
    ]
    band = numbers.random_band(outcomes[len(chosen) :], base)
    numbers.confirm(rows, band)
    return rows, band


def _result(
    spec: studies.Spec, base: Outcome, rows: list[Json], confirmed: list[Json], rest: tuple[Json, list[int]]
) -> Json:
    measure = find_measure(spec["env"], spec["measure"])
    found = [row for row in rows if row["q_value"] is not None and row["q_value"] < numbers.LEVEL]
    findings = [_finding(row, measure.title, measure.unit) for row in confirmed if row["confirmed"]]
    text = f"{len(rows)} pushes at {spec['dose']:g} of the action on {len(spec['seeds'])} seeds: "
    text += f"{len(found)} candidates for {measure.title.lower()} (false discovery rate 5 %), "
    text += f"{len(confirmed)} tried again on fresh seeds, {len(findings)} confirmed."
    return {
        "dose": spec["dose"],
        "seeds": spec["seeds"],
        "confirmation_seeds": studies.fresh_seeds(spec, spec["confirm_episodes"]),
        "baseline": {"mean": float(np.nanmean(base.values)), "fall_rate": base.fall_rate},
        "tests": 2 * len(rows),
        "candidates": len(found),
        "rows": rows,
        "confirmations": confirmed,
        "random": rest[0],
        "out_of_reach": sorted(set(rest[1])),
        "findings": findings,
        "sentence": " ".join((text, *findings)),
    }


def _finding(row: Mapping[str, Any], title: str, unit: str) -> str:
    ends = " to ".join(studies.signed(end, unit) for end in row["ci"]) if row["ci"] else "not defined"
    verdict = (
        "outside the band of random directions"
        if row["outside_random"]
        else "no more than random directions of the same displacement do"
    )
    return (
        f"Feature {row['feature_idx']} at {row['dose']:+g}: {title.lower()} "
        f"{studies.signed(row['mean_difference'], unit)} (95 % interval {ends}, Holm-adjusted p "
        f"{row['p_adjusted']:.2g}, falls {percent(row['fall_rate'])}), {verdict}."
    )
