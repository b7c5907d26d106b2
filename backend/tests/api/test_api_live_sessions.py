"""Live steering that the server steps: bounded, and the same as a run."""

import pytest
import tiny

from policyscope.api.current import LIVE
from policyscope.services import live_sessions

ENV = "CartPole-v1"


@pytest.fixture
def cart(client, artifacts):
    """A model of the cart with an exact SAE at its last hidden layer."""
    model_id = client.upload(tiny.policy_bytes(3, sizes=(4, 8, 8, 2)))["id"]
    directory = artifacts / "cart"
    directory.mkdir()
    (directory / "walker_sae.pt").write_bytes(tiny.sae_bytes())
    client("POST", f"/model/{model_id}/load_sae", {"artifacts_dir": "cart"})
    return model_id


@pytest.fixture
def clock(app):
    """The sessions' clock, moved by hand."""
    now = [0.0]
    app.extensions[LIVE] = live_sessions.LiveSessions(lambda: now[0])
    return now


def begin(client, model_id, expect=201, **more):
    return client("POST", "/live", {"model_id": model_id, "env": ENV, **more}, expect)


def test_the_recorded_trace_as_a_run_gives_the_same_falls_and_returns(client, cart):
    live = begin(client, cart, seed=4)
    assert (live["max_episode_steps"], live["dt"], live["weights"]) == (500, 0.02, "original")
    assert (live["restarts"], len(live["pose"])) == (False, 4)
    gate = {"kind": "observation", "index": 3, "above": -0.2}
    traces, found = {1: [], 12: []}, {"over": False}
    while not found["over"]:
        alphas = {1: 0.1 * len(traces[1]), 12: 1.0 if len(traces[1]) < 6 else -0.5}
        pushes = [{"feature_idx": j, "alpha": a, "gate": gate if j == 1 else None} for j, a in alphas.items()]
        found = client("POST", f"/live/{live['id']}/steps", {"steps": 4, "pushes": pushes})
        for feature, alpha in alphas.items():
            traces[feature] += [alpha] * 4
    edits = [
        {"feature_idx": j, "op": "add", "value": 1, "schedule": {"shape": "table", "values": values}}
        for j, values in traces.items()
    ]
    edits[0]["gate"] = gate
    run = client.run(
        cart, env=ENV, episodes=1, max_steps=500, seed=4, arms=[{"name": "by hand", "edits": edits}]
    )
    by_hand = {arm["name"]: arm["episodes"][0] for arm in run["arms"]}
    for name, arm in zip(("baseline", "by hand"), found["arms"][1:], strict=True):
        theirs = by_hand[name]
        assert (theirs["length"], theirs["return"], theirs["fell"]) == (
            arm["steps"],
            arm["total"],
            arm["fell"],
        )
    assert by_hand["by hand"]["length"] != by_hand["baseline"]["length"]
    empty = client("POST", f"/live/{live['id']}/steps", {"steps": 4})
    assert [empty["over"], *(arm["rewards"] for arm in empty["arms"])] == [True, [], [], []]
    client("DELETE", f"/live/{live['id']}")
    gone = client("POST", f"/live/{live['id']}/steps", {"steps": 1}, 404)
    assert "begin a new one" in gone["error"]["message"]


def test_places_are_few_and_idle_sessions_give_way(client, cart, clock):
    ids = [begin(client, cart)["id"] for _ in range(live_sessions.MOST)]
    assert "16 live sessions" in begin(client, cart, expect=429)["error"]["message"]
    clock[0] = live_sessions.GIVES_WAY_S + 1
    client("POST", f"/live/{ids[0]}/steps", {"steps": 1})
    newest = begin(client, cart)["id"]
    client("POST", f"/live/{ids[1]}/steps", {"steps": 1}, 404)  # of those idle longest, the first
    client("POST", f"/live/{ids[0]}/steps", {"steps": 1})
    clock[0] += live_sessions.IDLE_S + 1
    for session_id in (ids[0], newest):
        client("POST", f"/live/{session_id}/steps", {"steps": 1}, 404)


def test_what_cannot_be_played_is_refused_and_the_session_goes_on(client, cart, app):
    assert begin(client, client.model(), 400)["error"]["code"] == "no_sae"
    assert "own reset" in begin(client, cart, 400, kind="cached")["error"]["message"]
    live = begin(client, cart)["id"]
    steps = f"/live/{live}/steps"
    client("POST", steps, {"steps": 51}, 422)
    client("POST", steps, {"steps": 1, "pushes": [{"feature_idx": 16, "alpha": 1.0}]}, 400)
    foot = {"kind": "contact", "foot": "left"}
    client("POST", steps, {"steps": 1, "pushes": [{"feature_idx": 1, "alpha": 1.0, "gate": foot}]}, 400)
    nulls = {"kind": "active", "threshold": None, "feature_idx": None}
    push = {"feature_idx": 1, "alpha": 1.0, "gate": nulls}
    found = client("POST", steps, {"steps": 1, "pushes": [push]})
    assert [arm["steps"] for arm in found["arms"]] == [1, 1, 1]
    held = app.extensions[LIVE]._open[live].lock
    with held:
        client("POST", steps, {"steps": 1}, 409)
    assert client("POST", steps, {"steps": 1})["arms"][0]["steps"] == 2


def test_environments_say_who_steps_them(client):
    live = {env["id"]: env["live"] for env in client("GET", "/envs")["envs"]}
    assert {name: live[name] for name in ("Walker2d-v5", "Walker2d-v4", ENV, "hard_stable")} == {
        "Walker2d-v5": "browser", "Walker2d-v4": "server", ENV: "server", "hard_stable": "server",
    }  # fmt: skip
