"""Whether the server can do its work, and how much of it there is."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy import text

from policyscope.services.workspace import Workspace


def check(ws: Workspace) -> dict[str, str | None]:
    """For the database, the store and the engine: a sentence about what is wrong, or None."""
    return {
        "database": _problem(lambda: _query(ws), "The database does not answer"),
        "store": _problem(lambda: _write(ws), "The artifact store cannot be written"),
        "engine": None if ws.engine.alive else "The job engine does not run. Restart the server.",
    }


def metrics(ws: Workspace, free_streams: int) -> str:
    """Gauges in the text format of Prometheus."""
    lines = ["# HELP policyscope_jobs Jobs by state.", "# TYPE policyscope_jobs gauge"]
    lines += [f'policyscope_jobs{{state="{state}"}} {n}' for state, n in ws.table.count().items()]
    gauges = (
        ("job_slots", "Jobs that may run at once.", ws.settings.concurrent_jobs),
        ("queue_limit", "Jobs that may wait.", ws.settings.queue_limit),
        ("free_event_streams", "Event streams that may still be opened.", free_streams),
        ("ready", "Whether /readyz is content.", int(not any(check(ws).values()))),
    )
    for name, help_text, value in gauges:
        lines += [
            f"# HELP policyscope_{name} {help_text}",
            f"# TYPE policyscope_{name} gauge",
            f"policyscope_{name} {value}",
        ]
    return "\n".join(lines) + "\n"


def _problem(attempt: Callable[[], None], words: str) -> str | None:
    try:
        attempt()
    except Exception as error:
        return f"{words} ({type(error).__name__})."
    return None


def _query(ws: Workspace) -> None:
    with ws.records.read() as session:
        session.execute(text("SELECT 1"))


def _write(ws: Workspace) -> None:
    probe = ws.store.temporary / f"ready-{secrets.token_hex(4)}"
    probe.parent.mkdir(parents=True, exist_ok=True)
    try:
        probe.write_bytes(b"x" * 4096)
    finally:
        probe.unlink(missing_ok=True)
