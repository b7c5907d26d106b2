"""The embedded engine, with real child processes."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from some_kinds import KINDS
from sqlalchemy import update

from policyscope.core.errors import Busy, Conflict, NotFound
from policyscope.jobs.engine import Engine
from policyscope.jobs.launch import LocalLauncher
from policyscope.jobs.limits import Limits
from policyscope.jobs.table import ACTIVE, JobTable
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.migrate import migrate
from policyscope.store.records import JobRow, Records, new_id

NO_LIMITS = Limits()
WARM_SECONDS = 0.5  # 0.05 on a quiet machine; a new interpreter with its imports takes seconds
AT_ONCE = 20.0  # seconds: what is cancelled here would go on for a minute or more; test 12 asks for two


class Bench:
    """A store, a database and an engine in one directory."""

    def __init__(
        self, root: Path, concurrency: int = 2, queue_limit: int = 8, limits: Limits = NO_LIMITS
    ) -> None:
        self.records = Records(f"sqlite:///{root / 'db.sqlite3'}")
        migrate(self.records.engine)
        self.store = ArtifactStore(root / "store")
        self.table = JobTable(self.records, queue_limit)
        launcher = LocalLauncher(self.store, concurrency, limits)
        self.engine = Engine(self.table, self.store, launcher, KINDS)

    def submit(self, kind: str, **work) -> str:
        name = f"runs/{new_id('r')}"
        with self.records.write() as session:
            spec = {"name": name, **work}
            job = self.engine.submit(session, kind, spec, output=name, result={"name": name})
        self.engine.wake()
        return job.id

    def until(self, job_id: str, reached, timeout: float = 90):
        deadline = time.monotonic() + timeout
        while not reached(job := self.table.get(job_id)):
            assert time.monotonic() < deadline, f"still {job.state} {job.progress}"
            time.sleep(0.02)
        return job

    def end(self, job_id: str):
        return self.until(job_id, lambda job: job.state not in ACTIVE)

    def close(self) -> None:
        self.engine.stop()
        self.records.close()

    def leftovers(self) -> list[str]:
        return [
            str(path) for path in self.store.root.rglob("*") if path.is_file() and path.name != "engine.lock"
        ]


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    bench.engine.start()
    yield bench
    bench.close()


def test_a_job_runs_in_another_process_publishes_and_is_done(bench):
    job = bench.end(bench.submit("count", to=3))
    assert (job.state, job.attempt, job.error) == ("done", 1, None)
    assert job.started_at >= job.created_at
    assert job.finished_at >= job.started_at
    assert job.progress == {"done": 3, "total": 3, "unit": "steps", "message": "", "metrics": {}}
    pid = int(bench.store.read(job.result["name"], "pid"))
    assert pid != os.getpid()


def test_a_job_starts_in_milliseconds_once_the_engine_is_warm(bench):
    bench.end(bench.submit("count", to=1))
    quickest = float("inf")
    for _ in range(30):  # others can slow down one start, and hardly thirty
        start = time.monotonic()
        bench.end(bench.submit("count", to=1))
        quickest = min(quickest, time.monotonic() - start)
        if quickest < WARM_SECONDS:
            break
    assert quickest < WARM_SECONDS


def test_progress_is_visible_while_it_runs(bench):
    job_id = bench.submit("count", to=200, pause=0.02)
    job = bench.until(job_id, lambda job: job.progress["done"] > 3)
    assert job.progress["total"] == 200
    assert job.progress["metrics"]["loss"] is None  # JSON has no NaN
    bench.engine.cancel(job_id)


@pytest.mark.parametrize("kind", ["count", "stubborn"])
def test_cancel_ends_a_running_job_at_once_and_leaves_nothing(bench, kind):
    job_id = bench.submit(kind, to=10_000, pause=0.01)
    bench.until(job_id, lambda job: job.progress["done"] > 0)
    start = time.monotonic()
    job = bench.engine.cancel(job_id)
    assert job.state == "cancelled"
    assert time.monotonic() - start < AT_ONCE
    assert bench.leftovers() == []


def test_cancel_while_publishing_leaves_nothing(bench):
    job_id = bench.submit("half")
    bench.until(job_id, lambda job: bench.leftovers())
    assert bench.engine.cancel(job_id).state == "cancelled"
    assert bench.leftovers() == []


def test_cancel_of_queued_and_of_ended_jobs(tmp_path):
    bench = Bench(tmp_path)  # not started: nothing leaves the queue
    job_id = bench.submit("count", to=1)
    assert bench.engine.cancel(job_id).state == "cancelled"
    bench.engine.start()
    done = bench.end(bench.submit("count", to=1)).id
    assert bench.engine.cancel(done).state == "done"
    with pytest.raises(NotFound):
        bench.engine.cancel("j_missing")
    bench.close()


def test_expected_errors_keep_their_words_and_unexpected_ones_do_not_leak(bench, caplog):
    refused = bench.end(bench.submit("refuse"))
    assert refused.error == {"code": "invalid_input", "message": "alpha is 7; at most 5 is allowed."}
    crashed = bench.end(bench.submit("crash"))
    assert (refused.state, crashed.state) == ("failed", "failed")
    assert "ZeroDivisionError" in crashed.error["message"]
    assert "private detail" not in crashed.error["message"]
    assert "private detail" in caplog.text


def test_a_child_that_is_killed_again_and_again_is_failed(bench):
    job = bench.end(bench.submit("vanish"))
    assert (job.state, job.attempt) == ("failed", 3)
    assert "signal 9" in job.error["message"]


def test_at_most_two_run_at_once_and_the_rest_wait_in_order(bench):
    jobs = [bench.submit("count", to=20, pause=0.02) for _ in range(5)]
    most = 0
    while any(bench.table.get(job).state in ACTIVE for job in jobs):
        most = max(most, len(bench.table.list("running")))
        time.sleep(0.02)
    assert most == 2
    started = [bench.table.get(job).started_at for job in jobs]
    assert started == sorted(started)


def test_a_job_is_done_before_its_process_has_left_which_is_then_ended(tmp_path):
    bench = Bench(tmp_path, concurrency=1)
    bench.engine.start()
    lingering = bench.end(bench.submit("linger", to=1))
    following = bench.submit("count", to=1)
    assert lingering.state == "done"
    assert lingering.progress["done"] == 1
    pid = int(bench.store.read(lingering.result["name"], "pid"))
    assert bench.end(following).state == "done"  # so its only place was given back
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert bench.table.get(lingering.id).version == lingering.version  # recorded once
    bench.close()


def test_a_full_queue_refuses(tmp_path):
    bench = Bench(tmp_path, queue_limit=3)
    for _ in range(3):
        bench.submit("count", to=1)
    with pytest.raises(Busy, match="3 jobs are waiting"):
        bench.submit("count", to=1)
    bench.close()


def test_after_a_crash_running_jobs_start_again_or_are_done_and_queued_ones_run(tmp_path):
    first = Bench(tmp_path, concurrency=2)
    first.engine.start()
    lost = first.submit("count", to=10_000, pause=0.01)
    published = first.submit("publish_then_hang")
    waiting = first.submit("count", to=1)
    first.until(published, lambda job: job.progress["message"] == "published")
    first.until(lost, lambda job: job.progress["done"] > 0)
    first.engine.table._records = None  # the server dies: nothing reaches the database any more
    for running in first.engine._children:
        running.attempt.kill()
    os.close(first.engine._lock_file)
    first.engine._lock_file = None
    second = Bench(tmp_path)
    second.engine.start()
    assert second.end(waiting).state == "done"
    again = second.until(lost, lambda job: job.state == "running" and job.progress["done"] > 0)
    assert again.attempt == 2
    assert second.engine.cancel(lost).state == "cancelled"
    assert second.table.get(published).state == "done"
    second.close()
    first.engine._children.clear()
    first.close()


def test_stopping_marks_running_jobs_interrupted(tmp_path):
    bench = Bench(tmp_path)
    bench.engine.start()
    job_id = bench.submit("count", to=10_000, pause=0.01)
    bench.until(job_id, lambda job: job.progress["done"] > 0)
    bench.engine.stop()
    assert bench.table.get(job_id).state == "interrupted"
    assert bench.leftovers() == []
    bench.close()


def test_one_store_has_one_server(bench):
    from policyscope.jobs import engine as engine_module

    with pytest.raises(Conflict, match="Another policyscope server"):
        engine_module._lock(bench.store, patience=0.1)


def test_waiting_sees_every_end_and_times_out_otherwise(bench):
    job_id = bench.submit("count", to=100, pause=0.02)
    seen = []

    def follow():
        version = 0
        while True:
            job = bench.table.wait(job_id, version, timeout=10)
            seen.append((job.version, job.state))
            version = job.version
            if job.state not in ACTIVE:
                return

    watchers = [threading.Thread(target=follow) for _ in range(4)]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join(timeout=90)
    assert [state for _, state in seen].count("done") == 4
    last = bench.table.get(job_id).version
    start = time.monotonic()
    assert bench.table.wait(job_id, last, timeout=0.2) is None
    assert time.monotonic() - start >= 0.2


SERVER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_engine import Bench
bench = Bench(Path({root!r}))
bench.engine.start()
job = bench.submit("count", to=100000, pause=0.01)
bench.until(job, lambda job: job.progress["done"] > 0)
print(bench.engine._children[0].attempt._process.pid, flush=True)
sys.stdin.read()
"""


def test_children_die_with_a_server_that_is_killed(tmp_path):
    script = SERVER.format(tests=str(Path(__file__).parent), root=str(tmp_path))
    server = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    pid = int(server.stdout.readline())
    server.kill()
    server.communicate()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_a_job_that_cannot_be_started_is_tried_again(tmp_path, monkeypatch, caplog):
    bench, start = Bench(tmp_path), Engine._start
    failures = [OSError("the forking process is gone")] * 4

    def fragile(engine, job):
        if failures:
            raise failures.pop()
        return start(engine, job)

    monkeypatch.setattr(Engine, "_start", fragile)
    bench.engine.start()
    never = bench.end(bench.submit("count", to=1))
    assert (never.state, never.error["code"], never.attempt) == ("failed", "not_started", 3)
    second = bench.end(bench.submit("count", to=1))
    assert (second.state, second.attempt) == ("done", 2)
    assert "could not be started" in caplog.text
    bench.close()


def test_a_job_never_starts_before_it_was_queued(tmp_path):
    """The claim waits for the database, and the job may be queued while it does."""
    bench = Bench(tmp_path)
    job_id = bench.submit("count", to=1)
    later = "2999-01-01T00:00:00.000000Z"
    with bench.records.write() as session:
        session.execute(update(JobRow).where(JobRow.id == job_id).values(created_at=later))
    assert bench.table.claim("e_1").started_at == later
    bench.records.close()
