"""Report cards, sweeps and analyses of a workspace: the pages elsewhere answer as they did here."""

import json
import re
import time

import pytest
import tiny
from transfer_files import export, filled, forged, take_in, without

SWEEP = {
    "env": tiny.ENV, "tap_index": tiny.TAP, "d_latent": [16], "topk": [2], "seeds_of_each": 1, "steps": 40,
    "batch": 32, "num_traj": 6, "max_timesteps": 30, "eval_episodes": 3, "cache_samples": 64,
}  # fmt: skip


@pytest.fixture
def studied(here):
    """A model with an analysis, a report card and a sweep; and the sweep's id."""
    model, _ = filled(here)
    for path, wanted in (("analyse", None), ("report", {"env": tiny.ENV, "episodes": 2, "max_steps": 10})):
        accepted = here("POST", f"/model/{model}/{path}", wanted, 202)
        assert here.finished(accepted["job_id"])["state"] == "done"
    accepted = here("POST", f"/model/{model}/sweep", SWEEP, 202)
    assert here.finished(accepted["job_id"])["state"] == "done"
    address = f"?model={model}&screen=train&sweep={accepted['sweep_id']}"
    here("POST", "/views", {"name": "the sweep", "address": address, "model_id": model}, 201)
    return model, accepted["sweep_id"]


def undated(value):
    """Without the moments at which notes were written, which are those of the import there."""
    text = json.dumps(value)
    return json.loads(re.sub(r'"updated_at": "[^"]*"', '"updated_at": null', text))


def test_the_pages_answer_the_same_elsewhere(here, there, studied):
    model, sweep = studied
    data = export(here)
    report = take_in(there, data)
    assert report["counts"]["reports"] == report["counts"]["sweeps"] == {"new": 1, "known": 0, "kept": 0}
    assert report["analysing"] == [model]
    assert ", 1 report card, 1 sweep, " in report["sentence"]
    came = report["renamed"][sweep]
    assert f"sweep={came}" in there("GET", "/views")["views"][0]["address"]
    cards = [client("GET", f"/model/{model}/reports")["reports"] for client in (here, there)]
    assert [without(one, "imported_at") for one in cards[0]] == [
        without(one, "imported_at") for one in cards[1]
    ]
    ours, theirs = here("GET", f"/sweep/{sweep}"), there("GET", f"/sweep/{came}")
    different = ("sweep_id", "job", "imported_at")
    assert without(theirs, *different) == without(ours, *different)
    listed = [client("GET", f"/model/{model}/sweeps")["sweeps"] for client in (here, there)]
    for made_here, came_in in ((ours, theirs), (cards[0][0], cards[1][0]), (listed[0][0], listed[1][0])):
        assert made_here["imported_at"] is None
        assert came_in["imported_at"] > came_in.get("created_at", "")
    different = ("sweep_id", "job_id", "imported_at")
    assert [without(one, *different) for one in listed[0]] == [without(one, *different) for one in listed[1]]
    weights = [client.http.get(f"/sweep/{one}/sae?cell=0") for client, one in ((here, sweep), (there, came))]
    assert weights[0].data == weights[1].data != b""
    while there("GET", f"/model/{model}/analysis")["state"] != "done":
        time.sleep(0.1)
    for path in (f"/model/{model}/features", f"/model/{model}/feature/3", f"/model/{model}/clusters"):
        assert undated(there("GET", path)) == undated(here("GET", path))
    used = there("POST", f"/sweep/{came}/use", {"cell": 0})
    assert used["has_cached_data"]


def test_once_more_is_known_here_and_there(here, there, studied):
    data = export(here)
    first, again, own = take_in(there, data), take_in(there, data), take_in(here, data)
    assert first["counts"]["sweeps"]["new"] == 1
    assert again["sentence"].startswith("Nothing new came in. ")
    for report in (again, own):
        for kind in ("reports", "sweeps"):
            assert report["counts"][kind] == {"new": 0, "known": 1, "kept": 0}
    assert own["renamed"] == {}


def test_a_sweep_that_came_in_does_not_stand_in_for_one_asked_for_here(here, there, studied):
    model, _ = studied
    take_in(there, export(here))
    plan = there("POST", f"/model/{model}/sweep/plan", SWEEP)
    assert not plan["done"]
    assert here("POST", f"/model/{model}/sweep/plan", SWEEP)["done"]
    assert plan["cells"] == here("POST", f"/model/{model}/sweep/plan", SWEEP)["cells"]


def test_the_file_says_what_it_does_not_hold(here, studied):
    told = {}
    forged(export(here), lambda index, files: told.update(index))
    assert any("Videos" in sentence for sentence in told["left_out"])
    assert told["analysed"] == [studied[0]]


def changed(file, change):
    """The archive with one JSON file of what was made changed."""

    def forge(index, files):
        name = next(name for name in files if name.startswith("made/") and name.endswith(file))
        value = json.loads(files[name])
        change(value)
        files[name] = json.dumps(value).encode()

    return forge


def first_cell(files, how):
    name = next(name for name in files if name.endswith("cell-0.safetensors"))
    files[name] = how(files[name])


FORGED = [
    (changed("report.json", lambda value: value.pop("sentence")), "report card"),
    (changed("report.json", lambda value: value.update(env=3)), "report card"),
    (changed("result.json", lambda value: value.pop("baseline")), "sweep"),
    (changed("result.json", lambda value: value["cells"].append(value["cells"][0])), "2 SAEs"),
    (changed("result.json", lambda value: value["cells"][0]["values"].update(k=99)), "k is 99"),
    (lambda index, files: first_cell(files, lambda data: data[:-8]), "sweep"),
    (lambda index, files: index["made"][1]["spec"].update(weights_sha256="0" * 64), "not the one"),
    (lambda index, files: index["made"][0]["spec"].update(sae_content="0" * 48), "not written"),
    (lambda index, files: index["made"][0].update(model_id="m_000000000000"), "does not hold it"),
    (lambda index, files: index["analysed"].append("m_000000000000"), "does not hold it"),
    (lambda index, files: index["made"][0]["spec"].pop("env"), "not written"),
]


def test_what_is_not_what_it_claims_to_be_leaves_nothing(here, there, studied):
    data = export(here)
    for forge, message in FORGED:
        refused = take_in(there, forged(data, forge), expect=400)
        assert message in refused["error"]["message"], refused
        assert there("GET", "/models")["models"] == []
