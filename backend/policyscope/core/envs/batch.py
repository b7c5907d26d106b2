"""Many rows of one environment stepped together: the interface, and the general implementation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from policyscope.core.envs.info import EnvInfo
from policyscope.core.envs.registry import get_env, make_env
from policyscope.core.errors import InvalidInput

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Start:
    """How one episode begins: the environment's own reset, with wider noise, or at a given state.

    ``noise_scale`` multiplies the environment's reset noise. ``state``: a state vector as ``EnvBatch.states``
    returns it; it replaces the drawn one.
    """

    seed: int
    noise_scale: float = 1.0
    state: F64 | None = None


class EnvBatch(Protocol):
    """``rows`` copies of one environment that never influence each other.

    No time limit: the caller counts steps. ``rows`` arguments are ascending row numbers.
    """

    @property
    def info(self) -> EnvInfo: ...
    @property
    def rows(self) -> int: ...
    @property
    def state_dim(self) -> int:
        """Length of a state vector; 0 where the environment's state cannot be read or set."""

    def reset(self, starts: Mapping[int, Start]) -> None:
        """Begin an episode in each row named."""

    def observe(self, rows: Rows) -> F64:
        """Current observations ``[len(rows), obs_dim]``, a copy."""

    def states(self, rows: Rows) -> F64:
        """Simulator states ``[len(rows), state_dim]``, a copy; ``Start(state=...)`` takes them back."""

    def step(self, rows: Rows, actions: NDArray[Any]) -> tuple[F64, Bools]:
        """Rewards and terminations after float32 actions ``[n, act_dim]`` or int64 choices ``[n]``."""

    def close(self) -> None: ...


class GymBatch:
    """The general path: one gymnasium environment per row, stepped in turn."""

    state_dim = 0

    def __init__(self, env_id: str, rows: int) -> None:
        self.info = get_env(env_id)
        self.rows = rows
        # the engine counts steps itself, so that every batch has the same notion of a time limit
        self._envs: list[gym.Env[Any, Any]] = [make_env(env_id, max_episode_steps=-1) for _ in range(rows)]
        self._observations = np.zeros((rows, self.info.obs_dim))

    def reset(self, starts: Mapping[int, Start]) -> None:
        for row, start in starts.items():
            if start.noise_scale != 1.0 or start.state is not None:
                raise InvalidInput(f"{self.info.id} can only start from its own reset.")
            self._observations[row] = self._envs[row].reset(seed=start.seed)[0]

    def observe(self, rows: Rows) -> F64:
        return self._observations[rows]

    def states(self, rows: Rows) -> F64:
        return np.empty((len(rows), 0))

    def step(self, rows: Rows, actions: NDArray[Any]) -> tuple[F64, Bools]:
        rewards = np.empty(len(rows))
        terminated = np.empty(len(rows), dtype=np.bool_)
        for i, row in enumerate(rows):
            self._observations[row], rewards[i], terminated[i], _, _ = self._envs[row].step(actions[i])
        return rewards, terminated

    def close(self) -> None:
        for env in self._envs:
            env.close()
