"""What is rolled out: a walking policy with one feature pushed, in our form and in torch's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from policyscope.core.interventions import FeatureEdit
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.core.sae import SAE

ENV = "Walker2d-v5"
EDIT = FeatureEdit(3, "add", 0.05)
_TORCH = {"gelu": torch.nn.GELU, "relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}


@dataclass(frozen=True)
class Subject:
    """A policy, the tap after its last hidden layer, and an SAE there. The edit is small: it walks on."""

    policy: Policy
    tap_index: int
    sae: SAE

    @property
    def push(self) -> np.ndarray:
        """What the edit adds at the tap."""
        return EDIT.value * self.sae.direction(EDIT.feature_idx)

    @property
    def activation(self) -> type[torch.nn.Module]:
        return _TORCH[self.policy.spec.activation]

    def network(self) -> torch.nn.Sequential:
        """The same policy as a torch module."""
        layers: list[torch.nn.Module] = []
        for module in self.policy.spec.modules:
            if module.kind == "activation":
                layers.append(self.activation())
                continue
            linear = torch.nn.Linear(module.in_features, module.out_features)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(self.policy.tensors[f"{module.key}.weight"].copy()))
                linear.bias.copy_(torch.from_numpy(self.policy.tensors[f"{module.key}.bias"].copy()))
            layers.append(linear)
        return torch.nn.Sequential(*layers).eval()


def load_subject(path: Path, activation: str | None) -> Subject:
    """A ``.pt`` policy of Linear layers and activations for Walker2d."""
    spec, tensors = open_policy(path.read_bytes(), path.name)
    spec = spec if activation is None else spec.with_activation(activation, "user")
    policy = Policy(spec, tensors)
    tap_index = len(spec.modules) - 2
    width = policy.tap_dim(tap_index)
    rng = np.random.default_rng(0)
    decoder = rng.normal(size=(width, 4 * width))
    decoder /= np.linalg.norm(decoder, axis=0)
    sae = SAE(decoder.T.copy(), np.zeros(4 * width), decoder, np.zeros(width), k=16, tap_index=tap_index)
    return Subject(policy, tap_index, sae)
