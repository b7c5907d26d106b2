"""The kind ``dose_response``: one feature at many doses, beside what it must beat."""

from __future__ import annotations

from typing import Any

import numpy as np

from policyscope.core import effects as numbers
from policyscope.core.doses import Scales
from policyscope.core.measures import find_measure
from policyscope.core.progress import Work
from policyscope.core.trials import Outcome, Push, control_directions, pushes_along, random_unit
from policyscope.services.effects import parts, studies
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import Json

CONTROLS = 3  # neuron, principal axis, difference in means


def start(ws: Workspace, model_id: str, request: Json) -> Json:
    """Queue it. ``request``: feature_idx, doses (sizes), random_directions, env, episodes, seed, …"""
    studies.check_features(ws, model_id, [request["feature_idx"]])
    sizes = len(set(request["doses"]))
    arms = 1 + 2 * sizes * (1 + CONTROLS) + sizes * request["random_directions"]
    pieces = parts.count(arms - 1, request["episodes"])
    return studies.start(ws, model_id, "dose_response", request, arms * request["episodes"], pieces)


def perform(store: ArtifactStore, spec: studies.Spec) -> Work[None]:
    """Play and publish; ``spec`` is what ``start`` froze. With ``part``, only play that part."""
    trials, scales = studies.opened(store, spec)
    named = _directions(scales, spec["feature_idx"])
    sizes = sorted(set(spec["doses"]))
    pushes = [push for name, row in named.items() for push in _both_signs(scales, name, row, sizes)]
    random = random_unit(scales.sae.d_in, spec["random_directions"], spec["seed"])
    for size in sizes:
        pushes += _present(pushes_along(scales, ["random"] * len(random), random, np.full(len(random), size)))
    kept = store.checkpoints(spec["output"])
    if "part" in spec:
        yield from parts.play_one(trials, pushes, spec["seeds"], kept, "doses", spec["part"])
        return
    base, *outcomes = yield from parts.play(trials, pushes, spec["seeds"], kept, "doses")
    studies.publish(store, spec, _result(spec, base, outcomes, list(named)))


def _directions(scales: Scales, feature_idx: int) -> dict[str, Any]:
    direction = scales.sae.direction(feature_idx)
    active = scales.sae.encode(scales.activations)[:, feature_idx] > 0
    return {"feature": direction, **control_directions(scales, direction, active)}


def _both_signs(scales: Scales, name: str, row: Any, sizes: list[float]) -> list[Push]:
    doses = np.array([-size for size in reversed(sizes)] + sizes)
    return _present(pushes_along(scales, [name] * len(doses), np.tile(row, (len(doses), 1)), doses))


def _present(pushes: list[Push | None]) -> list[Push]:
    return [push for push in pushes if push is not None]


def _result(spec: studies.Spec, base: Outcome, outcomes: list[Outcome], names: list[str]) -> Json:
    by_name: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_name.setdefault(outcome.push.name if outcome.push else "", []).append(outcome)
    random: dict[float, list[Outcome]] = {}
    for outcome in by_name.get("random", []):
        random.setdefault(round(outcome.push.dose if outcome.push else 0.0, 6), []).append(outcome)
    curve = numbers.dose_response(base, by_name.get("feature", []), random)
    controls = [
        {"name": name, "points": [numbers.describe(outcome, base) for outcome in by_name.get(name, [])]}
        for name in names[1:]
    ]
    found = {
        "feature_idx": spec["feature_idx"],
        "seeds": spec["seeds"],
        "baseline": {"mean": float(np.nanmean(base.values)), "fall_rate": base.fall_rate},
        **curve,
        "controls": controls,
    }
    return {**found, "sentence": _sentence(spec, found)}


def _sentence(spec: studies.Spec, found: Json) -> str:
    measure = find_measure(spec["env"], spec["measure"])
    points = found["points"]
    apart = [point for point in points if point["outside_random"]]
    text = f"Feature {spec['feature_idx']} on {measure.title.lower()}, {len(spec['seeds'])} seeds: "
    text += f"outside the random band at {len(apart)} of {len(points)} doses"
    if found["slope"] is not None:
        text += f"; slope {studies.signed(found['slope'], measure.unit)} per unit of action displacement"
    for sign, dose in found["collapse"].items():
        if dose is not None:
            text += f"; falls rise by more than 20 points from {dose:g} ({sign})"
    return text + ("." if apart else ": not distinguishable from a random direction.")
