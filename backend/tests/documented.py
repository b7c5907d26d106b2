"""Answers of the application, held against its OpenAPI document."""

from __future__ import annotations

import re

from flask import Flask, Response, request

from policyscope.api.app import openapi_document

ELSEWHERE = ("GET", "POST", "PUT", "PATCH", "DELETE")
PROVOKED = 500  # by the tests that break something inside


def watch(app: Flask) -> set[tuple[str, str, int]]:
    """(method, path, status) of every answer of ``app`` from now on that its document does not tell of."""
    paths, found = openapi_document(app)["paths"], set()

    @app.after_request
    def compare(response: Response) -> Response:
        rule = request.url_rule.rule if request.url_rule else None
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule or "")
        if path in paths and request.method in ELSEWHERE and response.status_code != PROVOKED:
            told = paths[path][request.method.lower()]["responses"]
            if str(response.status_code) not in told:
                found.add((request.method, path, response.status_code))
        return response

    return found
