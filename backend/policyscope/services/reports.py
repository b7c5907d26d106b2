"""Report cards of SAEs: asked for, made by a job, and the newest one read back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope.core.arms import RolloutSpec
from policyscope.core.envs import check_fit, get_env
from policyscope.core.errors import Conflict, InvalidInput
from policyscope.core.progress import Work
from policyscope.services import analyses, loaded
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import MODEL, JobRow, Json, ModelRow, SaeRow, finite, now, require

KIND, FILE, VERSION = "report", "report.json", 1
MOST_OTHERS = 4
MOST_JOBS = 500
MOST_LISTED = 20


def start(ws: Workspace, model_id: str, wanted: Json) -> Json:
    """Queue a report, unless the same one is there. ``wanted``: env (None = the SAE's), episodes, max_steps,
    seed. Raises NotFound without an SAE, InvalidInput without cached data or for an environment that does not
    fit."""
    with ws.records.write() as session:
        key = analyses.key_of(ws, session, model_id)
        row = require(session, ModelRow, model_id, MODEL)
        if wanted["env"] is None and key.spec["env"] is None:
            message = "The SAE does not say which environment it belongs to; name one."
            raise InvalidInput(message, fields={"env": message})
        info = get_env(wanted["env"] or key.spec["env"])
        check_fit(loaded.current_spec(ws.store, row), info)
        spec: Json = {
            **key.spec,
            "env": info.id,
            "seeds": [wanted["seed"] + i for i in range(wanted["episodes"])],
            "max_steps": min(wanted["max_steps"] or info.max_episode_steps, info.max_episode_steps),
            "others": _others(session, model_id, key.spec),
        }
        spec["output"] = _name(spec, key.name)
        if ws.store.has(spec["output"]):
            return {"job_id": None, "state": "done"}
        job = analyses.active_job(session, KIND, spec["output"]) or ws.engine.submit(
            session, KIND, spec, output=spec["output"], result={"model_id": model_id}
        )
    ws.engine.wake()
    return {"job_id": job.id, "state": job.state}


def perform(store: ArtifactStore, spec: Mapping[str, Any]) -> Work[None]:
    """The kind ``report``; ``spec`` is what ``start`` froze."""
    from policyscope.core.report_card import Question, report_card

    data = loaded.stored_data(store, spec["sae_content"])
    assert data is not None  # start has checked
    sae = loaded.stored_sae(store, spec["sae_content"])
    question = Question(
        policy=loaded.build_policy(store, spec["model_id"], spec["activation"], []),
        sae=sae,
        tap_index=spec["tap_index"],
        data=data.bounded(sae.d_latent),
        spec=RolloutSpec(spec["env"], tuple(spec["seeds"]), spec["max_steps"]),
        others=tuple(loaded.stored_sae(store, content) for content in spec["others"]),
    )
    return _publish(store, spec, report_card(question))


def newest(ws: Workspace, model_id: str) -> Json:
    """The newest report on the model's present SAE. Raises Conflict when there is none yet."""
    for report in _reports(ws, model_id):
        return report
    raise Conflict(
        f"There is no report on this SAE yet. POST /model/{model_id}/report first.", code="not_reported"
    )


def list_reports(ws: Workspace, model_id: str) -> list[Json]:
    """The reports on the model's present SAE, newest first; empty before there is one."""
    return list(islice(_reports(ws, model_id), MOST_LISTED))


def of_sae(ws: Workspace, model_id: str, content: str, tap_index: int) -> Iterator[Json]:
    """Reports on an SAE of the model, newest first."""
    with ws.records.read() as session:
        query = select(JobRow).where(JobRow.kind == KIND).order_by(JobRow.created_at.desc()).limit(MOST_JOBS)
        jobs = [(job.spec["work"], job.spec.get("imported_at")) for job in session.scalars(query)]
    wanted = (model_id, content, tap_index)
    same: dict[str, str | None] = {}
    for spec, imported_at in jobs:
        if (spec["model_id"], spec["sae_content"], spec["tap_index"]) == wanted:
            same.setdefault(spec["output"], imported_at)
    for output, imported_at in same.items():
        if ws.store.has(output):
            found = ws.store.read_json(output, FILE)
            yield {"model_id": model_id, **found, "imported_at": imported_at}


def _reports(ws: Workspace, model_id: str) -> Iterator[Json]:
    with ws.records.read() as session:
        spec = analyses.key_of(ws, session, model_id).spec
    return of_sae(ws, model_id, spec["sae_content"], spec["tap_index"])


def _publish(store: ArtifactStore, spec: Mapping[str, Any], work: Work[Json]) -> Work[None]:
    report = yield from work
    asked = {"env": spec["env"], "episodes": len(spec["seeds"]), "seed": spec["seeds"][0]}
    whole = {**asked, "max_steps": spec["max_steps"], "created_at": now(), **report}
    content = json.dumps(finite(whole), allow_nan=False).encode()
    store.publish(spec["output"], {FILE: content}, {"kind": KIND, "spec": dict(spec)})


def _others(session: Session, model_id: str, spec: Json) -> list[str]:
    """Other SAEs that were loaded for this model at this tap, newest first."""
    query = select(SaeRow.content).where(
        SaeRow.model_id == model_id,
        SaeRow.tap_index == spec["tap_index"],
        SaeRow.content != spec["sae_content"],
    )
    return list(session.scalars(query.order_by(SaeRow.created_at.desc()).limit(MOST_OTHERS)))


def _name(spec: Json, depends: str) -> str:
    text = json.dumps(
        [VERSION, depends, *(spec[n] for n in ("model_id", "env", "seeds", "max_steps", "others"))]
    )
    return f"reports/{hashlib.sha256(text.encode()).hexdigest()[:48]}"
