"""Nothing half-written, nothing changed in place, damage detected."""

import errno
import hashlib
import io
import json
import multiprocessing
import random
import time

import pytest

from policyscope.core.errors import NotFound, StorageFull
from policyscope.store.artifacts import ArtifactStore, publish_directory
from policyscope.store.writing import storage_errors


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path / "store")


def test_what_is_stored_can_be_read_and_has_a_manifest(store):
    store.publish(
        "models/m_1", {"a.bin": b"abc", "b.bin": lambda file: file.write(b"def")}, {"kind": "model"}
    )
    manifest = json.loads((store.root / "models/m_1/manifest.json").read_text())
    assert manifest.pop("sha256") == hashlib.sha256(json.dumps(manifest, indent=1)[1:].encode()).hexdigest()
    assert manifest == {
        "kind": "model",
        "files": {"a.bin": hashlib.sha256(b"abc").hexdigest(), "b.bin": hashlib.sha256(b"def").hexdigest()},
    }
    assert store.read("models/m_1", "a.bin") == b"abc"
    assert store.path("models/m_1", "b.bin").read_bytes() == b"def"
    assert store.has("models/m_1")
    assert store.names("models") == ["models/m_1"]
    assert list(store.temporary.iterdir()) == []


def test_a_stored_thing_is_never_overwritten(store):
    store.publish("models/m_1", {"a": b"first"})
    store.publish("models/m_1", {"a": b"second"})
    assert store.read("models/m_1", "a") == b"first"


def test_every_flipped_bit_is_detected(store):
    content = bytes(range(64))
    store.publish("runs/r_1", {"a": content})
    path = store.root / "runs/r_1/a"
    detected = 0
    for index in range(len(content)):
        damaged = bytearray(content)
        damaged[index] ^= 1 << (index % 8)
        path.write_bytes(damaged)
        with pytest.raises(NotFound, match="damaged"):
            store.read("runs/r_1", "a")
        with pytest.raises(NotFound, match="damaged"):
            ArtifactStore(store.root).path("runs/r_1", "a")
        detected += 1
    assert detected == 64


@pytest.mark.parametrize(
    "name", ["models/../x", "models", "/etc/passwd", "models/m_1/..", "m\x00/x", "Models/m"]
)
def test_only_plain_names_reach_the_disk(store, name):
    with pytest.raises(NotFound):
        store.publish(name, {"a": b"x"})


def test_a_manifest_from_before_they_had_a_seal_is_read(store):
    store.publish("runs/r_1", {"a": b"x"})
    path = store.root / "runs/r_1/manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["sha256"]
    path.write_text(json.dumps(manifest, indent=1))
    assert store.read("runs/r_1", "a") == b"x"


def test_a_full_disk_becomes_storage_full_and_leaves_nothing(store):
    def full(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageFull, match="No space left"):
        store.publish("runs/r_1", {"a": b"x", "b": full})
    assert not store.has("runs/r_1")
    assert list(store.temporary.iterdir()) == []


def test_torch_reports_a_full_disk_as_runtime_error():
    with pytest.raises(StorageFull, match="could not be written"), storage_errors():
        raise RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0")
    with pytest.raises(RuntimeError, match="something else"), storage_errors():
        raise RuntimeError("something else")


def test_a_real_full_device_is_storage_full(store):
    def write(_file: io.BufferedIOBase) -> None:
        with open("/dev/full", "wb") as full:
            full.write(b"x" * 100_000)

    with pytest.raises(StorageFull):
        store.publish("runs/r_2", {"a": write})


def test_discard_removes_the_thing_and_its_leftovers(store):
    store.publish("runs/r_1", {"a": b"x"})
    (store.temporary / "runs-r_1-0000").mkdir(parents=True)
    (store.temporary / "runs-r_2-0000").mkdir(parents=True)
    store.discard("runs/r_1")
    store.discard("runs/r_never")
    assert not store.has("runs/r_1")
    assert [entry.name for entry in store.temporary.iterdir()] == ["runs-r_2-0000"]


def _publish_for_ever(root):
    for number in range(100_000):
        publish_directory(
            root / "runs" / f"r_{number}", {"a": b"x" * 5000, "b": b"y" * 5000}, root / "tmp", {"n": number}
        )


def test_killed_while_writing_nothing_with_a_final_name_is_incomplete(tmp_path):
    context = multiprocessing.get_context("fork")
    chance = random.Random(1)
    for round_number in range(6):
        root = tmp_path / str(round_number)
        writer = context.Process(target=_publish_for_ever, args=(root,))
        writer.start()
        time.sleep(0.1 + chance.random() * 0.1)
        writer.kill()
        writer.join()
        store = ArtifactStore(root)
        names = store.names("runs")
        assert names, "the writer had no time to publish anything"
        for name in names:
            assert store.read(name, "a") == b"x" * 5000
            assert store.read(name, "b") == b"y" * 5000
