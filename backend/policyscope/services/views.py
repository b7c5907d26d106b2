"""Saved views: the address of a screen under a name. What it shows is read again every time."""

from __future__ import annotations

from sqlalchemy import func, select

from policyscope.core.errors import LimitExceeded
from policyscope.services.workspace import Workspace
from policyscope.store.records import MODEL, Json, ModelRow, ViewRow, new_id, now, require

VIEW = "saved view"
MOST = 1000


def all_views(ws: Workspace) -> list[Json]:
    """Newest first."""
    with ws.records.read() as session:
        return [describe(row) for row in session.scalars(select(ViewRow).order_by(ViewRow.created_at.desc()))]


def save(ws: Workspace, name: str, address: str, model_id: str | None) -> Json:
    """Keep an address; it goes when its model is deleted. Raises NotFound for the model, LimitExceeded."""
    with ws.records.write() as session:
        if model_id is not None:
            require(session, ModelRow, model_id, MODEL)
        if (session.scalar(select(func.count()).select_from(ViewRow)) or 0) >= MOST:
            raise LimitExceeded(f"At most {MOST:,} views are kept. Delete some that are no longer needed.")
        row = ViewRow(id=new_id("w"), model_id=model_id, name=name, address=address, created_at=now())
        session.add(row)
        return describe(row)


def rename(ws: Workspace, view_id: str, name: str) -> Json:
    """Raises NotFound."""
    with ws.records.write() as session:
        row: ViewRow = require(session, ViewRow, view_id, VIEW)
        row.name = name
        return describe(row)


def delete(ws: Workspace, view_id: str) -> None:
    """Raises NotFound."""
    with ws.records.write() as session:
        session.delete(require(session, ViewRow, view_id, VIEW))


def describe(row: ViewRow) -> Json:
    return {
        "id": row.id,
        "name": row.name,
        "address": row.address,
        "model_id": row.model_id,
        "created_at": row.created_at,
    }
