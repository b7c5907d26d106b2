"""Every failure, expected or not, leaves as one body: ``{"error": {"code", "message", "fields"}}``."""

from __future__ import annotations

import logging
import re
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from policyscope.api.schemas.base import error_body
from policyscope.core import errors

log = logging.getLogger(__name__)
RETRY_AFTER = "5"
STATUS: tuple[tuple[type[errors.PolicyscopeError], int], ...] = (
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.LimitExceeded, 413),
    (errors.Busy, 429),
    (errors.StorageFull, 507),
    (errors.PolicyscopeError, 400),
)
BY_CODE = {"too_many_streams": 503}
SENTENCES = {
    400: "The request cannot be read.",
    404: "There is nothing at this address.",
    405: "{method} is not possible at this address.",
    413: "The body is too large.",
    415: "The body must be sent as {expected}.",
}


def register(app: Flask) -> None:
    app.register_error_handler(errors.PolicyscopeError, _expected)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _expected(error: errors.PolicyscopeError) -> Response:
    status = BY_CODE.get(error.code) or next(code for kind, code in STATUS if isinstance(error, kind))
    response = answer(status, error.code, error.message, error.fields)
    if status in (429, 503):
        response.headers["Retry-After"] = RETRY_AFTER
    return response


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    messages = getattr(error, "data", {}).get("messages")
    if status == 422 and messages:
        response = _invalid(messages)
    else:
        response = answer(status, _word(error.name), _sentence(status, error))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After", "WWW-Authenticate"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return answer(500, "internal", "Something went wrong in the server. Its log says what.")


def _invalid(messages: dict[str, Any]) -> Response:
    fields = dict(_flatten(next(iter(messages.values())), ""))
    first = "; ".join(
        f"{name}: {sentence}" if name else sentence for name, sentence in list(fields.items())[:3]
    )
    return answer(422, "validation_failed", f"The request does not have the right shape. {first}", fields)


def _flatten(messages: Any, name: str) -> list[tuple[str, str]]:
    """Marshmallow's nested messages as ("arms.0.name", "sentence") pairs."""
    if isinstance(messages, dict):
        pairs = (_flatten(value, f"{name}.{key}" if name else str(key)) for key, value in messages.items())
        return [pair for group in pairs for pair in group]
    words = messages if isinstance(messages, list) else [messages]
    return [(name.removesuffix("._schema").removeprefix("_schema"), " ".join(map(str, words)))]


def _sentence(status: int, error: HTTPException) -> str:
    if status not in SENTENCES or (status == 400 and type(error).description != error.description):
        return error.description or error.name
    return SENTENCES[status].format(method=request.method, expected=error.description)


def _word(name: str) -> str:
    return re.sub(r"[^a-z]+", "_", name.lower()).strip("_")


def answer(status: int, code: str, message: str, fields: dict[str, str] | None = None) -> Response:
    """An answer with the one error body."""
    response = jsonify(error_body(code, message, fields))
    response.status_code = status
    return response
