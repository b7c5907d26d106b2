"""Rows: what exists and how it is doing. The content itself lies in the artifact store.

SQLite in WAL mode with full synchronisation by default; any SQLAlchemy URL otherwise. Writing transactions
begin immediately, so that read-modify-write never interleaves with another writer.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Engine, ForeignKey, Index, UniqueConstraint, create_engine, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from policyscope.core.errors import InvalidInput, NotFound, StorageFull

Json = dict[str, Any]
_FULL = ("disk is full", "disk I/O error", "No space left")
MODEL, SAE, RUN, JOB = "model", "SAE", "run", "job"


def new_id(prefix: str) -> str:
    """A server-made id such as ``m_3f9c0a1b2d4e``."""
    return f"{prefix}_{secrets.token_hex(6)}"


def now() -> str:
    """The present time, ISO-8601, UTC, microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def finite(value: Any) -> Any:
    """``value`` with every non-finite number replaced by None, since JSON has no word for them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value


class Base(DeclarativeBase):
    type_annotation_map = {Json: JSON, list[Any]: JSON}  # noqa: RUF012 (SQLAlchemy reads it from the class)


class ModelRow(Base):
    """A stored policy: the uploaded file, what is known of it, its weight edits and what is attached."""

    __tablename__ = "models"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    filename: Mapped[str]
    format: Mapped[str]
    created_at: Mapped[str] = mapped_column(index=True)
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    activation: Mapped[str]
    activation_source: Mapped[str]
    n_parameters: Mapped[int]
    edits: Mapped[list[Any]]
    sae_id: Mapped[str | None]
    intervention: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    correction: Mapped[str | None]

    @property
    def acting(self) -> str:
        """What decides how it acts beside weights: the activation function, ``gelu``, and the hash of what a
        user corrected, if anything: ``gelu+3f9c…``. Frozen specs keep it under the name ``activation``."""
        return self.activation if self.correction is None else f"{self.activation}+{self.correction}"


class SaeRow(Base):
    """An SAE attached to a model at one tap, with what was measured when it was attached."""

    __tablename__ = "saes"
    id: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), index=True)
    content: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[str]
    artifacts_dir: Mapped[str]
    tap_index: Mapped[int]
    info: Mapped[Json]


class RunRow(Base):
    """A run: arms and seeds asked for. Its numbers lie in the artifact store once the job is done."""

    __tablename__ = "runs"
    id: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), index=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"))
    created_at: Mapped[str] = mapped_column(index=True)
    request: Mapped[Json]
    provenance: Mapped[Json]


class JobRow(Base):
    """A kind plus a frozen spec, and how far it is. ``version`` counts changes: it is the event id."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state_created_at", "state", "created_at"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    spec: Mapped[Json]
    state: Mapped[str]
    version: Mapped[int]
    attempt: Mapped[int]
    owner: Mapped[str | None]
    lease_until: Mapped[str | None]
    heartbeat_at: Mapped[str | None]
    progress: Mapped[Json]
    result: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[str]
    started_at: Mapped[str | None]
    finished_at: Mapped[str | None]
    key: Mapped[str | None] = mapped_column(index=True)


class FeatureNoteRow(Base):
    """A person's own name, notes and tags for one feature of an SAE."""

    __tablename__ = "feature_notes"
    sae_id: Mapped[str] = mapped_column(ForeignKey("saes.id", ondelete="CASCADE"), primary_key=True)
    feature_idx: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    text: Mapped[str]
    tags: Mapped[list[Any]]
    updated_at: Mapped[str]


class CollectionRow(Base):
    """A named list of features of one SAE."""

    __tablename__ = "collections"
    __table_args__ = (UniqueConstraint("sae_id", "name"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    sae_id: Mapped[str] = mapped_column(ForeignKey("saes.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    created_at: Mapped[str]


class CollectionFeatureRow(Base):
    """A feature in a collection, and what was noted of it there."""

    __tablename__ = "collection_features"
    collection_id: Mapped[str] = mapped_column(
        ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True
    )
    feature_idx: Mapped[int] = mapped_column(primary_key=True)
    note: Mapped[str]
    added_at: Mapped[str]


class ViewRow(Base):
    """A view of the workbench that was given a name: the query of its address."""

    __tablename__ = "views"
    id: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[str | None] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    address: Mapped[str]
    created_at: Mapped[str]


class Records:
    """Sessions on the database. Rows read in a session stay readable after it is closed."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that commits at the end of the block and rolls back on an exception.

        Raises StorageFull when the disk cannot take it.
        """
        engine = self.engine.execution_options(immediate=True)
        try:
            with Session(engine, expire_on_commit=False) as session, session.begin():
                yield session
        except OperationalError as error:
            if not any(word in str(error.orig) for word in _FULL):
                raise
            raise StorageFull("The database cannot be written: the disk is full. Free some space.") from error

    def close(self) -> None:
        self.engine.dispose()


def require(session: Session, row: type[Any], key: str, word: str) -> Any:
    """The row with this id, locked for the rest of a writing transaction. Raises NotFound."""
    found = session.get(row, key, with_for_update=True) if "\x00" not in key else None
    if found is None:
        raise NotFound(
            f"There is no {word} with id {key[:60]!r}. It may have been deleted, or belong to another "
            "workspace, which can be exported there and imported here."
        )
    return found


def open_engine(url: str) -> Engine:
    """An SQLAlchemy engine for ``url``. Raises InvalidInput when the URL cannot be used."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, json_serializer=_to_json, pool_pre_ping=True)
    except Exception as error:
        raise InvalidInput(
            "DATABASE_URL cannot be used. Give an SQLAlchemy URL such as sqlite:////data/policyscope.sqlite3 "
            f"or postgresql+psycopg://user@host/name ({type(error).__name__})."
        ) from error
    if _is_sqlite(engine.url):
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _to_json(value: Any) -> str:
    return json.dumps(finite(value), allow_nan=False)


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
