"""The SAE's formula, its determinism, and its file."""

import io

import numpy as np
import pytest
import torch
from nets import file_of, random_sae
from torch import nn

from policyscope.core import blocks
from policyscope.core.errors import InvalidInput, PolicyscopeError, ShapeMismatch, UnsupportedFile
from policyscope.core.sae import SAE
from policyscope.core.sae_choice import top_k
from policyscope.core.sae_formats import open_sae, save_sae


def rows(n=100, width=8, seed=1):
    return np.random.default_rng(seed).standard_normal((n, width))


def original(d_in=4, d_latent=10, k=3, **extra):
    """The guide's file, made by torch: no biases."""
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(d_in, d_latent, bias=False), nn.Linear(d_latent, d_in, bias=False)
    state = {"encoder.weight": encoder.weight.detach(), "decoder.weight": decoder.weight.detach()}
    return {"sae_state": state, "d_in": d_in, "d_latent": d_latent, "k": k, "tap_index": 4, **extra}


def test_the_formula_of_the_original_file():
    content = original()
    sae = open_sae(file_of(content), "walker_sae.pt")
    assert (sae.d_in, sae.d_latent, sae.k, sae.tap_index) == (4, 10, 3, 4)
    x = torch.from_numpy(rows(50, 4))
    weights = {name: tensor.double() for name, tensor in content["sae_state"].items()}
    values, places = torch.topk(torch.relu(x @ weights["encoder.weight"].T), 3, dim=1)
    z = torch.zeros(50, 10, dtype=torch.float64).scatter_(1, places, values)
    np.testing.assert_allclose(sae.encode(x.numpy()), z.numpy(), atol=1e-12)
    np.testing.assert_allclose(sae.decode(z.numpy()), (z @ weights["decoder.weight"].T).numpy(), atol=1e-12)


def test_biases_enter():
    sae, x = random_sae(), rows()
    p = np.maximum(x @ sae.w_enc.T + sae.b_enc, 0)
    z = np.where(p >= np.sort(p, axis=1)[:, [-4]], p, 0)
    np.testing.assert_allclose(sae.encode(x), z, atol=1e-12)
    np.testing.assert_allclose(sae.decode(z), z @ sae.w_dec.T + sae.b_dec, atol=1e-12)


def test_at_most_k_are_active_and_none_below_zero():
    z = random_sae(k=4).encode(rows())
    assert np.count_nonzero(z, axis=1).max() == 4
    assert z.min() == 0.0
    all_negative = SAE(-np.eye(3), np.zeros(3), np.eye(3), np.zeros(3), 2)
    assert not all_negative.encode(np.ones((2, 3))).any()


def test_ties_go_to_the_lowest_index():
    values = np.array([[1.0, 2.0, 1.0, 1.0, 0.0], [3.0, 3.0, 3.0, 3.0, 3.0], [5.0, 4.0, 0.0, 0.0, 0.0]])
    assert np.array_equal(
        top_k(values, 2),
        [[1.0, 2.0, 0.0, 0.0, 0.0], [3.0, 3.0, 0.0, 0.0, 0.0], [5.0, 4.0, 0.0, 0.0, 0.0]],
    )


def test_the_largest_are_those_that_sorting_finds_bit_for_bit():
    rng = np.random.default_rng(3)
    for n, k in ((5, 1), (40, 39), (300, 7), (2000, 32)):
        values = np.maximum(np.round(rng.standard_normal((3, 64, n)), 2), 0.0)  # rounded: many ties
        values[0, :8] = 0.0
        order = np.argsort(-values, axis=-1, kind="stable")[..., :k]
        expected = np.zeros_like(values)
        np.put_along_axis(expected, order, np.take_along_axis(values, order, axis=-1), axis=-1)
        assert top_k(values, k).tobytes() == expected.tobytes()


def test_a_wide_sae_gives_the_same_bits_in_parts_of_any_size(monkeypatch):
    sae, x = random_sae(12, 3000, 9), rows(200, 12)
    z = sae.encode(x)
    monkeypatch.setattr(blocks, "CHUNK_CELLS", 1 << 30)
    assert sae.encode(x).tobytes() == z.tobytes()
    monkeypatch.setattr(blocks, "CHUNK_CELLS", 1)
    assert sae.encode(x).tobytes() == z.tobytes()


def test_rows_do_not_depend_on_their_neighbours():
    sae = random_sae(30, 100, 9)
    x = rows(130, 30)
    z, output = sae.encode(x), sae.decode(sae.encode(x))
    for i in (0, 1, 63, 64, 129):
        assert sae.encode(x[i : i + 1]).tobytes() == z[i].tobytes()
        assert sae.decode(z[i : i + 1]).tobytes() == output[i].tobytes()


def test_k_may_be_all():
    sae, x = random_sae(k=24), rows()
    np.testing.assert_allclose(sae.encode(x), np.maximum(x @ sae.w_enc.T + sae.b_enc, 0), atol=1e-12)


def test_directions_and_norms():
    sae = random_sae()
    assert np.array_equal(sae.direction(5), sae.w_dec[:, 5])
    np.testing.assert_allclose(sae.decoder_norms(), 1.0, atol=1e-6)
    for feature in (-1, 24):
        with pytest.raises(InvalidInput, match="0 to 23 are allowed"):
            sae.direction(feature)


def test_the_arrays_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        random_sae().w_dec[0, 0] = 1.0


def test_saving_and_opening_changes_nothing():
    sae = random_sae()
    again = open_sae(save_sae(sae), "walker_sae.pt")
    assert again.fingerprint() == sae.fingerprint()
    assert again.encode(rows()).tobytes() == sae.encode(rows()).tobytes()
    assert again.tap_index == 4
    assert save_sae(again) == save_sae(sae)


def test_zero_biases_are_left_out_of_the_file():
    sae = open_sae(file_of(original()), "walker_sae.pt")
    content = torch.load(io.BytesIO(save_sae(sae)), weights_only=True)
    assert set(content["sae_state"]) == {"encoder.weight", "decoder.weight"}
    assert {name: content[name] for name in ("d_in", "d_latent", "k", "tap_index")} == {
        **{"d_in": 4, "d_latent": 10},
        **{"k": 3, "tap_index": 4},
    }


def test_the_fingerprint_covers_what_decides():
    sae = random_sae()
    parts = (sae.w_enc, sae.b_enc, sae.w_dec, sae.b_dec)
    others = [SAE(*parts, 5, 4), SAE(sae.w_enc, sae.b_enc + 1, sae.w_dec, sae.b_dec, 4, 4)]
    assert len({sae.fingerprint(), *(other.fingerprint() for other in others)}) == 3
    assert SAE(*parts, 4, None).fingerprint() == sae.fingerprint()


def changed(**state):
    content = original()
    content["sae_state"] = {k: v for k, v in {**content["sae_state"], **state}.items() if v is not None}
    return content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (changed(**{"encoder.weight": None}), "lacks encoder.weight"),
        (changed(threshold=torch.zeros(10)), "has threshold, whose meaning is not known"),
        (changed(**{"encoder.weight": torch.zeros(10, 4, dtype=torch.int32)}), "int32"),
        (changed(**{"encoder.bias": torch.zeros(10, 1)}), "1-D"),
        (original(d_in=4) | {"d_in": 5}, "d_in is 5, but encoder.weight has shape [10, 4]"),
        (original() | {"d_latent": 11}, "d_latent is 11"),
        (original() | {"k": None}, "k is None"),
        (original() | {"k": 2.5}, "k is 2.5"),
        (original() | {"tap_index": "four"}, "tap_index is 'four'"),
        (original() | {"tap_index": -1}, "tap_index is -1"),
        ({"net.0.weight": torch.zeros(2, 2)}, "Found the keys net.0.weight"),
        (torch.zeros(3, 4), "a tensor of shape [3, 4]"),
    ],
)
def test_what_is_not_an_sae_is_named(content, words):
    with pytest.raises(UnsupportedFile) as caught:
        open_sae(file_of(content), "walker_sae.pt")
    assert caught.value.message.startswith("walker_sae.pt: ")
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (original(k=11), InvalidInput, "1 to 10 are allowed"),
        (original(k=0), InvalidInput, "k is 0"),
        (changed(**{"decoder.weight": torch.zeros(10, 4)}), ShapeMismatch, r"\[4, 10\]"),
        (changed(**{"encoder.bias": torch.zeros(9)}), ShapeMismatch, r"\[10\]"),
        (changed(**{"decoder.bias": torch.zeros(3)}), ShapeMismatch, r"\[4\]"),
        (
            changed(**{"decoder.weight": torch.full((4, 10), torch.nan)}),
            InvalidInput,
            "40 values that are NaN",
        ),
    ],
)
def test_values_that_contradict_each_other_are_refused(content, error, words):
    with pytest.raises(error, match=words):
        open_sae(file_of(content), "walker_sae.pt")


@pytest.mark.parametrize("data", [b"", b"nonsense", b"PK\x03\x04"])
def test_other_files_are_refused(data):
    with pytest.raises(PolicyscopeError, match=r"walker_sae\.pt"):
        open_sae(data, "walker_sae.pt")


def test_missing_tap_index_and_counts_held_as_tensors():
    content = original() | {"k": torch.tensor(3)}
    del content["tap_index"], content["d_in"]
    sae = open_sae(file_of(content), "f")
    assert (sae.k, sae.tap_index) == (3, None)


def test_wrong_width_is_named():
    with pytest.raises(ShapeMismatch, match=r"\[rows, 8\]"):
        random_sae().encode(np.zeros((2, 7)))
