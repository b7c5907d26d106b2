"""``policyscope serve`` with the kinds of ``live_kinds`` and one more route, which queues them."""

from __future__ import annotations

from flask import Flask, jsonify, request

from policyscope.api import app as app_module
from policyscope.api import serve as serve_module
from policyscope.api.current import WORKSPACE
from policyscope.config import Settings, load_settings
from policyscope.jobs.kinds import KINDS
from policyscope.store.records import new_id


def create_app(settings: Settings) -> Flask:
    app = app_module.create_app(settings)
    ws = app.extensions[WORKSPACE]

    @app.post("/testing/job")
    def submit():
        wanted = request.get_json()
        name = f"runs/{new_id('r')}"
        work = {"name": name, "output": name, **wanted}
        with ws.records.write() as session:
            job = ws.engine.submit(session, wanted["kind"], work, output=name, result={"name": name})
        ws.engine.wake()
        return jsonify({"job_id": job.id, "name": name})

    return app


if __name__ == "__main__":
    KINDS.update(slow="live_kinds:slow")
    serve_module.create_app = create_app
    serve_module.serve(load_settings())
