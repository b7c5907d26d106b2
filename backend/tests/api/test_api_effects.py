"""Studies over HTTP with real child processes, and their evidence bundles."""

import io
import json
import zipfile

import pytest
import tiny

from policyscope.core.errors import UnsupportedFile
from policyscope.core.progress import drain
from policyscope.services.effects import bundle

SMALL = {"env": tiny.ENV, "max_steps": 10, "episodes": 6}
SCAN = {**SMALL, "confirm_episodes": 6, "features": 2}
STUDIES = {
    "dose_response": {**SMALL, "feature_idx": 1, "doses": [0.02, 0.1], "random_directions": 2},
    "scan": {**SCAN, "measure": "act_0_mean"},
    "calibration": {
        **SMALL,
        "features": [{"feature_idx": 1}, {"feature_idx": 2, "weight": -0.5}],
        "target": {"measure": "act_0_mean", "change": 0.01, "relative": False},
        "confirm_episodes": 6,
    },
}
PATHS = {"calibration": "calibrate"}


def study(client, kind, **more):
    model_id = client.with_sae()
    path = f"/model/{model_id}/{PATHS.get(kind, kind)}"
    accepted = client("POST", path, {**STUDIES[kind], **more}, 202)
    job = client.finished(accepted["job_id"])
    assert job["state"] == "done", job
    assert job["kind"] == kind
    return accepted["run_id"]


def exported(client, run_id, tmp_path):
    answer = client.http.get(f"/run/{run_id}/bundle")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    path = tmp_path / f"{run_id}.zip"
    path.write_bytes(answer.data)
    return path


def test_dose_response_with_its_bundle(client, tmp_path):
    run_id = study(client, "dose_response")
    found = client("GET", f"/run/{run_id}/effects")
    curve = found["dose_response"]
    assert (found["kind"], found["scan"], found["calibration"]) == ("dose_response", None, None)
    assert [round(point["dose"], 3) for point in curve["points"]] == [-0.1, -0.02, 0.02, 0.1]
    assert curve["measure"]["key"] == "return"
    assert len(curve["controls"]) == 3
    assert curve["points"][0]["random"]["directions"] == 2
    run = client("GET", f"/run/{run_id}")
    assert (run["kind"], run["arms"], run["sentence"]) == ("dose_response", [], curve["sentence"])
    verified = drain(bundle.verify(exported(client, run_id, tmp_path)))
    assert verified["identical"]
    assert "effects.json" in verified["compared"]


def test_scan_and_its_fresh_seeds(client):
    scan = client("GET", f"/run/{study(client, 'scan')}/effects")["scan"]
    assert len(scan["rows"]) == 4
    assert scan["tests"] == 8
    assert {row["offline_rank"] for row in scan["rows"]} == {0, 1}
    assert not set(scan["seeds"]) & set(scan["confirmation_seeds"])
    assert len(scan["findings"]) == sum(row["confirmed"] for row in scan["confirmations"])


def test_calibration_gives_edits_that_can_be_stored(client):
    run_id = study(client, "calibration")
    found = client("GET", f"/run/{run_id}/effects")["calibration"]
    assert "no value" not in client("GET", f"/run/{run_id}")["sentence"]
    assert found["status"] in ("reached", "unreachable")
    assert [edit["feature_idx"] for edit in found["edits"]] == [1, 2]
    assert found["edits"][1]["value"] == pytest.approx(-0.5 * found["alpha"])
    assert len(found["controls"]) >= 3


def test_the_bundle_of_a_comparison_is_verified_and_a_wrong_number_is_named(client, tmp_path):
    model_id = client.with_sae()
    client("PATCH", f"/model/{model_id}/acting", {"squash": "tanh"})
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 1, "alpha": 2})
    path = exported(client, client.run(model_id)["id"], tmp_path)
    assert drain(bundle.verify(path))["identical"]
    verified = drain(bundle.verify(forged(path, tmp_path)))
    assert not verified["identical"]
    assert any("arms[0].fall_rate was 0.5" in line for line in verified["differences"])


def forged(path, tmp_path):
    """The same bundle with another result and hashes that fit it."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    (name,) = (name for name in contents if name.endswith("/result.json"))
    result = json.loads(contents[name])
    result["arms"][0]["fall_rate"] = 0.5
    contents[name] = json.dumps(result).encode()
    manifest = name.replace("result.json", "manifest.json")
    listed = json.loads(contents[manifest])
    listed["files"]["result.json"] = bundle.hashlib.sha256(contents[name]).hexdigest()
    del listed["sha256"]
    contents[manifest] = json.dumps(listed, indent=1).encode()
    index = json.loads(contents["bundle.json"])
    index["files"] = {
        key: bundle.hashlib.sha256(data).hexdigest() for key, data in contents.items() if key != "bundle.json"
    }
    contents["bundle.json"] = json.dumps(index).encode()
    other = tmp_path / "forged.zip"
    other.write_bytes(bundle._zipped(contents))
    return other


def test_a_changed_or_foreign_file_is_no_bundle(client, tmp_path):
    path = exported(client, client.run(client.model())["id"], tmp_path)
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in contents if name.endswith("spec.json"))
    path.write_bytes(bundle._zipped({**contents, name: contents[name] + b" "}))
    with pytest.raises(UnsupportedFile, match="changed after it was made"):
        bundle.verify(path)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("runs/../evil", "x")
    path.write_bytes(buffer.getvalue())
    with pytest.raises(UnsupportedFile, match="not an evidence bundle"):
        bundle.verify(path)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("dose_response", {**STUDIES["dose_response"], "feature_idx": 999}, 400),
        ("dose_response", {**STUDIES["dose_response"], "measure": "happiness"}, 400),
        ("dose_response", {**STUDIES["dose_response"], "doses": [0]}, 422),
        ("scan", {**SCAN, "episodes": 5}, 422),
        ("scan", {**SCAN, "episodes": 200, "max_steps": None, "features": None, "env": "Ant-v5"}, 400),
        ("calibrate", {**STUDIES["calibration"], "features": [{"feature_idx": 1}] * 2}, 400),
        ("calibrate", {**STUDIES["calibration"], "target": {"measure": "x", "change": 1}}, 400),
    ],
)
def test_bad_studies_are_refused_and_nothing_is_stored(client, path, body, status):
    model_id = client.with_sae()
    client("POST", f"/model/{model_id}/{path}", body, status)
    assert client("GET", "/runs")["runs"] == []


def test_a_study_needs_an_sae_and_the_bundle_a_finished_run(client):
    model_id = client.model()
    error = client("POST", f"/model/{model_id}/scan", SCAN, 400)["error"]
    assert error["message"].startswith("Need SAE + cached data")
    body = {"env": tiny.ENV, "episodes": 1000, "max_steps": 200}
    accepted = client("POST", f"/model/{model_id}/run", body, 202)
    client("GET", f"/run/{accepted['run_id']}/bundle", None, 409)
    client("DELETE", f"/job/{accepted['job_id']}")


def test_the_same_study_is_not_played_twice(client):
    model_id = client.with_sae()
    path, body = f"/model/{model_id}/dose_response", STUDIES["dose_response"]
    first = client("POST", path, body, 202)
    assert (first["reused"], first["estimate_s"]) == (False, None)
    client.finished(first["job_id"])
    same = client("POST", path, body, 202)
    assert (same["run_id"], same["state"], same["reused"]) == (first["run_id"], "done", True)
    other = client("POST", path, {**body, "seed": 100}, 202)
    assert other["run_id"] != first["run_id"]
    assert other["estimate_s"] > 0  # from the pace of the first
    again = client("POST", path, {**body, "again": True}, 202)
    assert not again["reused"]
    for accepted in (other, again):
        client.finished(accepted["job_id"])
    numbers = [
        client("GET", f"/run/{run_id}/effects")["dose_response"]
        for run_id in (first["run_id"], again["run_id"])
    ]
    assert numbers[0] == numbers[1]
