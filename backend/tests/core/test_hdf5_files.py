"""HDF5: what is read, in which order, and everything that a stranger's file may try."""

import io
import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from policyscope.core.activations import split_rows
from policyscope.core.cached_files import open_recording
from policyscope.core.errors import LimitExceeded, PolicyscopeError, UnsupportedFile
from policyscope.core.rows import blocks

MINARI = Path(__file__).parents[1] / "fixtures" / "minari"
ROWS = np.arange(60, dtype=np.float32).reshape(20, 3)


def made(fill) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        fill(file)
    return buffer.getvalue()


def opened(data: bytes, wanted: str = "observations"):
    return open_recording(data, wanted, "cached_obs.hdf5")


def whole(table) -> np.ndarray:
    return np.concatenate([table[part] for part in blocks(table, most=7)])


def dataset(**options):
    return lambda file: file.create_dataset("anything", data=options.pop("data", ROWS), **options)


@pytest.mark.parametrize(
    "fill",
    [
        dataset(),
        dataset(chunks=(4, 2), compression="gzip", shuffle=True, fletcher32=True),
        dataset(chunks=(4, 3), compression="lzf"),
        dataset(dtype=">f8"),
        lambda file: file.create_dataset("a/b/table", data=ROWS),
        lambda file: [file.create_dataset(name, data=ROWS + i) for i, name in enumerate(("obs", "actions"))],
    ],
)
def test_the_one_table_or_the_one_that_is_named(fill):
    assert np.array_equal(whole(opened(made(fill)).columns["observations"]), ROWS)


def test_both_in_one_file_are_told_apart_by_name():
    def both(file):
        file["activations"], file["observations"] = ROWS + 1, ROWS

    assert np.array_equal(whole(opened(made(both)).columns["observations"]), ROWS)
    assert np.array_equal(whole(opened(made(both), "activations").columns["activations"]), ROWS + 1)


def minari(name: str = "pendulum") -> bytes:
    return (MINARI / name / "data" / "main_data.hdf5").read_bytes()


def test_minari_episodes_keep_their_numbers_and_lose_their_last_observation():
    recording = opened(minari())
    columns = {name: whole(table) for name, table in recording.columns.items()}
    assert recording.is_minari
    assert json.loads((MINARI / "pendulum/data/metadata.json").read_text())["total_steps"] == sum(
        range(7, 19)
    )
    assert {name: array.shape[1:] for name, array in columns.items()} == {
        "observations": (3,), "action": (1,), "reward": (), "episode": (), "step": (),
    }  # fmt: skip
    assert [np.count_nonzero(columns["episode"] == n) for n in range(12)] == list(range(7, 19))
    assert np.all(np.diff(columns["episode"]) >= 0)  # 2 before 10
    with h5py.File(io.BytesIO(minari())) as file:
        for n in range(12):
            rows, episode = columns["episode"] == n, file[f"episode_{n}"]
            assert np.array_equal(columns["observations"][rows], episode["observations"][:-1])
            assert np.array_equal(columns["action"][rows], episode["actions"])
            assert np.array_equal(columns["step"][rows], np.arange(7 + n))


def test_splits_of_minari_never_cut_an_episode():
    episode = whole(opened(minari()).columns["episode"])
    parts = split_rows(len(episode), episode)
    names = [set(episode[rows]) for rows in parts]
    assert sum(map(len, names)) == 12
    assert not names[0] & names[1] | names[0] & names[2] | names[1] & names[2]


def external_link(file):
    file["observations"] = h5py.ExternalLink("/etc/passwd", "/")


def soft_link(file):
    file["table"], file["observations"] = ROWS, h5py.SoftLink("/table")


def virtual(file):
    layout = h5py.VirtualLayout(shape=(20, 3), dtype="f4")
    layout[:] = h5py.VirtualSource("/tmp/other.h5", "x", shape=(20, 3))
    file.create_virtual_dataset("observations", layout)


def external_storage(file):
    file.create_dataset("observations", (20, 3), "f4", external=[("/etc/passwd", 0, 240)])


def references(file):
    file["target"] = 1.0
    file.create_dataset("observations", (2, 2), h5py.ref_dtype)[:] = file["target"].ref


def cycle(file):
    outer = file.create_group("a")
    outer.create_group("b")["loop"] = outer


def many_groups(file):
    for n in range(10_100):
        file.create_group(f"{n}")


def deep(file):
    file.create_dataset("/".join("abcdefgh"), data=ROWS)


def huge(file):
    file.create_dataset("observations", (10**9, 10**4), "f4", chunks=(1, 10**4))


def huge_chunk(file):
    file.create_dataset("observations", (10**6, 64), "f4", chunks=(10**6, 64))


def unknown_filter(file):
    space = h5py.h5s.create_simple((20, 3))
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((20, 3))
    plan.set_filter(32015, h5py.h5z.FLAG_OPTIONAL)  # zstandard, a plugin
    h5py.h5d.create(file.id, b"observations", h5py.h5t.NATIVE_FLOAT, space, plan)


def dictionary(file):
    file["observations/position"] = file["observations/velocity"] = ROWS


def two_tables(file):
    file["left"], file["right"] = ROWS, ROWS


def texts(file):
    file["observations"] = np.array([["a", "b"]], dtype=h5py.string_dtype())


def whole_numbers(file):
    file["observations"] = ROWS.astype(np.int64)


def complex_numbers(file):
    file["observations"] = ROWS.astype(np.complex64)


def one_dimension(file):
    file["observations"] = ROWS[:, 0]


def minari_of(**parts):
    def fill(file):
        usual = {"observations": ROWS, "actions": ROWS[:19], "rewards": ROWS[:19, 0]}
        for name, array in (usual | parts).items():
            if array is not None:
                file[f"episode_0/{name}"] = array
        file["episode_1/observations"] = ROWS
        file["episode_1/actions"] = ROWS[:19]
        file["episode_1/rewards"] = ROWS[:19, 0]

    return fill


def episode_is_a_table(file):
    file["episode_0"] = ROWS


def episode_elsewhere(file):
    file["episode_0"] = h5py.ExternalLink("/tmp/other.h5", "/")


HOSTILE = [
    (external_link, "points into another file"),
    (soft_link, "is a link to another place"),
    (virtual, "virtual dataset"),
    (external_storage, "keeps its numbers in another file"),
    (references, "references to objects"),
    (cycle, "it holds itself"),
    (many_groups, "more than 10,000"),
    (deep, "nest deeper than 4"),
    (huge, "at most 64 GiB"),
    (huge_chunk, "at most 64 MiB a piece"),
    (unknown_filter, "filter 32015"),
    (dictionary, r"is a dictionary \(position, velocity\)"),
    (two_tables, r"2 tables \(left, right\)"),
    (lambda file: None, "holds no table"),
    (texts, "holds texts"),
    (whole_numbers, "holds int64 values"),
    (complex_numbers, "holds complex64 values"),
    (one_dimension, r"shape \[20\]"),
    (minari_of(observations=ROWS[:15]), "15 observations and 19 rewards"),
    (minari_of(actions=ROWS[:3]), "3 actions and 19 rewards"),
    (minari_of(observations=ROWS[:, :2]), "must have the same columns"),
    (minari_of(rewards=None), "rewards' is missing"),
    (minari_of(observations=None), "observations' is missing"),
    (episode_is_a_table, "is not a group"),
    (episode_elsewhere, "points into another file"),
]


@pytest.mark.parametrize(("fill", "words"), HOSTILE)
def test_a_hostile_or_ambiguous_hdf5_file_is_refused_with_the_reason(fill, words):
    with pytest.raises((UnsupportedFile, LimitExceeded), match=words) as error:
        opened(made(fill))
    assert error.value.message.startswith("cached_obs.hdf5: ")


def test_dictionaries_of_minari_and_activations_in_minari_are_refused():
    with pytest.raises(
        UnsupportedFile, match=r"dictionary \(desired_goal, observation\).*FlattenObservation"
    ):
        opened(minari("goal"))
    with pytest.raises(UnsupportedFile, match="no activations"):
        opened(minari(), "activations")


def test_half_an_hdf5_file_never_crashes_the_reader():
    data = made(dataset(chunks=(4, 2), compression="gzip"))
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        spoiled = bytearray(data[: rng.integers(8, len(data) + 1)])
        for place in rng.integers(8, len(spoiled) + 1, 3) - 1:
            spoiled[place] ^= int(rng.integers(1, 256))
        try:
            whole(opened(bytes(spoiled)).columns["observations"])
        except PolicyscopeError:
            refused += 1
    assert refused > 200
