"""The statistics of SB3's VecNormalize, a pickle beside the policy: read as a description, not unpickled."""

from __future__ import annotations

import io

import numpy as np

from policyscope.core.errors import InvalidInput, UnsupportedFile
from policyscope.core.inert_pickle import Inert, read_pickle
from policyscope.core.inert_values import Budget
from policyscope.core.policy_spec import MAX_OBSERVATIONS, ObservationTransform

CLASS = "stable_baselines3.common.vec_env.vec_normalize.VecNormalize"
MAX_BYTES = 64 * 2**20


def is_vec_normalize(tree: object) -> bool:
    """Whether a pickle's content is a VecNormalize wrapper."""
    return isinstance(tree, Inert) and tree.name == CLASS


def read(data: bytes) -> ObservationTransform | None:
    """The observation normalisation of a ``VecNormalize.save`` file, None when it normalises rewards only."""
    return from_tree(read_pickle(io.BytesIO(data), Budget(MAX_BYTES)))


def from_tree(tree: object) -> ObservationTransform | None:
    """The same for what ``read_pickle`` returned; raises UnsupportedFile."""
    if not isinstance(tree, Inert) or tree.name != CLASS:
        raise UnsupportedFile(f"VecNormalize statistics were expected; found {_described(tree)}.")
    if tree.attribute("norm_obs") is False:
        return None
    statistics = tree.attribute("obs_rms")
    if not isinstance(statistics, Inert):
        raise UnsupportedFile("VecNormalize with dictionaries of observations is not supported.")
    mean, variance = statistics.attribute("mean"), statistics.attribute("var")
    epsilon, clip = tree.attribute("epsilon"), tree.attribute("clip_obs")
    arrays = isinstance(mean, np.ndarray) and isinstance(variance, np.ndarray)
    if not arrays or not isinstance(epsilon, float | int) or not isinstance(clip, float | int):
        raise UnsupportedFile("The VecNormalize statistics lack obs_rms, epsilon or clip_obs.")
    floats = mean.dtype.kind == "f" and variance.dtype.kind == "f"
    if not floats or mean.ndim != 1 or mean.shape != variance.shape or mean.size > MAX_OBSERVATIONS:
        shapes = f"{list(mean.shape)} and {list(variance.shape)}"
        raise UnsupportedFile(
            f"VecNormalize statistics of {mean.dtype} and {variance.dtype} of shape {shapes} are not "
            f"supported; floats for at most {MAX_OBSERVATIONS:,} observations are."
        )
    if np.any(variance < 0) or not epsilon >= 0:
        raise UnsupportedFile("The VecNormalize statistics have a variance or an epsilon below zero.")
    scale = np.sqrt(variance.astype(np.float64) + float(epsilon))
    try:
        return ObservationTransform(tuple(map(float, mean)), tuple(map(float, scale)), float(clip))
    except InvalidInput as error:
        raise UnsupportedFile(f"The VecNormalize statistics cannot be used: {error.message}") from error


def _described(tree: object) -> str:
    return f"a {tree.name}" if isinstance(tree, Inert) else f"a {type(tree).__name__}"
