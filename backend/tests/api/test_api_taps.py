"""Never trust a tap: contradictory artifacts give a structured warning whose fix, sent as it is, works."""

import tiny
from tiny import Recipe


def load(client, model_id, name, tap_index=None):
    return client("POST", f"/model/{model_id}/load_sae", {"artifacts_dir": name, "tap_index": tap_index})


def codes(info):
    return [warning["code"] for warning in info["warnings"]]


def apply_fix(client, warning):
    fix = warning["fix"]
    assert fix["label"]
    return client(fix["method"], fix["path"], fix["body"])


def test_requested_tap_differs_from_the_stored_and_true_one(client):
    model_id = client.model()
    info = load(client, model_id, "pendulum_w8", tap_index=1)
    assert (info["tap_index"], info["stored_tap_index"]) == (1, 3)
    assert info["reproduction_error"] > 0.01
    assert info["candidate"]["tap_index"] == 3
    assert codes(info) == ["tap_mismatch"]
    assert "tap 3 reproduces" in info["warnings"][0]["message"]
    fixed = apply_fix(client, info["warnings"][0])
    assert (fixed["tap_index"], fixed["warnings"]) == (3, [])


def test_the_stored_tap_is_wrong_and_the_data_say_so(client, artifacts):
    tiny.write_directory(artifacts, "mislabelled", Recipe(stored_tap=1))
    model_id = client.model()
    info = load(client, model_id, "mislabelled")
    assert (info["tap_index"], info["candidate"]["tap_index"]) == (1, 3)
    assert codes(info) == ["tap_mismatch"]
    fixed = apply_fix(client, info["warnings"][0])
    assert (fixed["tap_index"], fixed["stored_tap_index"]) == (3, 1)
    assert codes(fixed) == ["tap_mismatch"]  # the file still says otherwise, but nothing is to be done
    assert fixed["warnings"][0]["fix"] is None
    assert "Nothing needs to be done" in fixed["warnings"][0]["message"]


def test_a_relu_policy_whose_file_does_not_say_so(client, artifacts):
    tiny.write_directory(artifacts, "relu", Recipe(activation="relu"))
    model_id = client.model()
    assert client("GET", f"/model/{model_id}")["activation_source"] == "default"
    info = load(client, model_id, "relu")
    assert codes(info) == ["activation_mismatch"]
    assert "gelu, which was assumed" in info["warnings"][0]["message"]
    assert info["candidate"]["activation"] == "relu"
    assert client("GET", f"/model/{model_id}")["activation_source"] == "default"
    model = apply_fix(client, info["warnings"][0])
    assert (model["activation"], model["activation_source"]) == ("relu", "user")
    assert model["sae"]["warnings"] == []
    assert model["sae"]["reproduction_error"] < 1e-9


def test_both_wrong_are_two_warnings_and_two_fixes(client, artifacts):
    tiny.write_directory(artifacts, "both", Recipe(activation="tanh", stored_tap=1))
    model_id = client.model()
    info = load(client, model_id, "both")
    assert codes(info) == ["tap_mismatch", "activation_mismatch"]
    for warning in info["warnings"]:
        apply_fix(client, warning)
    final = client("GET", f"/model/{model_id}/sae")
    assert final["reproduction_error"] < 1e-9
    assert [warning["fix"] for warning in final["warnings"]] == [None]


def test_data_that_confirm_an_assumed_activation_verify_it(client):
    model_id = client.with_sae()
    assert client("GET", f"/model/{model_id}")["activation_source"] == "verified"


def test_data_of_another_policy(client):
    model_id = client.model(seed=99)
    info = load(client, model_id, "pendulum_w8")
    assert codes(info) == ["high_fvu"]
    assert "not made by this policy" in info["warnings"][0]["message"]
    assert client("GET", f"/model/{model_id}")["activation_source"] == "default"


def test_an_sae_that_explains_little(client, artifacts):
    directory = tiny.write_directory(artifacts, "poor")
    (directory / "walker_sae.pt").write_bytes(tiny.sae_bytes(k=1))
    info = load(client, client.model(), "poor")
    assert codes(info) == ["high_fvu"]
    assert info["fvu"] > 0.1


def test_without_data_the_stored_tap_is_only_a_suggestion(client, artifacts):
    tiny.write_directory(artifacts, "blind", Recipe(data=False))
    model_id = client.model()
    info = load(client, model_id, "blind", tap_index=1)
    assert codes(info) == ["tap_mismatch", "no_cached_data"]
    assert (info["fvu"], info["candidate"], info["n_samples"]) == (None, None, None)
    assert apply_fix(client, info["warnings"][0])["tap_index"] == 3


def test_an_sae_without_a_tap_asks_for_one(client, artifacts):
    tiny.write_directory(artifacts, "untapped", Recipe(stored_tap=None))
    model_id = client.model()
    path, body = f"/model/{model_id}/load_sae", {"artifacts_dir": "untapped"}
    error = client("POST", path, body, 400)["error"]
    assert "0, 1, 2, 3" in error["fields"]["tap_index"]
    assert load(client, model_id, "untapped", tap_index=3)["warnings"] == []


def test_a_tap_before_any_activation_function_says_nothing_about_it(client, artifacts):
    tiny.write_directory(artifacts, "early", Recipe(data_tap=0, stored_tap=0, activation="relu"))
    model_id = client.model()
    info = load(client, model_id, "early")
    assert info["warnings"] == []
    assert info["candidate"]["activation"] == "gelu"
    assert client("GET", f"/model/{model_id}")["activation_source"] == "default"


def test_loading_another_sae_drops_the_stored_perturbation_and_the_same_one_keeps_it(client, artifacts):
    directory = tiny.write_directory(artifacts, "other")
    (directory / "walker_sae.pt").write_bytes(tiny.sae_bytes(k=4))
    model_id = client.with_sae()
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 3, "alpha": 1})
    first = client("GET", f"/model/{model_id}/sae")["id"]
    assert load(client, model_id, "pendulum_w8")["id"] == first
    assert client("GET", f"/model/{model_id}")["intervention"] is not None
    assert load(client, model_id, "other")["id"] != first
    assert client("GET", f"/model/{model_id}")["intervention"] is None


def test_detaching(client):
    model_id = client.with_sae()
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 3, "alpha": 1})
    assert client("DELETE", f"/model/{model_id}/sae") == {"ok": True}
    assert client("GET", f"/model/{model_id}/sae", expect=404)["error"]["code"] == "no_sae"
    assert client("GET", f"/model/{model_id}")["intervention"] is None
    error = client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 3, "alpha": 1}, 404)["error"]
    assert error["message"].startswith("SAE not found")
