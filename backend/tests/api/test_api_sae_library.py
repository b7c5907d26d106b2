"""Several SAEs of one model: upload, list, switch, export."""

import io
import json
import zipfile

import numpy as np
import pytest
import tiny
from safetensors.numpy import load, save

from policyscope.core.activations import read_tensor
from policyscope.core.sae_formats import open_sae, open_sae_files


def saelens_files(d_in=8, architecture="jumprelu"):
    rng = np.random.default_rng(0)
    tensors = {
        "W_enc": rng.standard_normal((d_in, 20)).astype(np.float32),
        "W_dec": rng.standard_normal((20, d_in)).astype(np.float32),
        "b_enc": np.zeros(20, np.float32),
        "b_dec": np.zeros(d_in, np.float32),
        "threshold": np.full(20, 0.5, np.float32),
    }
    return save(tensors), json.dumps({"architecture": architecture, "d_in": d_in, "d_sae": 20}).encode()


def send(client, model_id, weights, config=None, expect=201, **form):
    form["file"] = (io.BytesIO(weights), "sae_weights.safetensors")
    if config is not None:
        form["config"] = (io.BytesIO(config), "cfg.json")
    return client("POST", f"/model/{model_id}/sae", expect=expect, data=form)


def test_an_uploaded_sae_is_attached_and_steers(client):
    model_id = client.with_sae()
    info = send(client, model_id, *saelens_files(), tap_index="3")
    assert (info["d_in"], info["d_latent"], info["tap_index"]) == (8, 20, 3)
    assert info["artifacts_dir"] == "upload: sae_weights.safetensors, cfg.json"
    assert info["has_cached_data"]  # of the SAE before, at the same tap
    assert info["fvu"] > 0.1
    assert [warning["code"] for warning in info["warnings"]] == ["high_fvu"]
    assert client("GET", f"/model/{model_id}/sae") == info
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 19, "alpha": 1.0})
    body = {"target_dim": 0, "top_k": 20}
    assert len(client("POST", f"/model/{model_id}/interpret_features", body)["features"]) == 20


def test_several_saes_one_active(client):
    model_id = client.with_sae()
    first = client("GET", f"/model/{model_id}/sae")
    second = send(client, model_id, *saelens_files(), tap_index="3")
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 19, "alpha": 1.0})
    listed = client("GET", f"/model/{model_id}/saes")
    assert {sae["id"] for sae in listed["saes"]} == {first["id"], second["id"]}
    assert listed["active"] == second["id"]
    assert client("PUT", f"/model/{model_id}/saes/active", {"sae_id": first["id"]}) == first
    assert client("GET", f"/model/{model_id}/saes")["active"] == first["id"]
    assert client("GET", f"/model/{model_id}/intervention")["intervention"] is None


def test_an_sae_of_another_model_is_not_there(client):
    mine, other = client.with_sae(), client.model(seed=1)
    sae_id = client("GET", f"/model/{mine}/sae")["id"]
    for wanted in (sae_id, "s_nothing", "s\x00"):
        error = client("PUT", f"/model/{other}/saes/active", {"sae_id": wanted}, expect=404)["error"]
        assert "This model has no SAE" in error["message"]
    assert client("GET", f"/model/{other}/saes") == {"saes": [], "active": None}


@pytest.mark.parametrize(
    ("weights", "config", "words"),
    [
        (saelens_files()[0], None, "needs its cfg.json"),
        (saelens_files()[0], b"{", "not JSON"),
        (*saelens_files(architecture="standard"), "threshold, whose meaning is not known"),
        (b"nonsense", None, "sae_weights.safetensors"),
        (*saelens_files(d_in=7), "no layer of this policy has as many"),
    ],
)
def test_what_cannot_be_read_is_refused_and_changes_nothing(client, weights, config, words):
    model_id = client.model()
    error = send(client, model_id, weights, config, expect=400, tap_index="3")["error"]
    assert words in error["message"]
    assert client("GET", f"/model/{model_id}/saes") == {"saes": [], "active": None}


def test_without_data_the_upload_says_so(client):
    info = send(client, client.model(), *saelens_files(), tap_index="3")
    assert (info["has_cached_data"], info["fvu"]) == (False, None)
    (warning,) = info["warnings"]
    assert (warning["code"], warning["fix"]) == ("no_cached_data", None)
    assert "An uploaded SAE brings no cached data along" in warning["message"]


def test_a_missing_tap_is_asked_for_only_where_one_would_fit(client):
    model_id = client.model()
    asked = send(client, model_id, *saelens_files(), expect=400)["error"]
    assert "Taps that fit" in asked["fields"]["tap_index"]
    foreign = send(client, model_id, *saelens_files(d_in=7), expect=400)["error"]
    assert "trained on another policy" in foreign["message"]
    assert "tap_index" not in foreign["fields"]


def test_export_gives_the_same_sae(client):
    model_id = client.with_sae()
    path = f"/model/{model_id}/sae/export"
    original = open_sae(tiny.sae_bytes(tap_index=tiny.TAP), "walker_sae.pt")
    single = client.http.get(f"{path}?format=original")
    assert "walker_sae.pt" in single.headers["Content-Disposition"]
    assert open_sae(single.data, "f").fingerprint() == original.fingerprint()
    plain = client.http.get(path)
    assert set(load(plain.data)) == {"w_enc", "b_enc", "w_dec", "b_dec"}
    with zipfile.ZipFile(io.BytesIO(client.http.get(f"{path}?format=saelens").data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert open_sae_files(files).fingerprint() == original.fingerprint()
    client("GET", f"{path}?format=gguf", expect=422)


def test_export_without_an_sae(client):
    assert client("GET", f"/model/{client.model()}/sae/export", expect=404)["error"]["code"] == "no_sae"


@pytest.mark.parametrize("ending", [".npy", ".npz", ".safetensors"])
def test_cached_data_of_a_directory_may_be_in_other_formats(client, artifacts, ending):
    directory = tiny.write_directory(artifacts, "other")
    before = client("POST", f"/model/{client.model()}/load_sae", {"artifacts_dir": "other"})
    for stem in ("cached_obs", "tapped_activations"):
        path = directory / f"{stem}.pt"
        rows = read_tensor(path.read_bytes(), stem)
        path.unlink()
        target = directory / f"{stem}{ending}"
        if ending == ".safetensors":
            target.write_bytes(save({stem: rows}))
        else:
            (np.save if ending == ".npy" else np.savez)(target, rows)
    listed = {each["artifacts_dir"]: each for each in client("GET", "/artifacts")["directories"]}
    assert listed["other"]["complete"]
    info = client("POST", f"/model/{client.model()}/load_sae", {"artifacts_dir": "other"})
    assert (info["n_samples"], info["fvu"]) == (before["n_samples"], before["fvu"])


def test_two_saes_are_compared_on_the_same_states(client):
    model_id = client.with_sae()
    first = client("GET", f"/model/{model_id}/sae")
    second = send(client, model_id, *saelens_files(), tap_index="3")
    address = f"/model/{model_id}/saes/compare?first={first['id']}&second={second['id']}"
    found = client("GET", address)
    assert [sae["id"] for sae in found["saes"]] == [first["id"], second["id"]]
    assert found["saes"][0]["fvu"] < 1e-6 < found["saes"][1]["fvu"]
    assert [sae["return_recovered"] for sae in found["saes"]] == [None, None]
    matching = found["matching"]
    cosines = [match["cosine"] for match in matching["matches"]]
    assert cosines == sorted(cosines, reverse=True)
    same = {match["feature"] for match in matching["matches"] if match["same"]}
    assert same.isdisjoint(matching["only_first"])
    assert {null["name"] for null in matching["nulls"]} >= {"random directions", "data points"}

    elsewhere = send(client, model_id, *saelens_files(), tap_index="1")
    other = client("GET", f"/model/{model_id}/saes/compare?first={first['id']}&second={elsewhere['id']}")
    assert other["matching"] is None
    assert other["saes"][1]["tap_index"] == 1

    twice = address.replace(second["id"], first["id"])
    assert "the same one" in client("GET", twice, expect=400)["error"]["message"]
    client("GET", address.replace(second["id"], "s_none"), expect=404)
