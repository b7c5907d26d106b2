"""Runs by command: alone, beside a server, and stopped half-way."""

import threading

import pytest
import tiny
from werkzeug.serving import make_server

from policyscope.api.app import create_app
from policyscope.api.current import WORKSPACE
from policyscope.cli.edits import start_of
from policyscope.core.errors import InvalidInput
from policyscope.services import runs

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


def test_a_run_begins_where_it_is_told_to(artifacts, cli):
    """hard_stable has states to start from; its artifacts are those of the tiny pendulum's shape."""
    assert start_of("reset:2") == {"kind": "reset", "noise_scale": 2.0}
    assert start_of("cached") == {"kind": "cached"}
    assert start_of("run:r_1:arm=push:step=100") == {
        "kind": "run",
        "run_id": "r_1",
        "arm": "push",
        "step": 100,
    }
    (artifacts / "start.json").write_text('{"kind": "state", "states": [[0.5, 1, 2]]}')
    assert start_of(f"@{artifacts / 'start.json'}")["states"] == [[0.5, 1, 2]]
    for bad in ("moon", "reset:much", "run", "run:r_1:step=x", "cached:2"):
        with pytest.raises(InvalidInput, match="A start is"):
            start_of(bad)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--env", tiny.ENV, "--start", "cached"), "its own reset"),
        (("--env", tiny.ENV, "--start", "state"), "A start is"),
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


class Impatient:
    """A person who presses Ctrl-C at the first sign of progress."""

    def __call__(self, step):
        raise KeyboardInterrupt

    def close(self):
        pass


@pytest.fixture
def server(settings, monkeypatch):
    app = create_app(settings)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("POLICYSCOPE_PORT", str(server.port))
    yield app.extensions[WORKSPACE]
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions[WORKSPACE].close()


def test_beside_a_server_the_server_does_the_work(cli, model, server):
    done = cli("run", model, *SHORT, "--json")
    listed = runs.list_runs(server)
    assert [(run["id"], run["state"]) for run in listed] == [(done["id"], "done")]
    assert server.engine.alive


@pytest.mark.parametrize("served", [False, True])
def test_ctrl_c_cancels_and_leaves_nothing(cli, model, artifacts, served, request, monkeypatch):
    if served:
        request.getfixturevalue("server")
    monkeypatch.setattr("policyscope.cli.working.ProgressPrinter", Impatient)
    same = [word for name in "abcdefgh" for word in ("--arm", name)]
    said = cli("run", model, "--env", tiny.ENV, "--episodes", 1000, *same, status=130)
    assert "nothing was published" in said
    assert [run["state"] for run in cli("runs", "--json")["runs"]] == ["cancelled"]
    assert [path for path in artifacts.rglob("runs/*/*") if path.is_file()] == []


def test_two_models_side_by_side(cli, artifacts, model):
    other = cli("upload", artifacts / "pendulum_w8" / "imitator.pt", "--json")["id"]
    said = cli("versus", model, other)
    assert "torque" in said
    assert "One of the two has no SAE" in said
    found = cli(
        "versus", model, other, "--env", "Pendulum-v1", "--episodes", "2", "--max_steps", "10", "--json"
    )
    assert [gap["rms"] for gap in found["actions"]["gaps"]] == [0.0]
    assert found["weights"]["different"] == 0
    assert found["run"]["comparisons"][0]["identical"]
    assert "no weight edits" in cli("versus", model, model, status=2)
