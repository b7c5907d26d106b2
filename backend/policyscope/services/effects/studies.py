"""What dose-response, scan and calibration share: freezing what was asked for, and playing it.

A study is a run of another kind: the same records and provenance, with its numbers in ``effects.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from policyscope.core.arms import Arm, RolloutSpec, check_run
from policyscope.core.doses import Scales, check_constant
from policyscope.core.envs import check_fit, get_env
from policyscope.core.errors import InvalidInput, LimitExceeded
from policyscope.core.measures import find_measure, measures_for
from policyscope.core.trials import Trials
from policyscope.services import loaded, rollouts, runs
from policyscope.services.effects.edits import needed_scales, scales_of
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import MODEL, Json, ModelRow, SaeRow, finite, new_id, require

EFFECTS_FILE = "effects.json"
Spec = Mapping[str, Any]


def start(ws: Workspace, model_id: str, kind: str, request: Json, episodes: int, pieces: int = 0) -> Json:
    """Queue a study and return its ids.

    ``request`` has env, seed, episodes, max_steps, measure and what ``kind`` needs. ``episodes``: how many
    are played in all, for the limit and the estimate; ``pieces``: what a cluster may split it into. The same
    study, once finished, is answered again unless ``request["again"]``. Raises InvalidInput, LimitExceeded or
    Busy before anything is stored.
    """
    info = get_env(request["env"])
    measure = request.get("measure") or default_measure(info.id)
    find_measure(info.id, measure)
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
        sae_row = session.get(SaeRow, row.sae_id) if row.sae_id else None
    check_constant(needed_scales(ws, row, sae_row).sae)
    assert sae_row is not None
    check_fit(loaded.current_spec(ws.store, row), info)
    run_id = new_id("r")
    policy = loaded.build_policy(ws.store, row.id, row.acting, row.edits)
    steps = min(request["max_steps"] or info.max_episode_steps, info.max_episode_steps)
    _check_size(episodes, steps)
    spec = _frozen(kind, f"runs/{run_id}", row, sae_row, request) | {
        "env": info.id,
        "max_steps": steps,
        "measure": measure,
        "weights_sha256": policy.fingerprint(),
    }
    what = RolloutSpec(info.id, tuple(spec["seeds"]), steps, spec["tap_index"])
    check_run([Arm("baseline", policy)], what, None)
    how = runs.Queued(run_id, episodes * steps, pieces, again=bool(request.get("again")))
    return runs.queue(ws, kind, row, spec, how)


def _frozen(kind: str, output: str, row: ModelRow, sae_row: SaeRow, request: Json) -> Json:
    """What of the model, its SAE and the request a study depends on."""
    return {
        **{name: value for name, value in request.items() if name != "again"},
        "kind": kind,
        "output": output,
        "model_id": row.id,
        "activation": row.acting,
        "sae_content": sae_row.content,
        "tap_index": sae_row.tap_index,
        "seeds": [request["seed"] + index for index in range(request["episodes"])],
        "weight_edits": row.edits,
        "arms": [],
    }


def default_measure(env_id: str) -> str:
    """Speed where a body walks, else the return."""
    keys = {measure.key for measure in measures_for(env_id)}
    return "speed" if "speed" in keys else "return"


def check_features(ws: Workspace, model_id: str, features: list[int]) -> None:
    """Raise InvalidInput unless the attached SAE has all of these features."""
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
        sae_row = session.get(SaeRow, row.sae_id) if row.sae_id else None
    scales = needed_scales(ws, row, sae_row)
    for feature_idx in features:
        scales.sae.check_feature(feature_idx)


def fresh_seeds(spec: Spec, count: int) -> list[int]:
    """Seeds that the study has not played, after its own."""
    after = spec["seeds"][-1] + 1
    return list(range(after, after + count))


def opened(store: ArtifactStore, spec: Spec) -> tuple[Trials, Scales]:
    """Where the study plays, and what its doses are measured against."""
    policy = rollouts.build_policy_of(store, spec, spec)
    scales = scales_of(store, spec["model_id"], spec["activation"], spec["sae_content"], spec["tap_index"])
    if scales is None:
        raise InvalidInput("Need SAE + cached data: the stored copy holds no cached data. Load it again.")
    trials = Trials(
        policy, scales.sae.d_in, spec["tap_index"], spec["env"], spec["max_steps"], spec["measure"]
    )
    return trials, scales


def publish(store: ArtifactStore, spec: Spec, effects: Json) -> None:
    """Store the numbers of a study; ``effects["sentence"]`` is its summary."""
    measure = find_measure(spec["env"], spec["measure"]).to_json()
    result = {"arms": [], "comparisons": [], "sentence": effects["sentence"]}
    files = {
        rollouts.RESULT_FILE: json.dumps(result, allow_nan=False).encode(),
        EFFECTS_FILE: json.dumps(finite({"measure": measure, **effects}), allow_nan=False).encode(),
    }
    store.publish(spec["output"], dict(files), {"kind": spec["kind"], "spec": dict(spec)})


def effects(ws: Workspace, run_id: str) -> Json:
    """The numbers of a study by kind; null under every kind until it is done. Raises NotFound."""
    return effects_of(ws, runs.get(ws, run_id))


def effects_of(ws: Workspace, run: Json) -> Json:
    """``effects`` of a run as ``runs.get`` gives it."""
    found: Json = {name: None for name in ("dose_response", "scan", "calibration")}
    if run["kind"] in found and run["state"] == "done":
        found[run["kind"]] = ws.store.read_json(f"runs/{run['id']}", EFFECTS_FILE)
    return {"run_id": run["id"], "kind": run["kind"], "state": run["state"], **found}


def signed(value: float | None, unit: str) -> str:
    """``+0.123 m/s``."""
    return "no value" if value is None else f"{value:+.3g} {unit}".replace("-", "−").strip()


def _check_size(episodes: int, steps: int) -> None:
    if episodes * steps > runs.MAX_STEPS_IN_ALL:
        raise LimitExceeded(
            f"{episodes:,} episodes × {steps:,} steps make {episodes * steps:,}; at most "
            f"{runs.MAX_STEPS_IN_ALL:,} are allowed. Ask for fewer features, doses or episodes."
        )
