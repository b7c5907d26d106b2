"""One JSON line per event. Every request has an id, which its answer carries as X-Request-ID.

Neither queries, headers nor bodies are written: they may hold what is nobody else's business.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from datetime import UTC, datetime

from flask import Flask, Response, g, has_request_context, request

log = logging.getLogger("policyscope.requests")
HEADER = "X-Request-ID"
_GIVEN = re.compile(r"[A-Za-z0-9_-]{8,64}")
_JOB = re.compile(r"\bj_[0-9a-f]{12}\b")


class JsonLines(logging.Formatter):
    """``{"time", "level", "logger", "message"}`` with ``request_id`` and ``job_id`` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
        }
        if has_request_context() and "request_id" in g:
            line["request_id"] = g.request_id
        if job := _JOB.search(message):
            line["job_id"] = job[0]
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def write_json_lines() -> None:
    """Send what policyscope logs to standard error as JSON lines; for a process of its own."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("policyscope")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


def register(app: Flask) -> None:
    """Give every request an id and log it when it is answered."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
    g.started = time.monotonic()


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    took = 1000 * (time.monotonic() - g.started)
    level = logging.DEBUG if request.endpoint == "health.healthz" else logging.INFO
    log.log(level, "%s %s %d %.0f ms", request.method, request.path, response.status_code, took)
    return response
