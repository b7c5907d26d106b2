"""The guide's three endpoints and its troubleshooting, to the letter; and the whole flow behind them."""

import json

import pytest
import tiny
from http_client import Client
from tiny import Recipe


def test_load_sae_answers_the_guides_fields(client):
    model_id = client.model()
    answer = client("POST", f"/model/{model_id}/load_sae", {"artifacts_dir": "pendulum_w8", "tap_index": 3})
    expected = {"ok": True, "d_in": 8, "d_latent": 16, "k": 8, "tap_index": 3, "has_cached_data": True}
    assert expected.items() <= answer.items()
    assert answer["fvu"] == pytest.approx(0, abs=1e-9)
    assert answer["reproduction_error"] < 1e-9
    assert (answer["n_samples"], answer["stored_tap_index"], answer["env"]) == (400, 3, tiny.ENV)
    assert (answer["candidate"]["tap_index"], answer["candidate"]["activation"]) == (3, "gelu")
    assert answer["warnings"] == []
    assert answer["l0"] == pytest.approx(8)
    assert client("GET", f"/model/{model_id}/sae") == answer


def test_interpret_features_answers_the_guides_fields(client):
    model_id = client.with_sae()
    answer = client("POST", f"/model/{model_id}/interpret_features", {"target_dim": 0, "top_k": 10})
    assert answer["target_dim"] == 0
    assert len(answer["features"]) == 10
    weights = [feature["abs_weight"] for feature in answer["features"]]
    assert weights == sorted(weights, reverse=True)
    assert all(f["abs_weight"] == abs(f["weight"]) for f in answer["features"])
    assert (answer["d_latent"], answer["n_samples"], answer["sort_by"]) == (16, 400, "abs_weight")
    assert answer["target_name"] == "torque" or "action" in answer["target_name"]


def test_interpretation_can_be_sorted(client):
    model_id = client.with_sae()
    body = {"target_dim": 0, "top_k": 16, "sort_by": "ablation_effect"}
    effects = [
        f["ablation_effect"]
        for f in client("POST", f"/model/{model_id}/interpret_features", body)["features"]
    ]
    assert effects == sorted(effects, reverse=True)


def test_sae_perturb_answers_the_guides_fields(client):
    model_id = client.with_sae()
    answer = client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 5, "alpha": 2.0})
    assert (answer["ok"], answer["feature_idx"], answer["alpha"], answer["decoder_norm"]) == (
        True,
        5,
        2.0,
        1.0,
    )
    assert answer["message"] == "Feature perturbation parameters stored"
    stored = client("GET", f"/model/{model_id}/intervention")["intervention"]
    assert stored == answer["intervention"] == client("GET", f"/model/{model_id}")["intervention"]
    assert stored["edits"] == [{"feature_idx": 5, "op": "add", "value": 2.0}]
    assert client("DELETE", f"/model/{model_id}/intervention") == {"intervention": None}
    assert client("GET", f"/model/{model_id}")["intervention"] is None


def test_sae_not_found(client, artifacts):
    model_id = client.model()
    (artifacts / "empty").mkdir()
    for name, looked_at in (("empty", "empty/walker_sae.pt"), ("no_such_dir", "no_such_dir")):
        error = client("POST", f"/model/{model_id}/load_sae", {"artifacts_dir": name}, 404)["error"]
        assert error["message"].startswith("SAE not found")
        assert looked_at in error["message"]
        assert "bc_sae_walker_demo.py" in error["message"]
        assert str(artifacts) not in error["message"]
        assert error["code"] == "sae_not_found"


def test_need_sae_and_cached_data(client, artifacts):
    tiny.write_directory(artifacts, "no_data", Recipe(data=False))
    model_id = client.model()
    body = {"target_dim": 0, "top_k": 4}
    error = client("POST", f"/model/{model_id}/interpret_features", body, 400)["error"]
    assert "Need SAE + cached data" in error["message"]
    info = client("POST", f"/model/{model_id}/load_sae", {"artifacts_dir": "no_data"})
    assert info["has_cached_data"] is False
    assert [warning["code"] for warning in info["warnings"]] == ["no_cached_data"]
    error = client("POST", f"/model/{model_id}/interpret_features", body, 400)["error"]
    assert error["message"].startswith("Need SAE + cached data: no_data ")
    assert "cached_obs.pt" in error["message"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"target_dim": 1, "top_k": 4}, "0 to 0"),
        ({"target_dim": 0, "top_k": 17}, "1 to 16"),
    ],
)
def test_interpretation_out_of_range(client, body, words):
    model_id = client.with_sae()
    assert words in client("POST", f"/model/{model_id}/interpret_features", body, 400)["error"]["message"]


def test_a_feature_that_does_not_exist(client):
    model_id = client.with_sae()
    error = client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 16, "alpha": 1}, 400)["error"]
    assert "0 to 15" in error["message"]
    assert "feature_idx" in error["fields"]


def test_an_sae_that_does_not_fit_the_tap_names_both_sizes_and_the_taps_that_fit(client):
    model_id = client.model()
    body = {"artifacts_dir": "pendulum_w8", "tap_index": 4}
    error = client("POST", f"/model/{model_id}/load_sae", body, 400)["error"]
    assert "reads 8 activations" in error["message"]
    assert "tap 4 of this policy has 1" in error["message"]
    assert "0, 1, 2, 3" in error["message"]
    error = client("POST", f"/model/{model_id}/load_sae", {**body, "tap_index": 9}, 400)["error"]
    assert "0 to 4" in error["message"]


def test_nan_in_the_cached_data_is_explained(client, artifacts):
    import torch

    broken = torch.zeros(400, 8)
    broken[3, 2] = float("nan")
    (artifacts / "pendulum_w8" / "tapped_activations.pt").write_bytes(tiny.saved(broken))
    error = client("POST", f"/model/{client.model()}/load_sae", {"artifacts_dir": "pendulum_w8"}, 400)[
        "error"
    ]
    assert "pendulum_w8/tapped_activations.pt" in error["message"]
    assert "row 3, column 2" in error["message"]


def test_alpha_zero_is_exactly_the_baseline_and_alpha_three_is_not(client):
    model_id = client.with_sae()
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 0, "alpha": 0})
    run = client.run(model_id)
    assert [arm["name"] for arm in run["arms"]] == ["baseline", "intervention"]
    assert run["comparisons"][0]["identical"] is True
    assert run["arms"][0]["episodes"] == run["arms"][1]["episodes"]
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 0, "alpha": 3.0})
    run = client.run(model_id)
    assert run["comparisons"][0]["identical"] is False
    assert run["seeds"] == [3, 4]
    assert [e["seed"] for e in run["arms"][0]["episodes"]] == [3, 4]
    assert run["provenance"]["tap_index"] == 3
    assert run["provenance"]["versions"]["mujoco"]
    assert json.dumps(run, allow_nan=False)


def test_the_flow_survives_deleting_the_artifacts_directory(client, artifacts):
    import shutil

    model_id = client.with_sae()
    shutil.rmtree(artifacts / "pendulum_w8")
    client("POST", f"/model/{model_id}/interpret_features", {"target_dim": 0, "top_k": 3})
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 1, "alpha": 1.0})
    assert client.run(model_id)["state"] == "done"


def test_a_run_is_there_after_a_restart_and_repeats_bit_for_bit(app, client, settings):
    from policyscope.api.app import create_app
    from policyscope.api.current import WORKSPACE

    model_id = client.with_sae()
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 2, "alpha": 1.5})
    before = client.run(model_id)
    app.extensions[WORKSPACE].close()
    restarted = create_app(settings)
    try:
        again = Client(restarted.test_client())
        assert again("GET", f"/run/{before['id']}") == before
        assert again("GET", f"/model/{model_id}")["intervention"]["alpha"] == 1.5
        repeated = again.run(model_id)
        assert repeated["arms"] == before["arms"]
        assert repeated["provenance"] == before["provenance"]
    finally:
        restarted.extensions[WORKSPACE].close()
