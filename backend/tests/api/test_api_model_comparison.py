"""Two models side by side: what they are made of, and a run of both on the same seeds."""

import io

import pytest
import tiny

from policyscope.services import runs
from policyscope.services.effects import bundle

BASELINE = {"name": "baseline", "edits": [], "weights": "original"}


@pytest.fixture
def pair(client):
    return client.with_sae(), client.model(1)


def compared(client, first, second, expect=200):
    return client("GET", f"/model/{first}/compare?other={second}", expect=expect)


def played(client, first, second, expect=202, **wanted):
    body = {"env": tiny.ENV, "episodes": 6, "max_steps": 20, "seed": 3, "other": second, **wanted}
    accepted = client("POST", f"/model/{first}/compare", body, expect)
    if expect != 202:
        return accepted
    assert client.finished(accepted["job_id"], 60)["state"] == "done"
    return client("GET", f"/run/{accepted['run_id']}")


def test_both_play_the_same_seeds_and_differences_are_paired(client, pair):
    first, second = pair
    run = played(client, first, second)
    alone = [client.run(each, episodes=6, arms=[BASELINE])["arms"][0] for each in pair]
    assert [arm["returns"]["mean"] for arm in run["arms"]] == [arm["returns"]["mean"] for arm in alone]
    assert [arm["model_id"] for arm in run["arms"]] == [None, second]
    hashes = [arm["weights_sha256"] for arm in run["arms"]]
    assert len(set(hashes)) == 2
    (entry,) = run["comparisons"]
    assert entry["n"] == 6
    mean = alone[1]["returns"]["mean"] - alone[0]["returns"]["mean"]
    assert entry["return"]["mean_difference"] == pytest.approx(mean)
    assert run["behaviour"]["measures"]
    assert (run["provenance"]["sae_sha256"], run["provenance"]["tap_index"]) == (None, None)
    again = client(
        "POST",
        f"/model/{first}/compare",
        {"env": tiny.ENV, "episodes": 6, "max_steps": 20, "seed": 3, "other": second},
        202,
    )
    assert (again["reused"], again["run_id"]) == (True, run["id"])


def test_a_model_that_is_deleted_while_the_run_is_prepared_is_not_played(client, pair, monkeypatch):
    first, second = pair
    check = runs.check

    def deleted_meanwhile(ws, spec):
        check(ws, spec)
        client("DELETE", f"/model/{second}")

    monkeypatch.setattr(runs, "check", deleted_meanwhile)
    assert second in played(client, first, second, 404)["error"]["message"]
    assert client("GET", "/runs")["runs"] == []


def test_its_evidence_holds_both_models_and_gives_the_same_numbers(client, pair, tmp_path):
    run = played(client, *pair, episodes=2)
    file = tmp_path / "evidence.zip"
    file.write_bytes(client.http.get(f"/run/{run['id']}/bundle").data)
    work = bundle.verify(file)
    try:
        while True:
            next(work)
    except StopIteration as stop:
        found = stop.value
    assert found["identical"], found["differences"]


def test_a_run_of_two_models_is_of_the_weights_it_was_asked_for(client, pair):
    first, second = pair
    before = played(client, first, second, episodes=2)
    client("POST", f"/model/{second}/perturb", {"key": "net.0.weight", "op": "scale", "value": 0.5})
    after = played(client, first, second, episodes=2)
    hashes = [[arm["weights_sha256"] for arm in run["arms"]] for run in (before, after)]
    assert hashes[0][0] == hashes[1][0]
    assert hashes[0][1] != hashes[1][1]


def test_what_they_are_made_of_and_how_far_their_actions_differ(client, pair):
    found = compared(client, *pair)
    assert [each["id"] for each in found["models"]] == list(pair)
    assert found["models"][0]["widths"] == found["models"][1]["widths"]
    assert found["weights"]["different"] == found["weights"]["total"] > 0
    (gap,) = found["actions"]["gaps"]
    assert gap["name"] == "torque"
    assert gap["rms_sd"] > 0
    assert found["actions"]["states"] == 400
    assert "no SAE" in found["features"]["reason"]


def test_a_model_and_itself_after_weight_edits(client, pair):
    first, _ = pair
    error = compared(client, first, first, 400)["error"]
    assert "no weight edits" in error["fields"]["other"]
    client("POST", f"/model/{first}/edit_at", {"key": "net.0.weight", "index": [0, 0], "value": 9.0})
    found = compared(client, first, first)
    assert [each["changed_weights"] for each in found["models"]] == [0, 1]
    assert found["weights"]["different"] == 1
    assert found["actions"]["gaps"][0]["rms"] > 0
    assert found["features"]["shared"] is not None
    run = played(client, first, first, episodes=2)
    assert [arm["weights"] for arm in run["arms"]] == ["original", "edited"]


def test_what_cannot_be_compared_says_why(client, pair):
    first, second = pair
    assert compared(client, first, "m_missing", 404)
    arm = {"name": "both", "model_id": second, "edits": [{"feature_idx": 1, "op": "add", "value": 1.0}]}
    body = {"env": tiny.ENV, "episodes": 2, "arms": [arm]}
    error = client("POST", f"/model/{first}/run", body, 400)["error"]
    assert "another model" in error["message"]
    base = {"name": "baseline", "model_id": second, "weights": "original"}
    client("POST", f"/model/{first}/run", {**body, "arms": [base]}, 400)
    wide = client.upload(tiny.policy_bytes(0, sizes=(5, 8, 2)), "wide.pt")["id"]
    error = compared(client, first, wide, 400)["error"]
    assert "3 observations" in error["message"]


def test_layers_of_a_model_with_others_are_read_on_their_own(client, pair):
    run = played(client, *pair, episodes=1)
    assert client.http.get(f"/run/{run['id']}/activations?layer=1").status_code == 200
    assert io.BytesIO(client.http.get(f"/run/{run['id']}/replay").data).read(4) == b"PSR1"
