"""Server-sent events of a job. Every event is the whole job, so a late or resumed reader misses nothing.

The generator outlives the request: it must not touch ``request``, or the stream is silently empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from threading import BoundedSemaphore

from flask import Response, current_app

from policyscope.core.errors import Busy
from policyscope.jobs.table import ACTIVE, JobTable
from policyscope.services import jobs as service
from policyscope.store.records import JobRow, Json

HEARTBEAT_SECONDS = 10.0
_ID = re.compile("[0-9]{1,9}")


def stream(table: JobTable, places: BoundedSemaphore, job_id: str, last_event_id: str | None) -> Response:
    """The event stream of a job. Raises NotFound, or Busy when too many streams are open."""
    job = table.get(job_id)
    if not places.acquire(blocking=False):
        raise Busy("Too many event streams are open. Poll GET /job/{id} instead.", code="too_many_streams")
    seen = int(last_event_id) if last_event_id and _ID.fullmatch(last_event_id) else 0
    dumps = current_app.json.dumps
    texts = (_text(dumps, name, row) for name, row in changes(table, job, seen))
    response = Response(texts, mimetype="text/event-stream", headers={"Cache-Control": "no-store"})
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(places.release)
    return response


def changes(
    table: JobTable, job: JobRow, seen: int, heartbeat: float = HEARTBEAT_SECONDS
) -> Iterator[tuple[str, JobRow | None]]:
    """("state" or "progress", job) for each change after version ``seen``; ("", None) is a heartbeat.

    Ends after a state that does not change any more, or when the server closes.
    """
    seen = 0 if seen > job.version else seen
    state = job.state if seen else None
    if job.state not in ACTIVE or job.version > seen:
        yield "state", job
        seen, state = job.version, job.state
    while job.state in ACTIVE and not table.closed:
        changed = table.wait(job.id, seen, heartbeat)
        if changed is None:
            yield "", None
            continue
        job, seen = changed, changed.version
        yield ("progress" if job.state == state else "state"), job
        state = job.state


def _text(dumps: Callable[[Json], str], name: str, row: JobRow | None) -> str:
    if row is None:
        return ": alive\n\n"
    return f"id: {row.version}\nevent: {name}\ndata: {dumps(service.describe(row))}\n\n"
