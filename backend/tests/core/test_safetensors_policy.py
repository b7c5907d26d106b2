"""Policies in safetensors: the same network as in torch's file, and a header that is checked."""

import contextlib
import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from nets import batchnorm_net, file_of, mlp, observations, outputs
from safetensors.torch import save

from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.core.safetensors_bytes import parse

GOOD = save(mlp().state_dict())


def file_with(header: dict | str, numbers: bytes = b"") -> bytes:
    raw = (header if isinstance(header, str) else json.dumps(header)).encode()
    return len(raw).to_bytes(8, "little") + raw + numbers


def entry(shape, begin, end, kind="F32"):
    return {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize("net", [mlp(), batchnorm_net()])
def test_the_same_policy_as_from_torch(net):
    spec, tensors = open_policy(save(net.state_dict()), "policy.safetensors")
    other, _ = open_policy(file_of(net.state_dict()), "policy.pt")
    assert (spec.modules, spec.format, spec.activation) == (other.modules, "safetensors", "gelu")
    np.testing.assert_allclose(
        Policy(spec, tensors)(observations()), outputs(net, observations()), atol=1e-12
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_float_types(dtype):
    state = {name: tensor.to(dtype) for name, tensor in mlp().state_dict().items()}
    _, tensors = open_policy(save(state), "policy.safetensors")
    assert np.array_equal(tensors["net.0.weight"], state["net.0.weight"].float().numpy())


def test_an_sae_is_told_from_a_policy():
    with pytest.raises(UnsupportedFile, match="sparse autoencoder"):
        open_policy(save({"W_enc": torch.zeros(2, 3), "W_dec": torch.zeros(3, 2)}), "sae.safetensors")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (file_with({"a": entry([1], 0, 4), "b": entry([1], 2, 6)}, bytes(6)), "overlaps"),
        (file_with({"a": entry([1], 4, 8)}, bytes(8)), "gap"),
        (file_with({"a": entry([1], 0, 4)}, bytes(8)), "take 4 bytes, and 8"),
        (file_with({"a": entry([2], 0, 4)}, bytes(4)), "must agree"),
        (file_with({"a": entry([-1], 0, 4)}, bytes(4)), "must agree"),
        (file_with({"a": entry([2**40, 2**40], 0, 4)}, bytes(4)), "must agree"),
        (file_with({"a": entry([1], 0, 1, "F8_E4M3")}, bytes(1)), "F8_E4M3"),
        (file_with({"a": 3}), "cannot be read"),
        (file_with({"__metadata__": {"a": 1}}), "metadata"),
        (file_with('{"a": {}, "a": {}}'), "'a' twice"),
        (file_with("{" * 9), "cannot be read"),
        ((2**40).to_bytes(8, "little") + b"{}", "does not fit"),
    ],
)
def test_a_header_that_is_not_right_is_refused(data, words):
    with pytest.raises(UnsupportedFile, match=words):
        parse(data)


def test_values_that_are_not_finite_are_refused():
    state = {"net.0.weight": torch.full((2, 3), torch.inf)}
    with pytest.raises(UnsupportedFile, match="infinite"):
        open_policy(save(state), "policy.safetensors")


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_flipped_bytes_are_read_or_refused(place, value):
    with contextlib.suppress(UnsupportedFile, LimitExceeded):
        open_policy(GOOD[:place] + bytes([value]) + GOOD[place + 1 :], "policy.safetensors")
