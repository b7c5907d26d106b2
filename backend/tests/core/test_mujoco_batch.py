"""The fast path against gymnasium: equal bit for bit, whatever else runs in the batch."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from policyscope.core.envs import Start, get_env, list_envs, make_batch, make_env, state_dim
from policyscope.core.envs.bodies import has_body
from policyscope.core.envs.mujoco_batch import MujocoBatch, states_from_observations
from policyscope.core.errors import InvalidInput

FAMILY = [info.id for info in list_envs() if has_body(info.id)]
NEWEST = [env_id for env_id in FAMILY if env_id.endswith("-v5")]
STEPS = 1000
ROW = 1  # the row that gymnasium plays too; its neighbours play other seeds and other actions


def action_stream(env: Any, steps: int, rows: int) -> np.ndarray:
    """Actions ``[steps, rows, act]`` over the whole box, calmer from time to time."""
    rng = np.random.default_rng(7)
    high = env.action_space.high
    calm = np.where(np.arange(steps) % 200 < 150, 1.0, 0.1)[:, None, None]
    return (rng.uniform(-1, 1, (steps, rows, len(high))) * high * calm).astype(np.float32)


@pytest.mark.parametrize("env_id", FAMILY)
def test_a_thousand_steps_equal_gymnasium_bit_for_bit(env_id: str) -> None:
    env, batch, rows = make_env(env_id, max_episode_steps=-1), MujocoBatch(env_id, 3), np.arange(3)
    batch.reset({2: Start(51), 0: Start(50), ROW: Start(0)})
    seen, _ = env.reset(seed=0)
    episodes = 1
    for step, actions in enumerate(action_stream(env, STEPS, 3)):
        assert np.array_equal(batch.observe(rows)[ROW], seen), f"observation before step {step}"
        rewards, terminated = batch.step(rows, actions)
        seen, reward, ended, _, _ = env.step(actions[ROW])
        assert rewards[ROW] == reward, f"reward of step {step}"
        assert terminated[ROW] == ended, f"termination at step {step}"
        starts = {int(row): Start(1000 + step) for row in np.flatnonzero(terminated)}
        if ended or step % 250 == 249:
            starts[ROW] = Start(step)
            seen, _ = env.reset(seed=step)
            episodes += 1
        batch.reset(starts)
    assert episodes >= 4
    batch.close()
    env.close()


@pytest.mark.parametrize("env_id", ["Walker2d-v5", "Ant-v5", "Pusher-v5"])
def test_bytes_do_not_depend_on_threads_or_on_which_rows_step_together(env_id: str) -> None:
    def trajectory(rows: int, threads: int, apart: bool) -> bytes:
        """Row 2 of a batch, stepped with all rows at once or in two groups."""
        batch = MujocoBatch(env_id, rows, threads)
        actions = action_stream(batch._body.env, 60, 5)
        batch.reset({row: Start(row) for row in range(rows)})
        groups = [np.arange(0, rows, 2), np.arange(1, rows, 2)] if apart else [np.arange(rows)]
        rewards = np.zeros((60, rows))
        for step in range(60):
            for group in groups:
                rewards[step, group] = batch.step(group, actions[step, group])[0]
        return rewards[:, 2].tobytes() + batch.states(np.array([2])).tobytes()

    reference = trajectory(5, 1, apart=False)
    assert {
        trajectory(rows, threads, apart)
        for rows in (3, 5)
        for threads in (1, 2, 3)
        for apart in (True, False)
    } == {reference}


def play(batch: MujocoBatch, steps: int) -> np.ndarray:
    rows = np.arange(batch.rows)
    actions = action_stream(batch._body.env, steps, batch.rows)
    return np.array([batch.step(rows, actions[step])[0] for step in range(steps)])


@pytest.mark.parametrize(
    "env_id", ["Walker2d-v5", "HalfCheetah-v5", "InvertedDoublePendulum-v5", "Humanoid-v4"]
)
def test_a_stored_state_continues_bit_for_bit(env_id: str) -> None:
    batch = MujocoBatch(env_id, 2)
    batch.reset({0: Start(3), 1: Start(4)})
    play(batch, 20)
    stored = batch.states(np.arange(2))
    assert stored.shape == (2, state_dim(env_id))
    batch_again = MujocoBatch(env_id, 2)
    batch_again.reset({0: Start(0, state=stored[0]), 1: Start(0, state=stored[1])})
    # contact forces and centres of mass are one substep behind in a running simulation, so rewards that
    # contain them differ on the first step; the bodies' motion does not
    play(batch, 30)
    play(batch_again, 30)
    assert np.array_equal(batch.states(np.arange(2)), batch_again.states(np.arange(2)))


@pytest.mark.parametrize("env_id", [env_id for env_id in FAMILY if not env_id.startswith("Pusher")])
def test_states_are_recovered_from_observations(env_id: str) -> None:
    batch = MujocoBatch(env_id, 3)
    batch.reset({row: Start(row) for row in range(3)})
    play(batch, 3)
    seen = batch.observe(np.arange(3))
    batch.reset(
        {row: Start(0, state=state) for row, state in enumerate(states_from_observations(env_id, seen))}
    )
    names = [channel.name for channel in get_env(env_id).observations]
    lagging = ("contact", "constraint", "actuator", "inertia", "mass", "spatial", "fingertip")
    kept = [index for index, name in enumerate(names) if not any(word in name for word in lagging)]
    assert np.allclose(batch.observe(np.arange(3))[:, kept], seen[:, kept], atol=1e-9)


def test_observations_that_do_not_determine_the_state_are_refused() -> None:
    with pytest.raises(InvalidInput, match="do not determine"):
        states_from_observations("Pusher-v5", np.zeros((1, 23)))
    with pytest.raises(InvalidInput, match="cannot be turned into start states"):
        states_from_observations("CartPole-v1", np.zeros((1, 4)))


def test_wider_noise_spreads_the_starts_and_one_is_the_usual_reset() -> None:
    batch = MujocoBatch("Walker2d-v5", 3)
    batch.reset({0: Start(5), 1: Start(5, noise_scale=10.0), 2: Start(5)})
    usual, wide, again = batch.states(np.arange(3))[:, :18] - np.r_[0, 1.25, np.zeros(16)]
    assert np.array_equal(usual, again)
    assert np.allclose(wide, 10 * usual)
    with pytest.raises(InvalidInput, match="reset noise of Reacher-v5 cannot be changed"):
        MujocoBatch("Reacher-v5", 1).reset({0: Start(0, noise_scale=2.0)})


def test_a_state_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(InvalidInput, match="has 27 numbers"):
        MujocoBatch("Walker2d-v5", 1).reset({0: Start(0, state=np.zeros(5))})


def test_the_fast_path_is_the_one_used() -> None:
    for env_id in NEWEST:
        assert type(make_batch(env_id, 1)) is MujocoBatch


def test_loading_a_model_leaves_no_log_file(tmp_path: Any) -> None:
    code = "from policyscope.core.envs import make_batch; make_batch('HalfCheetah-v5', 2)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
