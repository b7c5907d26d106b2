"""The SAEs of a model beside the one in use: upload, list, switch, export."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope.core.activations import ActivationData
from policyscope.core.errors import NotFound
from policyscope.core.sae_formats import export_sae
from policyscope.services import loaded, quarantine, saes
from policyscope.services.tap_warnings import UPLOADED, Attached
from policyscope.services.workspace import Workspace
from policyscope.store.records import MODEL, SAE, Json, ModelRow, SaeRow, require


def upload(ws: Workspace, model_id: str, files: Mapping[str, bytes], tap_index: int | None) -> Json:
    """Read an SAE from uploaded files, attach it, and make it the active one.

    Cached data of the SAE in use are kept for the new one where the tap is the same, so that both can be
    compared on them. Raises NotFound, UnsupportedFile, InvalidInput or ShapeMismatch; nothing is stored then.
    """
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
        current = session.get(SaeRow, row.sae_id) if row.sae_id else None
    sae = quarantine.open_sae(files)
    policy = saes.original_policy(ws, row)
    tap = saes.choose_tap(policy.spec, sae, tap_index)
    data = _shared_data(ws, current, tap)
    name = UPLOADED + ", ".join(files)
    computed = current is not None and current.info.get("activations_from") == "policy"
    info = saes.examine(Attached(model_id, name, tap, tap_index, computed), policy, sae, data)
    info["env"] = policy.spec.metadata.get("env") if current is None else current.info["env"]
    return saes.keep_attached(ws, model_id, sae, data, saes.Source(name, tap, info))


def all_saes(ws: Workspace, model_id: str) -> Json:
    """The SAEs of a model, newest first, and which one is active."""
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
        query = select(SaeRow).where(SaeRow.model_id == model_id).order_by(SaeRow.created_at.desc())
        return {"saes": [saes.describe(sae) for sae in session.scalars(query)], "active": row.sae_id}


def activate(ws: Workspace, model_id: str, sae_id: str) -> Json:
    """Make another SAE of the model the active one; a perturbation stored for the old one is dropped."""
    with ws.records.write() as session:
        row = require(session, ModelRow, model_id, MODEL)
        sae = own(session, model_id, sae_id)
        if row.sae_id != sae.id:
            row.sae_id, row.intervention = sae.id, None
        return saes.describe(sae)


def export(ws: Workspace, model_id: str, form: str) -> tuple[str, bytes]:
    """File name and content of the active SAE; several files come as one zip. Raises NotFound."""
    with ws.records.read() as session:
        row = saes.attached(session, require(session, ModelRow, model_id, MODEL))
    files = export_sae(loaded.stored_sae(ws.store, row.content), form)
    if len(files) == 1:
        return next(iter(files.items()))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return f"{form}.zip", buffer.getvalue()


def _shared_data(ws: Workspace, current: SaeRow | None, tap: int) -> ActivationData | None:
    if current is None or current.tap_index != tap:
        return None
    return loaded.stored_data(ws.store, current.content)


def own(session: Session, model_id: str, sae_id: str) -> SaeRow:
    """One of the model's SAEs. Raises NotFound."""
    row = session.get(SaeRow, sae_id) if "\x00" not in sae_id else None
    if row is None or row.model_id != model_id:
        raise NotFound(f"This model has no {SAE} with id {sae_id[:60]!r}.")
    return row
