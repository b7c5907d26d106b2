"""Behaviour cloning: an MLP that copies recorded actions, so that a policy of known shape can be tapped.

The network learns on standardised observations and actions; both scalings are folded into its first and last
layer afterwards, so the file stands alone. The weights that were best on held-out episodes are kept.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import nn

from policyscope.core.activations import Floats, Ints, check_matrix, split_rows
from policyscope.core.blocks import F64
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.policy_spec import Module, PolicySpec, check_activation
from policyscope.core.progress import Progress, Work
from policyscope.core.torch_device import pick_device, threads_for

State = Mapping[str, np.ndarray]

MIN_DEVIATION = 1e-8
WARM_UP = 0.02
CLIP_NORM = 1.0
CHECKPOINTS = 20

_LAYERS: Mapping[str, Callable[[], nn.Module]] = {
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
}


@dataclass(frozen=True)
class CloneConfig:
    """``layers`` hidden layers of ``hidden_size`` units: three give the modules 0 to 6.

    Raises InvalidInput for a value outside its range.
    """

    hidden_size: int = 32
    layers: int = 3
    activation: str = "gelu"
    epochs: int = 60
    batch: int = 256
    lr: float = 2e-3
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        check_activation(self.activation)
        if self.activation not in _LAYERS:
            raise InvalidInput(
                f"The activation {self.activation!r} cannot be trained; use one of {', '.join(_LAYERS)}."
            )
        if min(self.hidden_size, self.layers, self.epochs, self.batch) < 1 or self.seed < 0:
            raise InvalidInput(
                f"hidden_size {self.hidden_size}, layers {self.layers}, epochs {self.epochs} and batch "
                f"{self.batch} must be 1 or more, and seed {self.seed} 0 or more."
            )
        if not 0 < self.lr < 1:
            raise InvalidInput(f"lr is {self.lr}; it must lie between 0 and 1.")


@dataclass(frozen=True, eq=False)
class CloneResult:
    """The cloned policy and its fit: 1 − error / variance per action on held-out rows, NaN where constant.

    ``curves``: equally long arrays epoch, train_loss, val_loss (mean squared error in action SDs).
    """

    spec: PolicySpec
    tensors: dict[str, np.ndarray]
    val_r2: F64
    best_epoch: int
    curves: dict[str, F64]


@dataclass(frozen=True, eq=False)
class _Scaling:
    mean: F64
    deviation: F64  # 0 for columns that never change

    @classmethod
    def of(cls, x: Floats) -> _Scaling:
        wide = np.asarray(x, dtype=np.float64)
        deviation = wide.std(axis=0)
        return cls(wide.mean(axis=0), np.where(deviation > MIN_DEVIATION, deviation, 0.0))

    def apply(self, x: Floats, device: torch.device) -> torch.Tensor:
        scaled = (np.asarray(x, dtype=np.float64) - self.mean) * self.inverse()
        return torch.from_numpy(scaled.astype(np.float32)).to(device)

    def inverse(self) -> F64:
        """1 / deviation, and 0 for columns that never change: the clone does not look at them."""
        return np.divide(1.0, self.deviation, out=np.zeros_like(self.deviation), where=self.deviation > 0)


def clone_policy(
    observations: Floats,
    actions: Floats,
    config: CloneConfig,
    episode: Ints | None = None,
    checkpoint: State | None = None,
    on_checkpoint: Callable[[dict[str, np.ndarray]], None] | None = None,
) -> Work[CloneResult]:
    """Fit an MLP to ``actions`` [N, act_dim] at ``observations`` [N, obs_dim].

    A tenth of the episodes is held out. ``on_checkpoint`` gets named arrays about 20 times; passed back as
    ``checkpoint`` with the same data and config they continue to the same bits. Raises InvalidInput or
    ShapeMismatch before anything runs.
    """
    check_matrix(observations, "The observations")
    check_matrix(actions, "The actions")
    if len(observations) != len(actions):
        raise ShapeMismatch(f"There are {len(observations)} observations and {len(actions)} actions.")
    run = _Cloning(observations, actions, config, episode)
    if checkpoint is not None:
        run.restore(checkpoint)
    return run.work(on_checkpoint or (lambda _: None))


class _Cloning:
    """The state of one training: what ``state`` returns decides everything that follows."""

    def __init__(
        self, observations: Floats, actions: Floats, config: CloneConfig, episode: Ints | None
    ) -> None:
        self.config, self.device = config, pick_device(config.device)
        train, held_out, _ = split_rows(len(observations), episode, (0.9, 0.1, 0.0), config.seed)
        self.inputs, self.outputs = _Scaling.of(observations[train]), _Scaling.of(actions[train])
        self.x, self.y = (
            self.inputs.apply(observations[train], self.device),
            self.outputs.apply(actions[train], self.device),
        )
        self.val_x = self.inputs.apply(observations[held_out], self.device)
        self.val_y = self.outputs.apply(actions[held_out], self.device)
        self.net = _network(observations.shape[1], actions.shape[1], config).to(self.device)
        self.optimiser = torch.optim.Adam(self.net.parameters(), lr=config.lr)
        self.per_epoch = max(1, len(self.x) // config.batch)
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.best = self._weights()
        self.rows: list[list[float]] = []

    def work(self, on_checkpoint: Callable[[dict[str, np.ndarray]], None]) -> Work[CloneResult]:
        every = max(1, self.config.epochs // CHECKPOINTS)
        with threads_for(sum(parameter.numel() for parameter in self.net.parameters())):
            while self.epoch < self.config.epochs:
                self._one_epoch()
                if self.epoch % every == 0 or self.epoch == self.config.epochs:
                    on_checkpoint(self.state())
                _, train_loss, val_loss = self.rows[-1]
                metrics = {"train_loss": train_loss, "val_loss": val_loss}
                yield Progress(self.epoch, self.config.epochs, "epochs", "cloning the policy", metrics)
            return self._result()

    def state(self) -> dict[str, np.ndarray]:
        """Arrays for a checkpoint."""
        arrays = {f"net.{name}": array for name, array in self._weights().items()}
        arrays |= {f"best.{name}": array for name, array in self.best.items()}
        for index, moments in self.optimiser.state_dict()["state"].items():
            arrays |= {
                f"adam.{index}.{name}": tensor.cpu().numpy().copy() for name, tensor in moments.items()
            }
        scalars = np.array([self.epoch, self.best_epoch, self.best_loss])
        return arrays | {"identity": self._identity(), "scalars": scalars, "rows": np.array(self.rows)}

    def restore(self, state: State) -> None:
        """Continue from ``state``; raises InvalidInput when it belongs to other data or another config."""
        if not np.array_equal(np.asarray(state.get("identity", [])), self._identity()):
            raise InvalidInput(
                "The checkpoint was made with other data or other settings; start again without --resume."
            )
        self.net.load_state_dict({name: _tensor(state[f"net.{name}"]) for name in self.best})
        self.best = {name: np.array(state[f"best.{name}"]) for name in self.best}
        saved = self.optimiser.state_dict()
        saved["state"] = {
            index: {
                name: _tensor(state[f"adam.{index}.{name}"]) for name in ("step", "exp_avg", "exp_avg_sq")
            }
            for index in range(len(list(self.net.parameters())))
        }
        self.optimiser.load_state_dict(saved)
        self.epoch, self.best_epoch = int(state["scalars"][0]), int(state["scalars"][1])
        self.best_loss, self.rows = float(state["scalars"][2]), np.asarray(state["rows"]).tolist()

    def _identity(self) -> np.ndarray:
        scalings = [part.tolist() for s in (self.inputs, self.outputs) for part in (s.mean, s.deviation)]
        text = json.dumps([asdict(self.config), len(self.x), scalings])
        return np.frombuffer(text.encode(), dtype=np.uint8).copy()

    def _one_epoch(self) -> None:
        """The order is drawn from (seed, epoch) alone, so it needs no saved generator."""
        order = np.random.default_rng([self.config.seed, self.epoch]).permutation(len(self.x))
        total = 0.0
        for number, rows in enumerate(np.array_split(order, self.per_epoch)):
            self._set_rate(self.epoch * self.per_epoch + number)
            index = torch.from_numpy(rows).to(self.device)
            loss = nn.functional.mse_loss(self.net(self.x[index]), self.y[index])
            self.optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.net.parameters(), CLIP_NORM)
            self.optimiser.step()
            total += loss.item() * len(rows)
        self.epoch += 1
        self._validate(total / len(self.x))

    def _validate(self, train_loss: float) -> None:
        with torch.no_grad():
            loss = float(nn.functional.mse_loss(self.net(self.val_x), self.val_y))
        self.rows.append([self.epoch, train_loss, loss])
        if loss < self.best_loss:
            self.best_loss, self.best_epoch, self.best = loss, self.epoch, self._weights()

    def _set_rate(self, step: int) -> None:
        """Warm-up, then a half cosine to zero."""
        done = step / (self.config.epochs * self.per_epoch)
        rate = self.config.lr * min(1.0, (done + 1e-3) / WARM_UP) * 0.5 * (1.0 + math.cos(math.pi * done))
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def _weights(self) -> dict[str, np.ndarray]:
        return {name: tensor.cpu().numpy().copy() for name, tensor in self.net.state_dict().items()}

    def _result(self) -> CloneResult:
        self.net.load_state_dict({name: torch.from_numpy(array) for name, array in self.best.items()})
        with torch.no_grad():
            error = (self.net(self.val_x) - self.val_y).square().mean(dim=0).double().cpu().numpy()
        variance = self.val_y.double().var(dim=0, correction=0).cpu().numpy()
        columns = zip(("epoch", "train_loss", "val_loss"), zip(*self.rows, strict=True), strict=True)
        return CloneResult(
            spec=_spec(self.net, self.config),
            tensors=_fold(self.best, self.inputs, self.outputs),
            val_r2=1.0 - np.divide(error, variance, out=np.full(len(error), np.nan), where=variance > 0),
            best_epoch=self.best_epoch,
            curves={name: np.array(column, dtype=np.float64) for name, column in columns},
        )


def _network(obs_dim: int, act_dim: int, config: CloneConfig) -> nn.Sequential:
    sizes = [obs_dim, *[config.hidden_size] * config.layers, act_dim]
    layers: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        for width_in, width_out in itertools.pairwise(sizes):
            layers += ([_LAYERS[config.activation]()] if layers else []) + [nn.Linear(width_in, width_out)]
    return nn.Sequential(*layers)


def _spec(net: nn.Sequential, config: CloneConfig) -> PolicySpec:
    modules: list[Module] = []
    for index, layer in enumerate(net):
        if isinstance(layer, nn.Linear):
            modules.append(
                Module("linear", layer.in_features, layer.out_features, f"net.{index}", has_bias=True)
            )
        else:
            width = modules[-1].out_features
            modules.append(Module("activation", width, width, activation=config.activation))
    return PolicySpec(tuple(modules), "torch_state_dict", config.activation, "recorded")


def _fold(weights: Mapping[str, np.ndarray], inputs: _Scaling, outputs: _Scaling) -> dict[str, np.ndarray]:
    """Tensors that take raw observations and give raw actions; computed in float64."""
    wide = {f"net.{name}": array.astype(np.float64) for name, array in weights.items()}
    first, last = "net.0", f"net.{max(int(name.split('.')[0]) for name in weights)}"
    wide[f"{first}.weight"] = wide[f"{first}.weight"] * inputs.inverse()
    wide[f"{first}.bias"] = wide[f"{first}.bias"] - wide[f"{first}.weight"] @ inputs.mean
    wide[f"{last}.weight"] = wide[f"{last}.weight"] * outputs.deviation[:, None]
    wide[f"{last}.bias"] = wide[f"{last}.bias"] * outputs.deviation + outputs.mean
    return {name: array.astype(np.float32) for name, array in wide.items()}


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(array))
