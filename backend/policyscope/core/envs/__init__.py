"""The environments policyscope runs: what is known about them, building them, and stepping many at once."""

from policyscope.core.envs.batch import EnvBatch, GymBatch, Start
from policyscope.core.envs.batches import (
    check_reset_noise,
    make_batch,
    start_dims,
    state_dim,
    states_of_observations,
    velocity_part,
)
from policyscope.core.envs.hard_stable import HardStableExpert
from policyscope.core.envs.info import Channel, EnvInfo
from policyscope.core.envs.registry import (
    HARD_STABLE,
    check_fit,
    fitting_envs,
    get_env,
    list_envs,
    make_env,
    register,
)

__all__ = [
    "HARD_STABLE",
    "Channel",
    "EnvBatch",
    "EnvInfo",
    "GymBatch",
    "HardStableExpert",
    "Start",
    "check_fit",
    "check_reset_noise",
    "fitting_envs",
    "get_env",
    "list_envs",
    "make_batch",
    "make_env",
    "register",
    "start_dims",
    "state_dim",
    "states_of_observations",
    "velocity_part",
]
