"""Ant, Humanoid and HumanoidStandup: free bodies in space that feel their contacts."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from policyscope.core.envs.bodies.body import F32, F64, Body, Bools, Fields, Pick, control_cost, never


def _flat(values: F64) -> F64:
    return values.reshape(len(values), math.prod(values.shape[1:]))


class FreeBody(Body):
    """The root is a free joint; x and y are not observed."""

    unobserved = 2

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.v4 = type(env).__module__.endswith("_v4")

    def posture(self, fields: Fields, pick: Pick) -> tuple[F64, F64]:
        return fields.qpos[pick][:, self.unobserved :], fields.qvel[pick]

    def invert(self, observations: F64) -> tuple[F64, F64]:
        nq, nv = self.env.model.nq - self.unobserved, self.env.model.nv
        origin = np.zeros((len(observations), self.unobserved))
        return np.concatenate((origin, observations[:, :nq]), axis=1), observations[:, nq : nq + nv].copy()


class Ant(FreeBody):
    derived = ("xpos",)
    main_body = 1

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.uses_contact = not self.v4

    def _contact(self, fields: Fields, pick: Pick) -> F64:
        return np.clip(fields.contact[pick], *self.env._contact_force_range)

    def observe(self, fields: Fields, pick: Pick) -> F64:
        position, velocity = self.posture(fields, pick)
        if not self.uses_contact:
            return np.concatenate((position, velocity), axis=1)
        return np.concatenate((position, velocity, _flat(self._contact(fields, pick)[:, 1:])), axis=1)

    def before(self, fields: Fields, pick: Pick) -> F64:
        return fields.derived["xpos"][pick, self.main_body, 0].copy()

    def outcome(self, fields: Fields, pick: Pick, before: F64, actions: F32) -> tuple[F64, Bools]:
        env = self.env
        forward = (fields.derived["xpos"][pick, self.main_body, 0] - before) / self.dt
        healthy = self._healthy(fields, pick)
        costs: Any = control_cost(env._ctrl_cost_weight, actions)
        if self.v4:
            return forward + env._healthy_reward - costs, ~healthy
        costs = costs + env._contact_cost_weight * np.square(_flat(self._contact(fields, pick))).sum(axis=1)
        return forward * env._forward_reward_weight + healthy * env._healthy_reward - costs, ~healthy

    def _healthy(self, fields: Fields, pick: Pick) -> Bools:
        low, high = self.env._healthy_z_range
        qpos, qvel = fields.qpos[pick], fields.qvel[pick]
        finite = np.isfinite(qpos).all(axis=1) & np.isfinite(qvel).all(axis=1)
        healthy: Bools = finite & (low <= qpos[:, 2]) & (qpos[:, 2] <= high)
        return healthy


class HumanoidLike(FreeBody):
    """Observes inertias, velocities, actuator and contact forces of every body (v4: also of the world)."""

    derived: ClassVar[tuple[str, ...]] = ("cinert", "cvel", "qfrc_actuator")
    uses_contact = True

    def observe(self, fields: Fields, pick: Pick) -> F64:
        first, root = (0, 0) if self.v4 else (1, 6)
        parts = [
            *self.posture(fields, pick),
            _flat(fields.derived["cinert"][pick, first:]),
            _flat(fields.derived["cvel"][pick, first:]),
            fields.derived["qfrc_actuator"][pick, root:],
            _flat(fields.contact[pick, first:]),
        ]
        return np.concatenate(parts, axis=1)

    def impact(self, fields: Fields, pick: Pick) -> F64:
        return np.square(_flat(fields.contact[pick])).sum(axis=1)

    def effort(self, actions: F32) -> F64:
        """sum(ctrl²); the simulator holds the action in float64."""
        return np.square(actions.astype(np.float64)).sum(axis=1)


class Humanoid(HumanoidLike):
    derived = (*HumanoidLike.derived, "xipos")

    def _centre_x(self, fields: Fields, pick: Pick) -> F64:
        mass = self.env.model.body_mass
        centres = [np.einsum("b,bj->j", mass, body)[0] for body in fields.derived["xipos"][pick]]
        return np.array(centres) / mass.sum()

    def before(self, fields: Fields, pick: Pick) -> F64:
        return self._centre_x(fields, pick)

    def outcome(self, fields: Fields, pick: Pick, before: F64, actions: F32) -> tuple[F64, Bools]:
        env = self.env
        low, high = env._healthy_z_range
        z = fields.qpos[pick, 2]
        healthy = (low < z) & (z < high)
        forward = env._forward_reward_weight * ((self._centre_x(fields, pick) - before) / self.dt)
        effort = env._ctrl_cost_weight * self.effort(actions)
        if self.v4:
            return forward + env._healthy_reward - effort, ~healthy
        contact = np.clip(env._contact_cost_weight * self.impact(fields, pick), *env._contact_cost_range)
        return forward + healthy * env._healthy_reward - (effort + contact), ~healthy


class HumanoidStandup(HumanoidLike):
    def outcome(self, fields: Fields, pick: Pick, before: F64, actions: F32) -> tuple[F64, Bools]:
        # v4 has the same numbers written into its code
        weights = (0.1, 5e-7) if self.v4 else (self.env._ctrl_cost_weight, self.env._impact_cost_weight)
        low, high = (-np.inf, 10.0) if self.v4 else self.env._impact_cost_range
        height = (fields.qpos[pick, 2] - 0) / self.env.model.opt.timestep
        impact = np.clip(weights[1] * self.impact(fields, pick), low, high)
        reward = height - weights[0] * self.effort(actions) - impact + 1
        return reward, never(len(reward))
