"""A policy as an immutable chain of layers in float64, cut in two at any module.

numpy only: a rollout process must start in milliseconds, and rows must not depend on their neighbours
(see ``blocks``). ``Policy`` holds no state between calls, so threads may share it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policyscope.core.activation_functions import ACTIVATIONS
from policyscope.core.blocks import F64, as_rows, map_blocks, pad_columns
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.policy_spec import Module, ObservationTransform, PolicySpec

__all__ = ["ACTIVATIONS", "F64", "Module", "ObservationTransform", "Policy", "PolicySpec"]

Step = Callable[[F64], F64]
Tensors = Mapping[str, NDArray[np.float32]]


class Policy:
    """Observation -> action. Build one per set of effective weights; it never changes.

    ``tensors`` maps file names such as ``net.4.weight`` to arrays; exactly those that ``spec`` uses are kept.
    Raises InvalidInput when ``spec`` has no weights, ShapeMismatch when a tensor is missing or does not fit.
    """

    def __init__(self, spec: PolicySpec, tensors: Mapping[str, np.ndarray]) -> None:
        if spec.architecture_only:
            raise InvalidInput("This model is an architecture without weights: it can be drawn, but not run.")
        self.spec = spec
        self.tensors: Tensors = MappingProxyType(_checked(spec, tensors))
        self._observe = _observer(spec.observation)
        self._steps = tuple(_step(module, self.tensors) for module in spec.modules)

    def __call__(self, obs: ArrayLike) -> F64:
        """Actions ``[batch, act_dim]`` for observations ``[batch, obs_dim]``; within [-1, 1] if squashed."""
        return self._squash(self._run(self._observed(obs), 0, len(self._steps)))

    def head(self, obs: ArrayLike, tap_index: int) -> F64:
        """Activations ``[batch, d_tap]`` after module ``net[tap_index]``."""
        self.tap_dim(tap_index)
        return self._run(self._observed(obs), 0, tap_index + 1)

    def tail(self, h: ArrayLike, tap_index: int) -> F64:
        """Actions ``[batch, act_dim]`` from activations ``[batch, d_tap]`` after ``net[tap_index]``."""
        rows = as_rows(h, self.tap_dim(tap_index), f"The activation at tap {tap_index}")
        return self._squash(self._run(rows, tap_index + 1, len(self._steps)))

    def onward(self, h: ArrayLike, tap_index: int, to: int) -> F64:
        """Activations ``[batch, d_to]`` after ``net[to]``, from those after ``net[tap_index]``."""
        self.tap_dim(to)
        rows = as_rows(h, self.tap_dim(tap_index), f"The activation at tap {tap_index}")
        return self._run(rows, tap_index + 1, to + 1)

    def tap_dim(self, tap_index: int) -> int:
        """Width at ``tap_index``; raises InvalidInput that names the allowed range."""
        return self.spec.tap_dim(tap_index)

    def fingerprint(self) -> str:
        """SHA-256 (hex) of what decides the output: observation, modules, squashing and weights, unnamed."""
        decides: list[object] = [[asdict(replace(module, key=None)) for module in self.spec.modules]]
        decides.append(self.spec.squash)
        if self.spec.action_scaling != "box":  # the one value there was before it could be chosen
            decides.append({"action_scaling": self.spec.to_json()["action_scaling"]})
        if self.spec.observation is not None:
            decides.append(asdict(self.spec.observation))
        digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode())
        for name in self.spec.tensor_shapes():
            digest.update(self.tensors[name].astype("<f4").tobytes())
        return digest.hexdigest()

    def _observed(self, obs: ArrayLike) -> F64:
        return self._observe(as_rows(obs, self.spec.obs_dim, "The observation"))

    def _squash(self, actions: F64) -> F64:
        if self.spec.squash == "tanh":
            return np.tanh(actions)
        return actions if self.spec.squash == "none" else np.clip(actions, -1.0, 1.0)

    def _run(self, rows: F64, first: int, last: int) -> F64:
        steps = self._steps[first:last]
        if not steps:
            return rows.copy()

        def forward(x: F64) -> F64:
            for step in steps:
                x = step(x)
            return x

        return map_blocks(forward, rows, self.spec.modules[last - 1].out_features)


def _checked(spec: PolicySpec, tensors: Mapping[str, np.ndarray]) -> dict[str, NDArray[np.float32]]:
    kept = {}
    for name, shape in spec.tensor_shapes().items():
        if name not in tensors:
            raise ShapeMismatch(f"The tensor {name} {list(shape)} is missing; present are {sorted(tensors)}.")
        if tensors[name].shape != shape:
            raise ShapeMismatch(
                f"The tensor {name} has shape {list(tensors[name].shape)}; this policy needs {list(shape)}."
            )
        kept[name] = np.array(tensors[name], dtype=np.float32)
        kept[name].setflags(write=False)
    return kept


def _observer(transform: ObservationTransform | None) -> Step:
    if transform is None:
        return ACTIVATIONS["identity"]
    mean, scale = np.array(transform.mean), np.array(transform.scale)
    limit = np.inf if transform.clip is None else transform.clip
    return lambda obs: np.clip((obs - mean) / scale, -limit, limit)


def _step(module: Module, tensors: Tensors) -> Step:
    if module.kind == "activation":
        return ACTIVATIONS[module.activation or "identity"]
    if module.kind == "identity":
        return ACTIVATIONS["identity"]
    build = {"linear": _linear, "batchnorm": _batchnorm, "layernorm": _layernorm}[module.kind]
    wide = {name: tensors[f"{module.key}.{name}"].astype(np.float64) for name in module.tensor_names()}
    return build(module, wide)


def _linear(module: Module, tensors: Mapping[str, F64]) -> Step:
    transposed, width = pad_columns(tensors["weight"].T), module.out_features
    bias = tensors.get("bias", np.zeros(width))
    return lambda x: (x @ transposed)[..., :width] + bias


def _batchnorm(module: Module, tensors: Mapping[str, F64]) -> Step:
    scale = 1.0 / np.sqrt(tensors["running_var"] + module.eps)
    if "weight" in tensors:
        scale = scale * tensors["weight"]
    mean, shift = tensors["running_mean"], tensors.get("bias", np.zeros(module.out_features))
    return lambda x: (x - mean) * scale + shift


def _layernorm(module: Module, tensors: Mapping[str, F64]) -> Step:
    weight, eps = tensors["weight"], module.eps
    bias = tensors.get("bias", np.zeros(module.out_features))

    def normalise(x: F64) -> F64:
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(centred).mean(axis=-1, keepdims=True)
        normalised: F64 = centred / np.sqrt(variance + eps) * weight + bias
        return normalised

    return normalise
