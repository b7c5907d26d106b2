"""The Flask application: gate, JSON, errors, views, static files, put together once."""

from __future__ import annotations

import threading
from typing import Any

from flask import Flask, Response, jsonify
from flask_smorest import Api

from policyscope import __version__
from policyscope.api import encoding, errors, gate, logs, site, statuses
from policyscope.api.current import LIVE, STREAMS, WORKSPACE
from policyscope.api.schemas.base import ErrorBody
from policyscope.api.views import ALL
from policyscope.config import Settings
from policyscope.services.live_sessions import LiveSessions
from policyscope.services.workspace import open_workspace

OPENAPI = {
    "API_TITLE": "policyscope",
    "API_VERSION": __version__,
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
    "OPENAPI_JSON_PATH": "openapi.json",
}


class _Api(Api):
    """flask-smorest with our error body; the handlers are in ``errors``."""

    ERROR_SCHEMA = ErrorBody

    def _register_error_handlers(self) -> None:
        errors.register(self._app)

    def _openapi_json(self) -> Response:
        return jsonify(openapi_document(self._app))


def create_app(settings: Settings) -> Flask:
    """The application on the artifacts root of ``settings``, with its job engine running.

    Raises InvalidInput or StorageFull when the database or the root cannot be used, Conflict when another
    server holds the root.
    """
    app = bare_app(settings)
    workspace = open_workspace(settings)
    workspace.engine.start()
    app.extensions[WORKSPACE] = workspace
    app.extensions[STREAMS] = threading.BoundedSemaphore(settings.max_streams)
    app.extensions[LIVE] = LiveSessions()
    return app


def bare_app(settings: Settings) -> Flask:
    """All routes and no workspace: enough to make the OpenAPI document."""
    app = Flask("policyscope", static_folder=None)
    app.url_map.strict_slashes = False
    app.config.update(OPENAPI, MAX_CONTENT_LENGTH=settings.max_upload_bytes)
    app.json = encoding.FiniteJson(app)
    logs.register(app)
    gate.register(app, settings)
    api = _Api(app)
    for blueprint in ALL:
        api.register_blueprint(blueprint)
    site.register(app, settings)
    return app


def openapi_document(app: Flask) -> dict[str, Any]:
    """The OpenAPI document as plain values."""
    document: dict[str, Any] = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    document["components"]["schemas"].pop("PaginationMetadata", None)  # flask-smorest's own, not used here
    statuses.describe(document)
    return document
