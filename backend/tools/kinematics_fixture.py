"""Write what MuJoCo says about where every geom is, for the test of the player's forward kinematics.

    python tools/kinematics_fixture.py

Writes ``frontend/src/modules/replay/kinematics.fixture.json``: per environment its scene and a few random
joint positions with the resulting geom poses (position, quaternion wxyz).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from policyscope.core.envs import list_envs, make_env
from policyscope.core.envs.bodies import has_body
from policyscope.core.scene import scene

TARGET = Path(__file__).resolve().parents[2] / "frontend/src/modules/replay/kinematics.fixture.json"
POSES = 2


def main() -> None:
    envs = [info.id for info in list_envs() if has_body(info.id) and info.id.endswith("-v5")]
    TARGET.write_text(json.dumps([_case(env_id) for env_id in envs]) + "\n")


def _case(env_id: str) -> dict[str, Any]:
    env = make_env(env_id)
    try:
        model = env.unwrapped.model  # type: ignore[attr-defined]
        drawn = scene(env_id)
        geoms = [index for index in range(model.ngeom) if model.geom_rgba[index][3] > 0]
        rng = np.random.default_rng(0)
        poses = [_pose(model, geoms, model.qpos0 + rng.normal(0, 0.5, model.nq)) for _ in range(POSES)]
    finally:
        env.close()
    return {"env": env_id, "bodies": drawn["bodies"], "geoms": drawn["geoms"], "poses": poses}


def _pose(model: Any, geoms: list[int], qpos: Any) -> dict[str, Any]:
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    turn = np.zeros(4)
    placed = []
    for index in geoms:
        mujoco.mju_mat2Quat(turn, data.geom_xmat[index])
        placed.append([round(float(value), 9) for value in (*data.geom_xpos[index], *turn)])
    return {"qpos": [float(value) for value in qpos], "geoms": placed}


if __name__ == "__main__":
    main()
