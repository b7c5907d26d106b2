"""What lies beside an SAE in an artifacts directory: episodes, manifest, and the list of demos."""

from __future__ import annotations

import json
import struct
import sys
import time

import numpy as np
import pytest
import tiny
from safetensors.numpy import save
from test_hostile_files import resident

from policyscope.core.errors import InvalidInput
from policyscope.services import quarantine

ROWS = 400
GOOD = {
    "episode": np.repeat(np.arange(10), 40).astype(np.int32),
    "step": np.tile(np.arange(40), 10).astype(np.int32),
    "action": np.zeros((ROWS, 1), np.float32),
    "reward": np.zeros(ROWS, np.float32),
}


def safetensors(header: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header)) + header + body


def place(begin, end, shape, kind="I32"):
    return f'{{"dtype":"{kind}","shape":{shape},"data_offsets":[{begin},{end}]}}'


EPISODES = {
    "nothing": b"",
    "text": b"not safetensors",
    "half": save(GOOD)[:900],
    "a header of 2^63 bytes": struct.pack("<Q", 1 << 63) + b"{}",
    "a header of lists": safetensors(b"[" * 100_000),
    "a header of 20 MB": safetensors(b'{"episode": ' + b" " * (20 << 20) + b"1}"),
    "one name twice": safetensors(
        f'{{"episode":{place(0, 4, [1])},"episode":{place(4, 8, [1])}}}'.encode(), bytes(8)
    ),
    "overlapping": safetensors(
        f'{{"episode":{place(0, 8, [2])},"step":{place(4, 12, [2])}}}'.encode(), bytes(12)
    ),
    "a shape that is a lie": safetensors(f'{{"episode":{place(0, 4, [1 << 40])}}}'.encode(), bytes(4)),
    "a negative shape": safetensors(f'{{"episode":{place(0, 4, [-1])}}}'.encode(), bytes(4)),
    "too few rows": save({name: array[:100] for name, array in GOOD.items()}),
    "episodes as floats": save({**GOOD, "episode": GOOD["episode"].astype(np.float32)}),
    "episodes as a matrix": save({**GOOD, "episode": np.zeros((ROWS, 2), np.int32)}),
    "rewards that are no numbers": save({**GOOD, "reward": np.full(ROWS, np.nan, np.float32)}),
    "actions that are infinite": save({**GOOD, "action": np.full((ROWS, 1), np.inf, np.float32)}),
}


@pytest.fixture
def directory(artifacts):
    return artifacts / "pendulum_w8"


@pytest.mark.parametrize("what", EPISODES)
def test_damaged_episodes_are_refused_with_a_sentence(client, directory, what):
    (directory / "episodes.safetensors").write_bytes(EPISODES[what])
    wanted = {"artifacts_dir": "pendulum_w8"}
    answer = client("POST", f"/model/{client.model()}/load_sae", wanted, expect=None)
    assert answer["error"]["code"] in (
        "unsupported_file",
        "invalid_input",
        "shape_mismatch",
        "limit_exceeded",
    )
    assert "episodes.safetensors" in answer["error"]["message"] or what == "too few rows"


def test_episodes_are_read_in_the_quarantine(client, directory, monkeypatch):
    (directory / "episodes.safetensors").write_bytes(save(GOOD))
    used, read, rows_of = [], quarantine.read, quarantine.rows_of

    def watched(reader, files):
        used.append(reader)
        return read(reader, files)

    def watched_rows(file, size, filename, wanted):
        used.append(wanted)
        return rows_of(file, size, filename, wanted)

    monkeypatch.setattr(quarantine, "read", watched)
    monkeypatch.setattr(quarantine, "rows_of", watched_rows)
    model_id = client.model()
    client("POST", f"/model/{model_id}/load_sae", {"artifacts_dir": "pendulum_w8"})
    assert sorted(used) == ["activations", "episodes", "observations", "policy", "sae"]
    assert quarantine.open_episodes(save(GOOD), "e")["episode"].tolist() == GOOD["episode"].tolist()
    monkeypatch.setattr(quarantine, "read", lambda *_: (None, {"unexpected": np.zeros(1)}))
    with pytest.raises(InvalidInput):  # the answer is not believed either
        quarantine.open_episodes(b"", "e")


MANIFESTS = {
    "nothing": b"",
    "text": b"not JSON",
    "half": b'{"env": "Pend',
    "100,000 deep": b'{"env": ' + b"[" * 100_000,
    "500,000 lists": b'{"env": [' + b"[]," * 349_000 + b"[]]}",
    "a number of a million digits": b'{"env": ' + b"9" * 1_000_000 + b"}",
    "no number": b'{"env": NaN, "tap_index": Infinity}',
    "a list": b"[1, 2]",
    "null": b"null",
    "half a letter": b'{"env": "\\ud800"}',
    "not UTF-8": b'{"env": "\xff\xfe"}',
    "UTF-16": '{"env": "Pendulum-v1"}'.encode("utf-16"),
    "a module as environment": b'{"env": "this_module_is_evil:Env-v0"}',
    "a path as environment": b'{"env": "../../etc/passwd"}',
    "an object as environment": b'{"env": {"a": 1}}',
    "a page as environment": b'{"env": "<script>alert(1)</script>"}',
    "a long environment": json.dumps({"env": "x" * 900_000}).encode(),
    "too large": b'{"env": "' + b"x" * (1 << 20) + b'"}',
}


def test_no_manifest_harms_the_server(client, directory, record):
    model_id = client.model()
    wanted = {"artifacts_dir": "pendulum_w8"}
    client("POST", f"/model/{model_id}/load_sae", wanted)
    before, slowest = resident(), 0.0
    for what, content in MANIFESTS.items():
        (directory / "manifest.json").write_bytes(content)
        for method, path, body in (
            ("GET", f"/artifacts?model_id={model_id}", None), ("POST", f"/model/{model_id}/load_sae", wanted),
            ("GET", f"/model/{model_id}", None),
        ):  # fmt: skip
            began = time.monotonic()
            response = client.http.open(path, method=method, json=body)
            slowest = max(slowest, time.monotonic() - began)
            assert response.status_code in (200, 400, 413), (what, path, response.get_data(as_text=True))
            response.get_json()
    grown = resident() - before
    record(
        f"5 {len(MANIFESTS)} hostile manifests",
        "no crash; +50 MB at most",
        f"no crash; +{grown / 1e6:.0f} MB; {slowest:.2f} s",
    )
    assert "this_module_is_evil" not in sys.modules
    assert grown < 50 << 20


DEMOS = (
    b"", b"[]", b"null", b'{"demos": 1}', b'{"demos": [1]}', b'{"demos": [{}]}', b'{"demos": {"a": 1}}',
    b'{"demos": ' + b"[" * 100_000, b'{"demos": [{"id": 1}]}',
)  # fmt: skip


@pytest.mark.parametrize("content", DEMOS, ids=range(len(DEMOS)))
def test_no_list_of_demos_harms_the_server(client, artifacts, content):
    (artifacts / "demo.json").write_bytes(content)
    for method, path in (("GET", "/demos"), ("POST", "/demo/tiny")):
        assert "demo.json" in client(method, path, expect=400)["error"]["message"]


def test_a_field_of_another_type_is_named(client, artifacts):
    tiny.write_demo_list(artifacts, "pendulum_w8")
    listed = json.loads((artifacts / "demo.json").read_text())
    listed["demos"][0]["tap_index"] = "3"
    (artifacts / "demo.json").write_text(json.dumps(listed))
    assert "another type" in client("GET", "/demos", expect=400)["error"]["message"]
