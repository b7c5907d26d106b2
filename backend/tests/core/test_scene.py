"""Scenes: the body tree is the model file's, for every environment."""

import json

import mujoco
import numpy as np
import pytest

from policyscope.core.envs import list_envs, make_env
from policyscope.core.envs.bodies import has_body
from policyscope.core.scene import scene

WITH_BODIES = [info.id for info in list_envs() if has_body(info.id)]
SKETCHED = [info.id for info in list_envs() if not has_body(info.id)]


def rotation(axis, angle):
    axis = np.asarray(axis) / np.linalg.norm(axis)
    return np.concatenate(([np.cos(angle / 2)], np.sin(angle / 2) * axis))


def product(a, b):
    result = np.zeros(4)
    mujoco.mju_mulQuat(result, np.asarray(a, float), np.asarray(b, float))
    return result


def rotated(quat, vector):
    result = np.zeros(3)
    mujoco.mju_rotVecQuat(result, np.asarray(vector, float), np.asarray(quat, float))
    return result


def geom_positions(drawing, qpos):
    """Forward kinematics from nothing but the scene, as the player does it."""
    places = [(np.zeros(3), np.array([1.0, 0, 0, 0]))]
    for body in drawing["bodies"][1:]:
        position, turn = places[body["parent"]]
        position, turn = position + rotated(turn, body["pos"]), product(turn, body["quat"])
        for joint in body["joints"]:
            at = joint["address"]
            if joint["type"] == "free":
                position, turn = (
                    qpos[at : at + 3].copy(),
                    qpos[at + 3 : at + 7] / np.linalg.norm(qpos[at + 3 : at + 7]),
                )
            elif joint["type"] == "slide":
                position = position + rotated(turn, joint["axis"]) * (qpos[at] - joint["rest"])
            elif joint["type"] == "hinge":
                anchor = position + rotated(turn, joint["pos"])
                turn = product(turn, rotation(joint["axis"], qpos[at] - joint["rest"]))
                position = anchor - rotated(turn, joint["pos"])
        places.append((position, turn))
    return {
        geom["name"]: places[geom["body"]][0] + rotated(places[geom["body"]][1], geom["pos"])
        for geom in drawing["geoms"]
    }


@pytest.mark.parametrize("env_id", WITH_BODIES)
def test_the_scene_is_enough_to_place_every_geom(env_id):
    drawing = scene(env_id)
    env = make_env(env_id)
    try:
        model, data = env.unwrapped.model, mujoco.MjData(env.unwrapped.model)
        rng = np.random.default_rng(0)
        for _ in range(5):
            data.qpos[:] = model.qpos0 + rng.normal(0, 0.5, model.nq)
            mujoco.mj_kinematics(model, data)
            placed = geom_positions(drawing, data.qpos)
            for name, position in placed.items():
                if name:
                    assert np.abs(position - data.geom(name).xpos).max() < 1e-9, name
    finally:
        env.close()
    assert {geom["type"] for geom in drawing["geoms"]} <= {"plane", "sphere", "capsule", "cylinder", "box"}
    assert len(drawing["motors"]) > 0
    assert len(json.dumps(drawing)) < 10_000


@pytest.mark.parametrize("env_id", SKETCHED)
def test_environments_without_a_body_say_how_they_are_sketched(env_id):
    assert scene(env_id)["kind"] in {"portrait", "pendulum", "cart_pole", "lunar_lander", "bipedal_walker"}


def test_feet_are_marked():
    feet = {geom["name"] for geom in scene("Walker2d-v5")["geoms"] if geom["foot"]}
    assert feet == {"foot_geom", "foot_left_geom"}
