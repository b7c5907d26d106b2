"""Models, SAEs, features and interventions by command."""

import pytest
import tiny

from policyscope.core.sae_formats import open_sae


def test_a_model_is_stored_and_listed(cli, artifacts):
    path = artifacts / "pendulum_w8" / "imitator.pt"
    assert "3 observations, 1 actions; fits Pendulum-v1" in cli("upload", path, "--name", "mine")
    found = cli("models", "--json")["models"]
    assert [one["name"] for one in found] == ["mine"]
    assert found[0]["id"] in cli("models")


def test_bad_files_are_one_sentence(cli, tmp_path):
    assert "cannot be read" in cli("upload", tmp_path / "missing.pt", status=2)
    (tmp_path / "bad.pt").write_bytes(b"no policy")
    output = cli("upload", tmp_path / "bad.pt", status=2)
    assert output.startswith("policyscope: ")
    assert "Traceback" not in output
    assert cli("models", "--json") == {"models": []}


def test_an_sae_from_a_directory_or_a_file(cli, artifacts, model):
    assert cli("load-sae", model, "--artifacts_dir", "pendulum_w8", "--tap_index", 3, "--json")["fvu"] < 1e-6
    assert "16 features on 8 units of tap 3" in cli(
        "load-sae", model, "--file", artifacts / "pendulum_w8" / "walker_sae.pt"
    )
    assert "SAE not found" in cli("load-sae", model, "--artifacts_dir", "nothing", status=2)
    assert "--artifacts_dir or --file" in cli("load-sae", model, status=2)


def test_interpret(cli, model):
    found = cli("interpret", model, "--top_k", 5, "--json")
    weights = [one["abs_weight"] for one in found["features"]]
    assert len(weights) == 5
    assert weights == sorted(weights, reverse=True)
    assert str(found["features"][0]["feature_idx"]) in cli("interpret", model, "--top_k", 1)
    assert "top_k" in cli("interpret", model, "--top_k", 0, status=2)


def test_an_intervention_is_set_shown_and_cleared(cli, model):
    stored = cli("perturb", "set", model, "--feature", 4, "--alpha", 2.0, "--json")["intervention"]
    assert (stored["feature_idx"], stored["alpha"]) == (4, 2.0)
    assert '"feature_idx": 4' in cli("perturb", "show", model)
    edits = cli("perturb", "set", model, "--edits", "4:add:1,7:ablate,1:swap:2", "--json")["intervention"][
        "edits"
    ]
    assert [(edit["feature_idx"], edit["op"]) for edit in edits] == [(4, "add"), (7, "ablate"), (1, "swap")]
    assert edits[2]["other_idx"] == 2
    cli("perturb", "clear", model)
    assert "No intervention" in cli("perturb", "show", model)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--feature", 4), "alpha: Missing data"),
        (("--edits", "4"), "'4' is not an edit"),
        (("--edits", "x:add:1"), "'x:add:1' is not an edit"),
        (("--edits", "4:add"), "A number is needed for add"),
        (("--edits", "4:jump:1"), "edits.0.op"),
        (("--edits", "99:add:1"), "99"),
        (("--edits", "@missing.json"), "cannot be read"),
    ],
)
def test_what_is_no_intervention(cli, model, words, said):
    assert said in cli("perturb", "set", model, *words, status=2)
    assert cli("perturb", "show", model, "--json") == {"intervention": None}


def test_an_sae_is_exported_whole_or_not_at_all(cli, model, tmp_path):
    cli("export", "sae", model, "--output", tmp_path / "sae.safetensors")
    written = (tmp_path / "sae.safetensors").read_bytes()
    original = open_sae(tiny.sae_bytes(), "walker_sae.pt")
    assert open_sae(written, "sae.safetensors").fingerprint() == original.fingerprint()
    assert "cannot be written" in cli("export", "sae", model, "--output", tmp_path / "none" / "x", status=2)
    assert not list(tmp_path.glob(".*"))


def test_two_saes_side_by_side(cli, model, tmp_path):
    first = cli("load-sae", model, "--artifacts_dir", "pendulum_w8", "--tap_index", 3, "--json")["id"]
    (tmp_path / "other.pt").write_bytes(tiny.sae_bytes(k=2))
    second = cli("load-sae", model, "--file", tmp_path / "other.pt", "--json")["id"]
    found = cli("compare-saes", model, first, second, "--json")
    assert [sae["id"] for sae in found["saes"]] == [first, second]
    assert "are the same feature beyond chance" in cli("compare-saes", model, first, second)
    assert "the same one" in cli("compare-saes", model, first, first, status=2)
