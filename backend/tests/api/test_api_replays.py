"""Replays over HTTP: what was recorded is what was played."""

import gzip
import io

import numpy as np
import pytest
import tiny
from replay_document import unpacked

from policyscope.services import recording


@pytest.fixture
def run(client):
    model_id = client.with_sae()
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 1, "alpha": 2})
    return client.run(model_id)


def test_a_replay_adds_up_to_the_score(client, run):
    scene = client("GET", f"/run/{run['id']}/scene")
    assert (scene["env"], scene["kind"], scene["features"]) == (tiny.ENV, "pendulum", [1])
    assert scene["seeds"] == run["seeds"]
    seed = run["seeds"][-1]
    header = unpacked(client.http.get(f"/run/{run['id']}/replay?seed={seed}").data)
    assert [arm["name"] for arm in header["arms"]] == ["baseline", "intervention"]
    for shown, scored in zip(header["arms"], run["arms"], strict=True):
        episode = next(episode for episode in scored["episodes"] if episode["seed"] == seed)
        signals = {name: signal["values"] for name, signal in shown["signals"].items()}
        assert len(signals["rewards"]) == shown["length"] == episode["length"]
        assert signals["rewards"].sum() == pytest.approx(episode["return"], rel=1e-5)
        assert shown["return"] == episode["return"]
        assert signals["observations"].shape == (shown["length"], 3)
        assert signals["features"].shape == (shown["length"], 1)
    first, second = (arm["signals"]["actions"]["values"] for arm in header["arms"])
    assert not np.array_equal(first, second)


def test_one_arm_compressed_or_in_ranges(client, run):
    address = f"/run/{run['id']}/replay?arms=intervention"
    whole = client.http.get(address).data
    assert [arm["name"] for arm in unpacked(whole)["arms"]] == ["intervention"]
    zipped = client.http.get(address, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == whole
    part = client.http.get(address, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, b"PSR1")
    again = client.http.get(address, headers={"If-None-Match": client.http.get(address).headers["ETag"]})
    assert again.status_code == 304


def test_what_was_not_recorded_is_refused_in_words(client, run):
    for query, words in (("seed=999", "seed 999"), ("arms=nobody", "no arm 'nobody'")):
        body = client("GET", f"/run/{run['id']}/replay?{query}", expect=404)
        assert words in body["error"]["message"]
    client("GET", "/run/r_none/scene", expect=404)


def test_a_run_that_is_not_done_cannot_be_watched(client):
    model_id = client.model()
    long = {"env": tiny.ENV, "episodes": 1000, "max_steps": 200}
    accepted = client("POST", f"/model/{model_id}/run", long, 202)
    body = client("GET", f"/run/{accepted['run_id']}/replay", expect=409)
    assert "when it is done" in body["error"]["message"]
    client("DELETE", f"/job/{accepted['job_id']}")


def test_only_so_many_seeds_are_kept(client, monkeypatch):
    from policyscope.core.arms import Arm

    monkeypatch.setattr(recording, "STORED_BYTES", 8 * (3 + 1 + 8) * 10 * 2 * 3)
    arms = [Arm("baseline", lambda obs: obs[:, :1]), Arm("other", lambda obs: obs[:, :1])]
    kept = recording.Recording(tiny.ENV, arms, range(7), 10).only
    assert kept == {(name, seed) for name in ("baseline", "other") for seed in (0, 1, 2)}


def test_the_units_of_a_layer_for_every_arm_and_as_files(client, run):
    address = f"/run/{run['id']}/activations"
    header = unpacked(client.http.get(f"{address}?layer=1").data)
    assert [layer["label"] for layer in header["layers"]] == ["Hidden 1", "Hidden 2", "Action"]
    assert [layer["width"] for layer in header["layers"]] == [tiny.HIDDEN, tiny.HIDDEN, tiny.ACT]
    baseline, pushed = (arm["signals"]["units"]["values"] for arm in header["arms"])
    length = run["arms"][0]["episodes"][0]["length"]
    assert baseline.shape == (length, tiny.HIDDEN)
    still = np.flatnonzero(np.ptp(np.concatenate([baseline, pushed]), axis=0) == 0).tolist()
    assert header["dead"] == still
    assert not np.array_equal(
        baseline[0], pushed[0]
    )  # the same first observation, pushed from the first step

    arrays = np.load(io.BytesIO(client.http.get(f"{address}.npz").data))
    assert arrays["arms"].tolist() == ["baseline", "intervention"]
    assert np.array_equal(arrays["0/hidden_2"].astype(np.float32), baseline)
    lines = client.http.get(f"{address}.csv?layer=1&arms=intervention").text.splitlines()
    assert lines[0].startswith("arm,step,unit_0,unit_1")
    assert len(lines) == 1 + len(pushed)
    assert [float(x) for x in lines[1].split(",")[2:]] == arrays["1/hidden_2"][0].tolist()


def test_a_layer_that_does_not_exist_is_named_with_those_that_do(client, run):
    body = client("GET", f"/run/{run['id']}/activations?layer=9", expect=400)
    assert "0 (Hidden 1), 1 (Hidden 2), 2 (Action)" in body["error"]["message"]
    client("GET", f"/run/{run['id']}/activations?arms=nobody", expect=404)
