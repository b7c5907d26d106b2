"""Models: upload, list, rename, delete. The file is stored once; what changes is a row."""

from __future__ import annotations

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope.core.envs import fitting_envs
from policyscope.core.errors import Conflict
from policyscope.core.policy_spec import PolicySpec, check_activation
from policyscope.jobs.table import ACTIVE
from policyscope.services import belongings, loaded, quarantine, saes
from policyscope.services.workspace import Workspace
from policyscope.store.records import MODEL, JobRow, Json, ModelRow, RunRow, SaeRow, new_id, now, require

LONGEST_NAME = 120


def upload(
    ws: Workspace, data: bytes, filename: str, name: str | None = None, activation: str | None = None
) -> Json:
    """Read, store and describe a policy file.

    ``activation`` overrides what the file says or what is assumed. Raises UnsupportedFile, InvalidInput,
    LimitExceeded, Busy, StorageFull.
    """
    filename = _shown(filename)
    spec, tensors = quarantine.open_policy(data, filename)
    if activation is not None:
        spec = spec.with_activation(activation, "user")
    row = row_of(new_id("m"), data, filename, name, spec)
    files = loaded.model_files(data, spec, tensors)
    ws.store.publish(loaded.model_name(row.id), files, {"kind": "model", "filename": filename})
    with ws.records.write() as session:
        session.add(row)
        session.flush()
        return describe(ws, session, row)


def row_of(model_id: str, data: bytes, filename: str, name: str | None, spec: PolicySpec) -> ModelRow:
    """The row of a new model without edits."""
    return ModelRow(
        id=model_id,
        name=name or filename.rsplit(".", 1)[0][:LONGEST_NAME] or filename,
        filename=filename,
        format=spec.format,
        created_at=now(),
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        activation=spec.activation,
        activation_source=spec.activation_source,
        n_parameters=spec.n_parameters,
        edits=[],
    )


def all_models(ws: Workspace) -> list[Json]:
    """Newest first."""
    with ws.records.read() as session:
        rows = session.scalars(select(ModelRow).order_by(ModelRow.created_at.desc())).all()
        return [describe(ws, session, row) for row in rows]


def get(ws: Workspace, model_id: str) -> Json:
    """Raises NotFound."""
    with ws.records.read() as session:
        return describe(ws, session, require(session, ModelRow, model_id, MODEL))


def change(ws: Workspace, model_id: str, name: str | None, activation: str | None) -> Json:
    """Rename, or say which activation function the policy has. An attached SAE is examined again then."""
    if activation is not None:
        check_activation(activation)
    with ws.records.write() as session:
        row = require(session, ModelRow, model_id, MODEL)
        row.name = name or row.name
        if activation is not None:
            row.activation, row.activation_source = activation, "user"
            saes.examine_again(ws, session, row)
        return describe(ws, session, row)


def delete(ws: Workspace, model_id: str) -> None:
    """Remove a model with its SAEs, runs, report cards and sweeps. Raises Conflict while one of its jobs is
    active."""
    with ws.records.write() as session:
        row = require(session, ModelRow, model_id, MODEL)
        _check_idle(session, model_id)
        runs = session.scalars(select(RunRow.id).where(RunRow.model_id == model_id)).all()
        contents = session.scalars(select(SaeRow.content).where(SaeRow.model_id == model_id)).all()
        worked_out = belongings.forget(session, model_id)
        session.delete(row)
        session.flush()
        same = select(ModelRow.id).where(ModelRow.correction == row.correction)
        unused = row.correction is not None and session.scalars(same).first() is None
        kept = set(session.scalars(select(SaeRow.content).where(SaeRow.content.in_(contents))))
    gone = [f"saes/{content}" for content in set(contents) - kept] + [f"runs/{run}" for run in runs]
    if unused:
        gone.append(loaded.correction_name(str(row.correction)))
    for name in (*gone, *worked_out, loaded.model_name(model_id)):
        ws.store.discard(name)


def describe(ws: Workspace, session: Session, row: ModelRow) -> Json:
    """The Model of the HTTP contract."""
    spec = loaded.current_spec(ws.store, row)
    fitting = () if spec.architecture_only else fitting_envs(spec.obs_dim, spec.act_dim)
    sae = session.get(SaeRow, row.sae_id) if row.sae_id else None
    return {
        "id": row.id,
        "name": row.name,
        "filename": row.filename,
        "format": row.format,
        "created_at": row.created_at,
        "size_bytes": row.size_bytes,
        "sha256": row.sha256,
        "obs_dim": spec.obs_dim,
        "act_dim": spec.act_dim,
        "activation": row.activation,
        "activation_source": row.activation_source,
        "architecture_only": spec.architecture_only,
        "n_parameters": row.n_parameters,
        "n_edits": len(row.edits),
        "notes": list(spec.notes),
        "compatible_envs": [info.id for info in fitting],
        "metadata": dict(spec.metadata),
        "sae": saes.describe(sae) if sae else None,
        "intervention": row.intervention,
    }


def _check_idle(session: Session, model_id: str) -> None:
    for job in session.scalars(select(JobRow).where(JobRow.state.in_(ACTIVE))):
        if job.spec["work"].get("model_id") == model_id:
            run = (job.spec.get("result") or {}).get("run_id")
            what = f"Run {run}" if run else f"The {job.kind} job {job.id}"
            raise Conflict(
                f"{what} of this model has not finished. Cancel it or wait, then delete the model."
            )


def _shown(filename: str) -> str:
    """The last part of a file name as browsers send it, without what cannot be shown."""
    last = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable()).strip()[:200] or "policy"
