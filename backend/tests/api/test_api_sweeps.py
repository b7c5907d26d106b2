"""Sweeps: planned, made by a job, read while they are made, and one of their SAEs put to use."""

import hashlib

import pytest
import tiny

from policyscope.api.current import WORKSPACE
from policyscope.core.progress import drain
from policyscope.services.sweeps import work

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


def test_unknown_sweeps(client):
    assert client("GET", "/sweep/w_0", expect=404)["error"]["code"] == "not_found"
    assert client("POST", "/sweep/w_0/use", {}, 404)


def _digests(store, output):
    return {file: hashlib.sha256(store.read(output, file)).hexdigest() for file in store.files(output)}
