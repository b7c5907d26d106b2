"""How the body behaved: falling, watched while rows are played."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policyscope.core.envs import EnvInfo

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

CRASH_REWARD = -100.0  # what the Box2D environments pay for a crash, and only for that
UPSIDE_DOWN_SECONDS = 0.5
PITCH = 1  # index of the torso pitch in HalfCheetah's observation


def wrap(angle: F64) -> F64:
    """The same angle in [-pi, pi)."""
    return (angle + np.pi) % (2 * np.pi) - np.pi


class FallWatch:
    """Decides by the environment's fall rule whether the episode of a row ended in, or contained, a fall."""

    def __init__(self, info: EnvInfo, rows: int) -> None:
        self._rule = info.fall_rule
        self._needed = round(UPSIDE_DOWN_SECONDS / info.dt) if info.dt else 0
        self._upside_down = np.zeros(rows, dtype=np.int64)
        self._last_reward = np.zeros(rows)
        self._fell = np.zeros(rows, dtype=np.bool_)

    def begin(self, row: int) -> None:
        self._upside_down[row] = 0
        self._fell[row] = False

    def update(self, rows: I64, observations: F64, rewards: F64) -> None:
        """After a step: what the rows see now ``[n, obs]`` and were paid ``[n]``."""
        if self._rule == "crash_reward":
            self._last_reward[rows] = rewards
        if self._rule == "pitch":
            over = np.abs(wrap(observations[:, PITCH])) > np.pi / 2
            count = np.where(over, self._upside_down[rows] + 1, 0)
            self._upside_down[rows] = count
            self._fell[rows] |= count >= self._needed

    def fell(self, row: int, ended_early: bool) -> bool:
        """``ended_early``: terminated, and not at the step limit."""
        if self._rule == "terminated":
            return ended_early
        if self._rule == "crash_reward":
            return ended_early and float(self._last_reward[row]) == CRASH_REWARD
        return bool(self._fell[row])
