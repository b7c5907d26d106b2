"""Test 17, and the lease: whoever claims a job has it alone, for as long as it gives signs of life."""

from __future__ import annotations

import multiprocessing
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from live_kinds import slow
from sqlalchemy import update

from policyscope.jobs.engine import Engine
from policyscope.jobs.launch import LocalLauncher
from policyscope.jobs.limits import Limits
from policyscope.jobs.table import JobTable
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.migrate import migrate
from policyscope.store.records import JobRow, Records

FULL = pytest.mark.reliability
KINDS = {"slow": f"{slow.__module__}:slow"}


def opened(root: Path, queue_limit: int = 5_000) -> tuple[Records, JobTable]:
    records = Records(f"sqlite:///{root / 'db.sqlite3'}")
    migrate(records.engine)
    return records, JobTable(records, queue_limit)


def engine_of(table: JobTable, root: Path, slots: int) -> Engine:
    store = ArtifactStore(root / "store")
    return Engine(table, store, LocalLauncher(store, slots, Limits()), KINDS)


def fill(records: Records, table: JobTable, count: int) -> list[str]:
    """Queue ``count`` jobs in one transaction."""
    made = []
    with records.write() as session:
        for number in range(count):
            name = f"runs/r_{number}"
            work = {"name": name, "output": name, "steps": 0, "publish_s": 0}
            spec = {"work": work, "output": name, "result": {"name": name}}
            made.append(table.enqueue(session, "slow", spec).id)
    return made


def _claim_all(root: Path, owner: str, out: multiprocessing.Queue) -> None:
    _records, table = opened(root)
    mine = []
    while (job := table.claim(owner)) is not None:
        mine.append(job.id)
    out.put(mine)


@pytest.mark.parametrize(
    ("processes", "count"), [pytest.param(4, 60, id="short"), pytest.param(8, 300, id="full", marks=FULL)]
)
def test_no_job_is_claimed_twice(tmp_path, measured, processes, count):
    records, table = opened(tmp_path)
    queued = fill(records, table, count)
    records.close()
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    workers = [context.Process(target=_claim_all, args=(tmp_path, f"e_{n}", out)) for n in range(processes)]
    for worker in workers:
        worker.start()
    claimed = [job for _ in workers for job in out.get(timeout=120)]
    for worker in workers:
        worker.join()
    met = sorted(claimed) == sorted(queued)
    figure = f"{len(set(claimed))} distinct of {len(claimed)} claims"
    measured(17, f"{processes} processes claim {count} jobs", f"{count} distinct", figure, met)


@pytest.mark.parametrize("count", [pytest.param(40, id="short"), pytest.param(1_000, id="full", marks=FULL)])
def test_a_long_queue_is_worked_off(tmp_path, measured, count):
    records, table = opened(tmp_path)
    engine = engine_of(table, tmp_path, 2)
    queued = fill(records, table, count)
    engine.start()
    start = time.monotonic()
    try:
        last = table.get(queued[-1])
        while table.count()["done"] < count:
            assert time.monotonic() - start < 600, table.count()
            table.wait(last.id, last.version, 0.2)
        taken = time.monotonic() - start
    finally:
        engine.stop()
        records.close()
    limit = 60  # for a thousand on a quiet machine; forty also wait for the first process
    measured(17, f"soak of {count} jobs", f"≤ {limit} s", f"{taken:.1f} s", taken <= limit)


def test_a_job_whose_owner_is_silent_goes_to_another_when_its_lease_has_run_out(tmp_path):
    records, table = opened(tmp_path)
    (job_id,) = fill(records, table, 1)
    lost = table.claim("e_gone")
    assert lost is not None
    assert table.claim("e_other") is None
    assert table.expired("e_other") == []  # the lease still runs
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat(timespec="microseconds")
    with records.write() as session:
        session.execute(update(JobRow).where(JobRow.id == job_id).values(lease_until=past))
    engine = engine_of(table, tmp_path, 1)
    engine._recover(table.expired("e_other"))
    assert table.get(job_id).state == "queued"
    again = table.claim("e_other")
    assert again is not None
    assert again.attempt == 2
    assert not table.finish(lost, "done")  # the first owner wakes up: its attempt is over
    assert table.finish(again, "done")
    records.close()


def test_a_heartbeat_keeps_the_lease(tmp_path):
    records, table = opened(tmp_path)
    fill(records, table, 1)
    first = table.claim("e_1")
    assert first is not None
    time.sleep(0.01)
    table.renew("e_1")
    assert table.get(first.id).lease_until > first.lease_until
    records.close()
