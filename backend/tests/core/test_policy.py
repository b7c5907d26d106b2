"""The numpy policy equals torch, is cut cleanly at every tap, and treats rows separately."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from nets import LAYERS, batchnorm_net, file_of, mlp, observations, outputs, tiny_policy
from torch import nn

from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.policy import ACTIVATIONS, Module, Policy, PolicySpec
from policyscope.core.policy_formats import open_policy


def opened(net, activation="gelu"):
    spec, tensors = open_policy(file_of(net.state_dict()), "imitator.pt")
    return Policy(spec.with_activation(activation, "user"), tensors)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("bias", [True, False])
def test_equals_torch(activation, bias):
    net, obs = mlp(activation=activation, bias=bias), observations() * 4
    np.testing.assert_allclose(opened(net, activation)(obs), outputs(net, obs), rtol=0, atol=1e-12)


def test_every_activation_function_is_compared_with_torch():
    assert set(LAYERS) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_activation_functions_at_extremes(name):
    x = np.array([[-800.0, -30.0, -1e-9, 0.0, 1e-9, 19.9, 20.1, 30.0, 800.0]])
    layer = LAYERS[name]()
    np.testing.assert_allclose(
        ACTIVATIONS[name](x), layer(torch.from_numpy(x)).numpy(), rtol=1e-12, atol=1e-12
    )


def test_batchnorm_equals_torch():
    net, obs = batchnorm_net(), observations()
    np.testing.assert_allclose(opened(net)(obs), outputs(net, obs), rtol=0, atol=1e-12)


def test_layernorm_equals_torch():
    net, obs = mlp(), observations()
    net.net.insert(1, nn.LayerNorm(8))
    nn.init.normal_(net.net[1].weight)
    nn.init.normal_(net.net[1].bias)
    np.testing.assert_allclose(opened(net)(obs), outputs(net, obs), rtol=0, atol=1e-12)


@pytest.mark.parametrize("tap", range(7))
def test_head_then_tail_is_the_policy(tap):
    policy, obs = tiny_policy(), observations()
    h = policy.head(obs, tap)
    assert h.shape == (100, policy.tap_dim(tap))
    assert policy.tail(h, tap).tobytes() == policy(obs).tobytes()


def test_head_is_the_activation_after_the_module():
    net, obs = mlp(), observations()
    for tap in range(5):
        np.testing.assert_allclose(opened(net).head(obs, tap), outputs(net, obs, tap), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "sizes", [(5, 8, 8, 3), (17, 32, 32, 6), (105, 100, 255, 1), (3, 400, 300, 2), (1, 1)]
)
def test_a_row_does_not_depend_on_its_neighbours_or_its_place(sizes):
    policy, obs = tiny_policy(sizes), observations(150, sizes[0])
    together = policy(obs)
    alone = np.vstack([policy(obs[i : i + 1]) for i in range(150)])
    assert together.tobytes() == alone.tobytes()
    order = np.random.default_rng(3).permutation(150)
    assert policy(obs[order]).tobytes() == together[order].tobytes()
    assert policy(np.vstack([obs] * 30))[:150].tobytes() == together.tobytes()


def test_squash_is_tanh_of_the_tail():
    plain = tiny_policy()
    squashed = Policy(
        PolicySpec(plain.spec.modules, "sb3_zip", "gelu", "recorded", squash="tanh"), plain.tensors
    )
    obs = observations()
    assert np.array_equal(squashed(obs), np.tanh(plain(obs)))
    assert np.array_equal(squashed.tail(squashed.head(obs, 2), 2), squashed(obs))


def test_the_input_is_left_alone():
    policy = tiny_policy((3, 3))
    obs = observations(64, 3)
    before = obs.copy()
    policy(obs)
    h = policy.head(obs, 0)
    policy.tail(h, 0)[:] = 0
    assert np.array_equal(obs, before)
    assert np.array_equal(h, policy.head(obs, 0))


def test_no_rows():
    assert tiny_policy()(np.zeros((0, 5))).shape == (0, 3)


@pytest.mark.parametrize("obs", [np.zeros(5), np.zeros((2, 4)), np.zeros((1, 2, 5))])
def test_wrong_shape_is_named(obs):
    with pytest.raises(ShapeMismatch, match=r"\[rows, 5\]"):
        tiny_policy()(obs)


@pytest.mark.parametrize("tap", [-1, 7])
def test_tap_out_of_range_names_the_range(tap):
    with pytest.raises(InvalidInput, match="0 to 6 are allowed") as caught:
        tiny_policy().head(observations(), tap)
    assert "tap_index" in caught.value.fields


def test_tensors_are_read_only_and_float32():
    tensors = tiny_policy().tensors
    assert {array.dtype for array in tensors.values()} == {np.dtype(np.float32)}
    with pytest.raises(ValueError, match="read-only"):
        tensors["net.0.weight"][0, 0] = 1.0
    with pytest.raises(TypeError):
        tensors["net.0.weight"] = np.zeros(1)  # type: ignore[index]


def test_missing_and_misshapen_tensors_are_refused():
    policy = tiny_policy()
    without = {name: array for name, array in policy.tensors.items() if name != "net.2.bias"}
    with pytest.raises(ShapeMismatch, match=r"net\.2\.bias \[8\] is missing"):
        Policy(policy.spec, without)
    with pytest.raises(ShapeMismatch, match=r"this policy needs \[8\]"):
        Policy(policy.spec, {**policy.tensors, "net.2.bias": np.zeros(7)})


def test_fingerprint_changes_with_what_matters_only():
    policy = tiny_policy()
    spec, tensors = policy.spec, dict(policy.tensors)
    prints = {
        policy.fingerprint(),
        Policy(spec.with_activation("relu", "user"), tensors).fingerprint(),
        Policy(spec, {**tensors, "net.0.bias": tensors["net.0.bias"] + np.float32(1e-3)}).fingerprint(),
        Policy(PolicySpec(spec.modules, "x", "gelu", "default", squash="tanh"), tensors).fingerprint(),
    }
    assert len(prints) == 4
    noted = PolicySpec(spec.modules, "other", "gelu", "default", notes=("a note",), metadata={"env": "x"})
    assert Policy(noted, tensors).fingerprint() == policy.fingerprint()


def test_spec_json_round_trip():
    spec = tiny_policy().spec
    assert PolicySpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    "change",
    [
        {"modules": []},
        {"modules": [{"kind": "linear", "in_features": 2}]},
        {"modules": [{"kind": "magic", "in_features": 2, "out_features": 2}]},
        {"modules": [{"kind": "linear", "in_features": "2", "out_features": 2}]},
        {"activation": "cosine"},
        {"squash": "sigmoid"},
        {"unknown": 1},
    ],
)
def test_a_damaged_description_is_refused(change):
    with pytest.raises(InvalidInput):
        PolicySpec.from_json({**tiny_policy().spec.to_json(), **change})


def test_layers_must_connect():
    with pytest.raises(InvalidInput, match="gives 4 values and Linear 5 → 2 takes 5"):
        PolicySpec((Module("linear", 3, 4), Module("linear", 5, 2)), "x", "gelu", "default")


def test_with_activation_leaves_pass_through_modules():
    modules = (
        Module("linear", 3, 3, key="net.0"),
        Module("identity", 3, 3),
        Module("linear", 3, 1, key="net.2"),
    )
    spec = PolicySpec(modules, "x", "identity", "default").with_activation("relu", "user")
    assert [module.kind for module in spec.modules] == ["linear", "identity", "linear"]


def test_labels():
    labels = [module.label for module in tiny_policy(activation="relu").spec.modules[:2]]
    assert labels == ["Linear 5 → 8", "ReLU"]


def test_policies_and_saes_do_not_import_torch():
    code = (
        "import sys, policyscope.core.policy_formats, policyscope.core.sae_formats, policyscope.core.taps, "
        "policyscope.core.features, policyscope.core.interventions, policyscope.core.sae_metrics, "
        "policyscope.core.weight_edits; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
