"""Training an SAE for a stored model: a job whose directory load_sae takes."""

import pytest
import tiny

SMALL = {
    "env": tiny.ENV,
    "tap_index": tiny.TAP,
    "artifacts_dir": "trained",
    "latent_mult": 2,
    "topk": 4,
    "steps": 40,
    "batch": 32,
    "num_traj": 4,
    "max_timesteps": 30,
    "eval_episodes": 2,
}


def test_what_was_trained_can_be_loaded(client):
    model_id = client.model()
    accepted = client("POST", f"/model/{model_id}/train_sae", SMALL, 202)
    assert (accepted["artifacts_dir"], accepted["tap_index"]) == ("trained", tiny.TAP)
    job = client.finished(accepted["job_id"])
    assert (job["state"], job["kind"]) == ("done", "training")
    assert job["result"] == {"artifacts_dir": "trained", "tap_index": tiny.TAP}
    answer = client("POST", f"/model/{model_id}/load_sae", job["result"])
    assert (answer["d_in"], answer["d_latent"], answer["k"], answer["has_cached_data"]) == (8, 16, 4, True)
    assert [warning["code"] for warning in answer["warnings"]] == ["high_fvu"]  # the tap itself is right
    error = client("POST", f"/model/{model_id}/train_sae", SMALL, 409)["error"]
    assert "already holds" in error["message"]
    again = client("POST", f"/model/{model_id}/train_sae", {**SMALL, "overwrite": True}, 202)
    assert again["estimate_s"] > 0  # from the pace of the first
    assert client.finished(again["job_id"])["state"] == "done"


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"artifacts_dir": "../outside"}, 400, "path"),
        ({"env": "Walker2d-v5"}, 400, "17"),
        ({"env": "Nowhere-v1"}, 400, "Nowhere-v1"),
        ({"tap_index": 9}, 400, "tap"),
        ({"steps": 0}, 422, "steps"),
        ({"steps": 1_000_000, "batch": 65_536}, 413, "vectors"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_is_queued(client, change, status, word):
    model_id = client.model()
    error = client("POST", f"/model/{model_id}/train_sae", {**SMALL, **change}, status)["error"]
    assert word in error["message"].lower() or word in error["message"]
    assert client("GET", "/jobs")["jobs"] == []
