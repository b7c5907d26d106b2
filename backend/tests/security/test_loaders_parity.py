"""Test 3: a policy that was read without running anything acts as SB3's own loader has it act, bit for bit.

The library unpickles its file, which is one of ours. What we read is put into torch in float32, as the
library runs it, so that any difference is one of reading; the product itself computes in float64.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
import torch
from torch import nn

from benchmarks import parity_policies as fixtures
from policyscope.core.policy_formats import open_policy, vec_normalize
from policyscope.core.policy_spec import PolicySpec

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import sb3_contrib
    import stable_baselines3 as sb3
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

LOADERS = {
    "sb3_ppo": sb3.PPO,
    "sb3_ppo_discrete": sb3.PPO,
    "sb3_ppo_vecnormalize": sb3.PPO,
    "sb3_a2c": sb3.A2C,
    "sb3_sac": sb3.SAC,
    "sb3_td3": sb3.TD3,
    "sb3_ddpg": sb3.DDPG,
    "sb3_dqn": sb3.DQN,
    "sb3_contrib_tqc": sb3_contrib.TQC,
}
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "elu": nn.ELU}


def in_torch(spec: PolicySpec, tensors: dict[str, np.ndarray]) -> nn.Sequential:
    modules: list[nn.Module] = []
    for module in spec.modules:
        if module.kind == "activation":
            modules.append(ACTIVATIONS[str(module.activation)]())
            continue
        assert module.kind == "linear"
        layer = nn.Linear(module.in_features, module.out_features)
        layer.load_state_dict({n: torch.from_numpy(tensors[f"{module.key}.{n}"]) for n in ("weight", "bias")})
        modules.append(layer)
    return nn.Sequential(*modules)


class Env(gym.Env):
    """Only its spaces are looked at."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (fixtures.WIDTH,), np.float32)
    action_space = gym.spaces.Box(np.array([-2, -1], np.float32), np.array([2, 3], np.float32))


def by_the_library(name: str, obs: np.ndarray) -> np.ndarray:
    path = fixtures.policy_file(name)
    statistics = path.with_name(fixtures.STATISTICS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if statistics.exists():
            obs = VecNormalize.load(str(statistics), DummyVecEnv([Env])).normalize_obs(obs)
        return LOADERS[name].load(path, device="cpu").predict(obs, deterministic=True)[0]


def seen(spec: PolicySpec, obs: np.ndarray) -> np.ndarray:
    """Observations as the first layer gets them."""
    if spec.observation is None:
        return obs
    mean, scale, clip = (np.array(value) for value in vars(spec.observation).values())
    return np.clip((obs - mean) / scale, -clip, clip).astype(np.float32)


def actions(spec: PolicySpec, tensors: dict[str, np.ndarray], obs: np.ndarray) -> np.ndarray:
    """``[n, act_dim]`` in units of the environment, or ``[n]`` choices."""
    with torch.no_grad():
        outputs = in_torch(spec, tensors)(torch.from_numpy(seen(spec, obs)))
        outputs = torch.tanh(outputs) if spec.squash == "tanh" else outputs
    if "action_low" not in spec.metadata:
        return outputs.argmax(dim=1).numpy()
    low, high = (np.array(spec.metadata[f"action_{end}"], np.float32) for end in ("low", "high"))
    ours = outputs.numpy()
    return low + 0.5 * (ours + 1.0) * (high - low) if spec.squash == "tanh" else np.clip(ours, low, high)


def difference(name: str, obs: np.ndarray) -> float:
    path = fixtures.policy_file(name)
    spec, tensors = open_policy(path.read_bytes(), path.name)
    statistics = path.with_name(fixtures.STATISTICS)
    if statistics.exists():
        spec = replace(spec, observation=vec_normalize.read(statistics.read_bytes()))
    ours, theirs = actions(spec, tensors, obs), by_the_library(name, obs)
    assert ours.shape == theirs.shape
    return float(np.abs(ours.astype(np.float64) - theirs).max())


def test_every_zip_acts_as_in_sb3_bit_for_bit(record):
    obs = fixtures.observations()
    assert len(obs) == 1000
    greatest = {name: difference(name, obs) for name in LOADERS}
    read, acting = max(greatest.values()), max(fixtures.measure(name).difference for name in LOADERS)
    record(f"3 {len(LOADERS)} SB3 zips x 1,000 observations, max Δ in float32", "0.0", str(read))
    record("3 the same in the product's float64, against SB3 in float64", "1e-6", f"{acting:.1e}")
    assert greatest == dict.fromkeys(LOADERS, 0.0)
    assert acting <= 1e-6


@pytest.mark.parametrize("change", ["weight", "bound"])
def test_the_comparison_can_fail(monkeypatch, change):
    read = open_policy

    def changed(data, name):
        spec, tensors = read(data, name)
        if change == "weight":
            tensors["net.0.weight"][0, 0] += 1e-3
            return spec, tensors
        return replace(spec, metadata={**spec.metadata, "action_high": [2.0, 2.0]}), tensors

    monkeypatch.setattr(sys.modules[__name__], "open_policy", changed)
    assert difference("sb3_sac", fixtures.observations()) > 0
