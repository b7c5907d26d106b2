"""From a policy's output to action units."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from policyscope.core.envs import EnvInfo
from policyscope.core.policy_spec import ActionRange, PolicySpec

F64 = NDArray[np.float64]


class Acts(Protocol):
    """Anything that acts: ``[batch, obs] -> [batch, act]``, each row on its own."""

    def __call__(self, obs: F64, /) -> F64: ...


def unscaled(policy: Acts, outputs: F64, info: EnvInfo) -> F64:
    """``outputs`` [batch, act] in the units of the environment's actions.

    A policy that squashes with tanh (SAC, TD3) answers within [-1, 1], which is stretched to the action box
    or to the range that the policy itself gives.
    """
    stretched = stretched_to(getattr(policy, "spec", None), info)
    if stretched is None:
        return outputs
    low, high = stretched
    return low + 0.5 * (outputs + 1.0) * (high - low)


def stretched_to(spec: object, info: EnvInfo) -> tuple[F64, F64] | None:
    """The range ``[act], [act]`` that an output within [-1, 1] is stretched to; None: left alone."""
    if not isinstance(spec, PolicySpec) or spec.squash == "none" or info.action_kind == "discrete":
        return None
    scaling = spec.action_scaling
    if scaling == "none":
        return None
    if isinstance(scaling, ActionRange):
        return np.array(scaling.low), np.array(scaling.high)
    low = np.array([-np.inf if c.low is None else c.low for c in info.actions])
    return low, np.array([np.inf if c.high is None else c.high for c in info.actions])
