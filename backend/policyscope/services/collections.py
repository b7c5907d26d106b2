"""Collections: named lists of an SAE's features, each with a note. Bookmarks are one that is always there."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from policyscope.core.errors import Conflict, LimitExceeded, NotFound, PolicyscopeError
from policyscope.services import analyses, feature_notes, loaded, saes
from policyscope.services.analyses import Stored
from policyscope.services.workspace import Workspace
from policyscope.store.records import (
    MODEL,
    CollectionFeatureRow,
    CollectionRow,
    FeatureNoteRow,
    Json,
    ModelRow,
    SaeRow,
    new_id,
    now,
    require,
)

BOOKMARKS = "bookmarks"
MOST_COLLECTIONS, MOST_FEATURES = 200, 2000
COLUMNS = ("feature_idx", "name", "effect", "density", "note", "added_at")


def all_of(ws: Workspace, model_id: str) -> list[Json]:
    """The collections of the model's SAE with their features: bookmarks first, then by name."""
    with ws.records.read() as session:
        sae_row = _sae(session, model_id)
        rows = session.scalars(select(CollectionRow).where(CollectionRow.sae_id == sae_row.id)).all()
        held = {row.id: features_in(session, row.id) for row in rows}
        notes = session.scalars(select(FeatureNoteRow).where(FeatureNoteRow.sae_id == sae_row.id)).all()
    known = _Known(ws, model_id, {note.feature_idx: note for note in notes})
    found = {row.id: _described(row, held[row.id], known) for row in rows}
    bookmarks = found.pop(bookmarks_id(sae_row.id), None) or _no_bookmarks(sae_row.id)
    return [bookmarks, *sorted(found.values(), key=lambda one: one["name"].casefold())]


def one(ws: Workspace, model_id: str, collection_id: str) -> Json:
    """One of ``all_of``; ``bookmarks`` names that one. Raises NotFound."""
    found = all_of(ws, model_id)
    wanted = found[0]["id"] if collection_id == BOOKMARKS else collection_id
    for collection in found:
        if collection["id"] == wanted:
            return collection
    raise _absent(collection_id)


def create(ws: Workspace, model_id: str, name: str, entries: Sequence[Json]) -> Json:
    """A new collection with ``entries`` (feature_idx, note). Raises Conflict when the name is taken."""
    with ws.records.write() as session:
        sae_row = _sae(session, model_id)
        _check_name(session, sae_row.id, name)
        counted = select(func.count()).where(CollectionRow.sae_id == sae_row.id)
        if (session.scalar(counted) or 0) >= MOST_COLLECTIONS:
            raise LimitExceeded(f"An SAE has at most {MOST_COLLECTIONS} collections. Delete one first.")
        row = CollectionRow(id=new_id("c"), sae_id=sae_row.id, name=name, created_at=now())
        session.add(row)
        session.flush()
        for entry in entries:
            _put(ws, session, sae_row, row, entry["feature_idx"], entry["note"])
    return one(ws, model_id, row.id)


def rename(ws: Workspace, model_id: str, collection_id: str, name: str) -> Json:
    """Raises NotFound, or Conflict when the name is taken or it is the bookmarks."""
    with ws.records.write() as session:
        sae_row = _sae(session, model_id)
        row = _own(session, sae_row, collection_id)
        if row.id == bookmarks_id(sae_row.id):
            raise Conflict("The bookmarks keep their name. Make a collection of your own beside them.")
        if name != row.name:
            _check_name(session, sae_row.id, name)
        row.name = name
    return one(ws, model_id, row.id)


def delete(ws: Workspace, model_id: str, collection_id: str) -> None:
    """Remove a collection; its features stay. Of the bookmarks only what is in them. Raises NotFound."""
    with ws.records.write() as session:
        session.delete(_own(session, _sae(session, model_id), collection_id))


def put(ws: Workspace, model_id: str, collection_id: str, feature_idx: int, note: str | None) -> Json:
    """Add a feature, or note something else of one that is there; ``note`` None leaves what is noted.

    Raises NotFound, InvalidInput for a feature that the SAE does not have, LimitExceeded when it is full.
    """
    with ws.records.write() as session:
        sae_row = _sae(session, model_id)
        row = _own(session, sae_row, collection_id)
        return _entry(_put(ws, session, sae_row, row, feature_idx, note))


def remove(ws: Workspace, model_id: str, collection_id: str, feature_idx: int) -> None:
    """Take a feature out; one that is not in it stays out. Raises NotFound for the collection."""
    with ws.records.write() as session:
        row = _own(session, _sae(session, model_id), collection_id)
        entry = session.get(CollectionFeatureRow, (row.id, feature_idx))
        if entry is not None:
            session.delete(entry)


def members(ws: Workspace, model_id: str, collection_id: str) -> set[int]:
    """The features in a collection. Raises NotFound."""
    with ws.records.read() as session:
        sae_row = _sae(session, model_id)
        own = bookmarks_id(sae_row.id)
        wanted = own if collection_id in (BOOKMARKS, own) else _own(session, sae_row, collection_id).id
        return {entry.feature_idx for entry in features_in(session, wanted)}


def table(ws: Workspace, model_id: str, collection_id: str) -> str:
    """As CSV, a line per feature. Raises NotFound."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for entry in one(ws, model_id, collection_id)["features"]:
        writer.writerow(["" if entry[column] is None else entry[column] for column in COLUMNS])
    return text.getvalue()


def features_in(session: Session, collection_id: str) -> list[CollectionFeatureRow]:
    """In the order in which they were added."""
    query = select(CollectionFeatureRow).where(CollectionFeatureRow.collection_id == collection_id)
    return list(
        session.scalars(query.order_by(CollectionFeatureRow.added_at, CollectionFeatureRow.feature_idx))
    )


def bookmarks_id(sae_id: str) -> str:
    """The same for an SAE every time, so that two first bookmarks at once make one collection."""
    return f"b_{sae_id.removeprefix('s_')}"


class _Known:
    """What is known of features beside the collections: names and effects, where they were analysed."""

    def __init__(self, ws: Workspace, model_id: str, notes: dict[int, FeatureNoteRow]) -> None:
        self.notes = notes
        self._stored: Stored | None = None
        with suppress(PolicyscopeError):  # not analysed, or it cannot be: a collection is there all the same
            self._stored = analyses.read(ws, model_id)[0]

    def of(self, j: int) -> Json:
        computed = None if self._stored is None else str(self._stored.about["names"][j]["text"])
        own = feature_notes.describe(self.notes.get(j))["name"]
        return {
            "name": own or computed,
            "effect": self._number("ablation_pooled", j),
            "density": self._number("density", j),
        }

    def _number(self, column: str, j: int) -> float | None:
        return None if self._stored is None else float(self._stored.arrays[column][j])


def _described(row: CollectionRow, entries: Sequence[CollectionFeatureRow], known: _Known) -> Json:
    return {
        "id": row.id,
        "name": row.name,
        "bookmarks": row.id == bookmarks_id(row.sae_id),
        "created_at": row.created_at,
        "features": [{**_entry(entry), **known.of(entry.feature_idx)} for entry in entries],
    }


def _no_bookmarks(sae_id: str) -> Json:
    return {
        "id": bookmarks_id(sae_id), "name": BOOKMARKS, "bookmarks": True, "created_at": None, "features": [],
    }  # fmt: skip


def _entry(row: CollectionFeatureRow) -> Json:
    return {"feature_idx": row.feature_idx, "note": row.note, "added_at": row.added_at}


def _put(
    ws: Workspace, session: Session, sae_row: SaeRow, row: CollectionRow, feature_idx: int, note: str | None
) -> CollectionFeatureRow:
    loaded.stored_sae(ws.store, sae_row.content).check_feature(feature_idx)
    entry = session.get(CollectionFeatureRow, (row.id, feature_idx))
    if entry is None:
        counted = select(func.count()).where(CollectionFeatureRow.collection_id == row.id)
        if (session.scalar(counted) or 0) >= MOST_FEATURES:
            raise LimitExceeded(f"A collection has at most {MOST_FEATURES:,} features. Begin another.")
        entry = CollectionFeatureRow(collection_id=row.id, feature_idx=feature_idx, note="", added_at=now())
        session.add(entry)
    entry.note = entry.note if note is None else note
    return entry


def _own(session: Session, sae_row: SaeRow, collection_id: str) -> CollectionRow:
    """One of the SAE's collections; the bookmarks are made when they are first asked for."""
    own = bookmarks_id(sae_row.id)
    if collection_id in (BOOKMARKS, own):
        row = session.get(CollectionRow, own)
        if row is None:
            row = CollectionRow(id=own, sae_id=sae_row.id, name=BOOKMARKS, created_at=now())
            session.add(row)
            session.flush()
        return row
    row = session.get(CollectionRow, collection_id) if "\x00" not in collection_id else None
    if row is None or row.sae_id != sae_row.id:
        raise _absent(collection_id)
    return row


def _sae(session: Session, model_id: str) -> SaeRow:
    return saes.attached(session, require(session, ModelRow, model_id, MODEL))


def _check_name(session: Session, sae_id: str, name: str) -> None:
    query = select(CollectionRow.id).where(CollectionRow.sae_id == sae_id, CollectionRow.name == name)
    if name == BOOKMARKS or session.scalars(query).first() is not None:
        message = f"There is a collection called {name!r} already. Choose another name."
        raise Conflict(message, fields={"name": message})


def _absent(collection_id: str) -> NotFound:
    return NotFound(
        f"The SAE of this model has no collection with id {collection_id[:60]!r}. It may have been deleted, "
        "or belong to another SAE of the model."
    )
