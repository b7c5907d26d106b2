"""Walker2d, Hopper, HalfCheetah and Swimmer: bodies in a plane, rewarded for speed along x."""

from __future__ import annotations

from typing import Any

import numpy as np

from policyscope.core.envs.bodies.body import F32, F64, Body, Bools, Fields, Pick, control_cost, never


class Planar(Body):
    """Speed minus control cost. Never terminates."""

    unobserved = 1

    def observe(self, fields: Fields, pick: Pick) -> F64:
        return np.concatenate(
            (fields.qpos[pick][:, self.unobserved :], self.seen_velocity(fields.qvel[pick])), axis=1
        )

    def seen_velocity(self, qvel: F64) -> F64:
        return qvel

    def before(self, fields: Fields, pick: Pick) -> F64:
        return fields.qpos[pick, 0].copy()

    def outcome(self, fields: Fields, pick: Pick, before: F64, actions: F32) -> tuple[F64, Bools]:
        reward = self.forward(fields, pick, before) - control_cost(self.env._ctrl_cost_weight, actions)
        return reward, never(len(reward))

    def forward(self, fields: Fields, pick: Pick, before: F64) -> F64:
        speed = (fields.qpos[pick, 0] - before) / self.dt
        reward: F64 = self.env._forward_reward_weight * speed
        return reward

    def invert(self, observations: F64) -> tuple[F64, F64]:
        nq = self.env.model.nq - self.unobserved
        travelled = np.zeros((len(observations), self.unobserved))
        return np.concatenate((travelled, observations[:, :nq]), axis=1), observations[:, nq:].copy()


class Swimmer(Planar):
    unobserved = 2


class Upright(Planar):
    """Bodies that are paid for being healthy and stop when they are not. Velocities are seen clipped."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        # v4 pays the bonus also on the step that ends the episode
        self._always_paid = type(env).__module__.endswith("_v4")

    def seen_velocity(self, qvel: F64) -> F64:
        return np.minimum(np.maximum(qvel, -10), 10)

    def healthy(self, qpos: F64, qvel: F64) -> Bools:
        (min_z, max_z), (min_angle, max_angle) = self.env._healthy_z_range, self.env._healthy_angle_range
        z, angle = qpos[:, 1], qpos[:, 2]
        return (min_z < z) & (z < max_z) & (min_angle < angle) & (angle < max_angle)

    def outcome(self, fields: Fields, pick: Pick, before: F64, actions: F32) -> tuple[F64, Bools]:
        healthy = self.healthy(fields.qpos[pick], fields.qvel[pick])
        bonus = (healthy | self._always_paid) * self.env._healthy_reward
        costs = control_cost(self.env._ctrl_cost_weight, actions)
        return self.forward(fields, pick, before) + bonus - costs, ~healthy


class Hopper(Upright):
    def healthy(self, qpos: F64, qvel: F64) -> Bools:
        low, high = self.env._healthy_state_range
        state = np.concatenate((qpos[:, 2:], qvel), axis=1)
        return super().healthy(qpos, qvel) & ((low < state) & (state < high)).all(axis=1)
