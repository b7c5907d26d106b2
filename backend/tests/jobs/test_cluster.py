"""Jobs on a cluster of real processes: the same ends as on one machine, whatever dies."""

import asyncio
import http.client
import os
import subprocess
import time
from pathlib import Path

import pytest
from cluster_tools import Node, cluster
from distributed import rpc
from distributed.protocol.pickle import dumps
from some_kinds import KINDS

from policyscope.config import Tls, load_settings
from policyscope.core.errors import InvalidInput
from policyscope.jobs.cluster import ClusterLauncher, security_of
from policyscope.jobs.engine import Engine
from policyscope.jobs.limits import Limits
from policyscope.jobs.table import ACTIVE, JobTable
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.migrate import migrate
from policyscope.store.records import Records, new_id

LIMITS = Limits(niceness=0)
AT_ONCE = 20.0  # seconds: what is cancelled here would go on for minutes
KEYS = Path(__file__).parents[2] / "tools" / "cluster_keys.sh"


class Server:
    """What a server has: a table, a store, and an engine that gives its jobs to the cluster."""

    def __init__(self, root, address):
        self.records = Records(f"sqlite:///{root / 'db.sqlite3'}")
        migrate(self.records.engine)
        self.table = JobTable(self.records, 50)
        self.store = ArtifactStore(root / "store")
        self.engine = Engine(
            self.table, self.store, ClusterLauncher(address, None, self.store, LIMITS), KINDS
        )
        self.engine.start()

    def submit(self, kind, parts=0, **work):
        name = f"runs/{new_id('r')}"
        with self.records.write() as session:
            job = self.engine.submit(session, kind, {"name": name, **work}, name, {"name": name}, parts=parts)
        self.engine.wake()
        return job.id

    def until(self, job_id, reached, timeout=120):
        deadline = time.monotonic() + timeout
        while not reached(job := self.table.get(job_id)):
            assert time.monotonic() < deadline, f"still {job.state} {job.progress} {job.error}"
            time.sleep(0.02)
        return job

    def end(self, job_id):
        return self.until(job_id, lambda job: job.state not in ACTIVE)

    def close(self):
        self.engine.stop()
        self.records.close()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("cluster")
    (root / "store").mkdir()
    return root


@pytest.fixture(scope="module")
def nodes(root):
    with cluster(root) as found:
        yield found


@pytest.fixture
def server(root, nodes):
    server = Server(root, nodes[0])
    yield server
    server.close()


def test_a_job_runs_on_a_worker_with_progress_and_is_done(server):
    job_id = server.submit("count", to=60, pause=0.02)
    seen = server.until(job_id, lambda job: job.progress["done"] > 3)
    assert seen.progress["total"] == 60
    job = server.end(job_id)
    assert (job.state, job.attempt, job.error) == ("done", 1, None)
    assert server.store.has(job.result["name"])


def test_errors_and_crashes_are_told_as_on_one_machine(server):
    refused = server.end(server.submit("refuse"))
    assert (refused.state, refused.error["message"]) == ("failed", "alpha is 7; at most 5 is allowed.")
    crashed = server.end(server.submit("crash"))
    assert crashed.error["code"] == "internal"
    assert "private" not in crashed.error["message"]
    vanished = server.end(server.submit("vanish"))
    assert (vanished.error["code"], vanished.attempt) == ("process_died", 3)
    assert "signal 9" in vanished.error["message"]


@pytest.mark.parametrize("kind", ["count", "stubborn"])
def test_cancel_ends_the_process_on_the_worker(server, kind):
    job_id = server.submit(kind, to=10_000, pause=0.01)
    server.until(job_id, lambda job: job.progress["done"] > 0)
    start = time.monotonic()
    assert server.engine.cancel(job_id).state == "cancelled"
    assert time.monotonic() - start < AT_ONCE
    assert server.end(server.submit("count", to=1)).state == "done"  # the worker is free again


def test_parts_run_side_by_side_and_the_whole_finds_them(server):
    job = server.end(server.submit("pieces", parts=4, pause=0.3))
    assert (job.state, job.error) == ("done", None)
    told = server.store.read_json(job.result["name"], "told.json")
    assert told["made_before"] == [0, 1, 2, 3]
    assert len(set(told["processes"])) == 4
    failed = server.end(server.submit("pieces", parts=4, pause=0.05, bad=2))
    assert (failed.state, failed.error["message"]) == ("failed", "Part 2 cannot be made.")


def test_a_job_of_a_killed_worker_goes_on_elsewhere(server, nodes, root):
    address, (_scheduler, first, _second) = nodes
    held = server.submit("count", to=10_000, pause=0.01)  # one worker each
    other = server.submit("count", to=150, pause=0.02)
    for job_id in (held, other):
        server.until(job_id, lambda job: job.progress["done"] > 0)
    server.engine.cancel(held)
    again = server.submit("count", to=150, pause=0.02)
    server.until(again, lambda job: job.progress["done"] > 0)
    first.kill()
    ended = [server.end(other), server.end(again)]
    assert [job.state for job in ended] == ["done", "done"]
    assert sorted(job.attempt for job in ended) == [1, 2]
    env = {"POLICYSCOPE_SCHEDULER": address, "POLICYSCOPE_ARTIFACTS": str(root), "POLICYSCOPE_JOBS": "1"}
    nodes[1][1] = Node(["worker"], env, root / "worker2.log")
    nodes[1][1].address("worker")


def test_on_one_machine_nobody_else_can_reach_the_nodes_and_none_shows_a_page(nodes):
    """Dask listens on every address unless told not to, and plain tcp:// runs what anybody sends."""
    for node in nodes[1]:
        listening = node.listening()
        assert listening
        assert {host for host, _port in listening} == {"127.0.0.1"}
        for _host, port in listening:
            for path in ("/json/counts.json", "/info/main/workers.html", "/health", "/metrics"):
                assert page(port, path) in (None, 404)


@pytest.mark.reliability
def test_nobody_without_the_clusters_certificate_gives_orders(tmp_path):
    """Keys of another cluster, made in the same way, are as good as none."""
    ours, theirs = (keys_in(tmp_path / name) for name in ("ours", "theirs"))
    env = {"POLICYSCOPE_ARTIFACTS": str(tmp_path), "POLICYSCOPE_JOBS": "1"}
    for part, file in (("CA", ours.authority), ("CERT", ours.certificate), ("KEY", ours.key)):
        env[f"POLICYSCOPE_TLS_{part}"] = str(file)
    nodes = [Node(["scheduler", "--host", "0.0.0.0", "--port", "0"], env, tmp_path / "scheduler.log")]
    try:
        port = nodes[0].address("scheduler").rpartition(":")[2]
        env["POLICYSCOPE_SCHEDULER"] = f"tls://127.0.0.1:{port}"
        nodes.append(Node(["worker"], env, tmp_path / "worker.log"))
        worker = nodes[1].address("worker")
        for node in nodes:
            assert len({port for host, port in node.listening() if host != "127.0.0.1"}) == 1
        assert ordered(worker, ours) == nodes[1].process.pid
        with pytest.raises(OSError, match="before comm was established"):
            ordered(worker, theirs)
        with pytest.raises(OSError, match=r"(?i)comm|closed|timed out"):
            ordered(worker.replace("tls://", "tcp://"), None)
    finally:
        for node in reversed(nodes):
            node.stop()


def keys_in(folder: Path) -> Tls:
    subprocess.run([str(KEYS), str(folder)], check=True)
    return Tls(folder / "ca.pem", folder / "node.pem", folder / "node.key")


def ordered(worker: str, tls: Tls | None) -> int:
    """What a function answers that the worker is told to run: the number of its process."""

    async def order() -> int:
        security = security_of(tls)
        arguments = security.get_connection_args("client") if security else {}
        async with rpc(worker, connection_args=arguments, timeout=30) as node:
            answer = await asyncio.wait_for(node.run(function=dumps(os.getpid), wait=True), 10)
        return int(answer["result"])

    return asyncio.run(order())


def page(port: int, path: str) -> int | None:
    """Status of the answer; None from what does not speak HTTP."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        asked.request("GET", path)
        return asked.getresponse().status
    except (http.client.HTTPException, OSError):
        return None
    finally:
        asked.close()


def test_a_worker_with_another_root_refuses(server, nodes, tmp_path):
    alone = Server(tmp_path, nodes[0])
    job = alone.end(alone.submit("count", to=1))
    alone.close()
    assert job.error["code"] == "wrong_worker"
    assert "another artifacts root" in job.error["message"]


@pytest.mark.reliability
def test_a_scheduler_that_is_away_keeps_jobs_waiting(tmp_path):
    (tmp_path / "store").mkdir()
    with cluster(tmp_path, workers=1) as (address, nodes):
        server = Server(tmp_path, address)
        running = server.submit("count", to=100, pause=0.05)
        server.until(running, lambda job: job.progress["done"] > 0)
        nodes[0].kill()
        server.until(running, lambda job: job.state == "queued")
        port = address.rpartition(":")[2]
        nodes[0] = Node(["scheduler", "--port", port], {}, tmp_path / "again.log")
        job = server.end(running)
        assert (job.state, job.attempt) == ("done", 2)
        server.close()


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"POLICYSCOPE_SCHEDULER": "tcp://10.0.0.5:8786"}, "others on the network"),
        ({"POLICYSCOPE_SCHEDULER": "tls://10.0.0.5:8786"}, "POLICYSCOPE_TLS_CA"),
        ({"POLICYSCOPE_SCHEDULER": "10.0.0.5:8786"}, "tls://HOST:PORT"),
        ({"POLICYSCOPE_TLS_CA": __file__}, "POLICYSCOPE_TLS_CERT is not set"),
        ({f"POLICYSCOPE_TLS_{part}": "/nowhere" for part in ("CA", "CERT", "KEY")}, "not a file"),
    ],
)  # fmt: skip
def test_addresses_that_are_not_safe_are_refused(env, said):
    with pytest.raises(InvalidInput, match=said):
        load_settings(env)
