"""ONNX operations that act on every number by itself, as numpy; and what a chain of them computes.

An activation function is recognised by its values, not by its spelling: exporters write GELU or SiLU as
several nodes, each in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import erf, expit

from policyscope.core.activation_functions import ACTIVATIONS
from policyscope.core.blocks import F64
from policyscope.core.onnx_protobuf import Node

TOLERANCE = 1e-6
_GRID = np.concatenate([np.linspace(-12.0, 12.0, 481), [-40.0, -25.0, 21.0, 25.0, 40.0, 0.0, 1.0]])
_LIMITS = {"Clip", "Min", "Max"}

Values = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Elementwise:
    """A function of every number: an activation function, ``scale x + shift``, or limits.

    ``scale`` and ``shift`` are [width]; one of function, scale with shift, and limits is given. ``label``
    names the node it ends with.
    """

    activation: str | None = None
    scale: F64 | None = None
    shift: F64 | None = None
    limits: tuple[float, float] | None = None
    label: str = ""


def _elu(x: Any, alpha: float) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))


def _leaky(x: Any, alpha: float) -> Any:
    return np.where(x > 0, x, alpha * x)


def _selu(node: Node, x: Any) -> Any:
    alpha, gamma = (
        float(node.attributes.get(name, value))  # type: ignore[arg-type]
        for name, value in (("alpha", 1.6732632423543772), ("gamma", 1.0507009873554805))
    )
    return gamma * _elu(x, alpha)


def _gelu(node: Node, x: Any) -> Any:
    return ACTIVATIONS["gelu_tanh" if node.attributes.get("approximate") == b"tanh" else "gelu"](x)


def _clip(node: Node, x: Any, low: Any = None, high: Any = None) -> Any:
    """Limits are inputs, or attributes before version 11 of the operation."""
    lowest = node.attributes.get("min", -np.inf) if low is None else low
    highest = node.attributes.get("max", np.inf) if high is None else high
    return np.minimum(np.maximum(x, lowest), highest)


def _alpha(node: Node, default: float) -> float:
    return float(node.attributes.get("alpha", default))  # type: ignore[arg-type]


_OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "Add": lambda node, a, b: a + b,
    "Sub": lambda node, a, b: a - b,
    "Mul": lambda node, a, b: a * b,
    "Div": lambda node, a, b: a / b,
    "Pow": lambda node, a, b: a**b,
    "Min": lambda node, *a: np.minimum.reduce(np.broadcast_arrays(*a)),
    "Max": lambda node, *a: np.maximum.reduce(np.broadcast_arrays(*a)),
    "Neg": lambda node, a: -a,
    "Abs": lambda node, a: np.abs(a),
    "Sqrt": lambda node, a: np.sqrt(a),
    "Exp": lambda node, a: np.exp(a),
    "Log": lambda node, a: np.log(a),
    "Erf": lambda node, a: erf(a),
    "Reciprocal": lambda node, a: 1.0 / a,
    "Tanh": lambda node, a: np.tanh(a),
    "Sigmoid": lambda node, a: expit(a),
    "Relu": lambda node, a: np.maximum(a, 0.0),
    "Elu": lambda node, a: _elu(a, _alpha(node, 1.0)),
    "LeakyRelu": lambda node, a: _leaky(a, _alpha(node, 0.01)),
    "Selu": _selu,
    "Gelu": _gelu,
    "Softplus": lambda node, a: np.logaddexp(0.0, a),
    "Softsign": lambda node, a: a / (1.0 + np.abs(a)),
    "Swish": lambda node, a: a * expit(_alpha(node, 1.0) * a),
    "HardSigmoid": lambda node, a: np.clip(_alpha(node, 0.2) * a + node.attributes.get("beta", 0.5), 0, 1),
    "Mish": lambda node, a: a * np.tanh(np.logaddexp(0.0, a)),
    "Clip": _clip,
    "Where": lambda node, chosen, a, b: np.where(chosen, a, b),
    "Greater": lambda node, a, b: a > b,
    "Less": lambda node, a, b: a < b,
    "Identity": lambda node, a: a,
    "Cast": lambda node, a: a,
    "Dropout": lambda node, a, *_: a,
}


def is_elementwise(node: Node) -> bool:
    return node.op in _OPERATIONS and node.domain in ("", "ai.onnx")


def apply(node: Node, values: Values) -> np.ndarray:
    """The output of an elementwise node whose inputs are all in ``values``."""
    arguments = [values[name] if name else None for name in node.inputs]
    with np.errstate(all="ignore"):
        return np.asarray(_OPERATIONS[node.op](node, *arguments))


def recognise(
    nodes: Sequence[Node], entry: str, exit_: str, constants: Values, width: int
) -> Elementwise | None:
    """What ``nodes`` (in order) make of the value ``entry`` [width] up to ``exit_``; None when not known."""
    limits = [node for node in nodes if node.op in _LIMITS]
    if limits and len(nodes) > 1:
        return None  # a limit beyond the numbers tried here would go unseen
    x = _GRID[:, None]
    try:
        if limits:
            x = _with_limits(nodes[0], constants)
        result = _computed(nodes, entry, exit_, constants, np.repeat(x, width, axis=1))
    except (ValueError, TypeError, KeyError):  # such as nodes in another order than that of their values
        return None
    if result.shape != (len(x), width):
        return None
    shift, one = result[-2:]
    scale = one - shift
    size = 1.0 + np.abs(shift) + np.abs(scale) * np.abs(x)
    if bool((np.abs(result - (scale * x + shift)) <= 1e-12 * size).all()):
        return Elementwise(scale=scale, shift=shift)
    return _uniform(x[:, 0], result[:, 0]) if np.array_equal(result, result[:, :1] + 0 * result) else None


def _with_limits(node: Node, constants: Values) -> F64:
    """Numbers around the limits too."""
    found = [constants[name].ravel() for name in node.inputs if name in constants]
    found += [np.array([value]) for value in node.attributes.values() if isinstance(value, float)]
    edges = np.concatenate([np.zeros(0), *found]).astype(np.float64)
    return np.concatenate([2.0 * edges, edges, _GRID])[:, None]


def _computed(nodes: Sequence[Node], entry: str, exit_: str, constants: Values, x: F64) -> np.ndarray:
    values: dict[str, np.ndarray] = {entry: x}
    for node in nodes:
        known = {name: values[name] if name in values else constants[name] for name in node.inputs if name}
        values[node.outputs[0]] = apply(node, known)
    return values[exit_]


def _uniform(x: F64, result: F64) -> Elementwise | None:
    for name, function in ACTIVATIONS.items():
        with np.errstate(over="ignore"):
            if bool((np.abs(result - function(x)) <= TOLERANCE).all()):
                return Elementwise(activation=name)
    low, high = float(result.min()), float(result.max())
    return Elementwise(limits=(low, high)) if np.array_equal(result, np.clip(x, low, high)) else None
