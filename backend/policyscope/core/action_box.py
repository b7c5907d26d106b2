"""From a policy's output to action units."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from policyscope.core.envs import EnvInfo

F64 = NDArray[np.float64]


class Acts(Protocol):
    """Anything that acts: ``[batch, obs] -> [batch, act]``, each row on its own."""

    def __call__(self, obs: F64, /) -> F64: ...


def unscaled(policy: Acts, outputs: F64, info: EnvInfo) -> F64:
    """``outputs`` [batch, act] in the units of the environment's actions.

    A policy that squashes with tanh (SAC, TD3) answers within [-1, 1], which is stretched to the action box.
    """
    squash = getattr(getattr(policy, "spec", None), "squash", "none")
    if squash == "none" or info.action_kind == "discrete":
        return outputs
    low = np.array([-np.inf if c.low is None else c.low for c in info.actions])
    high = np.array([np.inf if c.high is None else c.high for c in info.actions])
    return low + 0.5 * (outputs + 1.0) * (high - low)
