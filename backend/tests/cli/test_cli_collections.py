"""``policyscope collections``."""


def test_features_are_collected_listed_and_let_go(cli, model):
    assert cli("collections", "add", model, "bookmarks", 5).endswith("bookmarks: 5\n")
    made = cli("collections", "add", model, "swing", 3, 1, "--note", "up")
    assert made.endswith("swing: 3, 1\n")
    cli("collections", "remove", model, "swing", 3)
    cli("collections", "rename", model, "swing", "stance")
    found = cli("collections", "list", model, "--json")["collections"]
    assert [one["name"] for one in found] == ["bookmarks", "stance"]
    assert [(e["feature_idx"], e["note"]) for e in found[1]["features"]] == [(1, "up")]
    assert cli("collections", "export", model, "stance").splitlines()[1].startswith("1,,,,up,")
    cli("collections", "delete", model, "stance")
    assert "collection" in cli("collections", "export", model, "stance", status=2)
    assert "16" in cli("collections", "add", model, "bookmarks", 16, status=2)
