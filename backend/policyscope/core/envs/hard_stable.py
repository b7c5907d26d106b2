"""hard_stable: a stable control problem that behaviour cloning cannot follow, and its expert.

After Simchowitz, Pfrommer and Jadbabaie, "The Pitfalls of Imitation Learning when Actions are Continuous"
(2025). A linear system in x (two numbers) is pushed by a tiny nonlinear force that depends on where the
episode started (y, four numbers, zero after the first step). The expert cancels it; a policy that is
slightly wrong drifts exponentially.

Everything is written for rows of states, with sums in a fixed order, so that one row alone and the same
row among others give the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from policyscope.core.envs.portrait import draw_phase_portrait

F64 = NDArray[np.float64]

ENV_ID = "hard_stable"
Y_DIM = 4
DIM = 2 + Y_DIM
MU = 0.25
C = 1.5 * MU
TAU = 0.001
OMEGA = 1.0
LIMIT = 1e9
G_SEED = 0
HIDDEN = 16
System = Literal[1, 2]

_A = {
    1: np.array([[1 + MU, C], [-C, 1 - 2 * MU]]),
    2: np.array([[-(1 - MU / 4), C], [0.0, 1 - 2 * MU]]),
}
_K = {1: np.array([[-(1 + MU), -C], [C, 0.0]]), 2: np.array([[1 - MU / 4, -C], [0.0, 0.0]])}
_CENTRE = np.array([0.0, 0.0, 3.0, *np.zeros(Y_DIM - 1)])


def bump(v: F64) -> F64:
    """1 for ||v|| < 1, 0 for ||v|| > 2, exp(-1 / (1 - (||v|| - 1)²)) between. ``[n, d] -> [n]``."""
    norm = np.linalg.norm(v, axis=1)
    inside = np.maximum(1.0 - np.square(norm - 1.0), np.finfo(np.float64).tiny)
    return np.where(norm < 1.0, 1.0, np.where(norm >= 2.0, 0.0, np.exp(-1.0 / inside)))


@dataclass(frozen=True)
class Perturbation:
    """g: R^4 -> R, a fixed random tanh network 4-16-16-1 whose output is divided by 200."""

    weights: tuple[F64, F64, F64]
    biases: tuple[F64, F64, F64]

    @classmethod
    def seeded(cls, seed: int = G_SEED) -> Perturbation:
        """Xavier-normal weights and biases uniform in [-1, 1]; the same seed gives the same g."""
        rng = np.random.default_rng(seed)
        sizes = (Y_DIM, HIDDEN, HIDDEN, 1)
        pairs = list(pairwise(sizes))
        weights = [rng.normal(0.0, np.sqrt(2.0 / (n_in + n_out)), (n_in, n_out)) for n_in, n_out in pairs]
        biases = [rng.uniform(-1.0, 1.0, n_out) for _, n_out in pairs]
        return cls((weights[0], weights[1], weights[2]), (biases[0], biases[1], biases[2]))

    def __call__(self, y: F64) -> F64:
        """``[n, 4] -> [n]``."""
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            y = _multiply(y, weight) + bias
            if layer < 2:
                y = np.tanh(y)
        return y[:, 0] / 200.0


def _multiply(rows: F64, matrix: F64) -> F64:
    """Matrix product whose sums run in one order whatever the number of rows (BLAS does not promise it)."""
    total = rows[:, 0, None] * matrix[0]
    for k in range(1, matrix.shape[0]):
        total = total + rows[:, k, None] * matrix[k]
    return total


@dataclass(frozen=True)
class Dynamics:
    """One step of hard_stable and the expert's answer, for rows of states ``[n, 6]``."""

    system: System = 1
    g: Perturbation = field(default_factory=Perturbation.seeded)

    def _resonance(self, states: F64) -> F64:
        """r g(y), with r = bump(s - 3 e_3)."""
        return bump(states - _CENTRE) * self.g(states[:, 2:])

    def step(self, states: F64, actions: F64) -> F64:
        """Next states ``[n, 6]``, clipped to ±1e9."""
        push = self._resonance(states)
        push = -TAU * push + OMEGA * TAU**2 * push - TAU * actions[:, 0] * bump(actions)
        following = np.zeros_like(states)
        following[:, :2] = _multiply(states[:, :2], _A[self.system].T) + actions[:, :2]
        following[:, 0] += push
        return np.clip(following, -LIMIT, LIMIT)

    def expert(self, observations: F64) -> F64:
        """The stabilising expert, ``[n, 6] -> [n, 6]``: K x, plus tau r g(y) on the first input."""
        states = np.asarray(observations, dtype=np.float64)
        actions = np.zeros_like(states)
        actions[:, :2] = _multiply(states[:, :2], _K[self.system].T)
        actions[:, 0] += TAU * self._resonance(states)
        return actions


def draw_start(rng: np.random.Generator) -> F64:
    """One initial state ``[6]``: with probability 1/2 at x = 0 near y = 3 e_1, otherwise x_1 = 0 near 0."""
    state = np.zeros(DIM)
    if rng.random() < 0.5:
        state[2:] = _in_ball(rng, Y_DIM)
        state[2] += 3.0
    else:
        state[1:] = _in_ball(rng, DIM - 1)
    return state


def _in_ball(rng: np.random.Generator, dim: int) -> F64:
    direction = rng.standard_normal(dim)
    return direction / np.linalg.norm(direction) * rng.random()


class HardStableExpert:
    """The expert as a policy: callable ``[batch, 6] -> [batch, 6]``."""

    def __init__(self, dynamics: Dynamics | None = None) -> None:
        self.dynamics = dynamics or Dynamics()

    def __call__(self, observations: F64) -> F64:
        return self.dynamics.expert(observations)


class HardStableEnv(gym.Env[NDArray[np.float32], NDArray[np.float32]]):
    """The gymnasium environment; ``rgb_array`` draws the phase portrait of x. Never terminates."""

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012 gymnasium's name

    def __init__(self, render_mode: str | None = None, system: System = 1, size: int = 480) -> None:
        self.render_mode = render_mode
        self.dynamics = Dynamics(system)
        box = gym.spaces.Box(-np.inf, np.inf, (DIM,), np.float32)
        self.observation_space = self.action_space = box
        self._size = size
        self._state = np.zeros(DIM)
        self._action = np.zeros(DIM)
        self._trail: list[F64] = []

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """``options={"state": [6 numbers]}`` starts there instead of at a random state."""
        super().reset(seed=seed)
        given = (options or {}).get("state")
        self._state = draw_start(self.np_random) if given is None else np.array(given, dtype=np.float64)
        self._action = np.zeros(DIM)
        self._trail = [self._state[:2].copy()]
        return self._state.astype(np.float32), {}

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        self._action = np.asarray(action, dtype=np.float64)
        self._state = self.dynamics.step(self._state[None], self._action[None])[0]
        self._trail.append(self._state[:2].copy())
        return self._state.astype(np.float32), -abs(float(self._state[0])), False, False, {}

    def render(self) -> NDArray[np.uint8] | None:
        if self.render_mode != "rgb_array":
            return None
        return draw_phase_portrait(np.array(self._trail), self._action[:2], self._size)
