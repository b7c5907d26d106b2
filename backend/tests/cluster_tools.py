"""A cluster of real processes: a scheduler and workers, started as an operator starts them."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil

HERE = Path(__file__).parent
PATHS = (HERE / "jobs", HERE / "reliability", HERE, HERE.parent)  # kinds of the tests, and the package


class Node:
    """One process and what it has printed."""

    def __init__(self, words, env, log: Path, prefix=()):
        self.log = log
        command = [*prefix, sys.executable, "-m", "policyscope.cli", "cluster", *words]
        path = os.pathsep.join(str(path) for path in PATHS)
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                command, stdout=out, stderr=out, env={**os.environ, "PYTHONPATH": path, **env}
            )

    def address(self, kind: str, count: int = 1, timeout: float = 120) -> str:
        """What the node printed when it was ready for the ``count``-th time."""
        deadline = time.monotonic() + timeout
        while True:
            lines = [line for line in self.log.read_text().splitlines() if line.startswith(f"{kind} at ")]
            if len(lines) >= count:
                return lines[-1].removeprefix(f"{kind} at ")
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def listening(self) -> set[tuple[str, int]]:
        """Addresses and ports of its TCP listeners."""
        found = psutil.Process(self.process.pid).net_connections("tcp")
        return {tuple(each.laddr) for each in found if each.status == psutil.CONN_LISTEN}

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()


@contextmanager
def cluster(root: Path, workers: int = 2):
    """Scheduler and workers on loopback, one job at a time each, with ``root`` as their artifacts root."""
    nodes = [Node(["scheduler", "--port", "0"], {}, root / "scheduler.log")]
    try:
        address = nodes[0].address("scheduler")
        env = {"POLICYSCOPE_SCHEDULER": address, "POLICYSCOPE_ARTIFACTS": str(root), "POLICYSCOPE_JOBS": "1"}
        nodes += [Node(["worker"], env, root / f"worker{n}.log") for n in range(workers)]
        for node in nodes[1:]:
            node.address("worker")
        yield address, nodes
    finally:
        for node in reversed(nodes):
            node.stop()
