"""A person's own name, notes and tags for a feature. The computed name stays beside them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from policyscope.services import loaded, saes
from policyscope.services.workspace import Workspace
from policyscope.store.records import MODEL, FeatureNoteRow, Json, ModelRow, now, require


def put(
    ws: Workspace, model_id: str, feature_idx: int, name: str | None, text: str, tags: Sequence[str]
) -> Json:
    """Replace what is noted. Raises NotFound without an SAE, InvalidInput for a feature it has not."""
    with ws.records.write() as session:
        sae_row = saes.attached(session, require(session, ModelRow, model_id, MODEL))
        loaded.stored_sae(ws.store, sae_row.content).check_feature(feature_idx)
        row = session.get(FeatureNoteRow, (sae_row.id, feature_idx))
        if row is None:
            row = FeatureNoteRow(sae_id=sae_row.id, feature_idx=feature_idx)
            session.add(row)
        row.name, row.text, row.tags, row.updated_at = name, text, list(dict.fromkeys(tags)), now()
        return describe(row)


def of_model(ws: Workspace, model_id: str) -> dict[int, Json]:
    """Everything noted of the features of the model's SAE, by feature."""
    with ws.records.read() as session:
        sae_row = saes.attached(session, require(session, ModelRow, model_id, MODEL))
        rows = session.scalars(select(FeatureNoteRow).where(FeatureNoteRow.sae_id == sae_row.id))
        return {row.feature_idx: describe(row) for row in rows}


def describe(row: FeatureNoteRow | None) -> Json:
    """As the outside sees it; empty for a feature without a note."""
    if row is None:
        return {"name": None, "text": "", "tags": [], "updated_at": None}
    return {"name": row.name, "text": row.text, "tags": row.tags, "updated_at": row.updated_at}
