"""Real Stable-Baselines3 zips act here as they do there, and nothing in them is unpickled."""

import io
import json
import warnings
import zipfile

import gymnasium as gym
import numpy as np
import pytest
import torch
from nets import file_of
from torch import nn

from policyscope.core.errors import UnsupportedFile
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import stable_baselines3 as sb3


class Box(gym.Env):
    """Three numbers in, two out; never used to step."""

    observation_space = gym.spaces.Box(-10, 10, (3,), np.float32)
    action_space: gym.Space = gym.spaces.Box(-2.0, 2.0, (2,), np.float32)

    def reset(self, *, seed=None, options=None):
        return np.zeros(3, np.float32), {}

    def step(self, action):
        return np.zeros(3, np.float32), 0.0, False, False, {}


class Buttons(Box):
    action_space = gym.spaces.Discrete(4)


CASES = {
    "ppo": (sb3.PPO, Box, {}, "tanh", "none"),
    "ppo-relu": (sb3.PPO, Box, {"activation_fn": nn.ReLU, "net_arch": [8, 6]}, "relu", "none"),
    "ppo-discrete": (sb3.PPO, Buttons, {"net_arch": {"pi": [8], "vf": [4, 4]}}, "tanh", "none"),
    "ppo-linear": (sb3.PPO, Box, {"net_arch": []}, "identity", "none"),
    "a2c": (sb3.A2C, Box, {"activation_fn": nn.LeakyReLU}, "leaky_relu", "none"),
    "sac": (sb3.SAC, Box, {"net_arch": [16, 16]}, "relu", "tanh"),
    "sac-elu": (sb3.SAC, Box, {"net_arch": [16], "activation_fn": nn.ELU}, "elu", "tanh"),
    "td3": (sb3.TD3, Box, {"net_arch": [16, 16]}, "relu", "tanh"),
    "ddpg": (sb3.DDPG, Box, {"net_arch": [8], "activation_fn": nn.Tanh}, "tanh", "tanh"),
    "dqn": (sb3.DQN, Buttons, {"net_arch": [16, 16]}, "relu", "none"),
}


def model_of(name):
    algorithm, env, kwargs, _, _ = CASES[name]
    extra = {} if algorithm in (sb3.PPO, sb3.A2C) else {"buffer_size": 10}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return algorithm("MlpPolicy", env(), policy_kwargs=kwargs, seed=0, device="cpu", **extra)


def zip_of(model) -> bytes:
    buffer = io.BytesIO()
    model.save(buffer)
    return buffer.getvalue()


def changed(data: bytes, name: str, content: bytes) -> bytes:
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as out:
        for member in source.namelist():
            out.writestr(member, content if member == name else source.read(member))
    return target.getvalue()


@pytest.mark.parametrize("name", CASES)
def test_acts_like_sb3(name):
    model, (_, env, _, activation, squash) = model_of(name), CASES[name]
    spec, tensors = open_policy(zip_of(model), "model.zip")
    assert (spec.format, spec.activation, spec.activation_source, spec.squash) == (
        *("sb3_zip", activation, "recorded"),
        squash,
    )
    obs = np.random.default_rng(0).standard_normal((200, 3)).astype(np.float32)
    ours, theirs = Policy(spec, tensors)(obs), model.predict(obs, deterministic=True)[0]
    if env is Buttons:
        assert np.array_equal(ours.argmax(axis=1), theirs)
    else:
        scaled = 2.0 * ours if squash == "tanh" else np.clip(ours, -2, 2)
        np.testing.assert_allclose(scaled, theirs, atol=2e-6)


def test_modules_are_renumbered_as_one_chain():
    spec, tensors = open_policy(zip_of(model_of("ppo")), "model.zip")
    assert [module.key for module in spec.modules] == ["net.0", None, "net.2", None, "net.4"]
    assert spec.modules[4].out_features == 2
    assert set(tensors) == {f"net.{i}.{name}" for i in (0, 2, 4) for name in ("weight", "bias")}
    assert any("mlp_extractor.policy_net" in note for note in spec.notes)


def test_a_bare_policy_pth_opens_with_a_default_activation():
    spec, _ = open_policy(file_of(model_of("ppo-relu").policy.state_dict()), "policy.pth")
    assert (spec.activation, spec.activation_source) == ("tanh", "default")


def test_nothing_is_unpickled():
    """The pickle in ``data`` would raise if it were opened; its class names are text."""
    data = zip_of(model_of("ppo-relu"))
    document = json.loads(zipfile.ZipFile(io.BytesIO(data)).read("data"))
    document["policy_kwargs"][":serialized:"] = "gASVIAAAAAAAAACMCGJ1aWx0aW5zlIwEZXhpdJSTlEsBhZRSlC4="
    spec, _ = open_policy(changed(data, "data", json.dumps(document).encode()), "model.zip")
    assert spec.activation == "relu"


def test_the_activation_is_found_in_the_disassembly_alone():
    data = zip_of(model_of("ppo-relu"))
    document = json.loads(zipfile.ZipFile(io.BytesIO(data)).read("data"))
    del document["policy_kwargs"]["activation_fn"]
    spec, _ = open_policy(changed(data, "data", json.dumps(document).encode()), "model.zip")
    assert spec.activation == "relu"


def test_an_unknown_activation_is_refused():
    data = zip_of(model_of("ppo-relu"))
    document = json.loads(zipfile.ZipFile(io.BytesIO(data)).read("data"))
    document["policy_kwargs"] = {"activation_fn": "<class 'torch.nn.modules.activation.Hardswish'>"}
    with pytest.raises(UnsupportedFile, match="hardswish"):
        open_policy(changed(data, "data", json.dumps(document).encode()), "model.zip")


def test_squashed_ppo_needs_gsde():
    data = zip_of(model_of("ppo"))
    document = json.loads(zipfile.ZipFile(io.BytesIO(data)).read("data"))
    document |= {"use_sde": True, "policy_kwargs": {"squash_output": True}}
    spec, _ = open_policy(changed(data, "data", json.dumps(document).encode()), "model.zip")
    assert spec.squash == "tanh"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["features_extractor.cnn.0.weight"], "feature extractor"),
        (["lstm_actor.weight_ih_l0"], "recurrent"),
        (["mlp_extractor.shared_net.0.weight"], "shared"),
    ],
)
def test_other_networks_are_refused_with_the_reason(names, words):
    state = model_of("ppo").policy.state_dict() | {name: torch.zeros(2, 2) for name in names}
    with pytest.raises(UnsupportedFile, match=words):
        open_policy(changed(zip_of(model_of("ppo")), "policy.pth", file_of(dict(state))), "model.zip")


@pytest.mark.parametrize(
    ("member", "content", "words"),
    [
        ("data", b"not json", "not JSON"),
        ("policy.pth", file_of({"x": torch.zeros(2)}), "no MLP policy"),
        ("policy.pth", b"garbage", "damaged"),
    ],
)
def test_damaged_zips_are_refused(member, content, words):
    with pytest.raises(UnsupportedFile, match=words):
        open_policy(changed(zip_of(model_of("ppo")), member, content), "model.zip")


class Parts(Box):
    observation_space = gym.spaces.Dict({"body": Box.observation_space, "goal": Box.observation_space})


def test_a_policy_that_observes_a_dictionary_is_refused_although_its_tensors_look_like_an_mlp():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sb3.PPO("MultiInputPolicy", Parts(), device="cpu", seed=0)
    buffer = io.BytesIO()
    model.save(buffer)
    with pytest.raises(UnsupportedFile, match="observes a dictionary of arrays"):
        open_policy(buffer.getvalue(), "agent.zip")
