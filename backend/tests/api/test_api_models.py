"""Models, their network, their raw weights."""

import io
import json
from collections import OrderedDict

import numpy as np
import pytest
import tiny
import torch


def test_upload_describes_the_model(client):
    model = client.upload(tiny.policy_bytes(), name="Walker", filename="imitator.pt")
    assert (model["name"], model["filename"], model["format"]) == (
        "Walker",
        "imitator.pt",
        "torch_state_dict",
    )
    assert (model["obs_dim"], model["act_dim"], model["n_parameters"]) == (
        3,
        1,
        3 * 8 + 8 + 8 * 8 + 8 + 8 + 1,
    )
    assert (model["activation"], model["activation_source"]) == ("gelu", "default")
    assert model["compatible_envs"] == [tiny.ENV]
    assert (model["sae"], model["intervention"], model["n_edits"]) == (None, None, 0)
    assert model["size_bytes"] == len(tiny.policy_bytes())
    assert client("GET", f"/model/{model['id']}") == model
    assert client("GET", "/models")["models"] == [model]


def test_the_activation_may_be_given_with_the_upload(client):
    model = client.upload(tiny.policy_bytes(), activation="relu")
    assert (model["activation"], model["activation_source"]) == ("relu", "user")
    error = client.upload(tiny.policy_bytes(), activation="swishy", expect=400)["error"]
    assert "gelu" in error["message"]
    assert "activation" in error["fields"]


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"\x89PNG....", b"PK\x03\x04broken", tiny.saved({"x": 1}), b"[1, 2]", b"\x80\x04."],
)
def test_other_files_are_refused_with_what_is_supported(client, content):
    error = client.upload(content, filename="walker.bin", expect=400)["error"]
    assert error["code"] == "unsupported_file"
    assert error["message"].startswith("walker.bin:")
    assert "Supported are" in error["message"]
    assert client("GET", "/models")["models"] == []


def test_an_upload_needs_a_file(client):
    form = {"data": {"name": "x"}, "content_type": "multipart/form-data"}
    error = client("POST", "/upload", expect=422, **form)["error"]
    assert "file" in error["fields"]
    client("POST", "/upload", {"file": "text"}, expect=415)


def test_an_architecture_can_be_drawn_and_not_run(client):
    layers = json.dumps({"layers": [{"size": 3}, {"size": 8}, {"size": 1}]}).encode()
    model = client.upload(layers, filename="net.json")
    assert model["architecture_only"] is True
    assert model["compatible_envs"] == []
    summary = client("GET", f"/model/{model['id']}/summary")
    assert [layer["size"] for layer in summary["layers"]] == [3, 8, 1]
    assert summary["parameters"] == []
    assert summary["connections"][0] == {
        "from_layer": 0,
        "to_layer": 1,
        "key": None,
        "max_abs": None,
        "edges": [],
    }
    run = {"env": tiny.ENV, "episodes": 1}
    error = client("POST", f"/model/{model['id']}/run", run, 400)["error"]
    assert "without weights" in error["message"]
    client("POST", f"/model/{model['id']}/load_sae", {"artifacts_dir": "pendulum_w8"}, 400)
    client("POST", f"/model/{model['id']}/perturb", {"key": "net.0.weight", "op": "set", "value": 1}, 400)


def test_rename_and_delete(client, settings):
    model_id = client.with_sae()
    assert client("PATCH", f"/model/{model_id}", {"name": "  Anna "})["name"] == "  Anna "
    client("PATCH", f"/model/{model_id}", {"name": "\n"}, 422)
    client("PATCH", f"/model/{model_id}", {"activation": "nope"}, 400)
    run = client.run(model_id)
    assert client("DELETE", f"/model/{model_id}") == {"ok": True}
    for path in (f"/model/{model_id}", f"/run/{run['id']}"):
        client("GET", path, expect=404)
    kept = [p for kind in ("models", "saes", "runs") for p in (settings.store / kind).glob("*")]
    assert kept == []


def test_deleting_one_of_two_models_keeps_the_shared_sae(client):
    first, second = client.with_sae(), client.with_sae()
    client("DELETE", f"/model/{first}")
    client("POST", f"/model/{second}/interpret_features", {"target_dim": 0, "top_k": 1})


def test_summary_of_the_network(client):
    model_id = client.model()
    summary = client("GET", f"/model/{model_id}/summary")
    assert [m["kind"] for m in summary["modules"]] == [
        "linear",
        "activation",
        "linear",
        "activation",
        "linear",
    ]
    assert [m["index"] for m in summary["modules"]] == [0, 1, 2, 3, 4]
    assert [p["key"] for p in summary["parameters"]][:2] == ["net.0.weight", "net.0.bias"]
    assert [(x["size"], x["module_index"], x["tap_indices"]) for x in summary["layers"]] == [
        (3, None, []),
        (8, 0, [0, 1]),
        (8, 2, [2, 3]),
        (1, 4, [4]),
    ]
    connection = summary["connections"][1]
    assert (connection["from_layer"], connection["to_layer"], connection["key"]) == (1, 2, "net.2.weight")
    weights = torch.load(io.BytesIO(tiny.policy_bytes()), weights_only=True)["net.2.weight"]
    strengths = [abs(weight) for _, _, weight in connection["edges"]]
    assert strengths == sorted(strengths, reverse=True)
    assert connection["max_abs"] == strengths[0] == pytest.approx(weights.abs().max().item())
    start, to, weight = connection["edges"][5]
    assert weights[int(to), int(start)].item() == weight


def test_at_most_200_edges(client):
    model_id = client.upload(tiny.policy_bytes(sizes=(3, 40, 40, 1)))["id"]
    summary = client("GET", f"/model/{model_id}/summary")
    assert [len(connection["edges"]) for connection in summary["connections"]] == [120, 200, 40]


def test_weights_of_a_layer(client):
    model_id = client.model()
    weights = client("GET", f"/model/{model_id}/layer_weights/net.4.weight")
    assert weights["shape"] == [1, 8]
    assert len(weights["values"][0]) == 8
    assert weights["edited"] == []
    assert weights["stats"]["max"] == pytest.approx(max(weights["values"][0]))
    error = client("GET", f"/model/{model_id}/layer_weights/net.9.weight", expect=404)["error"]
    assert "net.0.weight, net.0.bias" in error["message"]


def test_a_large_layer_is_read_by_windows_with_an_overview(client):
    model_id = client.upload(tiny.policy_bytes(sizes=(3, 300, 300, 1)))["id"]
    path = f"/model/{model_id}/layer_weights/net.2.weight"
    whole = np.array(client("GET", path)["values"])
    client("POST", f"/model/{model_id}/edit_at", {"key": "net.2.weight", "index": [290, 70], "value": -99.0})
    part = client("GET", f"{path}?row=256&column=64&size=64")
    assert (part["shape"], part["start"]) == ([300, 300], [256, 64])
    assert np.shape(part["values"]) == (44, 64)  # cut off at the edge
    assert part["values"][0][0] == whole[256, 64]
    assert part["values"][34][6] == -99.0
    assert part["edited"] == [[290, 70]]
    assert part["overview"]["block"] == [3, 3]
    blocks = np.array(part["overview"]["values"])
    assert blocks.shape == (100, 100)
    assert blocks[96, 23] == -99.0
    first = whole[:3, :3]
    assert blocks[0, 0] == pytest.approx(first.flat[np.abs(first).argmax()], rel=1e-2)
    error = client("GET", f"{path}?row=300&size=64", expect=400)["error"]
    assert "0 to 299" in error["fields"]["row"]
    bias = client("GET", f"/model/{model_id}/layer_weights/net.2.bias?size=64&column=256")
    assert (bias["start"], len(bias["values"]), bias["overview"]) == ([256], 44, None)


def test_edit_undo_reset(client):
    model_id = client.model()
    original = client("GET", f"/model/{model_id}/layer_weights/net.0.weight")["values"]
    cell = {"key": "net.0.weight", "index": [2, 1], "value": 0.25}
    first = client("POST", f"/model/{model_id}/edit_at", cell)
    scaled = client("POST", f"/model/{model_id}/perturb", {"key": "net.0.weight", "op": "scale", "value": 2})
    assert (first["n_edits"], scaled["n_edits"]) == (1, 2)
    assert first["weights_sha256"] != scaled["weights_sha256"]
    edited = client("GET", f"/model/{model_id}/layer_weights/net.0.weight")
    assert edited["values"][2][1] == 0.5
    assert edited["values"][0][0] == pytest.approx(2 * original[0][0])
    assert len(edited["edited"]) == 24
    undone = client("POST", f"/model/{model_id}/undo")
    assert undone["weights_sha256"] == first["weights_sha256"]
    assert client("GET", f"/model/{model_id}/layer_weights/net.0.weight")["edited"] == [[2, 1]]
    listed = client("GET", f"/model/{model_id}/edits")["edits"]
    assert listed == undone["edits"] == [{"position": 0, "op": "edit_at", "seed": None, **cell}]
    assert client("GET", f"/model/{model_id}/summary")["parameters"][0]["edited"] is True
    client("POST", f"/model/{model_id}/reset")
    assert client("GET", f"/model/{model_id}/layer_weights/net.0.weight")["values"] == original
    assert client("POST", f"/model/{model_id}/undo", expect=409)["error"]["code"] == "conflict"


def test_noise_comes_from_its_seed(client):
    model_id = client.model()
    noise = {"key": "net.2.weight", "op": "add_noise", "value": 0.1}
    first = client("POST", f"/model/{model_id}/perturb", {**noise, "seed": 5})["weights_sha256"]
    client("POST", f"/model/{model_id}/reset")
    assert client("POST", f"/model/{model_id}/perturb", {**noise, "seed": 5})["weights_sha256"] == first
    client("POST", f"/model/{model_id}/reset")
    unseeded = client("POST", f"/model/{model_id}/perturb", noise)
    assert unseeded["weights_sha256"] != first
    assert isinstance(unseeded["edits"][0]["seed"], int)  # recorded, so that it can be repeated


@pytest.mark.parametrize(
    "edit",
    [
        {"key": "net.9.weight", "op": "scale", "value": 1},
        {"key": "net.0.weight", "op": "add_noise", "value": -1},
    ],
)
def test_edits_that_cannot_be(client, edit):
    model_id = client.model()
    client("POST", f"/model/{model_id}/perturb", edit, 400)
    assert client("GET", f"/model/{model_id}/edits")["edits"] == []


@pytest.mark.parametrize("index", [[8, 0], [0], [0, 0, 0]])
def test_cells_that_do_not_exist(client, index):
    model_id = client.model()
    error = client(
        "POST", f"/model/{model_id}/edit_at", {"key": "net.0.weight", "index": index, "value": 1}, 400
    )
    assert "[8, 3]" in error["error"]["message"]


def test_overflowing_edits_are_refused(client):
    model_id = client.model()
    edit = {"key": "net.0.weight", "op": "scale", "value": 1e6}
    for _ in range(6):
        client("POST", f"/model/{model_id}/perturb", edit)
    assert "overflow" in client("POST", f"/model/{model_id}/perturb", edit, 400)["error"]["message"]
    assert client("GET", f"/model/{model_id}")["n_edits"] == 6


def test_a_batchnorm_policy_is_drawn_with_its_taps(client):
    state = OrderedDict()
    state["net.0.weight"] = torch.randn(8, 3)
    for name in ("weight", "bias", "running_mean"):
        state[f"net.1.{name}"] = torch.zeros(8)
    state["net.1.running_var"] = torch.ones(8)
    state["net.3.weight"] = torch.randn(1, 8)
    model_id = client.upload(tiny.saved(state))["id"]
    summary = client("GET", f"/model/{model_id}/summary")
    assert [m["kind"] for m in summary["modules"]] == ["linear", "batchnorm", "activation", "linear"]
    assert summary["layers"][1]["tap_indices"] == [0, 1, 2]


def test_demos(client, artifacts):
    demo = client("GET", "/demos")["demos"][0]
    assert (demo["id"], demo["available"], demo["tap_index"]) == ("tiny", True, 3)
    model = client("POST", "/demo/tiny", expect=201)
    assert (model["name"], model["filename"]) == ("A tiny pendulum", "imitator.pt")
    client("POST", "/demo/other", expect=404)
    (artifacts / "pendulum_w8" / "cached_obs.pt").unlink()
    assert client("GET", "/demos")["demos"][0]["available"] is False
    (artifacts / "demo.json").unlink()
    assert client("GET", "/demos") == {"demos": []}


def test_artifacts_directories(client, artifacts):
    tiny.write_directory(artifacts, "nested/deeper", tiny.Recipe(data=False, manifest=False))
    (artifacts / "broken").mkdir()
    (artifacts / "broken" / "walker_sae.pt").write_bytes(b"no")
    (artifacts / "unrelated").mkdir()
    answer = client("GET", "/artifacts")
    assert answer["root"] == "artifacts"
    by_name = {directory["artifacts_dir"]: directory for directory in answer["directories"]}
    assert sorted(by_name) == ["broken", "nested/deeper", "pendulum_w8"]
    good = by_name["pendulum_w8"]
    assert (good["complete"], good["d_in"], good["d_latent"], good["k"], good["tap_index"]) == (
        True,
        8,
        16,
        8,
        3,
    )
    assert (good["env"], good["fits"]) == (tiny.ENV, None)
    assert by_name["nested/deeper"]["missing"] == ["cached_obs.pt", "tapped_activations.pt"]
    assert by_name["broken"]["reason"]
    model_id = client.model()
    other_id = client.upload(tiny.policy_bytes(sizes=(4, 5, 2)))["id"]
    fits = {
        d["artifacts_dir"]: d["fits"] for d in client("GET", f"/artifacts?model_id={model_id}")["directories"]
    }
    assert fits == {"pendulum_w8": True, "nested/deeper": True, "broken": False}
    misfit = client("GET", f"/artifacts?model_id={other_id}")["directories"]
    assert all(directory["fits"] is False and directory["reason"] for directory in misfit)
    client("GET", "/artifacts?model_id=m_missing", expect=404)


def test_environments(client):
    envs = {env["id"]: env for env in client("GET", "/envs")["envs"]}
    assert {"Walker2d-v5", "hard_stable", "CartPole-v1", tiny.ENV} <= set(envs)
    pendulum = envs[tiny.ENV]
    assert (pendulum["obs_dim"], pendulum["act_dim"], len(pendulum["observations"])) == (3, 1, 3)
    assert pendulum["actions"][0]["low"] == -2
    assert envs["CartPole-v1"]["action_kind"] == "discrete"


def test_measures_of_an_environment(client):
    walker = client("GET", "/env/Walker2d-v5/measures")
    assert walker["default"] == "speed"
    speed = next(measure for measure in walker["measures"] if measure["key"] == "speed")
    assert (speed["unit"], speed["direction"]) == ("m/s", "higher")
    assert client("GET", f"/env/{tiny.ENV}/measures")["default"] == "return"
    client("GET", "/env/os:system/measures", None, 400)
