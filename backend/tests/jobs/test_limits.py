"""What a job's process may take: it is held to it, and fails alone when that is not enough."""

import os

import pytest
from test_engine import Bench

from policyscope.config import load_settings
from policyscope.core.errors import InvalidInput
from policyscope.jobs.limits import Limits

LIMITS = Limits(memory=3 << 30, open_files=128, niceness=7, threads=2, processors=4)


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path, limits=LIMITS)
    bench.engine.start()
    yield bench
    bench.close()


def test_a_job_is_held_to_its_limits(bench):
    job = bench.end(bench.submit("tell"))
    told = bench.store.read_json(job.result["name"], "told.json")
    assert told["niceness"] == os.nice(0) + 7
    assert (told["open_files"], told["memory"]) == (128, 3 << 30)
    assert (told["torch"], told["blas"], told["processors"]) == (2, [1], 4)


def test_jobs_that_run_at_once_share_the_processors(bench):
    long = bench.submit("count", to=10_000, pause=0.01)
    bench.until(long, lambda job: job.progress["done"] > 0)
    job = bench.end(bench.submit("tell"))
    assert bench.store.read_json(job.result["name"], "told.json")["processors"] == 2
    bench.engine.cancel(long)


@pytest.mark.parametrize("library", ["python", "torch"])
def test_a_job_that_wants_too_much_memory_fails_alone(bench, library):
    job = bench.end(bench.submit("greedy", library=library))
    assert (job.state, job.error["code"], job.attempt) == ("failed", "out_of_memory", 1)
    assert "POLICYSCOPE_JOB_MEMORY_GB" in job.error["message"]
    assert bench.end(bench.submit("count", to=1)).state == "done"


def test_settings_of_jobs(tmp_path):
    root = {"POLICYSCOPE_ARTIFACTS": str(tmp_path)}
    chosen = {
        "JOBS": "3",
        "JOB_THREADS": "4",
        "JOB_MEMORY_GB": "5",
        "JOB_NICENESS": "0",
        "JOB_OPEN_FILES": "99",
    }
    settings = load_settings({**root, **{f"POLICYSCOPE_{name}": value for name, value in chosen.items()}})
    assert (settings.concurrent_jobs, settings.job_threads, settings.job_memory_gb) == (3, 4, 5)
    assert (settings.job_niceness, settings.job_open_files) == (0, 99)
    usual = load_settings(root)
    assert usual.job_threads * usual.concurrent_jobs <= max(2, len(os.sched_getaffinity(0)))
    with pytest.raises(InvalidInput, match="0 to 19"):
        load_settings({**root, "POLICYSCOPE_JOB_NICENESS": "20"})
