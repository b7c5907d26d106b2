"""Writing a workspace, or one model of it, into one file: a job, since it may hold gigabytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors.numpy import save as dump_safetensors
from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope import __version__
from policyscope.core.activations import EPISODE_ARRAYS
from policyscope.core.errors import NotFound
from policyscope.core.progress import Progress, Work
from policyscope.core.sae_formats import export_sae
from policyscope.jobs.table import ACTIVE
from policyscope.services import collections, loaded
from policyscope.services.transfer import archive, made
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import (
    MODEL,
    CollectionRow,
    FeatureNoteRow,
    JobRow,
    Json,
    ModelRow,
    RunRow,
    SaeRow,
    ViewRow,
    new_id,
    now,
    require,
)

KIND, FILE, RECORDS = "workspace_export", "workspace.zip", "records.json"
KEPT = 8
_ID = re.compile(r"x_[0-9a-f]{12}")
Spec = Mapping[str, Any]


def start(ws: Workspace, model_id: str | None) -> Json:
    """Queue the export of everything, or of one model. Raises NotFound, LimitExceeded or Busy.

    What is written is what is stored now: the records are frozen here, files never change.
    """
    export_id = new_id("x")
    name = f"exports/{export_id}"
    with ws.records.read() as session:
        records = _records(ws, session, model_id)
    archive.check_count(sum(1 for _ in _files(ws.store, records)))
    _forget_old(ws)
    ws.store.publish(f"{name}_records", {RECORDS: json.dumps(records, allow_nan=False).encode()})
    spec = {"records": f"{name}_records", "output": name}
    with ws.records.write() as session:
        job = ws.engine.submit(session, KIND, spec, name, {"export_id": export_id})
    ws.engine.wake()
    return {"job_id": job.id, "export_id": export_id, "state": job.state}


def perform(store: ArtifactStore, spec: Spec) -> Work[None]:
    """The kind ``workspace_export``; ``spec`` is what ``start`` froze."""
    records = store.read_json(spec["records"], RECORDS)
    with store.scratch() as scratch:
        path = scratch / FILE
        yield from write(store, records, path)
        store.publish(spec["output"], {FILE: path}, {"kind": "workspace"})
    store.discard(spec["records"])


def write(store: ArtifactStore, records: Json, path: Path) -> Work[None]:
    """The archive of ``records`` and the files they speak of, at ``path``. Raises StorageFull."""
    files = list(_files(store, records))
    with path.open("xb") as file:
        writer = archive.Writer(file)
        for done, (name, stored, member) in enumerate(files, 1):
            writer.add(name, _content(store, stored, member))
            yield Progress(done, len(files), "files", name.split("/")[0])
        writer.finish({"policyscope": __version__, "created_at": now(), **records})


def path(ws: Workspace, export_id: str) -> Path:
    """The finished archive. Raises NotFound."""
    name = f"exports/{export_id}"
    if not _ID.fullmatch(export_id) or not ws.store.has(name):
        raise NotFound(
            f"There is no export with id {export_id[:60]!r}. Old ones are removed: export it again."
        )
    return ws.store.path(name, FILE)


def _forget_old(ws: Workspace) -> None:
    """Exports are copies of what is here anyway: the newest few are enough. What one waits for stays."""
    store, waiting = ws.store, select(JobRow).where(JobRow.kind == KIND, JobRow.state.in_(ACTIVE))
    with ws.records.read() as session:
        needed = {job.spec["work"]["records"] for job in session.scalars(waiting)}
    names = sorted(set(store.names("exports")) - needed, key=lambda name: (store.root / name).stat().st_mtime)
    for name in names[:-KEPT]:
        store.discard(name)


def _files(store: ArtifactStore, records: Json) -> Iterator[tuple[str, str, str]]:
    """Name in the archive, store name, and file there, or what is made of it."""
    for model in records["models"]:
        yield f"models/{model['id']}/policy", loaded.model_name(model["id"]), "original"
    for content in sorted({sae["content"] for sae in records["saes"]}):
        name = f"saes/{content}"
        yield f"{name}/sae.safetensors", name, "sae"
        arrays = [array for array in loaded.DATA_ARRAYS if store.lists(name, f"{array}.npy")]
        for array in arrays:
            if array not in EPISODE_ARRAYS:
                yield f"{name}/{array}.npy", name, f"{array}.npy"
        if set(arrays) & EPISODE_ARRAYS.keys():
            yield f"{name}/episodes.safetensors", name, "episodes"
    for run in records["runs"]:
        name = f"runs/{run['id']}"
        for file in store.files(name):
            yield f"{name}/{file}", name, file
    for record in records["made"]:
        yield from made.files_of(store, record)


def _content(store: ArtifactStore, name: str, file: str) -> bytes | Path:
    """SAEs and episodes in the form that an artifacts directory has, so that they are read as one is."""
    if file == "sae":
        sae = loaded.stored_sae(store, name.removeprefix("saes/"))
        return export_sae(sae, "safetensors")["sae.safetensors"]
    if file == "episodes":
        data = loaded.data_in(store, name)
        arrays = {array: getattr(data, array) for array in EPISODE_ARRAYS}
        return dump_safetensors({key: value.copy() for key, value in arrays.items() if value is not None})
    return store.path(name, file)


def _records(ws: Workspace, session: Session, model_id: str | None) -> Json:
    store = ws.store
    if model_id is not None:
        models = [require(session, ModelRow, model_id, MODEL)]
    else:
        models = list(session.scalars(select(ModelRow).order_by(ModelRow.created_at)))
    ids = [model.id for model in models]
    saes = session.scalars(select(SaeRow).where(SaeRow.model_id.in_(ids)).order_by(SaeRow.created_at)).all()
    sae_ids = [sae.id for sae in saes]
    notes = session.scalars(select(FeatureNoteRow).where(FeatureNoteRow.sae_id.in_(sae_ids)))
    lists = session.scalars(select(CollectionRow).where(CollectionRow.sae_id.in_(sae_ids)))
    views = session.scalars(select(ViewRow).order_by(ViewRow.created_at))
    query = select(RunRow).join(JobRow, RunRow.job_id == JobRow.id).where(JobRow.state == "done")
    runs = session.scalars(query.where(RunRow.model_id.in_(ids)).order_by(RunRow.created_at))
    return {
        "models": [_model(store, row) for row in models],
        "saes": [_sae(row) for row in saes],
        "notes": [_note(row) for row in notes],
        "collections": [_collection(session, row) for row in lists],
        "views": [
            {"name": row.name, "address": row.address, "model_id": row.model_id}
            for row in views
            if row.model_id in ids or (row.model_id is None and model_id is None)
        ],
        "runs": [_run(row) for row in runs if store.has(f"runs/{row.id}")],
        "made": made.made_of(ws, session, ids),
        "analysed": made.analysed(ws, session, ids),
        "left_out": list(made.LEFT_OUT),
    }


def _model(store: ArtifactStore, row: ModelRow) -> Json:
    name = row.correction and loaded.correction_name(row.correction)
    return {
        "id": row.id,
        "name": row.name,
        "filename": row.filename,
        "activation": row.activation,
        "activation_source": row.activation_source,
        "edits": row.edits,
        "acting": store.read_json(name, loaded.ACTING_FILE) if name else None,
        "sae_id": row.sae_id,
        "intervention": row.intervention["edits"] if row.intervention else None,
    }


def _sae(row: SaeRow) -> Json:
    return {
        "id": row.id,
        "model_id": row.model_id,
        "content": row.content,
        "tap_index": row.tap_index,
        "name": row.artifacts_dir,
        "requested": row.info.get("requested"),
        "env": row.info.get("env"),
        "computed": row.info.get("activations_from") == "policy",
    }


def _note(row: FeatureNoteRow) -> Json:
    return {name: getattr(row, name) for name in ("sae_id", "feature_idx", "name", "text", "tags")}


def _collection(session: Session, row: CollectionRow) -> Json:
    entries = collections.features_in(session, row.id)
    return {
        "sae_id": row.sae_id,
        "name": row.name,
        "bookmarks": row.id == collections.bookmarks_id(row.sae_id),
        "features": [{"feature_idx": entry.feature_idx, "note": entry.note} for entry in entries],
    }


def _run(row: RunRow) -> Json:
    return {
        "id": row.id,
        "model_id": row.model_id,
        "created_at": row.created_at,
        "request": row.request,
        "provenance": row.provenance,
    }
