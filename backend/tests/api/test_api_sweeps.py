"""Sweeps: planned, made by a job, read while they are made, and one of their SAEs put to use."""

import hashlib

import numpy as np
import pytest
import tiny
from live_server import patience

from policyscope.api.current import WORKSPACE
from policyscope.core.progress import drain
from policyscope.core.sae_formats import open_sae, transcoder_file
from policyscope.core.transcoder import KINDS
from policyscope.services.sweeps import data, work

SMALL = {
    "env": tiny.ENV,
    "tap_index": tiny.TAP,
    "topk": [2, 4],
    "d_latent": [16],
    "seeds_of_each": 2,
    "steps": 40,
    "batch": 32,
    "num_traj": 6,
    "max_timesteps": 30,
    "eval_episodes": 3,
}


def test_a_sweep_judges_every_cell_and_one_is_put_to_use(client):
    model_id = client.model()
    planned = client("POST", f"/model/{model_id}/sweep/plan", SMALL)
    assert [(cell["k"], cell["seed"]) for cell in planned["cells"]] == [(2, 0), (2, 1), (4, 0), (4, 1)]
    assert (planned["done"], planned["estimate_s"], planned["vectors"]) == (False, None, 4 * 40 * 32)
    assert client("GET", "/jobs")["jobs"] == []  # only planned
    accepted = client("POST", f"/model/{model_id}/sweep", SMALL, 202)
    assert accepted["sweep_id"] == planned["sweep_id"]
    job = client.finished(accepted["job_id"], timeout=120)
    assert (job["state"], job["kind"], job["result"]) == ("done", "sweep", {"sweep_id": planned["sweep_id"]})
    found = client("GET", f"/sweep/{accepted['sweep_id']}")
    assert [cell["state"] for cell in found["cells"]] == ["done"] * 4
    assert [one["cells"] for one in found["configurations"]] == [[0, 1], [2, 3]]
    assert found["configurations"][0]["stability"]["saes"] == 2
    assert found["data"]["episodes"] == {"clean": 2, "noisy": 4, "pushed": 0, "reset": 0}
    assert found["sentence"]
    curves = found["cells"][3]["curves"]
    assert len({len(curve) for curve in curves.values()}) == 1
    assert sum(value is not None for value in curves["fall_rate"]) == 3
    again = client("POST", f"/model/{model_id}/sweep", SMALL, 202)
    assert (again["reused"], again["state"], again["job_id"]) == (True, "done", None)
    listed = client("GET", f"/model/{model_id}/sweeps")["sweeps"]
    assert [(one["sweep_id"], one["state"], one["cells"]) for one in listed] == [
        (found["sweep_id"], "done", 4)
    ]
    used = client("POST", f"/sweep/{found['sweep_id']}/use", {"cell": 2})
    assert (used["k"], used["d_latent"], used["tap_index"], used["has_cached_data"]) == (
        4,
        16,
        tiny.TAP,
        True,
    )
    assert client("GET", f"/model/{model_id}/saes")["active"] == used["id"]
    assert client("POST", f"/sweep/{found['sweep_id']}/use", {"cell": 9}, 400)["error"]["fields"]["cell"]
    later = client("POST", f"/model/{model_id}/sweep/plan", {**SMALL, "seed": 1})
    assert later["estimate_s"] > 0  # from the pace of the first


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"env": "Walker2d-v5"}, 400, "17"),
        ({"tap_index": 9}, 400, "tap"),
        ({"topk": [16]}, 400, "smaller k"),
        ({"topk": []}, 422, "topk"),
        ({"variant": ["best"]}, 422, "variant"),
        ({"variant": ["transcoder"]}, 400, "name it as output_tap"),
        ({"output_tap": 3}, 400, "leave it out"),
        ({"variant": ["transcoder"], "output_tap": 1}, 400, "a later one"),
        ({"num_traj": 2}, 400, "at least 3"),
        ({"pushed_share": 0.2}, 400, "pushed"),
        ({"noisy_share": 0.9, "reset_share": 0.2}, 400, "at most 1"),
        ({"reset_share": 0.1}, 400, "reset noise"),
        ({"d_latent": list(range(5, 21)), "topk": [1, 2, 3, 4], "seeds_of_each": 2}, 400, "at most 64"),
        ({"steps": 1_000_000, "batch": 65_536}, 413, "vectors"),
        (
            {
                "max_timesteps": None,
                "eval_episodes": 1000,
                "seeds_of_each": 10,
                "topk": [1, 2, 4],
                "d_latent": [8, 9],
            },
            413,
            "steps",
        ),
    ],
)
def test_what_cannot_be_swept_is_refused_before_anything_is_queued(client, change, status, word):
    model_id = client.model()
    for path in ("sweep/plan", "sweep"):
        error = client("POST", f"/model/{model_id}/{path}", {**SMALL, **change}, status)["error"]
        assert word in str(error)
    assert client("GET", "/jobs")["jobs"] == []


def test_what_is_left_out_is_decided_by_the_width_of_the_tap(client):
    model_id = client.model()
    planned = client("POST", f"/model/{model_id}/sweep/plan", {"env": tiny.ENV, "tap_index": tiny.TAP})
    assert (planned["d_in"], planned["d_latent"], planned["topk"]) == (8, [16], [1, 2, 4])
    assert len(planned["cells"]) == 9
    assert "--topk 4" in planned["command"]


def test_an_interrupted_sweep_shows_what_it_has_and_ends_in_the_same_bytes(client, app):
    model_id = client.model()
    ws = app.extensions[WORKSPACE]
    sweep_id = client("POST", f"/model/{model_id}/sweep", SMALL, 202)["sweep_id"]
    job = client("GET", f"/sweep/{sweep_id}")["job"]
    client.finished(job["id"], timeout=120)
    output = f"sweeps/{sweep_id}"
    whole = _digests(ws.store, output)
    spec = ws.table.get(job["id"]).spec["work"]
    ws.store.discard(output)

    half = work.perform(ws.store, spec)
    while "SAE 3" not in next(half).message:
        pass
    half.close()
    shown = client("GET", f"/sweep/{sweep_id}")
    assert [cell["state"] for cell in shown["cells"]][:2] == ["trained", "trained"]
    assert (shown["configurations"], shown["recommended"]) == ([], None)
    assert shown["cells"][0]["fvu"] is not None
    assert client("POST", f"/sweep/{sweep_id}/use", {"cell": 0}, 409)
    drain(work.perform(ws.store, {**spec, "part": 3}))  # as a host of a cluster does
    reports = []
    drain(work.perform(ws.store, spec), reports.append)
    assert _digests(ws.store, output) == whole
    done = [report.done for report in reports]
    assert done == sorted(done)  # progress never goes back
    assert done[-1] == reports[-1].total


def test_transcoders_are_judged_beside_saes_and_saved_but_not_attached(client, app):
    model_id = client.model()
    asked = {**SMALL, "tap_index": 1, "output_tap": tiny.TAP, "variant": ["topk", *KINDS], "topk": [2]}
    asked["seeds_of_each"] = 1
    accepted = client("POST", f"/model/{model_id}/sweep", asked, 202)
    assert client.finished(accepted["job_id"], timeout=120)["state"] == "done"
    found = client("GET", f"/sweep/{accepted['sweep_id']}")
    assert [cell["variant"] for cell in found["cells"]] == ["topk", *KINDS]
    assert all(cell["gate"]["return_mean"] is not None for cell in found["cells"])
    beside_sae, *beside_transcoders = [cell["affine_map"] for cell in found["cells"]]
    assert beside_sae is None
    assert beside_transcoders[0] == beside_transcoders[1]  # the same states, and no latents
    assert 0 <= beside_transcoders[0]["fvu"] < 1
    assert client("GET", f"/model/{model_id}/sweeps")["sweeps"][0]["output_tap"] == tiny.TAP
    assert f"--output_tap {tiny.TAP}" in found["command"]
    error = client("POST", f"/sweep/{found['sweep_id']}/use", {"cell": 1}, 400)["error"]
    assert "reads tap 1, writes tap 3" in error["message"]
    response = client.http.get(f"/sweep/{found['sweep_id']}/file?cell=2")
    assert "attachment" in response.headers["Content-Disposition"]
    transcoder = transcoder_file.open_transcoder(response.data)
    assert (transcoder.kind, transcoder.output_tap) == ("skip_transcoder", tiny.TAP)
    sae = open_sae(client.http.get(f"/sweep/{found['sweep_id']}/file?cell=0").data, "sae.safetensors")
    assert (sae.k, sae.tap_index) == (2, 1)


def test_another_tap_learns_from_the_same_episodes_and_more_can_be_added(client, app):
    model_id, ws = client.model(), app.extensions[WORKSPACE]
    small = {**SMALL, "topk": [2], "seeds_of_each": 1}
    first = client("POST", f"/model/{model_id}/sweep", small, 202)
    refused = client("POST", f"/model/{model_id}/sweep/plan", {**small, "data_from": "w_0"}, 404)["error"]
    assert "no sweep" in refused["message"]
    client.finished(first["job_id"], timeout=120)
    stored = ws.store.names("datasets")
    assert len(stored) == 1
    other = client("POST", f"/model/{model_id}/sweep", {**small, "tap_index": 1}, 202)
    client.finished(other["job_id"], timeout=120)
    assert ws.store.names("datasets") == stored  # nothing was collected again

    more = {**small, "data_from": first["sweep_id"], "num_traj": 4, "noisy_share": 1.0}
    grown = client("POST", f"/model/{model_id}/sweep", more, 202)
    client.finished(grown["job_id"], timeout=120)
    found = client("GET", f"/sweep/{grown['sweep_id']}")
    assert found["data"]["episodes"] == {"clean": 2, "noisy": 8, "pushed": 0, "reset": 0}
    assert f"--data_from {first['sweep_id']}" in found["command"]
    (new,) = set(ws.store.names("datasets")) - set(stored)
    old_rows, new_rows = (_arrays(ws.store, name) for name in (*stored, new))
    count = len(old_rows["episode"])
    for name, array in old_rows.items():
        assert np.array_equal(new_rows[name][:count], array), name
    assert set(new_rows["episode"][count:]) == {6, 7, 8, 9}
    for before, after in zip(data.split(old_rows), data.split(new_rows), strict=True):
        assert np.array_equal(before, after[: len(before)])  # no episode changed sides
    again = client("POST", f"/model/{model_id}/sweep/plan", {**more, "num_traj": 0, "topk": [4]})
    assert "--num_traj 0" in again["command"]


def test_a_cancelled_sweep_goes_on_to_the_same_bytes(client, app):
    model_id, ws = client.model(), app.extensions[WORKSPACE]
    long = {**SMALL, "steps": 1_500, "topk": [2], "seeds_of_each": 1, "variant": ["relu"]}
    accepted = client("POST", f"/model/{model_id}/sweep", long, 202)
    output = f"sweeps/{accepted['sweep_id']}"
    for _ in patience(60):
        cells = client("GET", f"/sweep/{accepted['sweep_id']}")["cells"]
        if cells[0]["curves"] is not None or cells[0]["state"] == "trained":
            break
    assert client("DELETE", f"/job/{accepted['job_id']}")["state"] == "cancelled"
    shown = client("GET", f"/sweep/{accepted['sweep_id']}")
    assert shown["cells"][0]["curves"] is not None  # what it had is still there to see
    client("POST", f"/job/{accepted['job_id']}/retry", expect=202)
    assert client.finished(accepted["job_id"], timeout=120)["state"] == "done"
    cut = _digests(ws.store, output)
    ws.store.discard(output)
    drain(work.perform(ws.store, ws.table.get(accepted["job_id"]).spec["work"]))
    assert _digests(ws.store, output) == cut


def test_a_deleted_model_leaves_no_sweep_and_no_data_but_what_another_learned_from(client, app):
    store = app.extensions[WORKSPACE].store
    small = {**SMALL, "topk": [2], "seeds_of_each": 1}
    first, second = client.model(), client.model()
    swept = {}
    for model, change in ((first, {}), (second, None)):
        more = {"data_from": swept[first], "num_traj": 4} if change is None else change
        accepted = client("POST", f"/model/{model}/sweep", {**small, **more}, 202)
        assert client.finished(accepted["job_id"], timeout=120)["state"] == "done"
        swept[model] = accepted["sweep_id"]
    shared, grown = store.names("datasets")
    assert client("DELETE", f"/model/{first}") == {"ok": True}
    client("GET", f"/sweep/{swept[first]}", expect=404)
    assert store.names("sweeps") == [f"sweeps/{swept[second]}"]
    assert sorted(store.names("datasets")) == sorted((shared, grown))  # the second grew out of the first's
    assert client("GET", f"/sweep/{swept[second]}")["sentence"]
    assert client("DELETE", f"/model/{second}") == {"ok": True}
    assert store.names("sweeps") == store.names("datasets") == []
    assert client("GET", "/jobs")["jobs"] == []


def test_a_model_is_not_deleted_under_its_own_training(client):
    model_id = client.model()
    long = {**SMALL, "steps": 20_000, "topk": [2], "seeds_of_each": 1}
    accepted = client("POST", f"/model/{model_id}/sweep", long, 202)
    error = client("DELETE", f"/model/{model_id}", expect=409)["error"]
    assert f"The sweep job {accepted['job_id']} of this model has not finished." in error["message"]
    client("DELETE", f"/job/{accepted['job_id']}")
    assert client("DELETE", f"/model/{model_id}") == {"ok": True}


def test_unknown_sweeps(client):
    assert client("GET", "/sweep/w_0", expect=404)["error"]["code"] == "not_found"
    assert client("POST", "/sweep/w_0/use", {}, 404)


def _digests(store, output):
    return {file: hashlib.sha256(store.read(output, file)).hexdigest() for file in store.files(output)}


def _arrays(store, name):
    return {file.removesuffix(".npy"): np.load(store.path(name, file)) for file in store.files(name)}
