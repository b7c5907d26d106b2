"""What one MuJoCo environment of gymnasium adds to the physics, for many rows at once.

A body reads its parameters from a real gymnasium environment and repeats that environment's observation,
reward and termination on arrays ``[n, …]``, operation for operation: the results are equal bit for bit.
Sums and products therefore follow gymnasium's expressions literally, down to the type of each operand
(the control cost is a float32 because the action is).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from policyscope.core.errors import InvalidInput

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Pick = NDArray[np.int64] | slice
"""Which rows; a slice when it is all of them."""


@dataclass(frozen=True)
class Fields:
    """Live arrays over all rows: state, and the derived fields that the body asked for.

    Like ``MjData`` after ``mj_step``, derived fields are one substep behind the state.
    ``contact``: external force on each body ``[rows, nbody, 6]``, as ``cfrc_ext`` after
    ``mj_rnePostConstraint``.
    """

    qpos: F64
    qvel: F64
    derived: Mapping[str, F64]
    contact: F64


class Body(ABC):
    """Observation, reward and termination of one environment."""

    derived: ClassVar[tuple[str, ...]] = ()
    uses_contact: bool = False
    unobserved: ClassVar[int] = 0
    """Leading joint positions that observations leave out: how far the body has travelled."""

    def __init__(self, env: Any) -> None:
        """``env``: the unwrapped gymnasium environment whose parameters are used."""
        self.env = env
        self.dt = env.dt

    @abstractmethod
    def observe(self, fields: Fields, pick: Pick) -> F64:
        """Observations ``[n, obs]``."""

    def before(self, fields: Fields, pick: Pick) -> F64:
        """What the reward needs to remember from before the step ``[n, …]``."""
        return np.empty(0)

    @abstractmethod
    def outcome(self, fields: Fields, pick: Pick, before: F64, actions: F32) -> tuple[F64, Bools]:
        """Rewards and terminations ``[n]`` after the step."""

    def invert(self, observations: F64) -> tuple[F64, F64]:
        """Joint positions and velocities ``[n, nq], [n, nv]`` that would be observed as given.

        What the observation leaves out (the distance travelled) is zero. Raises InvalidInput where the
        observation does not determine the rest.
        """
        raise InvalidInput("The observations of this environment do not determine its state.")


def never(count: int) -> Bools:
    """No row terminates."""
    return np.zeros(count, dtype=np.bool_)


def control_cost(weight: float, actions: F32) -> F32:
    """``weight * sum(action²)``, in float32 like gymnasium's."""
    cost: F32 = weight * np.add.reduce(np.square(actions), axis=1)
    return cost


def norm(vectors: F64) -> F64:
    """Length of each vector; ``vecdot`` adds in the order of the ``dot`` inside ``np.linalg.norm``."""
    return np.sqrt(np.vecdot(vectors, vectors))
