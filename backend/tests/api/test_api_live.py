"""What a browser needs for live steering: it is enough to repeat a run exactly."""

import base64

import numpy as np
import pytest
import tiny

from policyscope.core.envs import get_env, make_env
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.services import live

ENV = "InvertedPendulum-v5"
SIZES = (4, 8, 8, 1)


@pytest.fixture
def pole(client, artifacts):
    """A model of the pole on its cart, with an exact SAE at its last hidden layer."""
    model_id = client.upload(tiny.policy_bytes(sizes=SIZES))["id"]
    directory = artifacts / "pole"
    directory.mkdir()
    (directory / "walker_sae.pt").write_bytes(tiny.sae_bytes())
    client("POST", f"/model/{model_id}/load_sae", {"artifacts_dir": "pole"})
    return model_id


def array(packed):
    return np.frombuffer(base64.b64decode(packed["data"]), dtype="<f4").reshape(packed["shape"])


@pytest.mark.parametrize(
    ("env_id", "feet"),
    [("Walker2d-v5", ["left", "right"]), ("Humanoid-v5", ["left", "right"]), (ENV, [])],
)
def test_the_model_file_is_the_one_that_runs_play(client, env_id, feet):
    import mujoco

    found = client("GET", f"/env/{env_id}/physics")
    model, env = mujoco.MjModel.from_xml_string(found["mjcf"]), make_env(env_id).unwrapped
    assert np.array_equal(model.body_mass, env.model.body_mass)
    assert (found["frame_skip"], found["dt"]) == (env.frame_skip, env.dt)
    assert found["mujoco"] == mujoco.__version__
    assert all(model.geom(geom) for geoms in found["feet"].values() for geom in geoms)
    assert sorted(found["feet"]) == sorted(feet)
    for name, number in found["numbers"].items():
        assert number == getattr(env, f"_{name}")
    for name, ends in found["ranges"].items():
        theirs = getattr(env, f"_{name}")
        assert [-np.inf if ends[0] is None else ends[0], np.inf if ends[1] is None else ends[1]] == list(
            theirs
        )
    env.close()


@pytest.mark.parametrize("env_id", ["CartPole-v1", "hard_stable", "Walker2d-v4"])
def test_what_a_browser_cannot_play_is_refused(client, env_id):
    refused = client("GET", f"/env/{env_id}/physics", expect=400)
    assert "version 5" in refused["error"]["message"]


def test_the_network_is_the_one_that_acts(client, pole):
    client("POST", f"/model/{pole}/perturb", {"key": "net.0.weight", "op": "scale", "value": 1.5})
    found = client("GET", f"/model/{pole}/network?env={ENV}")
    assert (found["weights"], found["tap_index"], found["cycle"]) == ("edited", tiny.TAP, None)
    spec, tensors = open_policy(tiny.policy_bytes(sizes=SIZES), "imitator.pt")
    scaled = {**tensors, "net.0.weight": tensors["net.0.weight"] * np.float32(1.5)}
    ours = {name: array(packed) for name, packed in found["tensors"].items()}
    seen = np.random.default_rng(0).standard_normal((5, 4))
    assert np.array_equal(Policy(spec, ours)(seen), Policy(spec, scaled)(seen))
    sae = {name: array(packed) for name, packed in found["sae"]["arrays"].items()}
    assert sae["w_dec"].shape == sae["w_enc"].shape == (16, 8)  # decoder directions are rows


def test_without_an_sae_there_is_nothing_to_steer(client):
    refused = client("GET", f"/model/{client.model()}/network?env={tiny.ENV}", expect=400)
    assert refused["error"]["code"] == "no_sae"


def test_episodes_begin_where_runs_begin(client, pole):
    found = client("GET", f"/model/{pole}/starts?env={ENV}&seed=3&episodes=2")
    assert found["seeds"] == [3, 4]
    env = make_env(ENV).unwrapped
    for seed, state in zip(found["seeds"], found["states"], strict=True):
        env.reset(seed=seed)
        assert state == [*env.data.qpos, *env.data.qvel, 0.0, 0.0]
    env.close()
    given = {"env": ENV, "episodes": 1, "max_steps": 30}
    drawn = client.run(pole, seed=4, **given)
    again = client.run(pole, seed=4, **given, start={"kind": "state", "states": found["states"][1:]})
    assert drawn["arms"][0]["episodes"] == again["arms"][0]["episodes"]


def test_starts_of_what_has_no_body_are_refused(client):
    client("GET", f"/model/{client.model()}/starts?env={tiny.ENV}", expect=400)


def test_a_dose_moved_by_hand_is_played_step_by_step(client, pole):
    """Three steps of one dose and then another equal a run of the first, continued by one of the second."""
    step = {"feature_idx": 1, "op": "add", "value": 1.0}
    table = {**step, "schedule": {"shape": "table", "values": [2.0, 2.0, 2.0, -1.0]}}
    common = {"env": ENV, "episodes": 1}
    whole = client.run(pole, **common, max_steps=8, arms=[{"name": "hand", "edits": [table]}])
    first = client.run(
        pole, **common, max_steps=3, arms=[{"name": "hand", "edits": [{**step, "value": 2.0}]}]
    )
    assert whole["arms"][1]["edits"][0]["schedule"]["values"] == [2.0, 2.0, 2.0, -1.0]
    assert whole["seeds"] == first["seeds"] == [3]
    more = {"kind": "run", "run_id": whole["id"], "arm": "hand", "step": 3}
    second = {"name": "hand", "edits": [{**step, "value": -1.0}]}
    rest = client.run(pole, **common, max_steps=5, start=more, arms=[second])
    parts = [run["arms"][1]["episodes"][0] for run in (first, rest)]
    both = whole["arms"][1]["episodes"][0]
    assert both["length"] == sum(part["length"] for part in parts)
    assert both["return"] == pytest.approx(sum(part["return"] for part in parts))


@pytest.mark.parametrize("schedule", [{"shape": "table"}, {"shape": "constant", "values": [1.0]}])
def test_a_table_needs_values_and_nothing_else_has_them(client, pole, schedule):
    edit = {"feature_idx": 1, "op": "add", "value": 1.0, "schedule": schedule}
    body = {"env": ENV, "episodes": 1, "arms": [{"name": "hand", "edits": [edit]}]}
    refused = client("POST", f"/model/{pole}/run", body, 400)
    assert "table" in refused["error"]["message"]


def test_where_the_model_file_lies_here_is_nobodys_business():
    """Fixtures are written from what the service gives, which the API's schema does not filter."""
    assert "path" not in live.physics("Walker2d-v5")


def test_every_environment_of_version_5_has_a_model_file(client):
    names = [each["id"] for each in client("GET", "/envs")["envs"]]
    bodies = [name for name in names if name.endswith("-v5")]
    assert len(bodies) == 11
    for name in bodies:
        assert client("GET", f"/env/{name}/physics")["task"] == get_env(name).id.removesuffix("-v5")
