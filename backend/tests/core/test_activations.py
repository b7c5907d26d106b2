"""Cached data are checked with sentences, and split by whole episodes."""

import numpy as np
import pytest
import torch
from nets import file_of

from policyscope.core.activations import ActivationData, read_tensor, split_rows
from policyscope.core.errors import InvalidInput, ShapeMismatch, UnsupportedFile


def data(n=100, **extra):
    rng = np.random.default_rng(0)
    return ActivationData(rng.standard_normal((n, 3)), rng.standard_normal((n, 4)), **extra)


def test_read_tensor():
    tensor = torch.randn(5, 3)
    assert np.array_equal(read_tensor(file_of(tensor), "cached_obs.pt"), tensor.numpy())
    assert np.array_equal(read_tensor(file_of({"obs": tensor}), "cached_obs.pt"), tensor.numpy())
    assert read_tensor(file_of(tensor.half()), "cached_obs.pt").dtype == np.float32


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (torch.zeros(5), r"shape \[5\]"),
        (torch.zeros(0, 3), r"shape \[0, 3\]"),
        (torch.zeros(5, 3, dtype=torch.int64), "int64"),
        (
            torch.tensor([[0.0, 1.0], [2.0, float("nan")]]),
            "values that are NaN or infinite, the first at row 1, column 1",
        ),
        ([1, 2], "a list"),
        ({"a": torch.zeros(2, 2), "b": torch.zeros(2, 2)}, "TensorDict"),
    ],
)
def test_wrong_content_is_named(content, words):
    with pytest.raises(
        (InvalidInput, UnsupportedFile), match=rf"cached_obs\.pt holds.*{words}|cached_obs\.pt has {words}"
    ):
        read_tensor(file_of(content), "cached_obs.pt")


def test_damaged_files_are_named():
    with pytest.raises(UnsupportedFile, match=r"cached_obs\.pt: "):
        read_tensor(b"x", "cached_obs.pt")


def test_rows_must_agree():
    with pytest.raises(ShapeMismatch, match="5 rows of observations and 4 of activations"):
        ActivationData(np.zeros((5, 3)), np.zeros((4, 3)))
    with pytest.raises(ShapeMismatch, match="99 of episode"):
        data(episode=np.zeros(99, int))


def test_take_and_spread():
    whole = data(episode=np.arange(100))
    part = whole.spread(10)
    assert len(part) == 10
    assert part.episode is not None
    assert part.episode[0] == 0
    assert part.episode[-1] == 99
    assert whole.spread(100) is whole
    assert part.step is None
    assert np.array_equal(part.activations, whole.activations[part.episode])


def test_episodes_are_not_torn_apart():
    episode = np.repeat(np.arange(30), 7)
    parts = split_rows(210, episode)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(210))
    held = [set(episode[part]) for part in parts]
    assert [len(names) for names in held] == [24, 3, 3]
    assert not (held[0] & held[1])
    assert not (held[0] & held[2])
    assert not (held[1] & held[2])


def test_the_split_is_the_same_for_the_same_seed():
    one, other, third = (split_rows(100, np.arange(100) // 5, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(one[1], third[1])


@pytest.mark.parametrize("episode", [None, np.zeros(1000, int)])
def test_without_episodes_contiguous_blocks_are_held_out(episode):
    train, validation, test = split_rows(1000, episode)
    assert (len(train), len(validation), len(test)) == (800, 100, 100)
    assert np.count_nonzero(np.diff(validation) != 1) <= 1


def test_a_part_may_be_empty():
    train, validation, test = split_rows(100, None, (0.9, 0.1, 0.0))
    assert (len(train), len(validation), len(test)) == (90, 10, 0)


def test_too_few_rows():
    with pytest.raises(InvalidInput, match="2 rows are too few"):
        split_rows(2, None)
