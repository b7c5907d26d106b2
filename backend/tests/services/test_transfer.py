"""A workspace goes out as one file and comes in elsewhere as it was."""

import pytest
import tiny
from transfer_files import export, filled, forged, hashed, packed, parts_of, take_in, without

from policyscope.api.current import WORKSPACE
from policyscope.api.schemas.transfer import CHECKS
from policyscope.core.errors import PolicyscopeError
from policyscope.services.transfer import exporting, importing


def test_everything_arrives_as_it_was(here, there):
    model, run = filled(here)
    study = here(
        "POST", f"/model/{model}/scan",
        {"env": tiny.ENV, "features": 2, "episodes": 6, "confirm_episodes": 6, "max_steps": 10,
         "measure": "return"}, 202,
    )  # fmt: skip
    assert here.finished(study["job_id"])["state"] == "done"
    report = take_in(there, export(here))
    assert report["counts"]["models"] == {"new": 1, "known": 0, "kept": 0}
    assert report["counts"]["runs"]["new"] == 2
    assert report["renamed"] == {}
    assert report["models"] == [{"id": model, "name": "imitator", "new": True}]
    for path in (f"/model/{model}/edits", f"/model/{model}/acting", f"/model/{model}/summary"):
        assert there("GET", path) == here("GET", path)
    ours, theirs = (client("GET", f"/model/{model}") for client in (here, there))
    assert without(theirs, "created_at") == without(ours, "created_at")
    assert there("GET", f"/run/{study['run_id']}/effects") == here("GET", f"/run/{study['run_id']}/effects")
    came = there("GET", f"/run/{run['id']}")
    assert came["provenance"].pop("imported_at")
    different = ("job_id", "finished_at", "provenance")
    assert without(came, *different) == without(run, *different)
    replay = f"/run/{run['id']}/replay?seed={run['seeds'][0]}"
    assert there.http.get(replay).data == here.http.get(replay).data
    views = [client("GET", "/views")["views"] for client in (here, there)]
    assert [view["address"] for view in views[0]] == [view["address"] for view in views[1]]
    shown = [client("GET", f"/model/{model}/collections")["collections"] for client in (here, there)]
    names = [[(one["name"], [e["feature_idx"] for e in one["features"]]) for one in each] for each in shown]
    assert names[0] == names[1] == [("bookmarks", [5]), ("swing", [3])]


def test_a_run_that_came_in_is_played_again_rather_than_believed(here, there):
    model, run = filled(here)
    take_in(there, export(here))
    again = there.run(model)
    assert again["id"] != run["id"]
    assert again["comparisons"] == run["comparisons"]
    assert again["provenance"]["imported_at"] is None


def test_twice_the_same_changes_nothing(here):
    model, _ = filled(here)
    data = export(here)
    for _ in range(2):
        report = take_in(here, data)
        assert {kind: counts["new"] for kind, counts in report["counts"].items()} == dict.fromkeys(
            importing.KINDS, 0
        )
    assert [one["id"] for one in here("GET", "/models")["models"]] == [model]
    assert len(here("GET", "/runs")["runs"]) == 1


def test_what_is_here_stays_and_the_rest_gets_ids_of_its_own(here):
    model, run = filled(here)
    data = export(here)
    here("POST", f"/model/{model}/undo")
    here("PUT", f"/model/{model}/feature/5/note", {"name": "mine"})
    before = here("GET", f"/model/{model}")
    report = take_in(here, data)
    assert report["counts"]["models"]["new"] == 1
    (came,) = [one["id"] for one in report["models"]]
    assert came == report["renamed"][model] != model
    assert here("GET", f"/model/{model}") == before
    assert here("GET", f"/model/{came}")["n_edits"] == 1
    assert here("GET", f"/run/{report['renamed'][run['id']]}")["model_id"] == came
    address = here("GET", "/views")["views"][0]["address"]
    assert (
        f"model={came}&run={report['renamed'][run['id']]}&sae={report['renamed'][before['sae']['id']]}"
        in address
    )
    again = take_in(here, data)  # the copy is recognised
    assert again["counts"]["models"] == {"new": 0, "known": 1, "kept": 0}
    assert again["models"][0]["id"] == came


def test_your_own_note_stays_and_bookmarks_are_joined(here):
    model, _ = filled(here)
    data = export(here)
    here("PUT", f"/model/{model}/feature/5/note", {"name": "mine"})
    here("DELETE", f"/model/{model}/collection/bookmarks/feature/5")
    here("PUT", f"/model/{model}/collection/bookmarks/feature/1", {})
    (swing,) = here("GET", f"/model/{model}/collections")["collections"][1:]
    here("PUT", f"/model/{model}/collection/{swing['id']}/feature/3", {"note": "down"})
    report = take_in(here, data)
    assert report["counts"]["notes"] == {"new": 0, "known": 0, "kept": 1}
    assert "stayed" in report["sentence"]
    shown = here("GET", f"/model/{model}/collections")["collections"]
    assert [(one["name"], [e["feature_idx"] for e in one["features"]]) for one in shown] == [
        ("bookmarks", [1, 5]), ("swing", [3]), ("swing (2)", [3]),
    ]  # fmt: skip


def test_one_model_alone(here, there):
    model, _ = filled(here)
    other = here.model(seed=1)
    report = take_in(there, export(here, other))
    assert [one["id"] for one in report["models"]] == [other]
    assert report["counts"]["views"]["new"] == report["counts"]["runs"]["new"] == 0
    here("POST", "/workspace/export", {"model_id": "m_none"}, 404)
    here("GET", "/workspace/export/x_000000000000", expect=404)
    take_in(there, export(here))  # the rest, beside it
    assert {one["id"] for one in there("GET", "/models")["models"]} == {model, other}


def test_an_id_that_comes_back_is_not_the_model_it_was(here, there):
    """What was remembered of a deleted model must not answer for the one that has its id now."""
    model = there.model(seed=0)
    key = "net.0.weight"
    old = there("GET", f"/model/{model}/layer_weights/{key}")["values"]
    other = here.model(seed=1)
    index, files = parts_of(export(here))
    index["models"][0]["id"] = model
    files = {name.replace(other, model): content for name, content in files.items()}
    there("DELETE", f"/model/{model}")
    take_in(there, packed(hashed(index, files), files))
    new = there("GET", f"/model/{model}/layer_weights/{key}")["values"]
    assert new == here("GET", f"/model/{other}/layer_weights/{key}")["values"] != old


def test_the_download_is_served_in_ranges(here):
    here.model()
    accepted = here("POST", "/workspace/export", {}, 202)
    here.finished(accepted["job_id"])
    path = f"/workspace/export/{accepted['export_id']}"
    with here.http.get(path) as whole, here.http.get(path, headers={"Range": "bytes=100-199"}) as part:
        assert part.status_code == 206
        assert part.data == whole.data[100:200]
        assert "workspace.zip" in whole.headers["Content-Disposition"]


def test_an_export_that_waits_keeps_what_it_is_written_from(here, monkeypatch):
    monkeypatch.setattr(exporting, "KEPT", 1)
    here.model()
    waiting = [here("POST", "/workspace/export", {}, 202)["job_id"] for _ in range(5)]
    assert [here.finished(job_id)["state"] for job_id in waiting] == ["done"] * 5


def test_a_failed_import_leaves_nothing(here, there, tmp_path):
    filled(here)

    def spoil(index, files):
        name = next(name for name in files if name.endswith("result.json"))
        files[name] = b'{"arms": [], "comparisons": []}'

    ws = there.http.application.extensions[WORKSPACE]
    path = tmp_path / "bad.zip"
    path.write_bytes(forged(export(here), spoil))
    with pytest.raises(PolicyscopeError, match="Run r_"):
        importing.read(ws, path, "bad.zip", CHECKS)
    assert there("GET", "/models") == {"models": []}
    assert [ws.store.names(kind) for kind in ("models", "saes", "runs")] == [[], [], []]
