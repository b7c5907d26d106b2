"""Small torch networks and the files that torch writes of them."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from policyscope.core.policy import Module, Policy, PolicySpec
from policyscope.core.sae import SAE

LAYERS = {
    "gelu": nn.GELU,
    "gelu_tanh": lambda: nn.GELU(approximate="tanh"),
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "elu": nn.ELU,
    "silu": nn.SiLU,
    "leaky_relu": nn.LeakyReLU,
    "softplus": nn.Softplus,
    "selu": nn.SELU,
    "identity": nn.Identity,
}


class Net(nn.Module):
    """The guide's ``imitator.pt``: keys ``net.<i>.weight``."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.net = nn.Sequential(*layers)
        self.eval()


def mlp(
    sizes: Sequence[int] = (5, 8, 8, 3), activation: str = "gelu", bias: bool = True, seed: int = 0
) -> Net:
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for width_in, width_out in itertools.pairwise(sizes):
        layers += ([LAYERS[activation]()] if layers else []) + [nn.Linear(width_in, width_out, bias=bias)]
    return Net(*layers)


def batchnorm_net(seed: int = 0) -> Net:
    """The variant of nine modules with BatchNorm at 1 and 4."""
    torch.manual_seed(seed)
    net = Net(
        *(nn.Linear(5, 8), nn.BatchNorm1d(8, momentum=0.9, eps=1e-5), nn.GELU()),
        *(nn.Linear(8, 8), nn.BatchNorm1d(8, momentum=0.9, eps=1e-5), nn.GELU()),
        *(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 3)),
    )
    for layer in net.net:
        if isinstance(layer, nn.BatchNorm1d):
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2.0)
            nn.init.normal_(layer.weight)
    return net


def file_of(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def outputs(net: Net, obs: np.ndarray, last: int | None = None) -> np.ndarray:
    """What torch computes in float64, optionally only up to module ``last``."""
    copy = nn.Sequential(*net.net).double().eval()
    with torch.no_grad():
        result = (copy if last is None else copy[: last + 1])(torch.from_numpy(obs)).numpy()
    copy.float()
    return result


def observations(n: int = 100, width: int = 5, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, width))


def tiny_policy(
    sizes: Sequence[int] = (5, 8, 8, 8, 3), activation: str = "gelu", seed: int = 0, scale: float = 1.5
) -> Policy:
    """A numpy policy with modules 0 … 2n, weights large enough that activation functions differ."""
    rng = np.random.default_rng(seed)
    modules: list[Module] = []
    tensors = {}
    for width_in, width_out in itertools.pairwise(sizes):
        if modules:
            modules.append(Module("activation", width_in, width_in, activation=activation))
        key = f"net.{len(modules)}"
        modules.append(Module("linear", width_in, width_out, key=key, has_bias=True))
        tensors[f"{key}.weight"] = scale * rng.standard_normal((width_out, width_in)) / np.sqrt(width_in)
        tensors[f"{key}.bias"] = 0.1 * rng.standard_normal(width_out)
    return Policy(PolicySpec(tuple(modules), "torch_state_dict", activation, "recorded"), tensors)


def random_sae(d_in: int = 8, d_latent: int = 24, k: int = 4, seed: int = 0) -> SAE:
    rng = np.random.default_rng(seed)
    w_dec = rng.standard_normal((d_in, d_latent))
    w_dec /= np.linalg.norm(w_dec, axis=0)
    return SAE(w_dec.T, 0.1 * rng.standard_normal(d_latent), w_dec, 0.1 * rng.standard_normal(d_in), k, 4)


def orthogonal_sae(d_in: int = 8, k: int | None = None) -> SAE:
    """Features are signed coordinate axes, so everything it explains is exact."""
    axes = np.hstack([np.eye(d_in), -np.eye(d_in)])
    return SAE(axes.T, np.zeros(2 * d_in), axes, np.zeros(d_in), k or d_in, 4)
