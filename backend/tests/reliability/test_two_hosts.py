"""Test 18: a cluster of two hosts gives the bytes of one machine, also when one of them is killed.

The hosts are network namespaces on one bridge, which is the network that the server is on. Traffic is by TLS.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_tools import Node
from live_server import Server
from test_resume import TRAINING, digests

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(1_200)]
KEYS = Path(__file__).parents[2] / "tools" / "cluster_keys.sh"
BRIDGE, PORT = "pscope-br", "8786"
HOSTS = {"pscope-a": "10.78.93.1", "pscope-b": "10.78.93.2"}
SERVER = "10.78.93.254"
SCAN = {  # four parts
    "env": "Pendulum-v1", "episodes": 100, "confirm_episodes": 10, "max_steps": 60, "again": True,
}  # fmt: skip
RUN = {
    "env": "Pendulum-v1", "episodes": 16, "max_steps": 200, "again": True,
    "arms": [{"name": "push", "edits": [{"feature_idx": 3, "op": "add", "value": 1.0}]}],
}  # fmt: skip


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def hosts() -> Iterator[dict[str, str]]:
    """Two namespaces with a cable each to one bridge."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces need root and the command ip (iproute2)")
    _clear()
    try:
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("addr", "add", f"{SERVER}/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for name, address in HOSTS.items():
            ip("netns", "add", name)
            ip("link", "add", f"{name}-0", "type", "veth", "peer", "name", f"{name}-1")
            ip("link", "set", f"{name}-0", "master", BRIDGE, "up")
            ip("link", "set", f"{name}-1", "netns", name)
            ip("-n", name, "addr", "add", f"{address}/24", "dev", f"{name}-1")
            ip("-n", name, "link", "set", f"{name}-1", "up")
            ip("-n", name, "link", "set", "lo", "up")
    except subprocess.CalledProcessError as error:
        _clear()
        pytest.skip(f"network namespaces are not allowed here: {error.stderr.decode().strip()}")
    yield HOSTS
    _clear()


def _clear() -> None:
    for words in (*(("netns", "del", name) for name in HOSTS), ("link", "del", BRIDGE)):
        with contextlib.suppress(subprocess.CalledProcessError):
            ip(*words)


def results(server: Server, kill: Node | None = None) -> dict[str, dict[str, str]]:
    """Digests of a run, a scan and a training; ``kill`` is killed half-way through the scan."""
    model = server.model()
    server.call("POST", f"/model/{model}/sae_perturb", {"feature_idx": 3, "alpha": 1})
    training = {**TRAINING, "steps": 10_000, "artifacts_dir": "resumed", "overwrite": True}
    found = {}
    for name, path, body in (
        ("run", "run", RUN),
        ("scan", "scan", SCAN),
        ("training", "train_sae", training),
    ):
        accepted = server.call("POST", f"/model/{model}/{path}", body)
        if kill is not None and name == "scan":
            server.until(
                accepted["job_id"], lambda job: 4 * job["progress"]["done"] > job["progress"]["total"]
            )
            kill.kill()
        job = server.end(accepted["job_id"])
        assert job["state"] == "done", job
        folder = server.root / "resumed" if name == "training" else server.store / "runs" / accepted["run_id"]
        files = digests(folder)
        if name != "training":
            del files["manifest.json"]  # it names the run
        found[name] = files
    return found


def test_two_hosts_give_the_bytes_of_one_machine(hosts, tmp_path, measured):
    with Server(tmp_path / "one") as alone:
        expected = results(alone)
    keys = tmp_path / "keys"
    subprocess.run([str(KEYS), str(keys)], check=True)
    root = tmp_path / "many"
    environ = {
        "POLICYSCOPE_SCHEDULER": f"tls://{hosts['pscope-a']}:{PORT}",
        "POLICYSCOPE_ARTIFACTS": str(root),
        "POLICYSCOPE_JOBS": "1",
        "POLICYSCOPE_TLS_CA": str(keys / "ca.pem"),
        "POLICYSCOPE_TLS_CERT": str(keys / "node.pem"),
        "POLICYSCOPE_TLS_KEY": str(keys / "node.key"),
    }
    (root / "store").mkdir(parents=True)
    nodes: dict[str, Node] = {}

    def on(host: str, name: str, *words: str) -> None:
        prefix = ("ip", "netns", "exec", host)
        nodes[name] = Node(words, environ, tmp_path / f"{name}.log", prefix)
        nodes[name].address(words[0])

    try:
        on("pscope-a", "scheduler", "scheduler", "--host", "0.0.0.0", "--port", PORT)
        on("pscope-a", "first", "worker")
        on("pscope-b", "second", "worker")
        with Server(root, **environ) as server:
            undisturbed = results(server)
            disturbed = results(server, kill=nodes["second"])
    finally:
        for node in reversed(nodes.values()):
            node.stop()
    used = [name for name in ("first", "second") if " started as process " in nodes[name].log.read_text()]
    same = [name for name in expected if expected[name] == undisturbed[name] == disturbed[name]]
    figure = (
        f"{', '.join(same)}: the same sha256, also with a host killed in the scan; {len(used)} hosts worked"
    )
    measured(
        18, "two hosts by TLS against one machine", "same sha256", figure, len(same) == 3 and len(used) == 2
    )
