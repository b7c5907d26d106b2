"""What a user corrects of how a model acts: shown, kept, part of a run's identity, and taken back."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import tiny

from benchmarks import parity_policies
from policyscope.api.current import WORKSPACE
from policyscope.core.envs import get_env
from policyscope.core.policy import Policy
from policyscope.services import loaded
from policyscope.store.records import MODEL, ModelRow, require

VEC = parity_policies.FIXTURES / "sb3_ppo_vecnormalize"
NORMALISED = {"mean": [0.1, 0.2, 0.3], "scale": [1.0, 2.0, 3.0], "clip": 5.0}


def policy_of(app, model_id) -> Policy:
    ws = app.extensions[WORKSPACE]
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
    return loaded.build_policy(ws.store, row.id, row.acting, row.edits)


def upload(client, path: Path):
    return client("POST", "/upload", expect=201, data={"file": (io.BytesIO(path.read_bytes()), path.name)})[
        "id"
    ]


def attach(client, model_id, data: bytes, expect=200):
    body = {"file": (io.BytesIO(data), "vec_normalize.pkl")}
    return client("POST", f"/model/{model_id}/vec_normalize", expect=expect, data=body)


def test_what_the_file_says_is_shown(client):
    acting = client("GET", f"/model/{client.model()}/acting")
    unchanged = {"squash": "none", "action_scaling": "box", "observation": None}
    as_it_is = {**unchanged, "action_low": None, "action_high": None}
    told = {"corrected": False, "uploaded": as_it_is, "obs_dim": 3, "act_dim": 1}
    assert acting == {**as_it_is, **told}


def test_every_part_can_be_corrected_and_taken_back(client, app):
    model_id = client.model()
    before, obs = policy_of(app, model_id), np.random.default_rng(0).standard_normal((20, tiny.OBS))
    url = f"/model/{model_id}/acting"
    client("PATCH", url, {"squash": "tanh"})
    assert np.array_equal(policy_of(app, model_id)(obs), np.tanh(before(obs)))
    changed = client("PATCH", url, {"observation": NORMALISED})
    assert (changed["squash"], changed["observation"], changed["corrected"]) == ("tanh", NORMALISED, True)
    seen = np.clip((obs - NORMALISED["mean"]) / NORMALISED["scale"], -5, 5)
    assert np.array_equal(policy_of(app, model_id)(obs), np.tanh(before(seen)))
    ranged = {"action_scaling": "range", "action_low": [-1.0], "action_high": [0.5]}
    changed = client("PATCH", url, ranged)
    assert {name: changed[name] for name in ranged} == ranged
    assert changed["uploaded"]["squash"] == "none"
    assert client("GET", url) == changed
    assert client("DELETE", url)["corrected"] is False
    assert policy_of(app, model_id).fingerprint() == before.fingerprint()


def test_a_correction_that_says_the_same_as_the_file_is_none(client):
    url = f"/model/{client.model()}/acting"
    client("PATCH", url, {"squash": "clip"})
    assert client("PATCH", url, {"squash": "none"})["corrected"] is False


def run(client, model_id):
    body = {"env": tiny.ENV, "episodes": 2, "max_steps": 5, "seed": 0}
    return client("POST", f"/model/{model_id}/run", body, expect=202)


def test_a_result_is_not_reused_for_a_model_that_acts_otherwise(client):
    model_id = client.model()
    first = run(client, model_id)
    client.finished(first["job_id"])
    assert run(client, model_id)["reused"]
    client("PATCH", f"/model/{model_id}/acting", {"squash": "tanh"})
    second = run(client, model_id)
    assert not second["reused"]
    client.finished(second["job_id"])
    stretched = client("GET", f"/run/{second['run_id']}")
    assert stretched["provenance"] != client("GET", f"/run/{first['run_id']}")["provenance"]
    client("DELETE", f"/model/{model_id}/acting")
    assert run(client, model_id)["run_id"] == first["run_id"]


def test_an_attached_sae_is_examined_again(client):
    model_id = client.with_sae()
    assert client("GET", f"/model/{model_id}/sae")["reproduction_error"] < 1e-6
    client("PATCH", f"/model/{model_id}/acting", {"observation": NORMALISED})
    assert client("GET", f"/model/{model_id}/sae")["reproduction_error"] > 1e-3


def test_statistics_of_vec_normalize_give_the_actions_of_sb3(client, app):
    model_id = upload(client, VEC / "agent.zip")
    acting = attach(client, model_id, (VEC / "vec_normalize.pkl").read_bytes())
    assert acting["corrected"]
    assert acting["observation"]["clip"] == 2.0
    theirs = parity_policies.load_file(VEC / parity_policies.RECORDED)["actions"]
    ours = policy_of(app, model_id)(parity_policies.observations())
    assert np.abs(np.clip(ours, [-2, -1], [2, 3]) - theirs).max() <= 1e-6


@pytest.mark.parametrize("data", [b"", b"no pickle", pickle.dumps({"a": 1})])
def test_other_files_are_refused_and_change_nothing(client, data):
    model_id = client.model()
    error = attach(client, model_id, data, expect=400)["error"]
    assert error["message"].startswith("vec_normalize.pkl")
    assert not client("GET", f"/model/{model_id}/acting")["corrected"]


def test_statistics_for_other_observations_are_refused(client):
    error = attach(client, client.model(), (VEC / "vec_normalize.pkl").read_bytes(), expect=400)["error"]
    assert "4 observations; this policy takes 3" in error["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"squash": "relu"},
        {"action_scaling": "range"},
        {"action_low": [0.0], "action_high": [1.0]},
        {"action_scaling": "range", "action_low": [1.0], "action_high": [0.0]},
        {"action_scaling": "range", "action_low": [0.0, 0.0], "action_high": [1.0, 1.0]},
        {"observation": {"mean": [0.0], "scale": [1.0], "clip": None}},
        {"observation": {"mean": [0.0] * 3, "scale": [0.0] * 3, "clip": None}},
        {"observation": {"mean": [0.0] * 3, "scale": [1.0] * 3, "clip": -1}},
        {"squeeze": "tanh"},
    ],
)
def test_what_does_not_fit_is_refused(client, body):
    model_id = client.model()
    client("PATCH", f"/model/{model_id}/acting", body, expect=None)
    assert not client("GET", f"/model/{model_id}/acting")["corrected"]


def test_an_architecture_does_not_act(client):
    data = {"file": (io.BytesIO(b'{"layers": [{"size": 3}, {"size": 1}]}'), "a.json")}
    model_id = client("POST", "/upload", expect=201, data=data)["id"]
    client("PATCH", f"/model/{model_id}/acting", {"squash": "tanh"}, expect=400)


def test_the_correction_goes_with_the_last_model_that_has_it(client, app):
    ids = [client.model(), client.model()]
    for model_id in ids:
        client("PATCH", f"/model/{model_id}/acting", {"squash": "tanh"})
    store = app.extensions[WORKSPACE].store
    kept = lambda: list((store.root / "acting").iterdir())  # noqa: E731
    client("DELETE", f"/model/{ids[0]}")
    assert len(kept()) == 1
    client("DELETE", f"/model/{ids[1]}")
    assert kept() == []


def test_the_environments_box_is_what_is_stretched_to():
    assert [(c.low, c.high) for c in get_env(tiny.ENV).actions] == [(-2.0, 2.0)]
