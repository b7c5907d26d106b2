"""Report cards over HTTP: an exact SAE is faithful, and its reference lines stand beside it."""

import pytest
import tiny

LINES = [
    "baseline", "sae", "pca_same_rank", "pca_same_fvu", "white_noise", "random_decoder", "data_points",
    "neurons", "mean_ablation",
]  # fmt: skip


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def report(client, model_id, **wanted):
    accepted = client("POST", f"/model/{model_id}/report", {"episodes": 2, "max_steps": 25, **wanted}, 202)
    job = client.finished(accepted["job_id"], 120)
    assert job["state"] == "done", job
    return client("GET", f"/model/{model_id}/report")


def test_a_report_card(client, artifacts):
    tiny.write_directory(artifacts, "again", tiny.Recipe(samples=300))
    model_id = client.with_sae("again")
    client("POST", f"/model/{model_id}/load_sae", {"artifacts_dir": "pendulum_w8"})
    assert client("GET", f"/model/{model_id}/report", expect=409)["error"]["code"] == "not_reported"
    assert client("GET", f"/model/{model_id}/reports") == {"reports": []}
    card = report(client, model_id)
    assert [line["name"] for line in card["lines"]] == LINES
    lines = {line["name"]: line for line in card["lines"]}
    assert lines["sae"]["fvu"] == pytest.approx(0, abs=1e-9)
    assert lines["sae"]["return_mean"] == pytest.approx(lines["baseline"]["return_mean"])
    assert lines["mean_ablation"]["fvu"] >= 1
    assert lines["mean_ablation"]["feedback_fvu"] == pytest.approx(1)
    assert lines["random_decoder"]["fvu"] > 1e-4
    assert lines["data_points"]["fvu"] > 1e-9
    assert 0 <= lines["neurons"]["fvu"] < 1
    assert all(len(line["survival"]) == len(card["survival_steps"]) for line in card["lines"])
    assert set(lines["baseline"]["survival"]) == {1.0}
    assert card["sae"]["l0"] <= 8
    assert card["cached"]["fvu"] == pytest.approx(0, abs=1e-9)
    assert card["stability"]["saes"] == 2  # the same SAE loaded with other data
    assert card["stability"]["pw_mcc"] == pytest.approx(1)
    again = client("POST", f"/model/{model_id}/report", {"episodes": 2, "max_steps": 25}, 202)
    assert again == {"job_id": None, "state": "done"}
    assert client("GET", f"/model/{model_id}/reports")["reports"] == [card]


def test_reports_that_cannot_be(client):
    model_id = client.with_sae()
    for body, status, words in (
        ({"env": "Walker2d-v5"}, 400, "17"),
        ({"env": "nowhere"}, 400, "Allowed"),
        ({"episodes": 1}, 422, "episodes"),
        ({"colour": 1}, 422, "colour"),
    ):
        error = client("POST", f"/model/{model_id}/report", body, status)["error"]
        assert words in error["message"]
    bare = client.model()
    assert client("POST", f"/model/{bare}/report", {}, 404)["error"]["code"] == "no_sae"
    assert client("GET", f"/model/{bare}/reports", expect=404)["error"]["code"] == "no_sae"
