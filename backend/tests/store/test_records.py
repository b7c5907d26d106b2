"""Rows, transactions and migrations."""

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from policyscope.core.errors import InvalidInput, NotFound
from policyscope.store.migrate import migrate
from policyscope.store.records import Base, JobRow, ModelRow, Records, finite, new_id, now, require


@pytest.fixture
def records(tmp_path: Path):
    records = Records(f"sqlite:///{tmp_path / 'nested' / 'db.sqlite3'}")
    migrate(records.engine)
    yield records
    records.close()


def model(**changes) -> ModelRow:
    values = {
        "id": new_id("m"),
        "name": "walker",
        "filename": "imitator.pt",
        "format": "torch_state_dict",
        "created_at": now(),
        "size_bytes": 10,
        "sha256": "0" * 64,
        "activation": "gelu",
        "activation_source": "default",
        "n_parameters": 3,
        "edits": [],
    }
    return ModelRow(**(values | changes))


def vars_of(row: ModelRow) -> dict:
    return {column.key: getattr(row, column.key) for column in ModelRow.__table__.columns}


def test_migrations_make_exactly_the_declared_tables(records):
    with records.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_migrating_twice_changes_nothing(records):
    with records.write() as session:
        session.add(model(id="m_1"))
    migrate(records.engine)
    with records.read() as session:
        assert session.get(ModelRow, "m_1").name == "walker"


def test_sqlite_survives_power_loss_settings(records):
    with records.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


def test_a_failed_transaction_leaves_nothing(records):
    with pytest.raises(IntegrityError), records.write() as session:
        session.execute(insert(ModelRow), [vars_of(model(id="m_1")), vars_of(model(id="m_1"))])
    with records.read() as session:
        assert session.get(ModelRow, "m_1") is None


def test_concurrent_read_modify_write_loses_nothing(records):
    with records.write() as session:
        session.add(model(id="m_1"))

    def append(number: int) -> None:
        with records.write() as session:
            row = require(session, ModelRow, "m_1", "model")
            row.edits = [*row.edits, number]

    threads = [threading.Thread(target=append, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with records.read() as session:
        assert sorted(session.get(ModelRow, "m_1").edits) == list(range(16))


def test_non_finite_numbers_become_null(records):
    with records.write() as session:
        session.add(model(id="m_1", edits=[float("nan"), 1.5], intervention={"a": float("inf")}))
    with records.read() as session:
        row = session.get(ModelRow, "m_1")
    assert row.edits == [None, 1.5]
    assert row.intervention == {"a": None}
    assert finite((1, -float("inf"))) == [1, None]


@pytest.mark.parametrize("key", ["m_missing", "", "m\x00", "é" * 500, "m_1' OR 1=1"])
def test_unknown_ids_are_not_found(records, key):
    with records.read() as session, pytest.raises(NotFound, match="no model"):
        require(session, ModelRow, key, "model")


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "sqlite:////proc/no/such/place.db"])
def test_unusable_database_urls_are_explained(url):
    with pytest.raises(InvalidInput, match="DATABASE_URL"):
        Records(url)


def test_a_database_from_a_newer_version_is_refused(records):
    with records.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(InvalidInput, match="newer policyscope"):
        migrate(records.engine)


def test_ids_do_not_repeat():
    assert len({new_id("j") for _ in range(1000)}) == 1000
    assert JobRow.__tablename__ == "jobs"
