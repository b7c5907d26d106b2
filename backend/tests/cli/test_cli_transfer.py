"""``policyscope workspace``."""


def test_a_workspace_goes_out_and_comes_in_again(cli, model, artifacts, tmp_path, monkeypatch):
    cli("collections", "add", model, "bookmarks", 5)
    cli("run", model, "--env", "Pendulum-v1", "--episodes", 2, "--max_steps", 10)
    path = tmp_path / "monday.zip"
    assert "bytes" in cli("workspace", "export", "--output", path)
    assert "were here already" in cli("workspace", "import", path)
    monkeypatch.setenv("POLICYSCOPE_ARTIFACTS", str(tmp_path / "elsewhere"))
    report = cli("workspace", "import", path, "--json")
    assert report["models"] == [{"id": model, "name": "imitator", "new": True}]
    assert report["counts"]["runs"]["new"] == 1
    found = cli("collections", "list", model, "--json")["collections"]
    assert [entry["feature_idx"] for entry in found[0]["features"]] == [5]
    path.write_bytes(path.read_bytes()[:-100])
    assert "not a workspace" in cli("workspace", "import", path, status=2)
    assert "no file" in cli("workspace", "import", tmp_path / "none.zip", status=2)
