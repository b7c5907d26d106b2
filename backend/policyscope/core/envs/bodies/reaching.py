"""Reacher and Pusher: arms rewarded for bringing something close to a target."""

from __future__ import annotations

from typing import Any

import numpy as np

from policyscope.core.envs.bodies.body import F32, F64, Body, Bools, Fields, Pick, never, norm


class Reacher(Body):
    """v4 rewards the distance before the step, v5 the distance after it."""

    derived = ("xpos",)

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.v4 = type(env).__module__.endswith("_v4")
        self._tip, self._target = env.model.body("fingertip").id, env.model.body("target").id

    def _gap(self, fields: Fields, pick: Pick) -> F64:
        places = fields.derived["xpos"][pick]
        return places[:, self._tip] - places[:, self._target]

    def observe(self, fields: Fields, pick: Pick) -> F64:
        qpos, qvel = fields.qpos[pick], fields.qvel[pick]
        theta = np.ascontiguousarray(qpos[:, :2])
        gap = self._gap(fields, pick)
        gap = gap if self.v4 else gap[:, :2]
        return np.concatenate((np.cos(theta), np.sin(theta), qpos[:, 2:], qvel[:, :2], gap), axis=1)

    def before(self, fields: Fields, pick: Pick) -> F64:
        return norm(self._gap(fields, pick))

    def outcome(self, fields: Fields, pick: Pick, before: F64, actions: F32) -> tuple[F64, Bools]:
        effort = -np.square(actions).sum(axis=1)
        if self.v4:
            return -before + effort, never(len(actions))
        near = -norm(self._gap(fields, pick)) * self.env._reward_dist_weight
        return near + effort * self.env._reward_control_weight, never(len(actions))

    def invert(self, observations: F64) -> tuple[F64, F64]:
        theta = np.arctan2(observations[:, 2:4], observations[:, 0:2])
        still = np.zeros((len(observations), 2))
        return (
            np.concatenate((theta, observations[:, 4:6]), axis=1),
            np.concatenate((observations[:, 6:8], still), axis=1),
        )


class Pusher(Body):
    derived = ("xpos",)

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self._tip, self._object, self._goal = (
            env.model.body(name).id for name in ("tips_arm", "object", "goal")
        )

    def observe(self, fields: Fields, pick: Pick) -> F64:
        places = fields.derived["xpos"][pick]
        arm = (fields.qpos[pick][:, :7], fields.qvel[pick][:, :7])
        return np.concatenate(
            (*arm, places[:, self._tip], places[:, self._object], places[:, self._goal]), axis=1
        )

    def outcome(self, fields: Fields, pick: Pick, before: F64, actions: F32) -> tuple[F64, Bools]:
        env, places = self.env, fields.derived["xpos"][pick]
        near = -norm(places[:, self._object] - places[:, self._tip]) * env._reward_near_weight
        distance = -norm(places[:, self._object] - places[:, self._goal]) * env._reward_dist_weight
        effort = -np.square(actions).sum(axis=1) * env._reward_control_weight
        return distance + effort + near, never(len(actions))
