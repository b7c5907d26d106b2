"""What a policy is made of, without its weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

from policyscope.core.activation_functions import ACTIVATIONS
from policyscope.core.errors import InvalidInput

Kind = Literal["linear", "batchnorm", "layernorm", "activation", "identity"]
ActivationSource = Literal["recorded", "default", "verified", "user"]
Squash = Literal["none", "tanh", "clip"]
Scaling = Literal["box", "none"]
MAX_OBSERVATIONS = 100_000


@dataclass(frozen=True)
class Module:
    """One layer. Its position in ``PolicySpec.modules`` is the index ``i`` of ``net[i]`` and the tap index.

    ``key`` is the prefix of its tensors in the file, such as ``net.4``. ``identity`` passes its input
    through: dropout, flatten and the like leave no trace in a file but take up an index.
    """

    kind: Kind
    in_features: int
    out_features: int
    key: str | None = None
    activation: str | None = None
    has_bias: bool = False
    has_weight: bool = True
    eps: float = 1e-5

    @property
    def label(self) -> str:
        """For a drawing: ``Linear 17 → 32``, ``GELU``, ``BatchNorm 32``."""
        if self.kind == "linear":
            return f"Linear {self.in_features} → {self.out_features}"
        if self.kind == "activation":
            return (
                str(self.activation).upper() if self.activation in ("gelu", "elu", "selu") else _title(self)
            )
        if self.kind == "identity":
            return "Pass-through"
        return f"{'BatchNorm' if self.kind == 'batchnorm' else 'LayerNorm'} {self.out_features}"

    def tensor_names(self) -> tuple[str, ...]:
        """Names of its tensors after ``key.``."""
        if self.kind in ("activation", "identity"):
            return ()
        running = ("running_mean", "running_var") if self.kind == "batchnorm" else ()
        return ("weight",) * self.has_weight + ("bias",) * self.has_bias + running

    def n_parameters(self) -> int:
        """Trainable numbers in this module (running statistics are not)."""
        if self.kind in ("activation", "identity"):
            return 0
        per_weight = self.in_features * self.out_features if self.kind == "linear" else self.out_features
        return per_weight * self.has_weight + self.out_features * self.has_bias


def _title(module: Module) -> str:
    names = {"relu": "ReLU", "gelu_tanh": "GELU (tanh)", "leaky_relu": "LeakyReLU", "silu": "SiLU"}
    return names.get(str(module.activation), str(module.activation).capitalize())


@dataclass(frozen=True)
class ObservationTransform:
    """What a normaliser did before the first module: ``(obs − mean) / scale``, then limited to ±``clip``.

    ``mean`` and ``scale`` are [obs_dim] in the observation's units; no ``clip`` means no limit. Raises
    InvalidInput when a number is not finite, or ``scale`` or ``clip`` is not above zero.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    clip: float | None = None

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.scale) or not all(map(math.isfinite, (*self.mean, *self.scale))):
            raise InvalidInput(
                "The observation normalisation needs a finite mean and scale for every observation; "
                f"it has {len(self.mean)} and {len(self.scale)} numbers."
            )
        if min(self.scale, default=1.0) <= 0.0 or (self.clip is not None and not 0.0 < self.clip < math.inf):
            raise InvalidInput("The observation normalisation has a scale or a clip that is not above zero.")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ObservationTransform:
        """Inverse of ``asdict``; raises KeyError, TypeError or ValueError when a field cannot be read."""
        mean, scale = (tuple(float(x) for x in data[name]) for name in ("mean", "scale"))
        return cls(mean, scale, None if data["clip"] is None else float(data["clip"]))


@dataclass(frozen=True)
class ActionRange:
    """What a squashed action in [-1, 1] is stretched to: ``low`` and ``high`` [act_dim], in action units.

    Raises InvalidInput when a number is not finite or ``high`` is not above ``low``.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        pairs = list(zip(self.low, self.high, strict=False))
        finite = all(map(math.isfinite, (*self.low, *self.high)))
        if len(self.low) != len(self.high) or not finite or any(low >= high for low, high in pairs):
            raise InvalidInput(
                "The action scaling needs a finite low and high for every action, high above low; "
                f"it has {len(self.low)} and {len(self.high)} numbers."
            )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ActionRange:
        """Inverse of ``asdict``; raises KeyError, TypeError or ValueError when a field cannot be read."""
        return cls(*(tuple(float(x) for x in data[name]) for name in ("low", "high")))


@dataclass(frozen=True)
class PolicySpec:
    """The chain of modules and where the knowledge about it came from.

    ``activation`` is that of the hidden layers and ``activation_source`` says how it is known. ``squash``
    other than ``none`` gives actions in [-1, 1], by the tanh of the last layer (SAC, TD3) or by clipping it
    (RLlib, rl_games); ``action_scaling`` says whether they are then stretched to the environment's action
    box, to a range of the policy's own, or are the action already. ``observation`` is applied before the
    first module, so it belongs to the head of every tap. ``notes`` are sentences about what was inferred from
    the file.
    """

    modules: tuple[Module, ...]
    format: str
    activation: str
    activation_source: ActivationSource
    squash: Squash = "none"
    action_scaling: Scaling | ActionRange = "box"
    observation: ObservationTransform | None = None
    architecture_only: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.modules:
            raise InvalidInput("A policy needs at least one layer; none was found.")
        for left, right in zip(self.modules, self.modules[1:], strict=False):
            if left.out_features != right.in_features:
                raise InvalidInput(
                    f"Layers do not connect: {left.label} gives {left.out_features} values "
                    f"and {right.label} takes {right.in_features}."
                )
        for name in {self.activation, *(m.activation for m in self.modules if m.kind == "activation")}:
            check_activation(name)
        if isinstance(self.action_scaling, ActionRange) and len(self.action_scaling.low) != self.act_dim:
            raise InvalidInput(
                f"The action scaling is for {len(self.action_scaling.low)} actions; "
                f"this policy has {self.act_dim}."
            )
        if self.observation is not None and len(self.observation.mean) != self.obs_dim:
            raise InvalidInput(
                f"The observation normalisation is for {len(self.observation.mean)} observations; "
                f"this policy takes {self.obs_dim}."
            )

    @property
    def obs_dim(self) -> int:
        return self.modules[0].in_features

    @property
    def act_dim(self) -> int:
        return self.modules[-1].out_features

    @property
    def n_parameters(self) -> int:
        return sum(module.n_parameters() for module in self.modules)

    def tap_dim(self, tap_index: int) -> int:
        """Width at ``tap_index``; raises InvalidInput that names the allowed range."""
        if not 0 <= tap_index < len(self.modules):
            message = (
                f"tap_index is {tap_index}; this policy has {len(self.modules)} modules, "
                f"so 0 to {len(self.modules) - 1} are allowed."
            )
            raise InvalidInput(message, fields={"tap_index": message})
        return self.modules[tap_index].out_features

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name -> shape of every tensor the policy needs, in order."""
        return {
            f"{m.key}.{name}": (m.out_features, m.in_features)
            if m.kind == "linear" and name == "weight"
            else (m.out_features,)
            for m in self.modules
            for name in m.tensor_names()
        }

    def with_activation(self, name: str, source: ActivationSource) -> PolicySpec:
        """The same chain with another function in every hidden activation module that has ``activation``."""
        check_activation(name)
        last = max((i for i, m in enumerate(self.modules) if m.kind == "linear"), default=0)
        modules = tuple(
            replace(m, activation=name)
            if m.kind == "activation" and i < last and m.activation == self.activation
            else m
            for i, m in enumerate(self.modules)
        )
        return replace(self, modules=modules, activation=name, activation_source=source)

    def to_json(self) -> dict[str, Any]:
        """Plain values; ``from_json`` gives an equal spec."""
        described = asdict(self)
        described["modules"] = [asdict(module) for module in self.modules]
        described["metadata"], described["notes"] = dict(self.metadata), list(self.notes)
        return described

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PolicySpec:
        """Raises InvalidInput when ``data`` does not describe a policy."""
        try:
            values = dict(data)
            values["modules"] = tuple(Module(**module) for module in values["modules"])
            values["notes"] = tuple(str(note) for note in values.get("notes", ()))
            values["metadata"] = dict(values.get("metadata", {}))
            if values.get("observation") is not None:
                values["observation"] = ObservationTransform.from_json(values["observation"])
            if isinstance(values.get("action_scaling"), Mapping):
                values["action_scaling"] = ActionRange.from_json(values["action_scaling"])
            spec = cls(**values)
            _check_words(spec)
        except (TypeError, KeyError, ValueError) as error:
            raise InvalidInput(f"The policy description cannot be read: {error}.") from error
        return spec


def check_activation(name: object) -> None:
    """Raise InvalidInput, which lists the allowed names, unless ``name`` is an activation function."""
    if name not in ACTIVATIONS:
        message = f"The activation {name!r} is not known; use one of {', '.join(ACTIVATIONS)}."
        raise InvalidInput(message, fields={"activation": message})


def _check_words(spec: PolicySpec) -> None:
    checks: list[tuple[str, Any]] = [(spec.activation_source, ActivationSource), (spec.squash, Squash)]
    checks += [(module.kind, Kind) for module in spec.modules]
    if not isinstance(spec.action_scaling, ActionRange):
        checks.append((spec.action_scaling, Scaling))
    for word, allowed in checks:
        if word not in get_args(allowed):
            raise InvalidInput(f"The policy description says {word!r}; allowed are {get_args(allowed)}.")
    for module in spec.modules:
        sizes = (module.in_features, module.out_features)
        if not all(type(size) is int and size > 0 for size in sizes) or not 0 <= float(module.eps) < 1:
            raise InvalidInput(f"The policy description has a module of sizes {sizes} and eps {module.eps}.")
