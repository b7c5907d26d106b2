"""Checkpoints: whole or none, and gone when the job is."""

import pytest

from policyscope.core.errors import NotFound
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.checkpoints import Checkpoints


def test_the_newest_state_is_read_back_and_nothing_else_lies_there(tmp_path):
    kept = Checkpoints(tmp_path / "a" / "b")
    assert kept.load("state") is None
    for number in range(3):
        kept.save("state", bytes([number]) * 1000)
    assert kept.load("state") == b"\x02" * 1000
    assert [path.name for path in kept.directory.iterdir()] == ["state"]
    kept.discard()
    kept.discard()
    assert kept.load("state") is None


@pytest.mark.parametrize("place", [0, 31, 32, 500])
def test_a_damaged_checkpoint_counts_as_none(tmp_path, place):
    kept = Checkpoints(tmp_path)
    kept.save("state", b"x" * 1000)
    data = bytearray((tmp_path / "state").read_bytes())
    data[place] ^= 4
    (tmp_path / "state").write_bytes(bytes(data))
    assert kept.load("state") is None


def test_a_failed_write_keeps_the_older_state(tmp_path):
    kept = Checkpoints(tmp_path)
    kept.save("state", b"old")
    with pytest.raises(TypeError):
        kept.save("state", "not bytes")  # type: ignore[arg-type]
    assert kept.load("state") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_clearing_keeps_checkpoints_discarding_and_sweeping_do_not(tmp_path):
    store = ArtifactStore(tmp_path)
    for name in ("runs/r_1", "runs/r_2"):
        store.checkpoints(name).save("part", b"x")
    store.clear("runs/r_1")
    assert store.checkpoints("runs/r_1").load("part") == b"x"
    store.sweep(keep={"runs/r_1"})
    assert store.checkpoints("runs/r_2").load("part") is None
    store.discard("runs/r_1")
    assert store.checkpoints("runs/r_1").load("part") is None
    with pytest.raises(NotFound):
        store.checkpoints("../runs/r_1")
