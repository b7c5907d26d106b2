"""Every way a chain of layers may be stored, and every refusal names what was found."""

import contextlib
import io
import json
import warnings
import zipfile
from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pytest
import torch
from nets import Net, batchnorm_net, file_of, mlp, observations, outputs
from torch import nn

from policyscope.core.errors import PolicyscopeError, UnsupportedFile
from policyscope.core.policy import Module, Policy
from policyscope.core.policy_formats import open_policy, save_policy


def kinds(spec):
    return [module.kind for module in spec.modules]


def chain(*shapes: tuple[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.rand(shape, generator=generator) for name, shape in shapes}


def refused(content: object, filename: str = "f.pt") -> str:
    data = content if isinstance(content, bytes) else file_of(content)
    with pytest.raises(UnsupportedFile) as caught:
        open_policy(data, filename)
    assert caught.value.message.startswith(f"{filename}: ")
    assert "Supported are" in caught.value.message
    return caught.value.message


def test_plain_state_dict():
    spec, tensors = open_policy(file_of(mlp().state_dict()), "imitator.pt")
    assert kinds(spec) == ["linear", "activation", "linear", "activation", "linear"]
    assert (spec.obs_dim, spec.act_dim, spec.format) == (5, 3, "torch_state_dict")
    assert (spec.activation, spec.activation_source) == ("gelu", "default")
    assert [module.key for module in spec.modules] == ["net.0", None, "net.2", None, "net.4"]
    assert set(tensors) == {f"net.{i}.{name}" for i in (0, 2, 4) for name in ("weight", "bias")}
    assert "GELU is assumed" in spec.notes[-1]


def test_without_biases():
    spec, tensors = open_policy(file_of(mlp(bias=False).state_dict()), "imitator.pt")
    assert not any(module.has_bias for module in spec.modules)
    assert set(tensors) == {"net.0.weight", "net.2.weight", "net.4.weight"}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"state_dict": state},
        lambda state: {"model_state_dict": state, "optimizer_state_dict": {"state": {}}, "epoch": 3},
        lambda state: {"checkpoint": {"model_state_dict": state}},
        lambda state: {"state_dict": {"state_dict": state}},
    ],
)
def test_wrappers(wrap):
    net, obs = mlp(), observations()
    spec, tensors = open_policy(file_of(wrap(net.state_dict())), "f.pt")
    np.testing.assert_allclose(Policy(spec, tensors)(obs), outputs(net, obs), atol=1e-12)


@pytest.mark.parametrize("prefix", ["module.net.", "_orig_mod.net.", "policy.mlp.", "", "a.b.c_d."])
def test_any_prefix(prefix):
    net, obs = mlp(), observations()
    state = {name.replace("net.", prefix, 1): tensor for name, tensor in net.state_dict().items()}
    spec, tensors = open_policy(file_of(state), "f.pt")
    assert spec.modules[2].key == f"{prefix}2"
    np.testing.assert_allclose(Policy(spec, tensors)(obs), outputs(net, obs), atol=1e-12)


def test_batchnorm_variant_has_nine_modules():
    spec, tensors = open_policy(file_of(batchnorm_net().state_dict()), "f.pt")
    assert len(spec.modules) == 9
    assert [i for i, kind in enumerate(kinds(spec)) if kind == "batchnorm"] == [1, 4]
    assert [i for i, kind in enumerate(kinds(spec)) if kind == "activation"] == [2, 5, 7]
    assert "net.1.running_mean" in tensors
    assert "net.1.num_batches_tracked" not in tensors


def test_batchnorm_without_weights_of_its_own():
    net = Net(nn.Linear(5, 8), nn.BatchNorm1d(8, affine=False), nn.GELU(), nn.Linear(8, 2))
    net.net[1].running_mean.normal_()
    spec, tensors = open_policy(file_of(net.state_dict()), "f.pt")
    np.testing.assert_allclose(
        Policy(spec, tensors)(observations()), outputs(net, observations()), atol=1e-12
    )


def test_layernorm_after_the_activation():
    net = Net(nn.Linear(5, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 2))
    spec, tensors = open_policy(file_of(net.state_dict()), "f.pt")
    assert kinds(spec) == ["linear", "activation", "layernorm", "linear"]
    assert any("LayerNorm" in note for note in spec.notes)
    np.testing.assert_allclose(
        Policy(spec, tensors)(observations()), outputs(net, observations()), atol=1e-12
    )


def test_dropout_after_the_activation_keeps_the_files_indices():
    net = Net(
        nn.Linear(5, 8), nn.GELU(), nn.Dropout(), nn.Linear(8, 8), nn.GELU(), nn.Dropout(), nn.Linear(8, 2)
    )
    spec, tensors = open_policy(file_of(net.state_dict()), "f.pt")
    assert kinds(spec) == ["linear", "activation", "identity"] * 2 + ["linear"]
    assert any("2 and 5" in note for note in spec.notes)
    np.testing.assert_allclose(
        Policy(spec, tensors)(observations()), outputs(net, observations()), atol=1e-12
    )


def test_flatten_at_the_start_and_norm_of_the_input():
    net = Net(nn.Flatten(), nn.LayerNorm(5), nn.Linear(5, 8), nn.GELU(), nn.Linear(8, 2))
    spec, tensors = open_policy(file_of(net.state_dict()), "f.pt")
    assert kinds(spec) == ["identity", "layernorm", "linear", "activation", "linear"]
    np.testing.assert_allclose(
        Policy(spec, tensors)(observations()), outputs(net, observations()), atol=1e-12
    )


def test_linear_layers_without_a_gap_get_no_activation_and_a_note():
    state = chain(("layers.0.weight", (8, 5)), ("layers.1.weight", (8, 8)), ("layers.2.weight", (2, 8)))
    spec, _ = open_policy(file_of(state), "f.pt")
    assert kinds(spec) == ["linear"] * 3
    assert spec.activation == "identity"
    assert any("0-1, 1-2" in note and "Sequential" in note for note in spec.notes)


def test_one_linear_layer():
    spec, _ = open_policy(file_of(chain(("0.weight", (2, 5)))), "f.pt")
    assert kinds(spec) == ["linear"]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_float_types_are_converted(dtype):
    state = {name: tensor.to(dtype) for name, tensor in mlp().state_dict().items()}
    spec, tensors = open_policy(file_of(state), "f.pt")
    expected = state["net.0.weight"].float().numpy()
    assert tensors["net.0.weight"].dtype == np.float32
    assert np.array_equal(tensors["net.0.weight"], expected)
    assert any("float64" in note for note in spec.notes) == (dtype == torch.float64)


def test_the_legacy_format_of_torch_opens():
    buffer = io.BytesIO()
    torch.save(mlp().state_dict(), buffer, _use_new_zipfile_serialization=False)
    assert open_policy(buffer.getvalue(), "old.pt")[0].obs_dim == 5


def test_tensors_said_to_lie_on_cuda_open():
    """A file saved on a GPU differs in the device named in its pickle only."""
    data = file_of(mlp().state_dict())
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as out:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("data.pkl"):
                assert b"X\x03\x00\x00\x00cpu" in content
                content = content.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
            out.writestr(name, content)
    _spec, tensors = open_policy(target.getvalue(), "gpu.pt")
    assert np.array_equal(tensors["net.0.weight"], mlp().state_dict()["net.0.weight"].numpy())


def actor_and_critic(actor: str, critic: str) -> dict[str, torch.Tensor]:
    return chain(
        *((f"{actor}0.weight", (8, 5)), (f"{actor}2.weight", (3, 8))),
        *((f"{critic}0.weight", (8, 5)), (f"{critic}2.weight", (1, 8))),
    )


@pytest.mark.parametrize(
    ("actor", "critic"),
    [
        ("actor.", "critic."),
        ("pi.", "vf."),
        ("net.", "value_net."),
        ("actor.net.", "q1."),
        ("policy.", "other."),
    ],
)
def test_the_actor_is_chosen_by_name_and_noted(actor, critic):
    spec, tensors = open_policy(file_of(actor_and_critic(actor, critic)), "f.pt")
    assert spec.act_dim == 3
    assert all(name.startswith(actor) for name in tensors)
    assert any(critic in note for note in spec.notes)


def test_two_chains_that_cannot_be_told_apart_are_refused():
    message = refused(actor_and_critic("left.", "right."))
    assert "left.* 5→8→3" in message
    assert "right.* 5→8→1" in message


def test_other_tensors_are_noted():
    state = {**mlp().state_dict(), "log_std": torch.zeros(3)}
    spec, tensors = open_policy(file_of(state), "f.pt")
    assert any("log_std" in note for note in spec.notes)
    assert "log_std" not in tensors


def test_a_last_layer_without_an_index_is_not_dropped_silently():
    state = {**mlp().state_dict(), "mean_head.weight": torch.zeros(2, 3)}
    assert "mean_head.weight [2, 3] seems to follow" in refused(state)


def test_a_critics_head_may_be_left_out():
    state = {**mlp().state_dict(), "value_head.weight": torch.zeros(1, 3)}
    assert open_policy(file_of(state), "f.pt")[0].act_dim == 3


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (
            chain(("net.0.weight", (8, 5)), ("net.2.weight", (2, 7))),
            "takes 7 values, but the layer before it gives 8",
        ),
        (chain(("net.0.weight", (8, 3, 3, 3)), ("net.2.weight", (2, 8))), "[8, 3, 3, 3]: a convolution"),
        (chain(("net.0.weight", (8, 5)), ("net.0.bias", (7,))), "net.0.bias has shape [7]; [8] is needed"),
        (chain(("net.0.weight", (8, 5)), ("net.1.weight", (8,)), ("net.2.weight", (2, 8))), "PReLU"),
        (chain(("net.0.weight", (8, 5)), ("net.1.weight", (7,)), ("net.1.bias", (7,))), "[8] is needed"),
        (chain(("net.0.weight", (8, 5)), ("net.1.bias", (8,))), "no weight"),
        (chain(("net.0.weight", (8, 5)), ("net.1.running_mean", (8,))), "lacks running_var"),
        (chain(("net.0.weight", (8, 5)), ("net.9999.weight", (2, 8))), "9999"),
        (chain(("net.0.weight", (0, 5))), "empty"),
        (chain(("fc1.weight", (8, 5)), ("fc2.weight", (2, 8))), "fc1.weight [8, 5]"),
        ({"net.0.weight": torch.ones(2, 3, dtype=torch.int64)}, "int64"),
        ({"net.0.weight": torch.full((2, 3), torch.nan)}, "6 values that are NaN"),
        ({"net.0.weight": torch.full((2, 3), 1e300, dtype=torch.float64)}, "infinite"),
        ({"net.0.weight": torch.zeros(2, 3, dtype=torch.complex64)}, "ComplexFloat"),
        ({"net.0.weight": torch.zeros(2, 3).to_sparse()}, "sparse"),
        ({"epoch": 3, "loss": 0.5}, "epoch, loss"),
        ({}, "none"),
        ([1, 2], "a list"),
        (torch.zeros(4, 5), "[4, 5]"),
        ({"sae_state": {"encoder.weight": torch.zeros(2, 3)}, "k": 1}, "sparse autoencoder"),
        ({"a": {"b": {"c": {"d": {"e": torch.zeros(1)}}}}}, "wrapped"),
    ],
)
def test_what_cannot_be_a_policy_is_named(state, words):
    assert words in refused(state)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"hello world", "hello"),
        (b"PK\x03\x04broken", "zip"),
        (b"\x89HDF\r\n", "HDF5"),
        (b"\x93NUMPY\x01\x00", "numpy"),
        ((64).to_bytes(8, "little") + b'{"a":1}'.ljust(64), "safetensors"),
        (b"\x08\x07\x12", "ONNX file is damaged"),
        (b"\x80\x02garbage", "damaged"),
        (b'{"nodes": []}', '"layers"'),
        (b"[" * 100_000, "cannot be read"),
    ],
)
def test_other_files_are_named(data, words):
    assert words in refused(data)


def test_a_zip_of_something_else_is_named():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("holiday.jpg", b"x")
    assert "holiday.jpg" in refused(buffer.getvalue())


def test_a_whole_module_opens_with_the_activation_its_classes_name():
    net, obs = mlp(activation="elu"), observations()
    spec, tensors = open_policy(file_of(net), "f.pt")
    assert (spec.format, spec.activation, spec.activation_source) == ("pickled_module", "elu", "recorded")
    assert any("nets.Net" in note and "none of its code was run" in note for note in spec.notes)
    np.testing.assert_allclose(Policy(spec, tensors)(obs), outputs(net, obs), atol=1e-12)


def test_torchscript_opens_without_being_run():
    net, obs, buffer = mlp(activation="silu"), observations(), io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(net), buffer)
    spec, tensors = open_policy(buffer.getvalue(), "f.pt")
    assert (spec.format, spec.activation, spec.activation_source) == ("torchscript", "silu", "recorded")
    np.testing.assert_allclose(Policy(spec, tensors)(obs), outputs(net, obs), atol=1e-12)


@pytest.mark.parametrize("cut", [10, 100, 400, -30])
def test_a_truncated_file_is_refused(cut):
    data = file_of(mlp().state_dict())
    with pytest.raises(PolicyscopeError):
        open_policy(data[:cut], "cut.pt")


def test_flipped_bytes_never_crash():
    data = bytearray(file_of(mlp((2, 3, 1)).state_dict()))
    rng = np.random.default_rng(0)
    for _ in range(150):
        damaged = bytearray(data)
        for place in rng.integers(0, len(data), 3):
            damaged[place] = rng.integers(0, 256)
        with contextlib.suppress(PolicyscopeError):
            open_policy(bytes(damaged), "damaged.pt")


@pytest.mark.parametrize("make", [mlp, batchnorm_net, lambda: mlp(bias=False)])
def test_save_and_open_give_the_same_policy(make):
    spec, tensors = open_policy(
        file_of({"state_dict": {f"a.{k}": v for k, v in make().state_dict().items()}}), "f"
    )
    told = spec.with_activation("relu", "user")
    data = save_policy(told, tensors)
    again, kept = open_policy(data, "imitator.pt")
    assert Policy(again, kept).fingerprint() == Policy(told, tensors).fingerprint()
    assert (again.activation, again.activation_source) == ("relu", "recorded")
    assert next(module.key for module in again.modules if module.key) == "net.0"
    assert save_policy(told, tensors) == data


def test_saving_does_not_turn_a_guess_into_a_record():
    spec, tensors = open_policy(file_of(mlp().state_dict()), "f")
    assert open_policy(save_policy(spec, tensors), "f")[0].activation_source == "default"


def test_saving_keeps_squash_metadata_and_a_trailing_activation():
    spec, tensors = open_policy(file_of(mlp().state_dict()), "f")
    last = Module("activation", 3, 3, activation="tanh")
    fuller = replace(spec, modules=(*spec.modules, last), squash="tanh", metadata={"env": "Walker2d-v5"})
    again, _ = open_policy(save_policy(fuller, tensors), "f")
    assert (again.squash, again.metadata, again.modules[-1]) == ("tanh", {"env": "Walker2d-v5"}, last)


@pytest.mark.parametrize("make", [mlp, batchnorm_net])
def test_torch_loads_what_we_save(make):
    net = make()
    spec, tensors = open_policy(file_of(net.state_dict()), "f")
    state = torch.load(io.BytesIO(save_policy(spec, tensors)), weights_only=True)
    other = make()
    other.load_state_dict(state)
    assert np.array_equal(outputs(other, observations()), outputs(net, observations()))


@pytest.mark.parametrize(
    "record",
    [
        "words",
        {"modules": 3},
        {"modules": [{"kind": "linear", "in_features": 9, "out_features": 3, "key": "net.0"}]},
    ],
)
def test_a_record_that_contradicts_the_tensors_is_refused(record):
    state = OrderedDict(mlp().state_dict())
    base = {"format": "x", "activation": "relu", "activation_source": "recorded"}
    state._metadata = OrderedDict(policyscope={**base, **record} if isinstance(record, dict) else record)
    assert "record of its architecture" in refused(state)


def test_architecture_json():
    layers = [{"size": 4}, {"size": 16, "activation": "relu"}, {"size": 2, "activation": "softmax"}]
    spec, tensors = open_policy(json.dumps({"layers": layers}).encode(), "net.json")
    assert kinds(spec) == ["linear", "activation", "linear"]
    assert (spec.architecture_only, tensors, spec.activation) == (True, {}, "relu")
    with pytest.raises(PolicyscopeError, match="drawn, but not run"):
        Policy(spec, tensors)


@pytest.mark.parametrize(
    "layers",
    [
        [],
        [{"size": 4}],
        [{"size": 4}, {"size": 0}],
        [{"size": 4}, {"size": True}],
        [{"size": 4}, 7],
        "x",
        None,
    ],
)
def test_bad_architecture_json_is_refused(layers):
    refused(json.dumps({"layers": layers}).encode())
