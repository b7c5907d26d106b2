"""``policyscope serve`` with the kinds of ``live_kinds`` and one more route, which queues them.

Every job's process runs this file again as far as the last line but one, so nothing is imported before it.
"""

from __future__ import annotations


def main() -> None:
    from flask import jsonify, request

    from policyscope.api import app as app_module
    from policyscope.api import serve as serve_module
    from policyscope.api.current import WORKSPACE
    from policyscope.config import load_settings
    from policyscope.jobs.kinds import KINDS
    from policyscope.store.records import new_id

    def create_app(settings):
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

    KINDS.update(slow="live_kinds:slow")
    serve_module.create_app = create_app
    serve_module.serve(load_settings())


if __name__ == "__main__":
    main()
