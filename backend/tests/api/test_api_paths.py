"""Hostile names against every endpoint that takes one."""

import os
import time

import pytest
import tiny

NAMES = [
    "", " ", ".", "..", "../", "../..", "../artifacts", "pendulum_w8/..", "pendulum_w8/../..", "a/../../etc",
    "/", "/etc", "//etc", "/etc/passwd", "~", "~root", "\\\\host\\share", "..\\..", "C:\\x", "a\\b",
    "a\x00b", "\x00", "a\nb", "a\rb", "\x1b[2J", "\x7f", "out", "out/secret", "loop", "nested/up", "x" * 513,
    "x" * 300, "/proc/self/environ", "/dev/zero", "../" * 40 + "etc/passwd", "store", "store/models",
    "store/../store", "./store", "fifo_sae", "fifo_obs", "dir_sae", "link_sae", "demo.json",
    "%2e%2e/", "..%2f..",
]  # fmt: skip

HANGS_S = 5.0
"""A pipe that is opened waits for ever. Other tests share the processors, so a figure would say little."""


@pytest.fixture
def hostile(artifacts, tmp_path):
    outside = tiny.write_directory(tmp_path, "outside")
    (artifacts / "out").symlink_to(outside)
    (artifacts / "loop").symlink_to("loop")
    (artifacts / "nested").mkdir()
    (artifacts / "nested" / "up").symlink_to("../..")
    for name in ("fifo_sae", "fifo_obs", "dir_sae", "link_sae"):
        tiny.write_directory(artifacts, name)
    for name, file in (("fifo_sae", "walker_sae.pt"), ("fifo_obs", "cached_obs.pt")):
        (artifacts / name / file).unlink()
        os.mkfifo(artifacts / name / file)
    (artifacts / "dir_sae" / "walker_sae.pt").unlink()
    (artifacts / "dir_sae" / "walker_sae.pt").mkdir()
    (artifacts / "link_sae" / "walker_sae.pt").unlink()
    (artifacts / "link_sae" / "walker_sae.pt").symlink_to(outside / "walker_sae.pt")


def test_no_directory_name_leads_out_or_hangs(client, hostile, artifacts):
    model_id = client.model()
    slowest = 0.0
    for name in NAMES:
        start = time.monotonic()
        answer = client("POST", f"/model/{model_id}/load_sae", {"artifacts_dir": name}, expect=None)
        slowest = max(slowest, time.monotonic() - start)
        if name == "fifo_obs":  # a FIFO is not cached data
            assert answer["has_cached_data"] is False
            continue
        assert "error" in answer, name
        assert str(artifacts) not in answer["error"]["message"]
        assert "root:" not in answer["error"]["message"]
    assert slowest < HANGS_S
    listed = [d["artifacts_dir"] for d in client("GET", "/artifacts")["directories"]]
    assert "out" not in listed
    assert not [name for name in listed if name.startswith(("store", "/", ".."))]


@pytest.mark.parametrize("name", NAMES)
def test_ids_and_keys_are_only_looked_up(client, name):
    from urllib.parse import quote

    model_id = client.model()
    shown = quote(name, safe="")
    for path in (
        f"/model/{shown}",
        f"/model/{model_id}/layer_weights/{shown}",
        f"/run/{shown}",
        f"/job/{shown}",
    ):
        response = client.http.get(path)
        assert response.status_code in (404, 405, 308), (path, response.status_code)
        assert b"root:" not in response.data


def test_demo_files_cannot_lead_out(client, artifacts, tmp_path):
    import json

    (tmp_path / "secret.pt").write_bytes(tiny.policy_bytes())
    demo = json.loads((artifacts / "demo.json").read_text())
    for policy in ("../secret.pt", "/etc/passwd", str(tmp_path / "secret.pt")):
        demo["demos"][0]["policy"] = policy
        (artifacts / "demo.json").write_text(json.dumps(demo))
        assert client("POST", "/demo/tiny", expect=400)["error"]["code"] == "path_not_allowed"


def test_uploaded_names_are_only_shown(client):
    for name in ("../../etc/passwd", "C:\\temp\\walker.pt", "a\x00b.pt", "\x1b[2Jx.pt", "/"):
        model = client.upload(tiny.policy_bytes(), filename=name)
        assert "/" not in model["filename"]
        assert "\\" not in model["filename"]
        assert model["filename"].isprintable()
