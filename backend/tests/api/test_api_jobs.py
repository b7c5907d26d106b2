"""Retry, reuse, estimates, readiness and metrics over HTTP."""

import json
import logging
import threading

import pytest
import tiny
from click.testing import CliRunner
from werkzeug.serving import make_server

from policyscope.api.current import WORKSPACE
from policyscope.api.logs import JsonLines
from policyscope.cli import main

SHORT = {"env": tiny.ENV, "episodes": 2, "max_steps": 20, "seed": 3}
LONG = {"env": tiny.ENV, "episodes": 1000, "max_steps": 200, "seed": 0}


def start(client, model_id, body=SHORT):
    return client("POST", f"/model/{model_id}/run", body, 202)


def test_the_same_request_returns_the_finished_run_at_once(client):
    model_id = client.with_sae()
    first = start(client, model_id)
    assert (first["reused"], first["estimate_s"]) == (False, None)
    client.finished(first["job_id"])
    again = start(client, model_id)
    assert (again["reused"], again["state"], again["run_id"]) == (True, "done", first["run_id"])
    assert len(client("GET", "/runs")["runs"]) == 1


@pytest.mark.parametrize("change", [{"seed": 4}, {"max_steps": 21}, {"episodes": 3}, {"again": True}])
def test_another_request_is_played(client, change):
    model_id = client.model()
    first = client.run(model_id)
    other = start(client, model_id, {**SHORT, **change})
    assert (other["reused"], other["run_id"] == first["id"]) == (False, False)
    assert other["estimate_s"] > 0  # from the pace of the first
    client.finished(other["job_id"])


def test_a_changed_model_and_a_deleted_run_are_not_reused(client):
    model_id = client.model()
    first = client.run(model_id)
    client("POST", f"/model/{model_id}/perturb", {"key": "net.4.weight", "op": "scale", "value": 0.5})
    edited = start(client, model_id)
    assert edited["reused"] is False
    client.finished(edited["job_id"])
    client("POST", f"/model/{model_id}/reset")
    client("DELETE", f"/run/{first['id']}")
    fresh = start(client, model_id)
    assert fresh["reused"] is False
    client.finished(fresh["job_id"])


def test_a_cancelled_job_can_be_tried_again_and_a_finished_one_cannot(client):
    accepted = start(client, client.model(), {**LONG, "episodes": 100})
    assert client("DELETE", f"/job/{accepted['job_id']}")["state"] == "cancelled"
    assert client("POST", f"/job/{accepted['job_id']}/retry", expect=202)["state"] == "queued"
    assert client.finished(accepted["job_id"])["state"] == "done"
    assert client("GET", f"/run/{accepted['run_id']}")["arms"][0]["name"] == "baseline"
    error = client("POST", f"/job/{accepted['job_id']}/retry", expect=409)["error"]
    assert "is done" in error["message"]
    client("POST", "/job/j_missing/retry", expect=404)


def test_a_job_of_a_deleted_run_is_not_tried_again(client):
    accepted = start(client, client.model(), LONG)
    client("DELETE", f"/job/{accepted['job_id']}")
    client("DELETE", f"/run/{accepted['run_id']}")
    client("POST", f"/job/{accepted['job_id']}/retry", expect=404)


def test_a_running_job_says_how_long_it_will_take(client):
    accepted = start(client, client.model(), LONG)
    job = client("GET", f"/job/{accepted['job_id']}")
    while job["state"] in ("queued", "running") and job["progress"]["eta_s"] is None:
        job = client("GET", f"/job/{accepted['job_id']}")
    assert job["progress"]["eta_s"] >= 0
    assert client("DELETE", f"/job/{accepted['job_id']}")["progress"]["eta_s"] is None


def test_ready_until_the_engine_stops(app, client):
    assert client("GET", "/readyz") == {
        "ok": True,
        "checks": {"database": None, "store": None, "engine": None},
    }
    app.extensions[WORKSPACE].engine.stop()
    answer = client("GET", "/readyz", expect=503)
    assert "engine does not run" in answer["checks"]["engine"]


def test_metrics(client):
    client.run(client.model())
    response = client.http.get("/metrics")
    assert response.mimetype == "text/plain"
    values = dict(line.rsplit(" ", 1) for line in response.text.splitlines() if not line.startswith("#"))
    assert values['policyscope_jobs{state="done"}'] == "1"
    assert values["policyscope_free_event_streams"] == "64"
    assert values["policyscope_ready"] == "1"


def test_every_answer_has_a_request_id_and_the_log_has_no_secrets(client, caplog):
    caplog.set_level(logging.INFO, "policyscope.requests")
    headers = {"X-Request-ID": "abcd-1234", "Authorization": "Bearer hush"}
    response = client.http.get("/jobs?state=done", headers=headers)
    assert response.headers["X-Request-ID"] == "abcd-1234"
    assert len(client.http.get("/jobs", headers={"X-Request-ID": "no\tgood"}).headers["X-Request-ID"]) == 16
    lines = [JsonLines().format(record) for record in caplog.records]
    assert json.loads(lines[0])["message"].startswith("GET /jobs 200")
    assert "hush" not in "".join(lines)
    record = logging.LogRecord("policyscope.x", 20, "", 0, "job %s ended", ("j_0123456789ab",), None)
    assert json.loads(JsonLines().format(record))["job_id"] == "j_0123456789ab"


def test_the_command_line_lists_watches_cancels_and_retries(app, client, monkeypatch):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("POLICYSCOPE_PORT", str(server.port))

    def jobs(*words, status=0):
        result = CliRunner().invoke(main, ["jobs", *words])
        assert result.exit_code == status, result.output
        return result.output

    try:
        accepted = start(client, client.model(), {**LONG, "episodes": 100})
        assert "cancelled" in jobs("cancel", accepted["job_id"])
        assert accepted["job_id"] in jobs("list", "--state", "cancelled")
        listed = json.loads(jobs("list", "--json"))["jobs"]
        assert [job["state"] for job in listed] == ["cancelled"]
        assert "queued" in jobs("retry", accepted["job_id"])
        assert accepted["run_id"] in jobs("watch", accepted["job_id"])
        assert "There is no job" in jobs("watch", "j_missing", status=2)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert "No policyscope server answers" in jobs("list", status=2)
