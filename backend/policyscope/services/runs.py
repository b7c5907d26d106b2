"""Runs: check what is asked for, freeze it, queue the job; later, read what came out."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope.core.arms import check_run
from policyscope.core.envs import EnvInfo, check_fit, get_env
from policyscope.core.errors import Conflict, InvalidInput, LimitExceeded
from policyscope.jobs.table import ACTIVE
from policyscope.services import loaded, rollouts, starts
from policyscope.services.effects import edits as edit_service
from policyscope.services.watching import BEHAVIOUR_FILE
from policyscope.services.workspace import Workspace
from policyscope.store.records import MODEL, RUN, JobRow, Json, ModelRow, RunRow, SaeRow, new_id, now, require

BASELINE = "baseline"
MAX_STEPS_IN_ALL = 10_000_000
FROZEN = ("edits", "weights", "dose", "model_id", "weights_sha256")  # of an arm, shown with its numbers
LEVELS = {"preview": 4, "compare": 16, "confirm": 32}


def start(ws: Workspace, model_id: str, request: Json) -> Json:
    """Queue a run and return its ids.

    ``request``: env, episodes or level, max_steps (None = the environment's limit), seed, arms (None = the
    default arms), start (None = the environment's own reset).

    Raises InvalidInput, ShapeMismatch, LimitExceeded or Busy before anything is stored.
    """
    info = get_env(request["env"])
    run_id = new_id("r")
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
        sae_row = session.get(SaeRow, row.sae_id) if row.sae_id else None
        episodes = LEVELS[request["level"]] if request.get("level") else request["episodes"]
        seeds = [request["seed"] + index for index in range(episodes)]
        arms = with_baseline(request["arms"] if request["arms"] is not None else default_arms(row))
        players = [_player(session, row, arm) for arm in arms]
        begun = starts.freeze(ws, session, request.get("start"), info, seeds, sae_row)
    steered = sae_row if all(player is row for player in players) else None
    spec: Json = {
        "output": f"runs/{run_id}",
        "model_id": row.id,
        "activation": row.acting,
        "sae_content": steered.content if steered else None,
        "tap_index": steered.tap_index if steered else None,
        "env": info.id,
        "seeds": seeds,
        "max_steps": min(request["max_steps"] or info.max_episode_steps, info.max_episode_steps),
        **begun,
        "arms": [
            _freeze(ws, player, steered, info, arm) | _who(row, player)
            for player, arm in zip(players, arms, strict=True)
        ],
    }
    check(ws, spec)
    return queue(ws, "run", row, spec, Queued(run_id, _steps(spec), again=bool(request.get("again"))))


@dataclass(frozen=True, slots=True)
class Queued:
    """How a run is queued: ``steps`` in all, for the estimate; ``parts`` that a cluster may split it into;
    ``again`` plays it although it has been."""

    run_id: str
    steps: int
    parts: int = 0
    again: bool = False


def queue(ws: Workspace, kind: str, row: ModelRow, spec: Json, how: Queued) -> Json:
    """Queue what was frozen into ``spec``, unless an equal run is done, and return the ids.

    Freezing may take long (a dose is measured for every edit), so it happens before this transaction: the
    database has one writer. Raises NotFound or Conflict when a model or SAE was deleted meanwhile, or Busy.
    """
    known = provenance(ws, row, spec)
    key = request_key(spec, known)
    with ws.records.write() as session:
        for played in {row.id, *(arm.get("model_id", row.id) for arm in spec["arms"])}:
            require(session, ModelRow, played, MODEL)
        if spec["sae_content"] and not ws.store.has(f"saes/{spec['sae_content']}"):
            raise Conflict("The SAE was removed while the run was prepared. Load it again, then run.")
        if not how.again and (earlier := finished(ws, session, key)):
            return earlier
        job = ws.engine.submit(
            session,
            kind,
            spec,
            spec["output"],
            {"run_id": how.run_id},
            key=key,
            size=how.steps,
            parts=how.parts,
        )
        session.add(
            RunRow(
                id=how.run_id,
                model_id=row.id,
                job_id=job.id,
                created_at=now(),
                request=spec,
                provenance=known,
            )
        )
    ws.engine.wake()
    estimate = job.spec["estimate_s"]
    return {
        "job_id": job.id, "run_id": how.run_id, "state": job.state, "reused": False, "estimate_s": estimate,
    }  # fmt: skip


def _player(session: Session, row: ModelRow, arm: Json) -> ModelRow:
    """Who plays an arm: the run's model or another. Raises NotFound; InvalidInput when it is steered too."""
    if arm.get("model_id") in (None, row.id):
        return row
    if arm["edits"]:
        message = (
            f"Arm {arm['name']!r} is played by another model and edits features of this one's SAE. Compare "
            "models without feature edits, or steer each in a run of its own."
        )
        raise InvalidInput(message, fields={"arms": message})
    return require(session, ModelRow, arm["model_id"], MODEL)


def _who(row: ModelRow, player: ModelRow) -> Json:
    """What an arm that another model plays is frozen with beside its weights."""
    if player is row:
        return {}
    return {"model_id": player.id, "activation": player.acting, "model_sha256": player.sha256}


def request_key(spec: Json, provenance: Json) -> str:
    """SHA-256 of everything that decides a run's numbers: equal keys, equal bytes."""
    asked = {name: value for name, value in spec.items() if name != "output"}
    text = json.dumps([asked, provenance], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def finished(ws: Workspace, session: Session, key: str) -> Json | None:
    """The newest finished run with this key whose content is still there."""
    query = (
        select(RunRow, JobRow)
        .join(JobRow, RunRow.job_id == JobRow.id)
        .where(JobRow.key == key, JobRow.state == "done")
        .order_by(JobRow.created_at.desc())
    )
    for row, job in session.execute(query).all():
        if ws.store.has(f"runs/{row.id}"):
            return {"job_id": job.id, "run_id": row.id, "state": job.state, "reused": True, "estimate_s": 0.0}
    return None


def default_arms(row: ModelRow) -> list[Json]:
    """Baseline, the edited weights if there are any, and the stored perturbation if there is one."""
    arms: list[Json] = []
    if row.edits:
        arms.append({"name": "edited weights", "edits": [], "weights": "edited"})
    if row.intervention:
        edits = row.intervention["edits"]
        arms.append({"name": "intervention", "edits": edits, "weights": "edited"})
    return arms


def with_baseline(arms: Sequence[Json]) -> list[Json]:
    """The baseline (no edit, the model's original weights) first. Raises InvalidInput if it differs."""
    for arm in arms:
        if arm["name"] == BASELINE and (arm["edits"] or arm["weights"] != "original" or arm.get("model_id")):
            message = (
                "The arm called 'baseline' must have no feature edits and the original weights; "
                "give this arm another name."
            )
            raise InvalidInput(message, fields={"arms": message})
    named = next((arm for arm in arms if arm["name"] == BASELINE), None)
    baseline = named or {"name": BASELINE, "edits": [], "weights": "original"}
    return [baseline, *(arm for arm in arms if arm is not named)]


def list_runs(ws: Workspace, model_id: str | None = None) -> list[Json]:
    """Newest first, all or those of one model."""
    query = select(RunRow, JobRow).join(JobRow, RunRow.job_id == JobRow.id).order_by(RunRow.created_at.desc())
    if model_id is not None:
        query = query.where(RunRow.model_id == model_id)
    with ws.records.read() as session:
        return [_summary(ws, row, job) for row, job in session.execute(query.limit(500)).all()]


def get(ws: Workspace, run_id: str) -> Json:
    """Everything about a run; the numbers once its job is done. Raises NotFound."""
    with ws.records.read() as session:
        return described(ws, *_rows(session, run_id))


def described(ws: Workspace, row: RunRow, job: JobRow) -> Json:
    """``get`` of rows at hand."""
    found = _result(ws, row, job)
    frozen = {arm["name"]: arm for arm in row.request["arms"]}
    arms = [{**arm, **{name: frozen[arm["name"]].get(name) for name in FROZEN}} for arm in found["arms"]]
    return {
        **_summary(ws, row, job),
        "seeds": row.request["seeds"],
        "start": row.request.get("start", starts.RESET),
        "arms": arms,
        "comparisons": found["comparisons"],
        "behaviour": _behaviour(ws, row, job),
        "provenance": {"imported_at": None, **row.provenance},
    }


def episodes_csv(ws: Workspace, run_id: str) -> str:
    """One line per arm and episode. Raises NotFound, or Conflict before the job is done."""
    run = get(ws, run_id)
    if run["state"] != "done":
        raise Conflict(f"Run {run_id} is {run['state']}; its episodes can be read when it is done.")
    columns = ("seed", "return", "length", "fell", "terminated", "truncated")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("arm", *columns))
    for arm in run["arms"]:
        writer.writerows((arm["name"], *(episode[name] for name in columns)) for episode in arm["episodes"])
    return text.getvalue()


def delete(ws: Workspace, run_id: str) -> None:
    """Remove a run. Raises Conflict while its job is active."""
    with ws.records.write() as session:
        row, job = _rows(session, run_id)
        if job.state in ACTIVE:
            raise Conflict(f"Run {run_id} has not finished. Cancel job {job.id} or wait, then delete it.")
        session.delete(row)
    ws.store.discard(f"runs/{run_id}")


def _rows(session: Session, run_id: str) -> tuple[RunRow, JobRow]:
    row = require(session, RunRow, run_id, RUN)
    return row, require(session, JobRow, row.job_id, "job")


def _freeze(ws: Workspace, row: ModelRow, sae_row: SaeRow | None, info: EnvInfo, arm: Json) -> Json:
    """An arm as it will be played: edits spelt out, their dose, and the hash of the weights they give."""
    check_fit(loaded.current_spec(ws.store, row), info)
    weight_edits = row.edits if arm["weights"] == "edited" else []
    policy = loaded.build_policy(ws.store, row.id, row.acting, weight_edits)
    if arm["edits"]:
        _check_edits(ws, sae_row, arm)
    scales = edit_service.scales_for(ws, row, sae_row) if arm["edits"] else None
    edits = edit_service.freeze(arm["edits"], scales, info)
    return {
        "name": arm["name"],
        "weights": "edited" if weight_edits else "original",
        "edits": edits,
        "dose": edit_service.dose_json(scales, edits, info),
        "weight_edits": weight_edits,
        "weights_sha256": policy.fingerprint(),
    }


def check(ws: Workspace, spec: Json) -> None:
    """A frozen run can be played here: its size, weights, edits and starts. Raises PolicyscopeError."""
    total = _steps(spec)
    if total > MAX_STEPS_IN_ALL:
        raise LimitExceeded(
            f"{len(spec['arms'])} arms × {len(spec['seeds'])} episodes × {spec['max_steps']} steps make "
            f"{total:,}; at most {MAX_STEPS_IN_ALL:,} are allowed. Ask for fewer episodes or shorter ones."
        )
    sae = loaded.stored_sae(ws.store, spec["sae_content"]) if spec["sae_content"] else None
    arms = rollouts.build_arms(ws.store, spec)
    check_run(arms, rollouts.what_to_play(spec), sae)


def _steps(spec: Json) -> int:
    return len(spec["arms"]) * len(spec["seeds"]) * int(spec["max_steps"])


def _check_edits(ws: Workspace, sae_row: SaeRow | None, arm: Json) -> None:
    if sae_row is None:
        raise InvalidInput(
            f"SAE not found: arm {arm['name']!r} edits features, and no SAE is loaded for this model. "
            "Load one from an artifacts directory first.",
            code="no_sae",
        )
    sae = loaded.stored_sae(ws.store, sae_row.content)
    for edit in arm["edits"]:
        sae.check_feature(edit["feature_idx"])


def provenance(ws: Workspace, row: ModelRow, spec: Json) -> Json:
    """What decides the numbers of a run: hashes, tap, versions."""
    sae = loaded.stored_sae(ws.store, spec["sae_content"]) if spec["sae_content"] else None
    edited = loaded.build_policy(ws.store, row.id, row.acting, row.edits)
    return {
        "model_sha256": row.sha256,
        "weights_sha256": edited.fingerprint(),
        "sae_sha256": sae.fingerprint() if sae else None,
        "tap_index": spec["tap_index"],
        "versions": rollouts.versions(),
        "arithmetic": rollouts.arithmetic(),
    }


def _result(ws: Workspace, row: RunRow, job: JobRow) -> Json:
    if job.state != "done":
        return {"arms": [], "comparisons": [], "sentence": None}
    found: Json = ws.store.read_json(f"runs/{row.id}", rollouts.RESULT_FILE)
    return found


def _behaviour(ws: Workspace, row: RunRow, job: JobRow) -> Json | None:
    """Behaviour measures; None before the job is done, and for runs played before they were measured."""
    name = f"runs/{row.id}"
    if job.state != "done" or not ws.store.lists(name, BEHAVIOUR_FILE):
        return None
    found: Json = ws.store.read_json(name, BEHAVIOUR_FILE)
    return found


def _summary(ws: Workspace, row: RunRow, job: JobRow) -> Json:
    request = row.request
    return {
        "id": row.id,
        "kind": request.get("kind", "comparison"),
        "model_id": row.model_id,
        "job_id": row.job_id,
        "state": job.state,
        "env": request["env"],
        "episodes": len(request["seeds"]),
        "max_steps": request["max_steps"],
        "seed": request["seeds"][0],
        "created_at": row.created_at,
        "finished_at": job.finished_at,
        "arm_names": [arm["name"] for arm in request["arms"]],
        "sentence": _result(ws, row, job)["sentence"],
    }
