"""Normalisations of an SAE's input that depend on the row, and therefore cannot be folded into its weights.

``u = (x − mean) / divisor`` goes into the encoder; the decoder's output ``y`` comes back as
``x̂ = y · scale + mean``. A constant centre and scale need none of this: they are folded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import numpy as np

from policyscope.core.blocks import F64
from policyscope.core.errors import InvalidInput

InputNorm = Literal["none", "layer_norm", "unit_mean_square"]
EPSILON = 1e-5  # SAELens and OpenAI's sparse_autoencoder


class RowStatistics(NamedTuple):
    """Per row ``[n, 1]``: what is subtracted, what is divided by, what the output is multiplied by."""

    mean: F64
    divisor: F64
    scale: F64


def row_statistics(norm: InputNorm, x: F64) -> RowStatistics:
    """The statistics of the rows of ``x`` [..., d_in] under ``norm``; rows without spread keep size 1."""
    return _STATISTICS[norm](x)


def check_input_norm(norm: str) -> None:
    """Raise InvalidInput, which names what is allowed, for a normalisation that does not exist."""
    if norm not in get_args(InputNorm):
        raise InvalidInput(f"input_norm is {norm!r}; use one of {', '.join(get_args(InputNorm))}.")


def _none(x: F64) -> RowStatistics:
    ones = np.ones((*x.shape[:-1], 1))
    return RowStatistics(np.zeros_like(ones), ones, ones)


def _layer_norm(x: F64) -> RowStatistics:
    """As both libraries do it: the unbiased standard deviation, epsilon on the way in only."""
    mean = x.mean(axis=-1, keepdims=True)
    deviation = x.std(axis=-1, ddof=1, keepdims=True) if x.shape[-1] > 1 else np.ones_like(mean)
    return RowStatistics(mean, deviation + EPSILON, deviation)


def _unit_mean_square(x: F64) -> RowStatistics:
    """Norm √d_in for every row: SAELens calls it constant_norm_rescale."""
    size = np.linalg.norm(x, axis=-1, keepdims=True) / np.sqrt(x.shape[-1])
    size = np.where(size > 0.0, size, 1.0)
    return RowStatistics(np.zeros_like(size), size, size)


_STATISTICS: dict[str, Callable[[F64], RowStatistics]] = {
    "none": _none,
    "layer_norm": _layer_norm,
    "unit_mean_square": _unit_mean_square,
}
