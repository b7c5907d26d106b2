"""Which implementation steps an environment: an exact fast one where there is one, gymnasium otherwise."""

from __future__ import annotations

from policyscope.core.envs.batch import EnvBatch, GymBatch
from policyscope.core.envs.bodies import has_body
from policyscope.core.envs.hard_stable import DIM
from policyscope.core.envs.hard_stable_batch import HardStableBatch
from policyscope.core.envs.registry import HARD_STABLE, get_env

# mujoco itself is imported only when one of its environments is really stepped


def make_batch(env_id: str, rows: int) -> EnvBatch:
    """``rows`` copies of an allow-listed environment. Raises InvalidInput for any other id."""
    info = get_env(env_id)
    if info.id == HARD_STABLE:
        return HardStableBatch(rows)
    if has_body(info.id):
        from policyscope.core.envs.mujoco_batch import MujocoBatch

        return MujocoBatch(info.id, rows)
    return GymBatch(info.id, rows)


def state_dim(env_id: str) -> int:
    """Length of the state vectors of this environment's batches; 0 where states cannot be read or set."""
    info = get_env(env_id)
    if info.id == HARD_STABLE:
        return DIM
    if has_body(info.id):
        from policyscope.core.envs.mujoco_batch import simulator_state_dim

        return simulator_state_dim(info.id)
    return 0
