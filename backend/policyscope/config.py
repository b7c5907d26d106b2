"""Settings from the environment, frozen. The only reader of ``os.environ``."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from policyscope.core import opengl
from policyscope.core.errors import InvalidInput

REPOSITORY = Path(__file__).resolve().parents[2]
LOOPBACK = ("127.0.0.1", "localhost", "::1")
STORE = "store"
"""Name of the directory below the artifacts root that is the server's own."""


@dataclass(frozen=True)
class Tls:
    """Certificates of a cluster: its own authority, and what this machine shows the others."""

    authority: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class Settings:
    """Where things are and who may reach them.

    ``artifacts`` is the artifacts root; everything policyscope writes lies under it.
    ``token`` is required when ``host`` is not a loopback address. ``scheduler`` is the address of a cluster
    that runs the jobs, None for this machine; ``tls`` is required when it is not a loopback address.
    """

    artifacts: Path
    host: str
    port: int
    token: str | None
    database_url: str
    frontend: Path
    allowed_hosts: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    concurrent_jobs: int = 2
    queue_limit: int = 32
    max_upload_bytes: int = 64 << 20
    max_import_bytes: int = 4 << 30
    max_streams: int = 64
    job_threads: int = 1
    job_memory_gb: int | None = None
    job_niceness: int = 5
    job_open_files: int = 1024
    scheduler: str | None = None
    tls: Tls | None = None

    @property
    def store(self) -> Path:
        """Where the server keeps what it makes: below the artifacts root, so that one volume holds all."""
        return self.artifacts / STORE


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read settings from ``environ`` (the process environment by default).

    Raises InvalidInput when a value cannot be used.
    """
    env = os.environ if environ is None else environ
    artifacts = Path(env.get("POLICYSCOPE_ARTIFACTS") or REPOSITORY / "artifacts").expanduser().resolve()
    host = env.get("POLICYSCOPE_HOST") or "127.0.0.1"
    token = env.get("POLICYSCOPE_TOKEN") or None
    if host not in LOOPBACK and token is None:
        raise InvalidInput(
            f"POLICYSCOPE_HOST is {host}, which other machines can reach, and POLICYSCOPE_TOKEN is not set. "
            "Set POLICYSCOPE_TOKEN to a secret, or bind to 127.0.0.1."
        )
    database = env.get("DATABASE_URL") or f"sqlite:///{artifacts / STORE / 'policyscope.sqlite3'}"
    return Settings(
        artifacts=artifacts,
        host=host,
        port=_port(env.get("POLICYSCOPE_PORT") or "5000"),
        token=token,
        database_url=database,
        frontend=Path(env.get("POLICYSCOPE_FRONTEND") or REPOSITORY / "frontend" / "dist"),
        allowed_hosts=_words(env.get("POLICYSCOPE_ALLOWED_HOSTS", "")),
        allowed_origins=_words(env.get("POLICYSCOPE_ALLOWED_ORIGINS", "")),
        scheduler=_scheduler(env, tls := _tls(env)),
        tls=tls,
        **_job_settings(env),
    )


def _scheduler(env: Mapping[str, str], tls: Tls | None) -> str | None:
    address = env.get("POLICYSCOPE_SCHEDULER") or None
    if address is not None:
        check_cluster_address("POLICYSCOPE_SCHEDULER", address, tls)
    return address


def check_cluster_address(name: str, address: str, tls: Tls | None) -> None:
    """Raise InvalidInput unless ``address`` is ``tls://HOST:PORT``, or tcp:// on this machine alone."""
    scheme, _, place = address.partition("://")
    host, _, port = place.rpartition(":")
    if scheme not in ("tls", "tcp") or not host or not port.isdigit():
        raise InvalidInput(f"{name} is {address!r}; tls://HOST:PORT is needed, such as tls://cluster:8786.")
    if scheme == "tcp" and host.strip("[]") not in LOOPBACK:
        raise InvalidInput(
            f"{name} is {address}, which others on the network could read and give orders to. Use tls:// "
            "with POLICYSCOPE_TLS_CA, POLICYSCOPE_TLS_CERT and POLICYSCOPE_TLS_KEY; tcp:// is for 127.0.0.1 "
            "only."
        )
    if scheme == "tls" and tls is None:
        raise InvalidInput(
            f"{name} is {address}: set POLICYSCOPE_TLS_CA, POLICYSCOPE_TLS_CERT and POLICYSCOPE_TLS_KEY to "
            "the cluster's certificate files (backend/tools/cluster_keys.sh makes them)."
        )


def _tls(env: Mapping[str, str]) -> Tls | None:
    names = ("POLICYSCOPE_TLS_CA", "POLICYSCOPE_TLS_CERT", "POLICYSCOPE_TLS_KEY")
    given = {name: Path(env[name]).expanduser() for name in names if env.get(name)}
    if not given:
        return None
    for name in names:
        if name not in given:
            raise InvalidInput(f"{name} is not set, but {' and '.join(given)} is; all three are needed.")
        if not given[name].is_file():
            raise InvalidInput(f"{name} is {given[name]}, which is not a file.")
    return Tls(*given.values())


def _job_settings(env: Mapping[str, str]) -> dict[str, int]:
    """How many jobs at once, and what each may take: never more than the machine has."""

    def count(name: str, default: int, low: int = 1, high: int = 256) -> int:
        return _count(name, env.get(name) or str(default), low, high)

    jobs = count("POLICYSCOPE_JOBS", min(2, processors()))
    return {
        "concurrent_jobs": jobs,
        "job_threads": count("POLICYSCOPE_JOB_THREADS", max(1, processors() // jobs)),
        "job_memory_gb": count("POLICYSCOPE_JOB_MEMORY_GB", _memory_gb(), high=1 << 16),
        "job_niceness": count("POLICYSCOPE_JOB_NICENESS", 5, 0, 19),
        "job_open_files": count("POLICYSCOPE_JOB_OPEN_FILES", 1024, 64, 1 << 20),
    }


def single_threaded_arithmetic() -> None:
    """Keep numpy and torch of this process to one thread each; call before they are imported."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def render_without_a_display() -> None:
    """MuJoCo draws through EGL where there is no screen and nothing else is asked for; off if it cannot."""
    wanted = os.environ.get("MUJOCO_GL") or ("" if os.environ.get("DISPLAY") else "egl")
    if wanted:
        os.environ["MUJOCO_GL"] = opengl.settle(
            wanted, on_linux=sys.platform == "linux", loads=_library_loads
        )


def _library_loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def one_drawing_thread() -> None:
    """Software draws OpenGL in the thread that asks; call before the first context is made."""
    os.environ["LP_NUM_THREADS"] = "0"


def processors() -> int:
    """How many this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory_gb() -> int:
    return max(1, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30)


def _count(name: str, text: str, low: int = 1, high: int = 256) -> int:
    if text.isdigit() and low <= int(text) <= high:
        return int(text)
    raise InvalidInput(f"{name} is {text!r}; a whole number from {low} to {high} is needed.")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _port(text: str) -> int:
    if text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise InvalidInput(f"POLICYSCOPE_PORT is {text!r}; a whole number from 1 to 65535 is needed.")
