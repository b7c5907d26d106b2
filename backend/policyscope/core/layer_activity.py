"""What every unit of a policy did over an episode, computed again from its recorded observations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policyscope.core.interventions import RowEdits
from policyscope.core.policy import F64, Policy
from policyscope.core.policy_spec import PolicySpec

Bools = NDArray[np.bool_]

ASYMPTOTES = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}
NEAR = 0.01  # of the distance between the two asymptotes
MOSTLY = 0.95
STILL = 1e-9  # of the largest value of the layer


@dataclass(frozen=True)
class Layer:
    """One column of units: its last module, and the activation function that bounds it, if any."""

    index: int
    label: str
    module: int
    width: int
    activation: str | None


@dataclass(frozen=True)
class Condition:
    """Per unit ``[width]``. ``dead``: it never changes. ``saturated``: it lies within 1 % of an asymptote of
    tanh or sigmoid in at least 95 % of the steps, so that it hardly answers its input."""

    dead: Bools
    saturated: Bools


def layers_of(spec: PolicySpec) -> tuple[Layer, ...]:
    """The hidden layers after their activation functions, then the action before squashing and limits."""
    linear = [index for index, module in enumerate(spec.modules) if module.kind == "linear"]
    ends = [*(index - 1 for index in linear[1:]), len(spec.modules) - 1]
    found = []
    for number, (start, end) in enumerate(zip(linear, ends, strict=True)):
        functions = [module.activation for module in spec.modules[start : end + 1] if module.activation]
        label = "Action" if start == linear[-1] else f"Hidden {number + 1}"
        width = spec.modules[end].out_features
        found.append(Layer(number, label, end, width, functions[-1] if functions else None))
    return tuple(found)


def layer_outputs(
    policy: Policy,
    observations: F64,
    tap_index: int | None,
    edits: RowEdits | None,
    layers: Sequence[Layer],
) -> list[F64]:
    """Outputs ``[T, width]`` of ``layers`` for the observations ``[T, obs]`` of one episode from its start.

    ``edits``: those of the arm for each of the T rows, applied at ``tap_index``; layers from there on show
    what the edits made of them. The arithmetic is the rollout's, so the same bits come out.
    """
    if edits is None or tap_index is None:
        return [policy.head(observations, layer.module) for layer in layers]
    before = policy.head(observations, tap_index)
    steps = np.arange(len(observations), dtype=np.float64)
    steered = edits.apply(before, observations, steps)
    return [
        policy.head(observations, layer.module)
        if layer.module < tap_index
        else policy.onward(steered, tap_index, layer.module)
        for layer in layers
    ]


def condition(values: F64, activation: str | None) -> Condition:
    """Of units with outputs ``[T, width]``."""
    spread = np.ptp(values, axis=0)
    dead = spread <= STILL * max(float(np.abs(values).max(initial=0.0)), np.finfo(np.float64).tiny)
    if activation not in ASYMPTOTES:
        return Condition(dead, np.zeros(values.shape[1], dtype=np.bool_))
    low, high = ASYMPTOTES[activation]
    margin = NEAR * (high - low)
    near = (values < low + margin) | (values > high - margin)
    return Condition(dead, near.mean(axis=0) >= MOSTLY)
