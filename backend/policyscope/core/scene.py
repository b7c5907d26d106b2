"""What a browser needs to draw an environment by itself: the bodies of its model file, or how to sketch it.

Positions of geoms follow from joint positions by forward kinematics (Featherstone, *Rigid Body Dynamics
Algorithms*, ch. 4); MuJoCo's ``mj_kinematics`` is the reference that the player is tested against.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from policyscope.core.envs import get_env, make_env
from policyscope.core.envs.bodies import has_body
from policyscope.core.measures.anatomy import anatomy_of

Json = dict[str, Any]

JOINTS = ("free", "ball", "slide", "hinge")
GEOMS = {0: "plane", 2: "sphere", 3: "capsule", 4: "ellipsoid", 5: "cylinder", 6: "box"}
SKETCHES = {
    "hard_stable": "portrait",
    "Pendulum": "pendulum",
    "CartPole": "cart_pole",
    "LunarLander": "lunar_lander",
    "LunarLanderContinuous": "lunar_lander",
    "BipedalWalker": "bipedal_walker",
}
"""Environment without a body of its own -> how the player sketches it from what was recorded."""


@cache
def scene(env_id: str) -> Json:
    """JSON description of how to draw ``env_id``. Raises InvalidInput for an unknown id.

    ``kind`` "bodies": drawn in 3-D from joint positions. Any other kind is a sketch in the plane.
    """
    info = get_env(env_id)
    base: Json = {"env": info.id, "title": info.title, "dt": info.dt}
    if not has_body(info.id):
        return {**base, "kind": SKETCHES[info.id.rpartition("-")[0] or info.id]}
    env = make_env(info.id)
    try:
        return {**base, "kind": "bodies", **_bodies(env.unwrapped, info.id)}
    finally:
        env.close()


def _bodies(env: Any, env_id: str) -> Json:
    model = env.model
    feet = {foot for leg in _legs(env_id) for foot in leg.feet}
    return {
        "nq": int(model.nq),
        "follow": 1,
        "bodies": [_body(model, index) for index in range(model.nbody)],
        "geoms": [_geom(model, index, feet) for index in range(model.ngeom) if _visible(model, index)],
        "motors": [_motor(model, index) for index in range(model.nu)],
    }


def _legs(env_id: str) -> Any:
    anatomy = anatomy_of(env_id)
    return anatomy.legs if anatomy else ()


def _body(model: Any, index: int) -> Json:
    first, count = int(model.body_jntadr[index]), int(model.body_jntnum[index])
    return {
        "name": model.body(index).name,
        "parent": int(model.body_parentid[index]),
        "pos": model.body_pos[index].tolist(),
        "quat": model.body_quat[index].tolist(),
        "joints": [_joint(model, joint) for joint in range(first, first + count)],
    }


def _joint(model: Any, index: int) -> Json:
    address = int(model.jnt_qposadr[index])
    return {
        "name": model.joint(index).name,
        "type": JOINTS[int(model.jnt_type[index])],
        "address": address,
        "pos": model.jnt_pos[index].tolist(),
        "axis": model.jnt_axis[index].tolist(),
        "rest": float(model.qpos0[address]),
    }


def _geom(model: Any, index: int, feet: set[str]) -> Json:
    material = int(model.geom_matid[index])
    colour = model.mat_rgba[material] if material >= 0 else model.geom_rgba[index]
    return {
        "name": model.geom(index).name,
        "body": int(model.geom_bodyid[index]),
        "type": GEOMS[int(model.geom_type[index])],
        "size": model.geom_size[index].tolist(),
        "pos": model.geom_pos[index].tolist(),
        "quat": model.geom_quat[index].tolist(),
        "rgba": [round(float(part), 4) for part in colour],
        "foot": model.geom(index).name in feet,
    }


def _visible(model: Any, index: int) -> bool:
    return int(model.geom_type[index]) in GEOMS and float(model.geom_rgba[index][3]) > 0.0


def _motor(model: Any, index: int) -> Json:
    return {"joint": model.joint(int(model.actuator_trnid[index, 0])).name, "body": _driven(model, index)}


def _driven(model: Any, index: int) -> int:
    """The body that a motor's joint moves."""
    return int(model.jnt_bodyid[int(model.actuator_trnid[index, 0])])
