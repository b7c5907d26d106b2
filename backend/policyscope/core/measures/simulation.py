"""What only MuJoCo's model can answer: who touches the floor, what a motor moves, what the body weighs.

mujoco is imported when first asked, because jobs that never ask must start quickly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core.envs import make_env
from policyscope.core.measures.signals import F64, Bools

CONTACT_SHARE = 0.05  # of body weight, the least normal force that counts as standing


@dataclass(frozen=True, eq=False)
class Body:
    """What the measures need of a model. ``model`` is MuJoCo's and is never stepped.

    ``gear``, ``rate_index`` [nu]: torque of a motor per unit of its action, and which velocity it drives.
    ``low``, ``high`` [nu]: the action box. ``weight``: of the whole body, N.
    """

    model: Any
    dt: float
    mass: float
    weight: float
    gear: F64
    rate_index: NDArray[np.intp]
    low: F64
    high: F64
    control_cost: float
    alive_reward: float
    alive_paid_at_end: bool


@cache
def body_of(env_id: str) -> Body:
    """The body of a MuJoCo environment, read once from the environment itself."""
    env = make_env(env_id)
    try:
        inner: Any = env.unwrapped
        model, mass = inner.model, float(inner.model.body_mass.sum())
        return Body(
            model=model,
            dt=float(inner.dt),
            mass=mass,
            weight=mass * float(np.linalg.norm(model.opt.gravity)),
            gear=np.array(model.actuator_gear[:, 0]),
            rate_index=np.array(model.jnt_dofadr[model.actuator_trnid[:, 0]], dtype=np.intp),
            low=np.array(model.actuator_ctrlrange[:, 0]),
            high=np.array(model.actuator_ctrlrange[:, 1]),
            control_cost=float(inner._ctrl_cost_weight),
            alive_reward=float(getattr(inner, "_healthy_reward", 0.0)),
            alive_paid_at_end=type(inner).__module__.endswith("_v4"),
        )
    finally:
        env.close()


def split_state(env_id: str, state: F64) -> tuple[F64, F64]:
    """Joint positions [T, nq] and velocities [T, nv], which a recorded state begins with."""
    from policyscope.core.envs import mujoco_batch

    model = mujoco_batch.body_of(env_id).env.model
    return state[:, : model.nq], state[:, model.nq : model.nq + model.nv]


def state_from_observations(env_id: str, observations: F64) -> tuple[F64, F64]:
    """The same from the observations: the distance travelled is the integral of the velocity seen.

    Walker2d and Hopper see joint velocities clipped to ±10. Raises InvalidInput for a body that its
    observations do not determine.
    """
    from policyscope.core.envs import mujoco_batch

    body = mujoco_batch.body_of(env_id)
    qpos, qvel = body.invert(observations)
    seen = qvel[:, : body.unobserved]
    qpos[1:, : body.unobserved] = np.cumsum(0.5 * (seen[1:] + seen[:-1]) * body.dt, axis=0)
    return qpos, qvel


def floor_forces(env_id: str, qpos: F64, qvel: F64, control: F64, geoms: tuple[str, ...]) -> F64:
    """Normal force [T, geoms] in N between the floor and each named geom.

    ``control`` [T, nu]: what the motors are told in each state; it has a part in the contact force.
    """
    import mujoco

    model = body_of(env_id).model
    data, wrench = mujoco.MjData(model), np.zeros(6)
    floor = model.geom("floor").id
    column = {model.geom(name).id: index for index, name in enumerate(geoms)}
    forces = np.zeros((len(qpos), len(geoms)))
    for step in range(len(qpos)):
        data.qpos, data.qvel, data.ctrl = qpos[step], qvel[step], control[step]
        mujoco.mj_forward(model, data)
        for index, pair in enumerate(data.contact.geom[: data.ncon].tolist()):
            other = pair[1] if pair[0] == floor else pair[0]
            if floor in pair and other in column:
                mujoco.mj_contactForce(model, data, index, wrench)
                forces[step, column[other]] += wrench[0]
    return forces


def floor_contacts(env_id: str, qpos: F64, qvel: F64, control: F64, geoms: tuple[str, ...]) -> Bools:
    """Which geoms [T, geoms] carry more than 5 % of the body's weight."""
    return floor_forces(env_id, qpos, qvel, control, geoms) > CONTACT_SHARE * body_of(env_id).weight


def near_floor(env_id: str, qpos: F64, geoms: tuple[str, ...]) -> Bools:
    """Which geoms [T, geoms], capsules or spheres, lie so low that MuJoCo makes a contact with the floor.

    Geometry alone, from ``qpos`` [T, nq]: it can be told before the action is known, which forces cannot.
    """
    import mujoco

    model = body_of(env_id).model
    data, ids = mujoco.MjData(model), [model.geom(name).id for name in geoms]
    # MuJoCo adds the margins of the two geoms
    margin = model.geom_margin[ids] + model.geom("floor").margin
    radius, half = model.geom_size[ids, 0], model.geom_size[ids, 1]
    lowest = np.empty((len(qpos), len(ids)))
    for step, joints in enumerate(qpos):
        data.qpos = joints
        mujoco.mj_kinematics(model, data)
        lowest[step] = data.geom_xpos[ids, 2] - np.abs(data.geom_xmat[ids, 8]) * half - radius
    return lowest < margin
