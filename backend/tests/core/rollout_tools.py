"""A small policy for any environment, and short ways to play and compare."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from policyscope.core.envs import get_env
from policyscope.core.policy import Module, Policy, PolicySpec
from policyscope.core.progress import drain
from policyscope.core.rollout import Arm, ArmResult, RolloutSpec, rollout
from policyscope.core.sae import SAE

HIDDEN, TAP = 12, 3


def policy(env_id: str, seed: int = 0, squash: str = "none", scale: float = 1.0) -> Policy:
    info, rng = get_env(env_id), np.random.default_rng(seed)
    sizes = (info.obs_dim, HIDDEN, HIDDEN, info.act_dim)
    modules, tensors = [], {}
    for layer, (n_in, n_out) in enumerate(pairwise(sizes)):
        modules.append(Module("linear", n_in, n_out, f"net.{2 * layer}", has_bias=True))
        tensors[f"net.{2 * layer}.weight"] = (scale * rng.normal(size=(n_out, n_in)) / np.sqrt(n_in)).astype(
            np.float32
        )
        tensors[f"net.{2 * layer}.bias"] = rng.normal(size=n_out).astype(np.float32) * np.float32(0.1)
        if layer < 2:
            modules.append(Module("activation", n_out, n_out, activation="gelu"))
    return Policy(PolicySpec(tuple(modules), "torch_state_dict", "gelu", "default", squash=squash), tensors)


def same(a: ArmResult, b: ArmResult, pick: Sequence[int] | None = None) -> bool:
    keep = slice(None) if pick is None else list(pick)
    names = ("seeds", "returns", "lengths", "terminated", "truncated", "fell", "saturated_fraction")
    return all(getattr(a, name)[keep].tobytes() == getattr(b, name).tobytes() for name in names)


def play(arms: Sequence[Arm], spec: RolloutSpec, sae: SAE | None = None) -> tuple[ArmResult, ...]:
    return drain(rollout(arms, spec, sae))


def small_sae() -> SAE:
    """24 features on the second hidden layer of ``policy``."""
    rng = np.random.default_rng(9)
    encoder, decoder = rng.normal(size=(24, HIDDEN)), rng.normal(size=(HIDDEN, 24))
    return SAE(encoder, np.zeros(24), decoder, np.zeros(HIDDEN), k=4, tap_index=TAP)
