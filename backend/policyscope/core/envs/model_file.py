"""What a MuJoCo elsewhere needs to play a gymnasium environment: the model file and the task's numbers."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from policyscope.core.envs.bodies import has_body
from policyscope.core.envs.registry import get_env
from policyscope.core.errors import InvalidInput

Json = dict[str, Any]
NUMBERS = (
    "forward_reward_weight",
    "ctrl_cost_weight",
    "contact_cost_weight",
    "impact_cost_weight",
    "healthy_reward",
    "reward_dist_weight",
    "reward_near_weight",
    "reward_control_weight",
)
RANGES = (
    "healthy_z_range",
    "healthy_angle_range",
    "healthy_state_range",
    "contact_force_range",
    "contact_cost_range",
    "impact_cost_range",
)


def has_model_file(env_id: str) -> bool:
    """Whether a browser can play it: the MuJoCo environments of version 5."""
    info = get_env(env_id)
    return has_body(info.id) and info.id.endswith("-v5")


@cache
def model_file(env_id: str) -> Json:
    """Path of the MJCF file, substeps, and the numbers of reward and termination as gymnasium has them.

    ``task`` is the environment without its version. A range is [low, high], None where an end is open.
    Raises InvalidInput for an environment that is not a MuJoCo one of version 5: earlier versions pay and
    observe otherwise.
    """
    info = get_env(env_id)
    if not has_model_file(info.id):
        raise InvalidInput(
            f"{info.id} cannot be played in the browser; the MuJoCo environments of version 5 can.",
            fields={"env": f"{info.id} is not a MuJoCo environment of version 5."},
        )
    import mujoco

    from policyscope.core.envs.mujoco_batch import body_of

    env = body_of(info.id).env
    return {
        "env": info.id,
        "task": info.id.partition("-")[0],
        "path": str(env.fullpath),
        "mujoco": mujoco.__version__,
        "frame_skip": int(env.frame_skip),
        "dt": float(env.dt),
        "max_episode_steps": info.max_episode_steps,
        "fall_rule": info.fall_rule,
        "numbers": {name: float(getattr(env, f"_{name}")) for name in NUMBERS if hasattr(env, f"_{name}")},
        "ranges": {
            name: [_finite(end) for end in getattr(env, f"_{name}")]
            for name in RANGES
            if hasattr(env, f"_{name}")
        },
    }


def _finite(end: float) -> float | None:
    return float(end) if math.isfinite(end) else None
