"""Models and SAEs of an archive: read in quarantine like uploads, measured again, then made rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope.core.acting import Acting
from policyscope.core.activations import ActivationData
from policyscope.core.errors import InvalidInput, LimitExceeded, PolicyscopeError, UnsupportedFile
from policyscope.core.weight_edits import WeightEdit
from policyscope.services import (
    acting,
    cached_data,
    demos,
    directories,
    features,
    loaded,
    models,
    quarantine,
    saes,
)
from policyscope.services.tap_warnings import Attached
from policyscope.services.workspace import Workspace
from policyscope.store.records import Json, ModelRow, SaeRow, new_id, now

Contents = Mapping[str, memoryview]


@dataclass(frozen=True, eq=False)
class NewModel:
    """A model read from the archive, whose files are in the store; its row is not there yet."""

    record: Json
    row: ModelRow


def identical(
    session: Session, record: Json, sha256: str, correction: str | None, taken: set[str]
) -> str | None:
    """A stored model with this file, these edits and this way of acting: of the same id, else any.

    ``taken``: models that another record of the archive stands for already.
    """
    same = select(ModelRow).where(ModelRow.sha256 == sha256, ModelRow.activation == record["activation"])
    found = [
        row.id
        for row in session.scalars(same)
        if row.edits == record["edits"] and row.correction == correction and row.id not in taken
    ]
    return record["id"] if record["id"] in found else next(iter(found), None)


def read_model(ws: Workspace, contents: Contents, record: Json, model_id: str) -> NewModel:
    """Open the file in quarantine, check what was changed of it, and store it under ``model_id``.

    Raises what an upload raises, and InvalidInput for edits or corrections that do not fit it.
    """
    data = _bytes(contents, f"models/{record['id']}/policy", demos.POLICY_LIMIT)
    spec, tensors = quarantine.open_policy(data, record["filename"])
    row = models.row_of(model_id, data, record["filename"], record["name"], spec)
    if record["activation"] != spec.activation:
        spec.with_activation(record["activation"], "user")
    row.activation, row.activation_source = record["activation"], record["activation_source"]
    row.correction = _correction(ws, spec, record)
    ws.store.publish(
        loaded.model_name(model_id),
        loaded.model_files(data, spec, tensors),
        {"kind": "model", "filename": record["filename"]},
    )
    if record["edits"] and spec.architecture_only:
        raise InvalidInput(f"{record['name']}: an architecture without weights has no edits.")
    row.edits = [WeightEdit.from_json(edit).to_json() for edit in record["edits"]]
    if not spec.architecture_only:
        loaded.build_policy(ws.store, model_id, row.acting, row.edits)
    return NewModel(record, row)


def correction_of(ws: Workspace, contents: Contents, record: Json) -> tuple[str, str | None]:
    """Hash of the model's file, and the name of what is corrected of it, without opening the file."""
    data = contents.get(f"models/{record['id']}/policy", memoryview(b""))
    if record["acting"] is None:
        return hashlib.sha256(data).hexdigest(), None
    with _readable(record["name"]):
        return hashlib.sha256(data).hexdigest(), acting.name_of(Acting.from_json(record["acting"]))


def _correction(ws: Workspace, spec: Any, record: Json) -> str | None:
    if record["acting"] is None:
        return None
    with _readable(record["name"]):
        return acting.keep_correction(ws, spec, Acting.from_json(record["acting"]))


@contextmanager
def sae_in(contents: Contents, record: Json, scratch: Path) -> Iterator[tuple[Any, ActivationData | None]]:
    """The SAE and its cached data, read as those of an artifacts directory are. Raises the same."""
    name = f"saes/{record['content']}"
    shown = f"{name}/sae.safetensors"
    sae = quarantine.open_sae({shown: _bytes(contents, shown, directories.SAE_LIMIT)})
    yield sae, data_in(contents, f"{name}/", scratch)


def data_in(contents: Contents, start: str, scratch: Path) -> ActivationData | None:
    """The cached data in files whose names begin with ``start``, read as those of an artifacts directory."""
    columns: dict[str, Any] = {}
    for array in ("observations", "activations"):
        if (data := contents.get(f"{start}{array}.npy")) is not None:
            copy, into = scratch / f"{array}.npy", scratch / f"{array}.read"
            copy.write_bytes(data)
            into.mkdir()
            columns |= cached_data.read_file(copy, f"{start}{array}.npy", array, into).columns
    if (data := contents.get(f"{start}episodes.safetensors")) is not None:
        shown = f"{start}episodes.safetensors"
        columns |= quarantine.open_episodes(_checked(data, shown, directories.EPISODES_LIMIT), shown)
    whole = {"observations", "activations"} <= columns.keys()
    known = {key: value for key, value in columns.items() if key in loaded.DATA_ARRAYS}
    return ActivationData(**known, checked=True) if whole else None


def read_sae(ws: Workspace, contents: Contents, record: Json, model: ModelRow, is_free: bool) -> SaeRow:
    """The SAE's row, with everything in it measured again here; its content is in the store then.

    Raises what loading it from an artifacts directory raises.
    """
    with ws.store.scratch() as scratch, sae_in(contents, record, scratch) as (sae, data):
        policy = saes.original_policy(ws, model)
        tap = saes.choose_tap(policy.spec, sae, record["tap_index"])
        what = Attached(model.id, record["name"], tap, record["requested"], record["computed"])
        info = {**saes.examine(what, policy, sae, data), "env": record["env"]}
        content = saes.keep_content(ws, sae, data)
    row_id = record["id"] if is_free else new_id("s")
    row = SaeRow(id=row_id, model_id=model.id, content=content, tap_index=tap, created_at=now())
    row.artifacts_dir, row.info = record["name"], info
    return row


def same_sae(session: Session, model_id: str, record: Json) -> SaeRow | None:
    """The model's SAE of this content at this tap, where it has one."""
    query = select(SaeRow).where(SaeRow.model_id == model_id, SaeRow.content == record["content"])
    return session.scalars(query.where(SaeRow.tap_index == record["tap_index"])).first()


def stored_intervention(ws: Workspace, new: NewModel, sae_row: SaeRow) -> Json | None:
    """The model's stored perturbation; None without one. Raises InvalidInput for one that does not fit."""
    edits = new.record["intervention"]
    return features.described(ws, new.row, sae_row, edits) if edits else None


def _bytes(contents: Contents, name: str, limit: int) -> bytes:
    data = contents.get(name)
    if data is None:
        raise UnsupportedFile(f"The workspace speaks of {name} and does not hold it. Export it again.")
    return _checked(data, name, limit)


def _checked(data: memoryview, name: str, limit: int) -> bytes:
    if len(data) > limit:
        raise LimitExceeded(f"{name} has {len(data):,} bytes; at most {limit:,} are read.")
    return bytes(data)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, PolicyscopeError):
            raise
        raise UnsupportedFile(f"How {name} acts cannot be read from the workspace ({error}).") from error
