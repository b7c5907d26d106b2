"""Runs by command: alone, beside a server, and stopped half-way."""

import os
import signal
import subprocess
import sys
import time

import pytest
import tiny
from werkzeug.serving import make_server

from policyscope.api.app import create_app
from policyscope.api.current import WORKSPACE

SHORT = ("--env", tiny.ENV, "--episodes", 2, "--max_steps", 20)


def test_a_run_with_arms_and_doses(cli, model):
    done = cli("run", model, *SHORT, "--seed", 3, "--arm", "push=4:add:2", "--arm", "same", "--json")
    assert (done["state"], done["seeds"]) == ("done", [3, 4])
    assert done["arm_names"] == ["baseline", "push", "same"]
    assert done["comparisons"][1]["identical"]
    doses = cli("run", model, *SHORT, "--feature", 4, "--dose", -0.05, "--dose", 0.05, "--json")
    assert doses["arm_names"] == ["baseline", "−0.05", "+0.05"]
    assert doses["arms"][2]["dose"]["action_displacement"] == pytest.approx(0.05, rel=1e-3)


def test_runs_are_listed_shown_and_written(cli, model):
    run_id = cli("run", model, *SHORT, "--json")["id"]
    assert cli("run", model, *SHORT, "--json")["id"] == run_id  # finished before
    assert cli("run", model, *SHORT, "--again", "--json")["id"] != run_id
    assert run_id in cli("runs", "--model", model)
    assert len(cli("runs", "--json")["runs"]) == 2
    assert "baseline" in cli("runs", run_id)
    assert len(cli("runs", run_id, "--csv").splitlines()) == 3
    cli("export", "run", run_id, "--output", "evidence.zip")
    assert "identical" in cli("verify", "evidence.zip")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--env", "Nowhere-v1"), "Nowhere-v1"),
        (("--env", tiny.ENV, "--episodes", 0), "episodes: Must be"),
        (("--env", tiny.ENV, "--feature", 4), "--feature and --dose"),
        (("--env", tiny.ENV, "--arm", "push=99:add:1"), "99"),
        ((), "--env"),
    ],
)
def test_what_cannot_be_run_leaves_nothing(cli, model, words, said):
    assert said in cli("run", model, *words, status=2)
    assert cli("runs", "--json") == {"runs": []}


def test_a_video(cli, model):
    run_id = cli("run", model, *SHORT, "--json")["id"]
    cli("video", run_id, "--size", 240, "--format", "gif", "--output", "walk.gif")
    with open("walk.gif", "rb") as file:
        assert file.read(3) == b"GIF"


def test_beside_a_server_the_server_does_the_work(cli, model, settings):
    app = create_app(settings)
    try:
        done = cli("run", model, *SHORT, "--json")
        listed = app.test_client().get("/runs").json["runs"]
        assert [(run["id"], run["state"]) for run in listed] == [(done["id"], "done")]
        assert app.extensions[WORKSPACE].engine.alive
    finally:
        app.extensions[WORKSPACE].close()


@pytest.mark.parametrize("served", [False, True])
def test_ctrl_c_cancels_and_leaves_nothing(cli, model, artifacts, settings, served, monkeypatch):
    app = create_app(settings) if served else None
    server = make_server("127.0.0.1", 0, app, threaded=True) if app else None
    environment = {**os.environ, "POLICYSCOPE_PORT": str(server.port if server else 1)}
    words = ("run", model, "--env", tiny.ENV, "--episodes", "1000")
    try:
        if server:
            _in_thread(server.serve_forever)
        process = subprocess.Popen(
            [sys.executable, "-m", "policyscope.cli", *words],
            stderr=subprocess.PIPE, text=True, start_new_session=True, env=environment,
        )  # fmt: skip
        said = _until(process, "steps")
        os.killpg(process.pid, signal.SIGINT)
        said += process.communicate(timeout=20)[1]
    finally:
        if app and server:
            server.shutdown()
            app.extensions[WORKSPACE].close()
    assert process.returncode == 130, said
    assert "nothing was published" in said
    assert [run["state"] for run in cli("runs", "--json")["runs"]] == ["cancelled"]
    left = [path for path in (artifacts / "store").rglob("*") if "runs" in path.parts and path.is_file()]
    assert left == []


def _in_thread(target):
    import threading

    threading.Thread(target=target, daemon=True).start()


def _until(process, word):
    said, deadline = "", time.monotonic() + 30
    while word not in said and time.monotonic() < deadline:
        said += process.stderr.readline()
    assert word in said
    return said
