"""What people wrote, of an archive: added beside what is here, never in its place."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope.core.errors import LimitExceeded
from policyscope.services import collections
from policyscope.services.views import MOST as MOST_VIEWS
from policyscope.store.records import (
    CollectionFeatureRow,
    CollectionRow,
    FeatureNoteRow,
    Json,
    ViewRow,
    new_id,
    now,
)

Ids = Mapping[str, str]
IN_ADDRESS = ("model", "run", "study", "sae", "sweep", "beside")
NEW, KNOWN, KEPT = "new", "known", "kept"


def note(session: Session, record: Json, sae_id: str) -> str:
    """``kept`` where something else is noted of the feature here: that stays."""
    row = session.get(FeatureNoteRow, (sae_id, record["feature_idx"]))
    written = {name: record[name] for name in ("name", "text", "tags")}
    if row is not None:
        return KNOWN if all(getattr(row, name) == value for name, value in written.items()) else KEPT
    session.add(FeatureNoteRow(sae_id=sae_id, feature_idx=record["feature_idx"], updated_at=now(), **written))
    return NEW


def collection(session: Session, record: Json, sae_id: str) -> str:
    """Bookmarks are joined; another collection of the same name gets its own beside it."""
    if record["bookmarks"]:
        return _bookmarks(session, record, sae_id)
    wanted = {entry["feature_idx"]: entry["note"] for entry in record["features"]}
    query = select(CollectionRow).where(CollectionRow.sae_id == sae_id)
    rows = {row.name: row for row in session.scalars(query)}
    for name in _names(record["name"]):
        if name == collections.BOOKMARKS:
            continue
        if name not in rows:
            if len(rows) >= collections.MOST_COLLECTIONS:
                raise LimitExceeded(f"An SAE has at most {collections.MOST_COLLECTIONS} collections.")
            row = CollectionRow(id=new_id("c"), sae_id=sae_id, name=name, created_at=now())
            session.add(row)
            session.flush()
            _add(session, row.id, wanted)
            return NEW
        if _entries(session, rows[name].id) == wanted:
            return KNOWN
    raise AssertionError("names never end")


def view(session: Session, record: Json, ids: Ids) -> str:
    """``ids``: of models, SAEs and runs in the archive, as they are called here."""
    model_id = None if record["model_id"] is None else ids[record["model_id"]]
    address = translated(record["address"], ids)
    rows = session.scalars(select(ViewRow)).all()
    if any((row.name, row.address) == (record["name"], address) for row in rows):
        return KNOWN
    if len(rows) >= MOST_VIEWS:
        raise LimitExceeded(f"At most {MOST_VIEWS:,} views are kept. Delete some, then import again.")
    session.add(
        ViewRow(id=new_id("w"), model_id=model_id, name=record["name"], address=address, created_at=now())
    )
    session.flush()
    return NEW


def translated(address: str, ids: Ids) -> str:
    """The address with the ids that models, SAEs and runs have here."""
    pairs = parse_qsl(address.removeprefix("?"), keep_blank_values=True)
    changed = [(name, ids.get(value, value) if name in IN_ADDRESS else value) for name, value in pairs]
    return address if changed == pairs else f"?{urlencode(changed)}"


def _bookmarks(session: Session, record: Json, sae_id: str) -> str:
    own = collections.bookmarks_id(sae_id)
    if session.get(CollectionRow, own) is None:
        session.add(CollectionRow(id=own, sae_id=sae_id, name=collections.BOOKMARKS, created_at=now()))
        session.flush()
    here = _entries(session, own)
    missing = {
        entry["feature_idx"]: entry["note"]
        for entry in record["features"]
        if entry["feature_idx"] not in here
    }
    if len(here) + len(missing) > collections.MOST_FEATURES:
        raise LimitExceeded(f"A collection has at most {collections.MOST_FEATURES:,} features.")
    _add(session, own, missing)
    return NEW if missing else KNOWN


def _entries(session: Session, collection_id: str) -> dict[int, str]:
    return {row.feature_idx: row.note for row in collections.features_in(session, collection_id)}


def _add(session: Session, collection_id: str, entries: Mapping[int, str]) -> None:
    for feature_idx, written in entries.items():
        session.add(
            CollectionFeatureRow(
                collection_id=collection_id, feature_idx=feature_idx, note=written, added_at=now()
            )
        )
    session.flush()


def _names(name: str) -> list[str]:
    """``swing``, ``swing (2)``, … as many as there can be collections, and one more."""
    more = range(2, collections.MOST_COLLECTIONS + 2)
    return [name, *(f"{name[:112]} ({number})" for number in more)]
