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
    spec = getattr(policy, "spec", None)
    if not isinstance(spec, PolicySpec) or spec.squash == "none" or info.action_kind == "discrete":
        return outputs
    scaling = spec.action_scaling
    if scaling == "none":
        return outputs
    if isinstance(scaling, ActionRange):
        low, high = np.array(scaling.low), np.array(scaling.high)
    else:
        low = np.array([-np.inf if c.low is None else c.low for c in info.actions])
        high = np.array([np.inf if c.high is None else c.high for c in info.actions])
    return low + 0.5 * (outputs + 1.0) * (high - low)
