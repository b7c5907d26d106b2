"""Cached data in other files than torch's: the same numbers, and nothing unpickled."""

import io

import numpy as np
import pytest
from safetensors.numpy import save as safetensors

from policyscope.core.activations import read_tensor
from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.torch_tensors import save_tensor

ROWS = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)


def npy(array, **options) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def npz(save=np.savez, **arrays) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


FILES = {
    "torch": save_tensor(ROWS),
    "npy": npy(ROWS),
    "fortran": npy(np.asfortranarray(ROWS)),
    "big endian": npy(ROWS.astype(">f4")),
    "npz": npz(observations=ROWS),
    "compressed": npz(np.savez_compressed, observations=ROWS),
    "safetensors": safetensors({"observations": ROWS}),
}


@pytest.mark.parametrize("name", FILES)
def test_the_same_rows_from_every_format(name):
    assert np.array_equal(read_tensor(FILES[name], "cached_obs"), ROWS)


@pytest.mark.parametrize("name", FILES)
def test_half_a_file_is_refused(name):
    data = FILES[name]
    for length in range(1, len(data), max(1, len(data) // 40)):
        with pytest.raises((UnsupportedFile, LimitExceeded)):
            read_tensor(data[:length], "cached_obs")


def test_arrays_of_objects_are_not_unpickled():
    with pytest.raises(UnsupportedFile, match="cannot be read"):
        read_tensor(npy(np.array([{"a": 1}], dtype=object), allow_pickle=True), "cached_obs.npy")


def test_two_arrays_are_not_guessed_between():
    with pytest.raises(UnsupportedFile, match="one tensor"):
        read_tensor(npz(left=ROWS, right=ROWS), "cached_obs.npz")
