"""The commands that explain features, beside a server that holds the same artifacts root."""

import csv
import io
import json

import pytest
import tiny
from click.testing import CliRunner

from policyscope.cli import main


@pytest.fixture
def command(app, artifacts, monkeypatch):
    monkeypatch.setenv("POLICYSCOPE_ARTIFACTS", str(artifacts))

    def run(*words, status=0):
        result = CliRunner().invoke(main, list(words))
        assert result.exit_code == status, result.output
        return result.stdout if status == 0 else result.stderr

    return run


def test_features_are_analysed_listed_explained_and_noted(client, command):
    model_id = client.with_sae()
    rows = json.loads(command("features", model_id, "--top", "5", "--json"))
    whole = client("GET", f"/model/{model_id}/features")["features"]
    assert rows == whole[:5]
    lines = command("features", model_id, "--top", "3").split("\n")
    assert [line.split()[0] for line in lines[1:4]] == [str(row["feature_idx"]) for row in rows[:3]]
    table = list(
        csv.DictReader(io.StringIO(command("features", model_id, "--csv", "--sort_by", "feature_idx")))
    )
    assert [int(row["feature_idx"]) for row in table] == list(range(16))
    assert float(table[3]["density"]) == next(r["density"] for r in whole if r["feature_idx"] == 3)
    page = json.loads(command("feature", model_id, "3", "--json"))
    assert page["feature_idx"] == 3
    assert page["name"]["text"] in command("feature", model_id, "3")
    verdict = client("GET", f"/model/{model_id}/clusters")["verdict"]
    assert verdict in command("clusters", model_id)
    command("note", model_id, "2", "--name", "leans left", "--tag", "posture")
    found = json.loads(command("features", model_id, "--search", "leans", "--json"))
    assert [(row["feature_idx"], row["note"]["tags"]) for row in found] == [(2, ["posture"])]
    assert "note: leans left" in command("features", model_id, "--search", "leans")
    assert "note: leans left" in command("features", model_id, "--search", "leans", "--csv")
    nothing = command("features", model_id, "--search", "banana")
    assert "No name or note here says “banana”" in nothing
    assert "angular" in nothing
    assert "There is no target 'nope'" in command("features", model_id, "--target", "nope", status=2)
    assert "16" in command("feature", model_id, "99", status=2)


def test_a_report_says_its_verdict(client, command):
    model_id = client.with_sae()
    said = command("report", model_id, "--env", tiny.ENV, "--episodes", "2", "--max_steps", "20")
    assert client("GET", f"/model/{model_id}/report")["sentence"] in said
    assert "White noise of the same FVU" in said
    assert "m_missing" in command("report", "m_missing", status=2)
