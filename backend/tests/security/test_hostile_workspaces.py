"""Archives that claim to be workspaces: none gets further than a hostile upload, none leaves anything."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile

import pytest
import tiny
from gadgets import Call
from transfer_files import INDEX, forged, hashed, packed, parts_of

from policyscope.api.current import WORKSPACE

LINK = (stat.S_IFLNK | 0o777) << 16


@pytest.fixture
def workspace(client):
    """A true workspace with an SAE and a run, and its parts; what it was made from is deleted again."""
    model = client.with_sae()
    client("PUT", f"/model/{model}/feature/5/note", {"name": "brake"})
    client.run(model, arms=[{"name": "pushed", "edits": [{"feature_idx": 2, "op": "add", "value": 1.5}]}])
    accepted = client("POST", "/workspace/export", {}, 202)
    client.finished(accepted["job_id"])
    with client.http.get(f"/workspace/export/{accepted['export_id']}") as response:
        data = response.data
    client("DELETE", f"/model/{model}")
    return data


def send(client, data, expect=None):
    return client("POST", "/workspace/import", expect=expect, data={"file": (io.BytesIO(data), "w.zip")})


def entry(name, content, attributes=0, how=zipfile.ZIP_STORED):
    """A zip with one more member than the workspace has, made as the archive's writer never would."""

    def change(data):
        index, files = parts_of(data)
        buffer = io.BytesIO(packed(hashed(index, {**files, name: content}), files))
        with zipfile.ZipFile(buffer, "a", how) as archive:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = attributes, how
            archive.writestr(info, content)
        return buffer.getvalue()

    return change


def twice(data):
    index, files = parts_of(data)
    buffer = io.BytesIO(packed(hashed(index, files), files))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(next(iter(files)), b"another")
    return buffer.getvalue()


def overlapping(data):
    """Two names for the same bytes in the directory, as in an overlapping bomb."""
    index, files = parts_of(data)
    (name, content) = max(files.items(), key=lambda item: len(item[1]))
    other = name.replace(name.split("/")[-1], "other.npy")
    whole = packed(hashed(index, {**files, other: content}), {**files, other: content})
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        places = {info.filename: info.header_offset for info in archive.infolist()}
    at = whole.rindex(b"PK\x01\x02", 0, whole.rindex(other.encode()))
    moved = whole[: at + 42] + places[name].to_bytes(4, "little") + whole[at + 46 :]
    return moved


def flipped(data):
    index, files = parts_of(data)
    name = next(name for name in files if name.endswith("policy"))
    files[name] = files[name][:-1] + bytes([files[name][-1] ^ 1])
    return packed(index, files)


def bomb(data):
    index, files = parts_of(data)
    files["runs/r_000000000000/result.json"] = bytes(64 << 20)
    return packed(hashed(index, files), files, zipfile.ZIP_DEFLATED)


WARPED = {
    "empty": lambda data: b"",
    "no zip": lambda data: b"PK" + data[2:200],
    "cut short": lambda data: data[: len(data) // 2],
    "without an index": lambda data: packed_without(data),
    "an index that is no JSON": lambda data: with_index(data, b"{"),
    "an index nested too deep": lambda data: with_index(data, b"[" * 200_000),
    "an index with NaN": lambda data: with_index(data, b'{"format": NaN}'),
    "another format": lambda data: with_index(data, b'{"format": "policyscope-workspace/9"}'),
    "a compressed bomb": bomb,
    "a flipped bit": flipped,
    "a name twice": twice,
    "overlapping members": overlapping,
    "a name that climbs": entry("../../escaped.txt", b"x"),
    "a name that climbs from within": entry("models/m_000000000000/../../../escaped.txt", b"x"),
    "an absolute name": entry("/tmp/escaped.txt", b"x"),
    "a name of the store": entry("store/policyscope.sqlite3", b"x"),
    "a name with a null": entry("models/m_000000000000/a\x00b", b"x"),
    "a link": entry("models/m_000000000000/policy", b"/etc/passwd", LINK),
    "a device": entry("models/m_000000000000/policy", b"", (stat.S_IFCHR | 0o666) << 16),
    "a directory": entry("models/m_000000000000/", b""),
    "a deflated member": entry("models/m_000000000000/policy", bytes(9999), 0, zipfile.ZIP_DEFLATED),
}  # fmt: skip


def packed_without(data):
    _, files = parts_of(data)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_index(data, text):
    _, files = parts_of(data)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr(INDEX, text)
    return buffer.getvalue()


def _file(files, ending):
    return next(name for name in files if name.endswith(ending))


def _put(ending, content):
    def change(index, files):
        files[_file(files, ending)] = content

    return change


def _record(kind, **values):
    def change(index, files):
        index[kind][0].update(values)

    return change


def _request(**values):
    def change(index, files):
        index["runs"][0]["request"].update(values)

    return change


def _arm(**values):
    def change(index, files):
        index["runs"][0]["request"]["arms"][1].update(values)

    return change


def _result(change_result):
    def change(index, files):
        name = _file(files, "result.json")
        result = json.loads(files[name])
        change_result(result)
        files[name] = json.dumps(result).encode()

    return change


FORGED = {
    "a pickle for a policy": _put("/policy", tiny.saved({"net.0.weight": Call(os.system, "true")})),
    "text for a policy": _put("/policy", b"not a policy"),
    "another policy than the runs were played with": _put("/policy", tiny.policy_bytes(seed=9)),
    "a pickle for an SAE": _put("sae.safetensors", tiny.saved({"encoder": Call(os.system, "true")})),
    "an SAE of another width": _put("sae.safetensors", tiny.sae_bytes(width=3)),
    "an object array for cached data": _put("observations.npy", b"\x93NUMPY\x01\x00" + b"\x76\x00"
        + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n" + b"x"),
    "garbage for recorded steps": _put("replay.safetensors", b"\x00" * 64),
    "a list for the behaviour of a run": _put("behaviour.json", b"[]"),
    "a result that is a list": _put("result.json", b"[1, 2]"),
    "a result with NaN": _put("result.json", b'{"arms": NaN}'),
    "a result of another form": _result(lambda result: result["arms"][0].update(returns="high")),
    "a result without an arm": _result(lambda result: result["arms"].pop()),
    "a comparison in words only": _result(lambda r: r["comparisons"][0].update(n="many")),
    "an id that is a path": _record("models", id="../../../etc"),
    "an id of another kind": _record("runs", id="m_000000000000"),
    "an unknown field": _record("models", admin=True),
    "a model without its file": _record("models", id="m_ffffffffffff"),
    "a name with a line break": _record("models", name="a\nb"),
    "an activation that does not exist": _record("models", activation="os.system"),
    "an edit of no tensor": _record("models", edits=[{"op": "scale", "key": "nothing", "value": 2.0}]),
    "an edit that is text": _record("models", edits=[{"op": "exec", "key": "net.0.weight", "value": "x"}]),
    "a correction of another form": _record("models", acting={"squash": "system"}),
    "an SAE of nobody": _record("saes", model_id="m_ffffffffffff"),
    "a tap beyond the network": _record("saes", tap_index=99),
    "a note on no feature": _record("notes", feature_idx=-1),
    "a run of an environment that is a module": _request(env="os:Env"),
    "a run with seeds in words": _request(seeds=["zero", "one"]),
    "a run of a kind of its own": _request(kind="shell"),
    "a run of other weights": _arm(weights_sha256="0" * 64),
    "a run that edits no feature": _arm(edits=[{"feature_idx": 10_000, "op": "add", "value": 1.0}]),
    "a run with an operation of its own": _arm(edits=[{"feature_idx": 1, "op": "exec", "value": 1.0}]),
    "a run without arms": _request(arms=None),
    "a run without an end": _request(max_steps=10**12),
}  # fmt: skip


def left(client):
    store = client.http.application.extensions[WORKSPACE].store
    return {kind: store.names(kind) for kind in ("models", "saes", "runs")}


def check_refused(client, data):
    before = left(client)
    answer = send(client, data)
    assert "error" in answer, answer
    assert answer["error"]["code"] != "internal_error", answer
    assert "root:" not in answer["error"]["message"]
    assert client("GET", "/models") == {"models": []}
    assert client("GET", "/runs") == {"runs": []}
    assert left(client) == before
    return answer["error"]


def test_archives_that_are_not_what_they_say(client, workspace, tmp_path):
    for name, warp in WARPED.items():
        try:
            check_refused(client, warp(workspace))
        except AssertionError as error:
            raise AssertionError(name) from error
    assert not list(tmp_path.rglob("escaped.txt"))
    assert "changed" in check_refused(client, flipped(workspace))["code"]


def test_forged_records_with_the_right_hashes(client, workspace):
    for name, change in FORGED.items():
        try:
            check_refused(client, forged(workspace, change))
        except AssertionError as error:
            raise AssertionError(name) from error
    send(client, workspace, 200)  # and the true one still comes in
    assert len(client("GET", "/runs")["runs"]) == 1


def test_an_sae_that_claims_to_be_the_one_that_is_here(client, workspace):
    """The name of a content is not believed: what the file holds is stored under a hash of its own."""
    send(client, workspace, 200)
    (known,) = left(client)["saes"]
    index, files = parts_of(workspace)
    name = next(name for name in files if name.endswith("sae.safetensors"))
    files[name] = files[name][:-4] + b"\x00\x00\x00\x3f"
    index["runs"], files = [], {key: value for key, value in files.items() if not key.startswith("runs/")}
    report = send(client, packed(hashed(index, files), files), 200)
    assert report["counts"]["saes"]["new"] == 1
    assert len(left(client)["saes"]) == 2
    model = client("GET", "/models")["models"][0]["id"]
    assert client("GET", f"/model/{model}")["sae"]["fvu"] < 1e-6
    assert known in left(client)["saes"]
