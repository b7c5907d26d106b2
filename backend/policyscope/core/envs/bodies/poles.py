"""InvertedPendulum and InvertedDoublePendulum: a cart that keeps poles upright."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from policyscope.core.envs.bodies.body import F32, F64, Body, Bools, Fields, Pick


def _square(values: F64) -> F64:
    """x ** 2 as numpy computes it for single numbers: by ``pow``, which may round unlike x * x."""
    return np.array([math.pow(value, 2.0) for value in values.tolist()])


class InvertedPendulum(Body):
    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self._always_paid = type(env).__module__.endswith("_v4")

    def observe(self, fields: Fields, pick: Pick) -> F64:
        return np.concatenate((fields.qpos[pick], fields.qvel[pick]), axis=1)

    def outcome(self, fields: Fields, pick: Pick, before: F64, actions: F32) -> tuple[F64, Bools]:
        seen = self.observe(fields, pick)
        terminated = ~np.isfinite(seen).all(axis=1) | (np.abs(seen[:, 1]) > 0.2)
        return (~terminated | self._always_paid).astype(np.float64), terminated

    def invert(self, observations: F64) -> tuple[F64, F64]:
        return observations[:, :2].copy(), observations[:, 2:].copy()


class InvertedDoublePendulum(Body):
    derived = ("site_xpos", "qfrc_constraint")

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.v4 = type(env).__module__.endswith("_v4")

    def observe(self, fields: Fields, pick: Pick) -> F64:
        qpos = fields.qpos[pick]
        angles = np.ascontiguousarray(qpos[:, 1:])
        forces = np.clip(fields.derived["qfrc_constraint"][pick], -10, 10)
        velocity = np.clip(fields.qvel[pick], -10, 10)
        seen = forces if self.v4 else forces[:, :1]
        return np.concatenate((qpos[:, :1], np.sin(angles), np.cos(angles), velocity, seen), axis=1)

    def outcome(self, fields: Fields, pick: Pick, before: F64, actions: F32) -> tuple[F64, Bools]:
        tip = fields.derived["site_xpos"][pick, 0]
        v1, v2 = fields.qvel[pick, 1], fields.qvel[pick, 2]
        x, y = tip[:, 0], tip[:, 2]
        terminated: Bools = y <= 1
        distance = 0.01 * _square(x) + _square(y - 2)
        velocity = 1e-3 * _square(v1) + 5e-3 * _square(v2)
        alive = 10 if self.v4 else self.env._healthy_reward * ~terminated
        return alive - distance - velocity, terminated

    def invert(self, observations: F64) -> tuple[F64, F64]:
        angles = np.arctan2(observations[:, 1:3], observations[:, 3:5])
        return np.concatenate((observations[:, :1], angles), axis=1), observations[:, 5:8].copy()
