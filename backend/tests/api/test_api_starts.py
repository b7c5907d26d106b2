"""Where the episodes of a run begin, over HTTP: hard_stable, whose state the observation is."""

import json

import pytest
import tiny
import torch

from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.core.progress import drain
from policyscope.services.effects import bundle

ENV, SIZES = "hard_stable", (6, 8, 8, 6)


@pytest.fixture
def steady(client):
    return client.upload(tiny.policy_bytes(sizes=SIZES))["id"]


def run(client, model_id, **wanted):
    return client.run(model_id, **{"env": ENV, "episodes": 2, "max_steps": 12, "seed": 0, **wanted})


def returns(run):
    return [episode["return"] for episode in run["arms"][0]["episodes"]]


def test_a_run_goes_on_from_the_middle_of_another(client, steady, tmp_path):
    whole = run(client, steady, episodes=1)
    assert whole["start"] == {"kind": "reset", "noise_scale": 1.0}
    start = {"kind": "run", "run_id": whole["id"], "step": 4}
    rest = run(client, steady, episodes=1, max_steps=8, start=start)
    first = run(client, steady, episodes=1, max_steps=4)
    assert rest["start"] == {**start, "arm": "baseline"}
    assert returns(first)[0] + returns(rest)[0] == pytest.approx(returns(whole)[0], rel=1e-12)
    # the states are frozen: the run they came from may go
    client("DELETE", f"/run/{whole['id']}")
    evidence = tmp_path / "evidence.zip"
    evidence.write_bytes(client.http.get(f"/run/{rest['id']}/bundle").data)
    assert drain(bundle.verify(evidence))["identical"]


def test_each_episode_gets_a_state_of_its_own_that_its_seed_decides(client, steady):
    source = {"kind": "run", "run_id": run(client, steady, episodes=3)["id"]}
    three = returns(run(client, steady, episodes=3, start=source, seed=5))
    assert len(set(three)) == 3
    assert returns(run(client, steady, episodes=2, start=source, seed=6)) == three[1:]


def test_given_states_are_where_episodes_begin(client, steady):
    states = [[2.0, 0, 0, 0, 0, 0], [-3.0, 0, 0, 0, 0, 0]]
    started = run(client, steady, max_steps=1, start={"kind": "state", "states": states})
    other = run(client, steady, max_steps=1)
    assert len({*returns(started), *returns(other)}) == 4
    replayed = client("GET", f"/run/{started['id']}/scene")
    assert replayed["seeds"] == [0, 1]


def test_episodes_start_from_cached_data(client, steady, settings):
    directory = settings.artifacts / "steady"
    directory.mkdir()
    spec, tensors = open_policy(tiny.policy_bytes(sizes=SIZES), "imitator.pt")
    observations = torch.randn(30, 6, generator=torch.Generator().manual_seed(1))
    tapped = Policy(spec, tensors).head(observations.numpy(), tiny.TAP).astype("float32")
    (directory / "walker_sae.pt").write_bytes(tiny.sae_bytes())
    (directory / "cached_obs.pt").write_bytes(tiny.saved(observations))
    (directory / "tapped_activations.pt").write_bytes(tiny.saved(torch.from_numpy(tapped)))
    (directory / "manifest.json").write_text(json.dumps({"env": ENV}))
    client("POST", f"/model/{steady}/load_sae", {"artifacts_dir": "steady", "tap_index": tiny.TAP})
    started = run(client, steady, start={"kind": "cached"}, episodes=5)
    assert started["start"] == {"kind": "cached"}
    states = observations.double().tolist()
    every = run(client, steady, start={"kind": "state", "states": states}, episodes=30)
    assert set(returns(started)) < set(returns(every))
    body = {"env": ENV, "episodes": 31, "start": {"kind": "cached"}}
    assert "30 different states" in client("POST", f"/model/{steady}/run", body, 400)["error"]["message"]


def test_the_reset_noise_can_be_wider(client):
    walker = client.upload(tiny.policy_bytes(sizes=(17, 8, 6)))["id"]
    usual, wide = (
        run(client, walker, env="Walker2d-v5", max_steps=3, start={"kind": "reset", "noise_scale": scale})
        for scale in (1, 20)
    )
    assert wide["start"] == {"kind": "reset", "noise_scale": 20.0}
    assert returns(wide) != returns(usual)
    assert returns(run(client, walker, env="Walker2d-v5", max_steps=3)) == returns(usual)


@pytest.mark.parametrize(
    ("start", "status", "words"),
    [
        ({"kind": "somewhere"}, 422, "Must be one of"),
        ({}, 422, "kind"),
        ({"kind": "run"}, 422, "needs run_id"),
        ({"kind": "state"}, 422, "needs states"),
        ({"kind": "reset", "step": 3}, 422, "step belongs to a start of kind run"),
        ({"kind": "reset", "noise_scale": 101}, 422, "noise_scale"),
        ({"kind": "reset", "noise_scale": 2}, 400, "no reset noise"),
        ({"kind": "run", "run_id": "r_unknown"}, 404, "run"),
        ({"kind": "cached"}, 400, "Need SAE + cached data"),
        ({"kind": "state", "states": [[0.0] * 6]}, 400, "1 start states were given for 2 seeds"),
        ({"kind": "state", "states": [[0.0] * 5, [1.0] * 5]}, 400, "has 6 numbers"),
        ({"kind": "state", "states": [[0.0] * 5, [1.0] * 6]}, 400, "different lengths"),
        ({"kind": "state", "states": [[0.0] * 6] * 2}, 400, "counted twice"),
        ({"kind": "state", "states": [[1e7] * 6] * 2}, 422, "states"),
    ],
)
def test_starts_that_cannot_be(client, steady, start, status, words):
    body = {"env": ENV, "episodes": 2, "max_steps": 5, "start": start}
    error = client("POST", f"/model/{steady}/run", body, status)["error"]
    assert words in error["message"] + str(error["fields"])
    assert client("GET", "/runs")["runs"] == []


def test_a_stored_run_must_have_what_is_asked_for(client, steady):
    source = run(client, steady)["id"]
    for more, status, words in (
        ({"arm": "other"}, 404, "no arm 'other'"),
        ({"seed": 7}, 404, "recorded seeds: 0, 1"),
        ({"step": 12}, 404, "no recorded simulator state"),
        ({"seed": 0, "step": 3}, 400, "Ask for fewer episodes"),
    ):
        body = {"env": ENV, "episodes": 2, "start": {"kind": "run", "run_id": source, **more}}
        assert words in client("POST", f"/model/{steady}/run", body, status)["error"]["message"]
    other = client.model()
    body = {"env": tiny.ENV, "episodes": 1, "start": {"kind": "run", "run_id": source}}
    assert "own reset" in client("POST", f"/model/{other}/run", body, 400)["error"]["message"]
