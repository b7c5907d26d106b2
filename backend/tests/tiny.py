"""Tiny policies, SAEs and artifacts directories, made by code: Pendulum-v1, one hidden width of 8."""

from __future__ import annotations

import io
import json
from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy

OBS, HIDDEN, ACT, TAP = 3, 8, 1, 3
ENV = "Pendulum-v1"


def policy_bytes(seed: int = 0, sizes: tuple[int, ...] = (OBS, HIDDEN, HIDDEN, ACT)) -> bytes:
    """A plain state_dict ``net.0``, ``net.2``, ``net.4``: its activation function is not recorded."""
    generator = torch.Generator().manual_seed(seed)
    state = OrderedDict()
    for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
        state[f"net.{2 * layer}.weight"] = torch.randn(outputs, inputs, generator=generator) / inputs**0.5
        state[f"net.{2 * layer}.bias"] = torch.randn(outputs, generator=generator) / 4
    return saved(state)


def saved(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def sae_bytes(width: int = HIDDEN, tap_index: int | None = TAP, k: int | None = None) -> bytes:
    """An exact SAE: one latent for each sign of each unit, so that nothing is lost (FVU 0)."""
    identity = torch.eye(width)
    return saved(
        {
            "sae_state": {
                "encoder.weight": torch.cat([identity, -identity]),
                "decoder.weight": torch.cat([identity, -identity], dim=1),
            },
            "d_in": width,
            "d_latent": 2 * width,
            "k": k or width,
            "tap_index": tap_index,
        }
    )


@dataclass(frozen=True)
class Recipe:
    """What lies in an artifacts directory and how it contradicts itself."""

    seed: int = 0
    activation: str = "gelu"  # with which the cached activations were made
    data_tap: int = TAP  # at which they were made
    stored_tap: int | None = TAP  # what the SAE file says
    samples: int = 400
    data: bool = True
    manifest: bool = True


def write_directory(root: Path, name: str, recipe: Recipe = Recipe()) -> Path:
    """An artifacts directory like the pipeline's."""
    directory = root / name
    directory.mkdir(parents=True)
    content = policy_bytes(recipe.seed)
    (directory / "imitator.pt").write_bytes(content)
    (directory / "walker_sae.pt").write_bytes(sae_bytes(tap_index=recipe.stored_tap))
    if recipe.data:
        obs = torch.randn(recipe.samples, OBS, generator=torch.Generator().manual_seed(7))
        spec, tensors = open_policy(content, "imitator.pt")
        policy = Policy(spec.with_activation(recipe.activation, "user"), tensors)
        tapped = policy.head(obs.numpy(), recipe.data_tap).astype(np.float32)
        (directory / "cached_obs.pt").write_bytes(saved(obs))
        (directory / "tapped_activations.pt").write_bytes(saved(torch.from_numpy(tapped)))
    if recipe.manifest:
        (directory / "manifest.json").write_text(json.dumps({"env": ENV, "tap_index": recipe.data_tap}))
    return directory


def write_episodes(directory: Path, episodes: int = 10, steps: int = 40) -> dict[str, np.ndarray]:
    """Beside the data of ``write_directory``: which row is which step of which episode."""
    rng, n = np.random.default_rng(0), episodes * steps
    arrays = {
        "episode": np.repeat(np.arange(episodes), steps).astype(np.int32),
        "step": np.tile(np.arange(steps), episodes).astype(np.int32),
        "action": rng.standard_normal((n, ACT)).astype(np.float32),
        "reward": rng.standard_normal(n).astype(np.float32),
    }
    save_file(arrays, directory / "episodes.safetensors")
    return arrays


def write_demo_list(root: Path, name: str) -> None:
    demo = {
        "id": "tiny",
        "title": "A tiny pendulum",
        "description": "For tests.",
        "env": ENV,
        "policy": f"{name}/imitator.pt",
        "artifacts_dir": name,
        "tap_index": TAP,
    }
    (root / "demo.json").write_text(json.dumps({"demos": [demo]}))
