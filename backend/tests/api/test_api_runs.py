"""Runs and jobs over HTTP, with real child processes."""

import threading
import time
from dataclasses import replace

import pytest
import tiny
from http_client import Client
from sqlalchemy import text

from policyscope.api.app import create_app
from policyscope.api.current import STREAMS, WORKSPACE
from policyscope.services.effects import edits

LONG = {"env": tiny.ENV, "episodes": 1000, "max_steps": 200, "seed": 0}


def start(client, model_id, body=LONG, expect=202):
    return client("POST", f"/model/{model_id}/run", body, expect)


def test_a_run_is_accepted_with_a_job_to_follow(client):
    model_id = client.model()
    response = client.http.post(
        f"/model/{model_id}/run", json={"env": tiny.ENV, "episodes": 1, "max_steps": 5}
    )
    accepted = response.json
    assert response.status_code == 202
    assert response.headers["Location"] == f"/job/{accepted['job_id']}"
    job = client.finished(accepted["job_id"])
    assert (job["kind"], job["state"], job["result"]) == ("run", "done", {"run_id": accepted["run_id"]})
    assert job["progress"]["done"] == job["progress"]["total"] == 5
    assert client("GET", "/jobs?state=done")["jobs"] == [job]
    assert client("GET", "/jobs?state=queued")["jobs"] == []


def test_doses_are_measured_before_the_database_is_locked(client, monkeypatch):
    """It has one writer, and doses of many edits of a wide SAE take longer than another waits for it."""
    model_id = client.with_sae()
    records, measure = client.http.application.extensions[WORKSPACE].records, edits.dose_json
    written = []

    def dose_json(*args):
        with records.write() as session:
            written.append(session.scalar(text("SELECT 1")))
        return measure(*args)

    monkeypatch.setattr(edits, "dose_json", dose_json)
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 1, "alpha": 2})
    assert len(written) == 1
    start(client, model_id, {"env": tiny.ENV, "episodes": 1, "max_steps": 5})
    assert len(written) == 3  # of the baseline and of the intervention


def test_an_arm_of_a_model_without_weight_edits_has_the_original_weights(client):
    model_id = client.with_sae()
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 1, "alpha": 2})
    assert [arm["weights"] for arm in client.run(model_id)["arms"]] == ["original", "original"]


def test_default_arms_follow_what_is_stored(client):
    model_id = client.with_sae()
    assert [arm["name"] for arm in client.run(model_id)["arms"]] == ["baseline"]
    client("POST", f"/model/{model_id}/perturb", {"key": "net.4.weight", "op": "scale", "value": 0.5})
    run = client.run(model_id)
    assert [(arm["name"], arm["weights"]) for arm in run["arms"]] == [
        ("baseline", "original"),
        ("edited weights", "edited"),
    ]
    assert run["comparisons"][0]["identical"] is False
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 1, "alpha": 2})
    run = client.run(model_id)
    assert [arm["name"] for arm in run["arms"]] == ["baseline", "edited weights", "intervention"]
    assert run["arms"][2]["edits"] == [{"feature_idx": 1, "op": "add", "value": 2.0}]
    assert run["arms"][2]["weights"] == "edited"
    returns = [arm["returns"]["mean"] for arm in run["arms"]]
    assert len(set(returns)) == 3
    assert [c["arm"] for c in run["comparisons"]] == ["edited weights", "intervention"]
    assert run["comparisons"][1]["sentence"] in run["sentence"]


def test_arms_asked_for(client):
    model_id = client.with_sae()
    arms = [
        {"name": "nothing", "edits": [], "weights": "original"},
        {
            "name": "two at once",
            "edits": [{"feature_idx": 0, "op": "ablate"}, {"feature_idx": 3, "op": "scale", "value": 2}],
        },
    ]
    run = client.run(model_id, arms=arms)
    assert [arm["name"] for arm in run["arms"]] == ["baseline", "nothing", "two at once"]
    assert [c["identical"] for c in run["comparisons"]] == [True, False]
    assert run["arms"][2]["edits"][0] == {"feature_idx": 0, "op": "ablate", "value": 0.0}


def test_a_run_is_frozen_when_it_is_asked_for(client):
    model_id = client.with_sae()
    blocker = start(client, model_id)["job_id"], start(client, model_id)["job_id"]
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 1, "alpha": 2})
    accepted = start(client, model_id, {"env": tiny.ENV, "episodes": 1, "max_steps": 5})
    assert accepted["state"] == "queued"
    client("DELETE", f"/model/{model_id}/sae")
    for job_id in blocker:
        client("DELETE", f"/job/{job_id}")
    assert client.finished(accepted["job_id"])["state"] == "done"
    arms = client("GET", f"/run/{accepted['run_id']}")["arms"]
    assert arms[1]["edits"] == [{"feature_idx": 1, "op": "add", "value": 2.0}]


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"env": "Walker2d-v5"}, 400, "17"),
        ({"env": "os:system"}, 400, "Allowed"),
        ({"env": "../x"}, 400, "Allowed"),
        ({"episodes": 0}, 422, "episodes"),
        ({"episodes": 1.5}, 422, "episodes"),
        ({"max_steps": 0}, 422, "max_steps"),
        ({"seed": -1}, 422, "seed"),
        ({"arms": []}, 422, "arms"),
        ({"arms": [{"name": "a"}] * 65}, 422, "arms"),
        ({"arms": [{"name": "a"}, {"name": "a"}]}, 400, "own name"),
        ({"arms": [{"name": "baseline", "weights": "edited"}]}, 400, "baseline"),
        ({"arms": [{"name": "a", "edits": [{"feature_idx": 16, "op": "ablate"}]}]}, 400, "0 to 15"),
        ({"arms": [{"name": "a", "edits": [{"feature_idx": 1, "op": "add"}]}]}, 422, "number is needed"),
        ({"arms": [{"name": "a", "edits": [{"feature_idx": 1, "op": "melt", "value": 1}]}]}, 422, "op"),
        ({"arms": [{"name": ""}]}, 422, "name"),
        ({"unknown": 1}, 422, "unknown"),
    ],
)
def test_runs_that_cannot_be(client, change, status, words):
    model_id = client.with_sae()
    body = {"env": tiny.ENV, "episodes": 1, **change}
    error = client("POST", f"/model/{model_id}/run", body, status)["error"]
    assert words in error["message"] + str(error["fields"])
    assert client("GET", "/runs")["runs"] == []
    assert client("GET", "/jobs")["jobs"] == []


def test_feature_edits_need_an_sae(client):
    arms = [{"name": "a", "edits": [{"feature_idx": 1, "op": "ablate"}]}]
    error = start(client, client.model(), {"env": tiny.ENV, "episodes": 1, "arms": arms}, 400)["error"]
    assert error["message"].startswith("SAE not found")


def test_too_many_steps_in_all(client):
    model_id = client.upload(tiny.policy_bytes(sizes=(17, 8, 6)))["id"]
    arms = [{"name": f"a{i}"} for i in range(16)]
    body = {"env": "Walker2d-v5", "episodes": 1000, "arms": arms}
    error = start(client, model_id, body, 413)["error"]
    assert "17 arms × 1000 episodes × 1000 steps" in error["message"].replace(",", "")


def test_cancelling_a_running_job(client, settings):
    accepted = start(client, client.model())
    while client("GET", f"/job/{accepted['job_id']}")["progress"]["done"] == 0:
        time.sleep(0.02)
    begin = time.monotonic()
    job = client("DELETE", f"/job/{accepted['job_id']}")
    assert job["state"] == "cancelled"
    assert time.monotonic() - begin < 20
    run = client("GET", f"/run/{accepted['run_id']}")
    assert (run["state"], run["arms"], run["sentence"]) == ("cancelled", [], None)
    assert client("GET", f"/run/{accepted['run_id']}/episodes.csv", expect=409)["error"]["code"] == "conflict"
    assert not (settings.store / "runs" / accepted["run_id"]).exists()
    assert not list((settings.store / "tmp").glob("*"))


def test_a_full_queue_answers_429_with_retry_after(client):
    model_id = client.model()
    accepted = [start(client, model_id) for _ in range(2)]
    while len(client("GET", "/jobs?state=running")["jobs"]) < 2:
        time.sleep(0.02)
    accepted += [start(client, model_id) for _ in range(4)]
    response = client.http.post(f"/model/{model_id}/run", json=LONG)
    assert (response.status_code, response.json["error"]["code"]) == (429, "busy")
    assert int(response.headers["Retry-After"]) > 0
    assert len(client("GET", "/runs")["runs"]) == 6
    assert client("DELETE", f"/model/{model_id}", expect=409)["error"]["code"] == "conflict"
    assert client("DELETE", f"/run/{accepted[0]['run_id']}", expect=409)["error"]["code"] == "conflict"
    for run in reversed(accepted):
        assert client("DELETE", f"/job/{run['job_id']}")["state"] == "cancelled"


def test_episodes_as_csv_and_deleting_a_run(client):
    run = client.run(client.model())
    response = client.http.get(f"/run/{run['id']}/episodes.csv")
    assert response.mimetype == "text/csv"
    lines = response.text.strip().splitlines()
    assert lines[0] == "arm,seed,return,length,fell,terminated,truncated"
    assert len(lines) == 3
    assert float(lines[1].split(",")[2]) == run["arms"][0]["episodes"][0]["return"]
    assert client("GET", "/runs")["runs"][0]["id"] == run["id"]
    assert client("GET", f"/runs?model_id={run['model_id']}")["runs"][0]["arm_names"] == ["baseline"]
    assert client("GET", "/runs?model_id=m_other")["runs"] == []
    assert client("DELETE", f"/run/{run['id']}") == {"ok": True}
    client("GET", f"/run/{run['id']}", expect=404)


def test_concurrent_runs_give_the_numbers_of_serial_ones(client):
    model_id = client.with_sae()
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 2, "alpha": -1})
    alone = client.run(model_id, episodes=5)["arms"]
    together = []
    threads = [
        threading.Thread(target=lambda: together.append(client.run(model_id, episodes=5, again=True)["arms"]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [alone] * 4


def events(response):
    """(id, event, job) of a finished stream."""
    import json

    found = []
    for block in response.get_data(as_text=True).strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


def test_events_follow_a_job_to_its_end_and_resume_without_a_gap(client):
    model_id = client.model()
    accepted = start(client, model_id, {**LONG, "episodes": 300})
    response = client.http.get(f"/job/{accepted['job_id']}/events")
    assert response.mimetype == "text/event-stream"
    seen = events(response)
    ids = [event_id for event_id, _, _ in seen]
    assert ids == sorted(set(ids))
    assert seen[0][1] == seen[-1][1] == "state"
    assert seen[-1][2] == client("GET", f"/job/{accepted['job_id']}")
    assert seen[-1][2]["state"] == "done"
    for last in (str(ids[-1]), str(ids[0]), "0", "999999", "junk", "9" * 50):
        resumed = events(
            client.http.get(f"/job/{accepted['job_id']}/events", headers={"Last-Event-ID": last})
        )
        assert resumed == [seen[-1]]
    client("GET", "/job/j_missing/events", expect=404)


def test_the_65th_stream_is_refused_and_places_come_back(app, client, settings):
    accepted = start(client, client.model())
    path = f"/job/{accepted['job_id']}/events"
    open_streams = [app.test_client().get(path, buffered=False) for _ in range(settings.max_streams)]
    refused = client.http.get(path)
    assert (refused.status_code, refused.json["error"]["code"]) == (503, "too_many_streams")
    assert refused.headers["Retry-After"]
    open_streams.pop().close()  # closed before it was read, as by a browser that went away
    again = app.test_client().get(path, buffered=False)
    assert again.status_code == 200
    client("DELETE", f"/job/{accepted['job_id']}")
    for stream in (again, *open_streams):
        assert b"cancelled" in stream.data
        stream.close()
    places = app.extensions[STREAMS]
    assert all(places.acquire(blocking=False) for _ in range(settings.max_streams))


def test_a_stored_result_that_was_damaged_is_not_shown(client, settings):
    run = client.run(client.model())
    path = settings.store / "runs" / run["id"] / "result.json"
    path.write_bytes(path.read_bytes().replace(b"baseline", b"basement", 1))
    error = client("GET", f"/run/{run['id']}", expect=404)["error"]
    assert error["code"] == "damaged"


def test_after_a_restart_queued_runs_run_and_lost_ones_say_so(settings):
    app = create_app(replace(settings, concurrent_jobs=1))
    client = Client(app.test_client())
    model_id = client.model()
    running = start(client, model_id)
    queued = start(client, model_id, {"env": tiny.ENV, "episodes": 1, "max_steps": 5})
    while client("GET", f"/job/{running['job_id']}")["state"] != "running":
        time.sleep(0.02)
    app.extensions[WORKSPACE].close()
    app = create_app(settings)
    client = Client(app.test_client())
    assert client.finished(queued["job_id"])["state"] == "done"
    lost = client("GET", f"/job/{running['job_id']}")
    assert (lost["state"], lost["error"]["code"]) == ("interrupted", "interrupted")
    assert client("GET", f"/run/{running['run_id']}")["state"] == "interrupted"
    app.extensions[WORKSPACE].close()


def test_a_run_holds_the_behaviour_measures_of_every_episode(client):
    model_id = client.with_sae()
    arms = [{"name": "pushed", "edits": [{"feature_idx": 1, "op": "add", "value": 2}]}]
    run = client.run(model_id, episodes=8, arms=arms)
    behaviour = run["behaviour"]
    keys = [measure["key"] for measure in behaviour["measures"]]
    assert {"return", "length", "effort"} <= set(keys)
    assert all(measure["unit"] and measure["formula"] for measure in behaviour["measures"])
    for arm, described in zip(run["arms"], behaviour["arms"], strict=True):
        assert described["name"] == arm["name"]
        returns = next(m for m in described["measures"] if m["key"] == "return")
        assert returns["values"] == pytest.approx([e["return"] for e in arm["episodes"]])
    difference = next(m for m in behaviour["comparisons"][0]["measures"] if m["key"] == "return")
    expected = run["comparisons"][0]["return"]
    assert difference["mean_difference"] == pytest.approx(expected["mean_difference"])
    assert difference["p_value"] == pytest.approx(expected["p_value"])
