"""Observation normalisers that travel inside a checkpoint: those of skrl and rl_games."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from policyscope.core.errors import InvalidInput, UnsupportedFile
from policyscope.core.policy_spec import MAX_OBSERVATIONS, ObservationTransform, PolicySpec

_SKRL_KEYS = ("observation_preprocessor", "state_preprocessor")
_SKRL_EPSILON = 1e-8
_RL_GAMES_EPSILON = 1e-5
_CLIP = 5.0  # the default of both libraries; neither writes it down


def fold(spec: PolicySpec, tree: object, tensors: Mapping[str, np.ndarray]) -> PolicySpec:
    """``spec`` with the normaliser that the checkpoint ``tree`` holds, unchanged when there is none.

    Raises UnsupportedFile when its sizes do not fit the policy.
    """
    found = _skrl(tree) or _rl_games(tensors) or _rl_games(_mapping(tree, "running_mean_std"), prefix="")
    return spec if found is None else attach(spec, *found)


def attach(spec: PolicySpec, transform: ObservationTransform, note: str) -> PolicySpec:
    """``spec`` with an observation transform and a sentence about it; raises UnsupportedFile."""
    try:
        return replace(spec, observation=transform, notes=(*spec.notes, note))
    except InvalidInput as error:
        raise UnsupportedFile(error.message) from error


def _skrl(tree: object) -> tuple[ObservationTransform, str] | None:
    for key in _SKRL_KEYS:
        found = _mapping(tree, key)
        if "running_mean" in found and "running_variance" in found:
            scale = np.sqrt(_variance(found["running_variance"])) + _SKRL_EPSILON
            note = f"Observations are normalised with the checkpoint's {key}, then clipped to ±{_CLIP:g}."
            return _transform(found["running_mean"], scale), note
    return None


def _rl_games(
    tensors: Mapping[str, np.ndarray], prefix: str = "running_mean_std."
) -> tuple[ObservationTransform, str] | None:
    mean, variance = (tensors.get(prefix + name) for name in ("running_mean", "running_var"))
    if mean is None or variance is None:
        return None
    note = f"Observations are normalised with running_mean_std, then clipped to ±{_CLIP:g}."
    return _transform(mean, np.sqrt(_variance(variance) + _RL_GAMES_EPSILON)), note


def _transform(mean: np.ndarray, scale: np.ndarray) -> ObservationTransform:
    try:
        return ObservationTransform(tuple(_vector(mean).tolist()), tuple(scale.tolist()), _CLIP)
    except InvalidInput as error:
        raise UnsupportedFile(error.message) from error


def _vector(array: object) -> np.ndarray:
    if not isinstance(array, np.ndarray) or array.ndim != 1 or array.dtype.kind != "f":
        raise UnsupportedFile("The observation normaliser of this checkpoint is not a list of numbers.")
    if array.size > MAX_OBSERVATIONS or (array.size and array.min() < -1e30):
        raise UnsupportedFile("The observation normaliser of this checkpoint holds impossible numbers.")
    return array.astype(np.float64)


def _variance(array: object) -> np.ndarray:
    variance = _vector(array)
    if np.any(variance < 0):
        raise UnsupportedFile("The observation normaliser of this checkpoint has a variance below zero.")
    return variance


def _mapping(tree: object, key: str) -> Mapping[str, np.ndarray]:
    inner = tree.get(key) if isinstance(tree, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}
