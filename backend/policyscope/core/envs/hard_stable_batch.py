"""hard_stable for many rows at once, equal to the environment bit for bit."""

from __future__ import annotations

from collections.abc import Mapping

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from policyscope.core.envs.batch import F64, Bools, Rows, Start
from policyscope.core.envs.hard_stable import DIM, Dynamics, draw_start
from policyscope.core.envs.registry import HARD_STABLE, get_env
from policyscope.core.errors import InvalidInput


class HardStableBatch:
    """Rows of hard_stable. A state vector is (x, y)."""

    state_dim = DIM

    def __init__(self, rows: int) -> None:
        self.info = get_env(HARD_STABLE)
        self.rows = rows
        self._dynamics = Dynamics()
        self._states = np.zeros((rows, DIM))

    def reset(self, starts: Mapping[int, Start]) -> None:
        for row, start in starts.items():
            if start.noise_scale != 1.0:
                raise InvalidInput("hard_stable has no reset noise to widen; give start states instead.")
            if start.state is not None:
                self._states[row] = start.state
            else:
                self._states[row] = draw_start(gym.utils.seeding.np_random(start.seed)[0])

    def observe(self, rows: Rows) -> F64:
        return self._states[rows].astype(np.float32).astype(np.float64)

    def states(self, rows: Rows) -> F64:
        return self._states[rows]

    def step(self, rows: Rows, actions: NDArray[np.float32]) -> tuple[F64, Bools]:
        self._states[rows] = self._dynamics.step(self._states[rows], actions.astype(np.float64))
        return -np.abs(self._states[rows, 0]), np.zeros(len(rows), dtype=np.bool_)

    def close(self) -> None:
        """Nothing to release."""
