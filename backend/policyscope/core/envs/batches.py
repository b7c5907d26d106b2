"""Which implementation steps an environment: an exact fast one where there is one, gymnasium otherwise."""

from __future__ import annotations

import numpy as np

from policyscope.core.envs.batch import F64, EnvBatch, GymBatch
from policyscope.core.envs.bodies import has_body
from policyscope.core.envs.hard_stable import DIM
from policyscope.core.envs.hard_stable_batch import HardStableBatch
from policyscope.core.envs.registry import HARD_STABLE, get_env
from policyscope.core.errors import InvalidInput

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
    return start_dims(env_id)[-1]


def start_dims(env_id: str) -> tuple[int, ...]:
    """Lengths that a state to start from may have: without and with what the environment shows of the step
    before it (contact forces, places of bodies). The last is ``state_dim``.
    """
    info = get_env(env_id)
    if info.id == HARD_STABLE:
        return (DIM,)
    if has_body(info.id):
        from policyscope.core.envs.mujoco_batch import simulator_state_dims

        return simulator_state_dims(info.id)
    return (0,)


def velocity_part(env_id: str) -> slice:
    """Where the velocities lie in a state vector: what a push changes. Raises InvalidInput without states.

    hard_stable has none; a push moves its x.
    """
    info = get_env(env_id)
    if info.id == HARD_STABLE:
        return slice(0, 2)
    if has_body(info.id):
        from policyscope.core.envs.mujoco_batch import body_of

        model = body_of(info.id).env.model
        return slice(int(model.nq), int(model.nq + model.nv))
    raise InvalidInput(f"Nothing can be pushed in {info.id}: its simulator's state cannot be set.")


def check_reset_noise(env_id: str) -> None:
    """Raise InvalidInput unless the noise of this environment's reset can be made wider."""
    info = get_env(env_id)
    if has_body(info.id):
        from policyscope.core.envs.mujoco_batch import check_reset_noise_scale

        check_reset_noise_scale(info.id)
    else:
        raise InvalidInput(f"{info.id} has no reset noise that could be made wider; its reset is as it is.")


def states_of_observations(env_id: str, observations: F64) -> F64:
    """State vectors ``[n, state_dim]`` for observations ``[n, obs_dim]``, where they determine the state.

    What is not observed (distance travelled, the solver's warm start) is zero. Raises InvalidInput elsewhere.
    """
    info = get_env(env_id)
    if info.id == HARD_STABLE:
        return np.asarray(observations, dtype=np.float64)
    if has_body(info.id):
        from policyscope.core.envs.mujoco_batch import states_from_observations

        return states_from_observations(info.id, observations)
    raise InvalidInput(f"Episodes of {info.id} can only start from its own reset.")
