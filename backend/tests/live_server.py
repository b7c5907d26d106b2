"""The server as its users run it: processes of its own, killed and started again at will."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import tiny

TESTS = Path(__file__).parent
WITH_SLOW_JOBS = (str(TESTS / "reliability" / "live_app.py"),)
ACTIVE = ("queued", "running")
Job = dict[str, Any]
BOOT_SECONDS = 120


class Server:
    """One artifacts root and the server on it. Its processes are those of one session (setsid).

    ``program``: what Python runs; the test's own application by default.
    """

    def __init__(
        self, root: Path, jobs: int = 2, program: Sequence[str] = WITH_SLOW_JOBS, **environ: str
    ) -> None:
        self.root, self._jobs, self._program, self._environ = root, jobs, program, environ
        self.host = environ.get("POLICYSCOPE_HOST", "127.0.0.1")
        token = environ.get("POLICYSCOPE_TOKEN")
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        with socket.socket() as probe:
            probe.bind((self.host, 0))
            self.port = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._sessions: list[int] = []
        if not (root / "pendulum").exists():
            tiny.write_directory(root, "pendulum")

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()

    @property
    def store(self) -> Path:
        return self.root / "store"

    def start(self) -> None:
        folders = [
            str(TESTS / "reliability"),
            str(TESTS),
            str(TESTS.parent),
            os.environ.get("PYTHONPATH", ""),
        ]
        environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(folders),
            "POLICYSCOPE_ARTIFACTS": str(self.root),
            "POLICYSCOPE_PORT": str(self.port),
            "POLICYSCOPE_JOBS": str(self._jobs),
            **self._environ,
        }
        self.log = (self.root / "server.log").open("ab")
        command = [sys.executable, *self._program]
        self._process = subprocess.Popen(
            command, env=environ, stdout=self.log, stderr=self.log, start_new_session=True
        )
        self.log.close()
        self._sessions.append(self._process.pid)
        self.until_ready()

    def until_ready(self) -> None:
        for _ in patience(BOOT_SECONDS):
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("GET", "/readyz")[0] == 200:
                    return
        raise AssertionError((self.root / "server.log").read_text()[-3000:])

    def stop(self) -> int:
        """SIGTERM, as a service manager does it; the exit status."""
        assert self._process is not None
        self._process.terminate()
        try:
            return self._process.wait(30)
        finally:
            self.kill(self.processes())

    def kill_everything(self) -> None:
        assert self._process is not None
        self.kill(self.processes())
        self._process.wait()

    @staticmethod
    def kill(processes: Iterable[int]) -> None:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    # processes

    def processes(self) -> dict[int, int]:
        """All that run: process id -> its parent's."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (status := _status(entry)) is not None:
                state, parent, session = status
                if session in self._sessions and state != "Z":
                    found[int(entry.name)] = parent
        return found

    def children(self) -> list[int]:
        """The processes that run jobs."""
        everything = self.processes()
        forks = self.forkers()
        return [process for process, parent in everything.items() if parent in forks and process not in forks]

    def forkers(self) -> list[int]:
        """The processes that start them."""
        everything = self.processes()
        marked = [process for process in everything if "multiprocessing.forkserver" in _command(process)]
        return [process for process in marked if everything[process] not in marked]

    def workers(self) -> list[int]:
        """The processes that answer requests and dispatch jobs."""
        assert self._process is not None
        return [process for process, parent in self.processes().items() if parent == self._process.pid]

    # requests

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None):
        """(status, JSON) of one request on a connection of its own."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            data, kind = (
                (body if isinstance(body, tuple) else (None, None)) if body is not None else (None, None)
            )
            if body is not None and data is None:
                data, kind = json.dumps(body).encode(), "application/json"
            sent = {**self.headers, **(headers or {}), **({"Content-Type": kind} if kind else {})}
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            content = response.read()
            return response.status, json.loads(content) if content[:1] in b"{[" else content
        finally:
            connection.close()

    def call(self, method: str, path: str, body: Any = None, expect: tuple[int, ...] = (200, 201, 202)):
        status, answer = self.ask(method, path, body)
        assert status in expect, (status, answer)
        return answer

    def model(self) -> str:
        """Upload the tiny policy and attach its SAE."""
        content = io.BytesIO()
        content.write(b'--edge\r\nContent-Disposition: form-data; name="file"; filename="p.pt"\r\n\r\n')
        content.write(tiny.policy_bytes() + b"\r\n--edge--\r\n")
        answer = self.call("POST", "/upload", (content.getvalue(), "multipart/form-data; boundary=edge"))
        self.call("POST", f"/model/{answer['id']}/load_sae", {"artifacts_dir": "pendulum"})
        return answer["id"]

    def submit(self, steps: int, publish_s: float = 0.0) -> dict[str, str]:
        wanted = {"kind": "slow", "steps": steps, "publish_s": publish_s}
        return self.call("POST", "/testing/job", wanted)

    def job(self, job_id: str) -> Job:
        return self.call("GET", f"/job/{job_id}")

    def until(self, job_id: str, reached: Callable[[Job], bool], timeout: float = 200) -> Job:
        for _ in patience(timeout):
            if reached(job := self.job(job_id)):
                return job
        raise AssertionError(job)

    def end(self, job_id: str, timeout: float = 200) -> Job:
        return self.until(job_id, lambda job: job["state"] not in ACTIVE, timeout)

    def leftovers(self) -> list[str]:
        """What half-done work would leave in the store."""
        return [
            str(path)
            for folder in ("tmp", "work")
            for path in (self.store / folder).rglob("*")
            if path.is_file()
        ]


def patience(seconds: float) -> Iterator[None]:
    """Turns of 30 ms. Counted rather than timed: a machine that was paused has not been slow."""
    for _ in range(round(seconds / 0.03)):
        yield
        time.sleep(0.03)


def p95(seconds: Iterable[float]) -> float:
    """In milliseconds."""
    ordered = sorted(seconds)
    return 1000 * ordered[int(0.95 * (len(ordered) - 1))]


def _status(entry: Path) -> tuple[str, int, int] | None:
    """(state, parent, session) of a process; None when it has gone."""
    try:
        words = (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return words[0], int(words[1]), int(words[3])


def _command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""
