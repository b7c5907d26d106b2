"""The job table in Postgres: in the empty database that POLICYSCOPE_TEST_POSTGRES names, else skipped."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from policyscope.jobs.table import JobTable
from policyscope.store.migrate import migrate
from policyscope.store.records import Base, JobRow, Records

URL = os.environ.get("POLICYSCOPE_TEST_POSTGRES", "")
pytestmark = pytest.mark.skipif(
    not URL, reason="POLICYSCOPE_TEST_POSTGRES is not set; see make test-postgres"
)
SPEC = {"work": {"n": 1}, "output": "o", "result": {"run_id": "r"}}


@pytest.fixture
def records() -> Iterator[Records]:
    opened = Records(URL)
    migrate(opened.engine)
    yield opened
    with opened.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
    opened.close()


@pytest.fixture
def table(records: Records) -> JobTable:
    return JobTable(records, 1000)


def enqueue(records: Records, table: JobTable) -> JobRow:
    with records.write() as session:
        return table.enqueue(session, "count", SPEC, None)


def test_opening_again_finds_what_is_stored(records, table):
    job = enqueue(records, table)
    again = Records(URL)
    migrate(again.engine)
    try:
        assert JobTable(again, 10).get(job.id).spec == SPEC
    finally:
        again.close()


def test_claimants_at_the_same_time_never_share_a_job(records, table):
    made = {enqueue(records, table).id for _ in range(60)}

    def claim_all(owner: str) -> list[str]:
        return [job.id for job in iter(lambda: table.claim(owner), None)]

    with ThreadPoolExecutor(8) as pool:
        claimed = [job for jobs in pool.map(claim_all, [f"e_{n}" for n in range(8)]) for job in jobs]
    assert len(claimed) == 60
    assert set(claimed) == made


def test_the_attempt_is_the_fence(records, table):
    enqueue(records, table)
    first = table.claim("e_1")
    assert table.requeue(first)
    second = table.claim("e_2")
    assert second.id == first.id
    assert second.attempt == first.attempt + 1
    assert not table.finish(first, "failed")
    table.report(second, {"done": 1, "total": float("nan")})
    assert table.get(second.id).progress == {"done": 1, "total": None}
    assert table.finish(second, "done", result={"run_id": "r"})
    assert table.count()["done"] == 1
