"""Serve the application in the foreground until it is told to stop."""

from __future__ import annotations

import socket
from typing import Any

from flask import Flask
from threadpoolctl import threadpool_limits

from policyscope.api import logs
from policyscope.api.app import create_app
from policyscope.api.current import WORKSPACE
from policyscope.config import Settings, render_without_a_display
from policyscope.core.errors import Conflict
from policyscope.services.workspace import open_workspace

THREADS = 128  # half of them may hold an event stream


def serve(settings: Settings) -> None:
    """Gunicorn with one process of 128 threads; werkzeug's threaded server where gunicorn cannot run.

    Returns when the process is asked to stop. Raises Conflict when the port or the artifacts
    root is taken, InvalidInput or StorageFull when the database or the root cannot be used.
    """
    render_without_a_display()
    logs.write_json_lines()
    _check_port(settings)
    _check_workspace(settings)
    try:
        from gunicorn.app.base import BaseApplication

        from policyscope.api import worker
    except ImportError:
        _serve_werkzeug(settings)
        return

    class Server(BaseApplication):
        def load_config(self) -> None:
            for name, value in _options(settings).items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            # a hundred threads that answer requests would only fight over the cores that the jobs use
            threadpool_limits(1)
            app = create_app(settings)
            worker.register(app)
            return app

    Server().run()


def _options(settings: Settings) -> dict[str, Any]:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return {
        "bind": f"{host}:{settings.port}",
        "worker_class": "policyscope.api.worker.Worker",
        "workers": 1,
        "threads": THREADS,
        "graceful_timeout": 5,
        "timeout": 0,  # after a suspended laptop wakes up, the worker must not be killed for its silence
        "loglevel": "warning",
        "control_socket_disable": True,
        "worker_exit": _stop,
    }


def _stop(_server: Any, worker: Any) -> None:
    app = getattr(worker, "wsgi", None)
    if isinstance(app, Flask):
        app.extensions[WORKSPACE].close()


def _serve_werkzeug(settings: Settings) -> None:
    from werkzeug.serving import make_server

    app = create_app(settings)
    server = make_server(settings.host, settings.port, app, threaded=True)
    try:
        server.serve_forever()
    finally:
        app.extensions[WORKSPACE].close()


def _check_workspace(settings: Settings) -> None:
    """Say what is wrong in one sentence here, rather than in the traceback of a worker."""
    workspace = open_workspace(settings)
    try:
        workspace.engine.check_free()
    finally:
        workspace.close()


def _check_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise Conflict(
                f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}). "
                "Choose another with --port or POLICYSCOPE_PORT."
            ) from error
