"""The activation functions a policy may use, in float64, equal to their torch namesakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from scipy.special import erf, expit

from policyscope.core.blocks import F64

_SQRT_HALF = np.sqrt(0.5)
_SQRT_2_OVER_PI = np.sqrt(2.0 / np.pi)
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946
_SOFTPLUS_THRESHOLD = 20.0  # torch returns x itself above it
_LEAKY_SLOPE = 0.01


def _gelu(x: F64) -> F64:
    return 0.5 * x * (1.0 + erf(x * _SQRT_HALF))


def _gelu_tanh(x: F64) -> F64:
    return 0.5 * x * (1.0 + np.tanh(_SQRT_2_OVER_PI * (x + 0.044715 * x**3)))


def _elu(x: F64) -> F64:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0.0)))


def _softplus(x: F64) -> F64:
    return np.where(x > _SOFTPLUS_THRESHOLD, x, np.log1p(np.exp(np.minimum(x, _SOFTPLUS_THRESHOLD))))


def _selu(x: F64) -> F64:
    return _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0.0)))


ACTIVATIONS: Mapping[str, Callable[[F64], F64]] = MappingProxyType(
    {
        "gelu": _gelu,
        "gelu_tanh": _gelu_tanh,
        "relu": lambda x: np.maximum(x, 0.0),
        "tanh": lambda x: np.tanh(x),
        "sigmoid": lambda x: expit(x),
        "elu": _elu,
        "silu": lambda x: x * expit(x),
        "leaky_relu": lambda x: np.where(x > 0, x, _LEAKY_SLOPE * x),
        "softplus": _softplus,
        "selu": _selu,
        "identity": lambda x: x,
    }
)
