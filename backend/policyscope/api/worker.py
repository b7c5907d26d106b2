"""Gunicorn's worker with threads, which repeats nothing of a request that it cannot read.

Its own answer and its log line would hold the broken line, and the broken line may hold the token.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, Response
from gunicorn import util
from gunicorn.http import errors as broken
from gunicorn.workers.gthread import ThreadWorker

from policyscope.api import errors
from policyscope.api.schemas.base import error_body

STATUS: tuple[tuple[type[Exception], int, str, str], ...] = (
    (broken.LimitRequestLine, 414, "URI Too Long", "The address is too long."),
    (broken.LimitRequestHeaders, 431, "Request Header Fields Too Large", "The headers are too large."),
    (broken.UnsupportedTransferCoding, 501, "Not Implemented", "This transfer coding is not known."),
    (broken.ExpectationFailed, 417, "Expectation Failed", "This expectation cannot be met."),
    (broken.ParseException, 400, "Bad Request", "This is not valid HTTP."),
    (Exception, 500, "Internal Server Error", "Something went wrong in the server. Its log says what."),
)


class Worker(ThreadWorker):
    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        _, status, reason, sentence = next(row for row in STATUS if isinstance(exc, row[0]))
        if status == 500:
            self.log.error("answering a request failed", exc_info=exc)
        else:
            self.log.warning("a request that cannot be read was refused: %s", type(exc).__name__)
        body = json.dumps(error_body(reason.lower().replace(" ", "_"), sentence))
        head = (
            f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
            f"X-Content-Type-Options: nosniff\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            util.write_nonblock(client, (head + body).encode("ascii"))
        except OSError:
            self.log.debug("the client of a refused request was gone")


def register(app: Flask) -> None:
    """A body that breaks off or is wrongly cut into chunks is the client's mistake."""
    app.register_error_handler(broken.ParseException, _unreadable)


def _unreadable(_: Exception) -> Response:
    return errors.answer(400, "bad_request", "The body is not valid HTTP.")
