"""The kind ``calibration``: the dose of one or several features that changes a measure as wanted."""

from __future__ import annotations

import numpy as np

from policyscope.core import calibration as search
from policyscope.core.errors import InvalidInput
from policyscope.core.measures import find_measure
from policyscope.core.percent import number, percent
from policyscope.core.progress import Work
from policyscope.services.effects import studies
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import Json


def start(ws: Workspace, model_id: str, request: Json) -> Json:
    """Queue it. ``request``: features (feature_idx, weight), target (measure, change, relative), …"""
    features = [part["feature_idx"] for part in request["features"]]
    if len(set(features)) != len(features):
        message = f"A feature is named twice: {features}."
        raise InvalidInput(message, fields={"features": message})
    studies.check_features(ws, model_id, features)
    ladder = 2 * len(search.LADDER) + 1 + 2 * search.EVALUATIONS
    episodes = ladder * request["episodes"] + (search.RANDOM + 6) * request["confirm_episodes"]
    request = {**request, "measure": request["target"]["measure"]}
    return studies.start(ws, model_id, "calibration", request, episodes)


def perform(store: ArtifactStore, spec: studies.Spec) -> Work[None]:
    """Search, confirm and publish; ``spec`` is what ``start`` froze."""
    trials, scales = studies.opened(store, spec)
    parts = spec["features"]
    direction = np.sum([part["weight"] * scales.sae.direction(part["feature_idx"]) for part in parts], axis=0)
    active = scales.sae.encode(scales.activations)[:, [part["feature_idx"] for part in parts]].any(axis=1)
    goal = search.Goal(direction, spec["target"]["change"], spec["target"]["relative"], active)
    fresh = studies.fresh_seeds(spec, spec["confirm_episodes"])
    found = yield from search.calibrate(trials, scales, goal, spec["seeds"], fresh)
    edits = [
        {"feature_idx": part["feature_idx"], "op": "add", "value": part["weight"] * found["alpha"]}
        for part in parts
        if found["alpha"] is not None
    ]
    result = {**found, "edits": edits, "seeds": spec["seeds"], "confirmation_seeds": fresh}
    studies.publish(store, spec, {**result, "sentence": _sentence(spec, found)})


def _sentence(spec: studies.Spec, found: Json) -> str:
    measure = find_measure(spec["env"], spec["measure"])
    wanted = f"{measure.title} by {studies.signed(found['target_change'], measure.unit)}"
    confirmed = found["confirmation"]
    if confirmed is None:
        return f"{wanted}: unreachable; no safe dose moves it that way."
    got = studies.signed(confirmed["mean_difference"], measure.unit)
    ends = [studies.signed(end, measure.unit) for end in confirmed["ci"] or ()]
    interval = f"95 % interval {' to '.join(ends)}" if ends else "too few seeds for an interval"
    where = f"at α {number(found['alpha'])} (action displacement {abs(found['dose']):.3g})"
    effect = f"{got} on fresh seeds ({interval}, falls {percent(confirmed['fall_rate'])})"
    if found["status"] == "reached":
        text = f"{wanted}: reached {where}; {effect}"
    else:
        text = f"{wanted}: unreachable within what is safe; the best safe dose is {where}: {effect}"
    outside = confirmed["outside_random"]
    return text + (", outside the random band." if outside else ", no more than random directions do.")
