"""Files for load tests: a Walker2d policy with an SAE far wider than the demo's, and a wide network.

Usage: python -m benchmarks.scale_artifacts ROOT [--features 16384] [--width 64]

It writes below ROOT, in the product's own file formats:
``wide/``       a policy with ``width`` units a layer, a TopK SAE of ``features`` unit directions towards
                random activations, and the demo's cached observations with what the tap holds on them;
``network.pt``  a policy of five layers of 1,024 units.
Nothing is trained: this is for time and memory, and says nothing about features.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import torch

from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy

DEMO = Path(__file__).parents[2] / "artifacts" / "walker2d_w32"
OBSERVATIONS, ACTIONS, TAP = 17, 6, 3


def network(widths: list[int], seed: int = 0) -> dict[str, torch.Tensor]:
    """Weights of a ReLU policy with these hidden widths, He initialisation, under the guide's keys."""
    rng = torch.Generator().manual_seed(seed)
    state, sizes = {}, [OBSERVATIONS, *widths, ACTIONS]
    for layer, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        state[f"net.{2 * layer}.weight"] = torch.randn(n_out, n_in, generator=rng) * (2.0 / n_in) ** 0.5
        state[f"net.{2 * layer}.bias"] = torch.randn(n_out, generator=rng) * 0.1
    return state


def wide_sae(tapped: torch.Tensor, features: int, k: int = 32, seed: int = 0) -> dict[str, object]:
    """A TopK SAE in the layout of ``walker_sae.pt``, whose unit directions point from the mean of ``tapped``
    [N, d_in] towards random rows of it, so that most features fire somewhere."""
    rng = torch.Generator().manual_seed(seed)
    mean, d_in = tapped.mean(dim=0), tapped.shape[1]
    towards = tapped[torch.randint(len(tapped), (features,), generator=rng)] - mean
    towards = towards + 0.1 * tapped.std() * torch.randn(features, d_in, generator=rng)
    directions = torch.nn.functional.normalize(towards, dim=1)
    state = {
        "encoder.weight": directions,
        "encoder.bias": -(directions @ mean),
        "decoder.weight": directions.T.contiguous(),
        "decoder.bias": mean,
    }
    return {"sae_state": state, "d_in": d_in, "d_latent": features, "k": k, "tap_index": TAP}


def write(root: Path, features: int, width: int) -> None:
    folder = root / "wide"
    folder.mkdir(parents=True)
    torch.save(network([width, width]), folder / "imitator.pt")
    for name in ("cached_obs.pt", "episodes.safetensors"):
        shutil.copy(DEMO / name, folder / name)
    observations = torch.load(DEMO / "cached_obs.pt", weights_only=True)
    spec, tensors = open_policy((folder / "imitator.pt").read_bytes(), "imitator.pt")
    policy = Policy(spec, tensors)
    tapped = policy.head(observations.numpy().astype(np.float64), TAP)
    activations = torch.from_numpy(tapped.astype(np.float32))
    torch.save(activations, folder / "tapped_activations.pt")
    torch.save(wide_sae(activations, features), folder / "walker_sae.pt")
    (folder / "manifest.json").write_text(json.dumps({"env": "Walker2d-v5"}))
    torch.save(network([1024] * 5), root / "network.pt")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--features", type=int, default=16_384)
    parser.add_argument("--width", type=int, default=64)
    given = parser.parse_args()
    write(given.root, given.features, given.width)
