"""Settings from the environment, frozen. The only reader of ``os.environ``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from policyscope.core.errors import InvalidInput

REPOSITORY = Path(__file__).resolve().parents[2]
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Settings:
    """Where things are and who may reach them.

    ``artifacts`` is the artifacts root; everything policyscope writes lies under it.
    ``token`` is required when ``host`` is not a loopback address.
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
    max_streams: int = 64

    @property
    def store(self) -> Path:
        """Where the server keeps what it makes: below the artifacts root, so that one volume holds all."""
        return self.artifacts / "store"


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
    database = env.get("DATABASE_URL") or f"sqlite:///{artifacts / 'store' / 'policyscope.sqlite3'}"
    return Settings(
        artifacts=artifacts,
        host=host,
        port=_port(env.get("POLICYSCOPE_PORT") or "5000"),
        token=token,
        database_url=database,
        frontend=Path(env.get("POLICYSCOPE_FRONTEND") or REPOSITORY / "frontend" / "dist"),
        allowed_hosts=_words(env.get("POLICYSCOPE_ALLOWED_HOSTS", "")),
        allowed_origins=_words(env.get("POLICYSCOPE_ALLOWED_ORIGINS", "")),
        concurrent_jobs=_count("POLICYSCOPE_JOBS", env.get("POLICYSCOPE_JOBS") or str(min(2, _cores()))),
    )


def single_threaded_arithmetic() -> None:
    """Keep numpy and torch of this process to one thread each; call before they are imported."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def render_without_a_display() -> None:
    """MuJoCo draws through EGL where there is no screen and nothing else is asked for."""
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("MUJOCO_GL", "egl")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _count(name: str, text: str) -> int:
    if text.isdigit() and 0 < int(text) <= 256:
        return int(text)
    raise InvalidInput(f"{name} is {text!r}; a whole number from 1 to 256 is needed.")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _port(text: str) -> int:
    if text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise InvalidInput(f"POLICYSCOPE_PORT is {text!r}; a whole number from 1 to 65535 is needed.")
