"""One recorded episode and the signals that the measures share, each computed once when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core.envs import EnvInfo
from policyscope.core.measures import signals
from policyscope.core.measures.anatomy import BOX2D_VELOCITY, Anatomy, Leg, anatomy_of
from policyscope.core.measures.signals import F64, I64, Bools

SETTLE_SECONDS = 1.0  # the start is no steady gait
BEFORE_END_SECONDS = 0.2  # and neither is the beginning of a fall
LEAST_STEADY_SECONDS = 1.0
LEAST_STRIDES = 5
CLIPPED, CLIP = ("Walker2d", "Hopper"), 10.0  # whose observations show joint velocities within ±10
DEBOUNCE_SECONDS = 0.012  # a contact or a flight of one 0.008 s step is chatter


class UndefinedError(Exception):
    """A measure has no value in this episode; the message is a sentence that says why."""


@dataclass(frozen=True, eq=False)
class Episode:
    """``trace``: arrays ``[T, …]`` as a rollout records them; observations, actions and rewards are needed.

    ``trace["state"]`` makes distances exact; without it they are integrated from observed velocities.
    Entry t is what was seen before action t. ``terminated``: the episode was ended by the environment.
    """

    info: EnvInfo
    trace: Mapping[str, NDArray[Any]]
    terminated: bool = False
    fell: bool = False

    @property
    def dt(self) -> float:
        """Seconds per step."""
        if self.info.dt is None:
            raise UndefinedError("This environment has no physical time.")
        return self.info.dt

    @property
    def steps(self) -> int:
        return len(self.trace["rewards"])

    @property
    def rewards(self) -> F64:
        return np.asarray(self.trace["rewards"], dtype=np.float64)

    @cached_property
    def observations(self) -> F64:
        return np.asarray(self.trace["observations"], dtype=np.float64)

    @cached_property
    def actions(self) -> F64:
        """``[T, act]``; choices of a discrete environment are ``[T, 1]``."""
        actions = np.asarray(self.trace["actions"], dtype=np.float64)
        return actions if actions.ndim == 2 else actions[:, None]

    @property
    def anatomy(self) -> Anatomy:
        found = anatomy_of(self.info.id)
        if found is None:
            raise UndefinedError("This environment has no walking body.")
        return found

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {channel.name: channel.index for channel in self.info.observations}

    def channel(self, name: str) -> F64:
        """One observation [T] by its name."""
        if name not in self._columns:
            raise UndefinedError(f"{self.info.id} does not observe the {name}.")
        return self.observations[:, self._columns[name]]

    @cached_property
    def steady(self) -> slice:
        """Steps of steady gait: without the first second, and without the last 0.2 s before a fall."""
        first = round(SETTLE_SECONDS / self.dt)
        last = self.steps - (round(BEFORE_END_SECONDS / self.dt) if self.terminated else 0)
        if (last - first) * self.dt < LEAST_STEADY_SECONDS:
            raise UndefinedError(
                f"The episode lasted {self.steps * self.dt:.2f} s; gait needs a second after the first."
            )
        return slice(first, last)

    # the body

    @property
    def in_mujoco(self) -> bool:
        return self.info.renderer == "mujoco" and self.info.id != "hard_stable"

    @cached_property
    def _simulated(self) -> tuple[F64, F64]:
        from policyscope.core.measures import simulation

        state = self.trace.get("state")
        if state is not None and state.shape[1]:
            return simulation.split_state(self.info.id, np.asarray(state, dtype=np.float64))
        return simulation.state_from_observations(self.info.id, self.observations)

    @property
    def exact_velocities(self) -> F64:
        """Joint velocities [T, nv] that were not cut off by what the environment shows."""
        state = self.trace.get("state")
        seen_clipped = self.info.id.startswith(CLIPPED) and float(np.abs(self.qvel).max()) >= CLIP
        if seen_clipped and (state is None or not state.shape[1]):
            raise UndefinedError("Joint velocities are only observed up to ±10; record the state for this.")
        return self.qvel

    @property
    def qpos(self) -> F64:
        return self._simulated[0]

    @property
    def qvel(self) -> F64:
        return self._simulated[1]

    @cached_property
    def position(self) -> F64:
        """Horizontal position [T, 2] in m; y is 0 for a planar body."""
        if self.in_mujoco:
            return np.stack((self.qpos[:, 0], self.qpos[:, 1] * (not self.anatomy.planar)), axis=1)
        return np.stack((np.cumsum(self.velocity) * self.dt, np.zeros(self.steps)), axis=1)

    @cached_property
    def velocity(self) -> F64:
        """Forward velocity [T] in m/s."""
        if self.in_mujoco:
            return self.qvel[:, 0]
        return self.channel("horizontal velocity") * BOX2D_VELOCITY["horizontal velocity"]

    def displacement(self, part: slice = slice(None)) -> tuple[float, float, float]:
        """dx, dy in m and the seconds between the first and last state of ``part``."""
        position = self.position[part]
        if len(position) < 2:
            raise UndefinedError("The episode lasted a single step.")
        dx, dy = position[-1] - position[0]
        return float(dx), float(dy), (len(position) - 1) * self.dt

    @cached_property
    def quaternion(self) -> F64:
        """Torso orientation [T, 4], wxyz, of unit length."""
        if not self.in_mujoco or self.anatomy.planar:
            raise UndefinedError("The body moves in a plane.")
        q = self.qpos[:, 3:7]
        return q / np.linalg.norm(q, axis=1, keepdims=True)

    @cached_property
    def pitch(self) -> F64:
        """Torso pitch [T] in rad, wrapped to [-π, π)."""
        if self.anatomy.planar:
            name = "torso pitch" if self.in_mujoco else "hull angle"
            return (self.channel(name) + np.pi) % (2 * np.pi) - np.pi
        w, x, y, z = self.quaternion.T
        return np.arcsin(np.clip(2 * (w * y - z * x), -1.0, 1.0))

    @cached_property
    def leg_angles(self) -> F64:
        """Thigh (or hip) angle of each leg [T, legs], rad."""
        return np.stack([self.channel(f"{leg.thigh} angle") for leg in self.anatomy.legs], axis=1)

    # the gait

    @cached_property
    def contacts(self) -> Bools:
        """Which legs stand on the floor [T, legs], debounced."""
        legs = self.anatomy.legs
        raw = self._seen_contacts(legs) if legs[0].contact else self._simulated_contacts(legs)
        shortest = 1 + int(DEBOUNCE_SECONDS / self.dt)
        return np.stack([signals.debounce(column, shortest) for column in raw.T], axis=1)

    def _seen_contacts(self, legs: tuple[Leg, ...]) -> Bools:
        return np.stack([self.channel(str(leg.contact)) > 0.5 for leg in legs], axis=1)

    def _simulated_contacts(self, legs: tuple[Leg, ...]) -> Bools:
        from policyscope.core.measures import simulation

        feet = tuple(foot for leg in legs for foot in leg.feet)
        return simulation.floor_contacts(self.info.id, self.qpos, self.qvel, self.actions, feet)

    @cached_property
    def rhythm(self) -> F64:
        """The signal [T] that repeats once a stride."""
        kind = self.anatomy.rhythm
        if kind == "height":
            return self.channel("torso height")
        if kind == "principal":
            joints = [self.channel(f"{joint} angle") for leg in self.anatomy.legs for joint in leg.joints]
            return _principal(np.stack(joints, axis=1))
        if kind == "first":
            return self.leg_angles[:, 0]
        return self.leg_angles[:, 0] - self.leg_angles[:, 1]

    @cached_property
    def stride_frequency(self) -> float:
        """Strides per second in steady gait."""
        frequency = signals.peak_frequency(self.rhythm[self.steady], self.dt)
        if frequency is None:
            raise UndefinedError("The legs do not move in a steady rhythm.")
        strides = frequency * len(self.rhythm[self.steady]) * self.dt
        if strides < LEAST_STRIDES:
            raise UndefinedError(
                f"Only {strides:.1f} strides of steady gait; at least {LEAST_STRIDES} are needed."
            )
        return frequency

    def touch_downs(self, leg: int) -> I64:
        """Steps at which leg ``leg`` lands, in steady gait; at least five landings, or UndefinedError."""
        steady = self.steady
        starts, _ = signals.active_runs(self.contacts[steady, leg])
        landings = starts[starts > 0] + steady.start
        if len(landings) < LEAST_STRIDES:
            raise UndefinedError(
                f"The {self.anatomy.legs[leg].name} foot landed {len(landings)} times in steady gait; "
                f"at least {LEAST_STRIDES} landings are needed."
            )
        return landings


def _principal(columns: F64) -> F64:
    """First principal component of columns [T, n], its largest loading positive."""
    centred = columns - columns.mean(axis=0)
    direction = np.linalg.svd(centred, full_matrices=False)[2][0]
    component: F64 = centred @ (direction * np.sign(direction[np.abs(direction).argmax()]))
    return component
