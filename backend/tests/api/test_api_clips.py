"""Moments of the cached episodes over HTTP: what is drawn is what was cached."""

import numpy as np
import pytest
import tiny
import torch
from replay_document import unpacked

from policyscope.core.envs import get_env
from policyscope.services import replays

ROW = 83  # step 3 of the third episode


def analysed(client, directory):
    model_id = client.with_sae(directory)
    job = client.finished(client("POST", f"/model/{model_id}/analyse", expect=202)["job_id"], 60)
    assert job["state"] == "done", job
    return model_id


def clip(client, model_id, feature, row):
    return unpacked(client.http.get(f"/model/{model_id}/feature/{feature}/clip?row={row}").data)


def test_a_clip_is_half_a_second_of_its_own_episode(client, artifacts):
    directory = tiny.write_directory(artifacts, "episodes")
    cached = tiny.write_episodes(directory)
    model_id = analysed(client, "episodes")
    header = clip(client, model_id, 3, ROW)
    assert {name: header[name] for name in ("env", "features", "row", "episode", "step", "first_step")} == {
        "env": tiny.ENV, "features": [3], "row": ROW, "episode": 2, "step": 3, "first_step": 0,
    }  # fmt: skip
    assert header["undrawn"] is None
    (arm,) = header["arms"]
    rows = slice(80, ROW + 11)  # Pendulum has 0.05 s per step
    signals = {name: signal["values"] for name, signal in arm["signals"].items()}
    observations = torch.load(directory / "cached_obs.pt", weights_only=True).numpy()
    assert np.array_equal(signals["observations"], observations[rows])
    assert np.array_equal(signals["actions"], cached["action"][rows])
    assert np.array_equal(signals["rewards"], cached["reward"][rows])
    assert arm["length"] == len(signals["features"]) == 14

    page = client("GET", f"/model/{model_id}/feature/3")
    assert (page["env"], page["undrawn"]) == (tiny.ENV, None)
    moment = page["quantiles"][0]["clips"][0]
    assert moment["actions"] is None  # the clip has them
    shown = clip(client, model_id, 3, moment["row"])["arms"][0]["signals"]["features"]["values"]
    assert shown[:, 0] == pytest.approx(np.array(moment["latent"]), rel=1e-3)

    answer = client.http.get(f"/model/{model_id}/feature/3/clip?row={ROW}")
    assert answer.headers["Cache-Control"] == "private, no-cache"  # another SAE may come to the same address


def test_data_without_episodes_say_why_nothing_moves(client):
    model_id = analysed(client, "pendulum_w8")
    header = clip(client, model_id, 0, 30)
    assert "there is no episodes.safetensors" in header["undrawn"]
    assert header["undrawn"] == client("GET", f"/model/{model_id}/feature/0")["undrawn"]
    assert sorted(header["arms"][0]["signals"]) == ["actions", "features"]


def test_questions_that_cannot_be_answered(client):
    model_id = client.with_sae()
    path = f"/model/{model_id}/feature/0/clip"
    assert client("GET", f"{path}?row=0", expect=409)["error"]["code"] == "not_analysed"
    model_id = analysed(client, "pendulum_w8")
    path = f"/model/{model_id}/feature"
    error = client("GET", f"{path}/0/clip?row=400", expect=400)["error"]
    assert "rows 0 to 399" in error["fields"]["row"]
    client("GET", f"{path}/0/clip", expect=422)
    client("GET", f"{path}/0/clip?row=-1", expect=422)
    client("GET", f"{path}/16/clip?row=0", expect=400)


def test_the_scene_of_an_environment_is_that_of_its_runs(client):
    run = client.run(client.with_sae())
    scene = client("GET", f"/env/{tiny.ENV}/scene")
    of_run = client("GET", f"/run/{run['id']}/scene")
    assert scene == {
        name: value
        for name, value in of_run.items()
        if name not in ("run_id", "seeds", "features", "restarts")
    }
    walker = client("GET", "/env/Walker2d-v5/scene")
    assert (walker["kind"], walker["nq"], walker["legs"]) == ("bodies", 9, ["right", "left"])
    client("GET", "/env/Nowhere-v1/scene", expect=400)


def test_bodies_are_posed_by_what_was_seen():
    seen = np.zeros((3, 17))
    seen[:, 0], seen[:, 8] = 1.25, 2.0  # standing, gliding at 2 m/s
    trace = {"observations": seen, "actions": np.zeros((3, 6)), "features": np.ones((3, 1))}
    signals = replays.drawn(get_env("Walker2d-v5"), trace)
    assert sorted(signals) == ["actions", "contacts", "features", "qpos"]
    assert signals["qpos"][:, 0] == pytest.approx([0, 0.016, 0.032])
    assert np.array_equal(signals["qpos"][:, 1:3], [[1.25, 0]] * 3)
