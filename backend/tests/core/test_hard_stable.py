"""hard_stable against its definition, written out again for one state with plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from policyscope.core.envs import HardStableExpert, Start, make_batch, make_env
from policyscope.core.envs.hard_stable import Dynamics, HardStableEnv, Perturbation, bump, draw_start
from policyscope.core.envs.portrait import draw_phase_portrait


def bump_by_definition(v: np.ndarray) -> float:
    norm = float(np.sqrt((v**2).sum()))
    if norm < 1:
        return 1.0
    return 0.0 if norm > 2 else float(np.exp(-1 / (1 - (norm - 1) ** 2)))


def step_by_definition(s: np.ndarray, u: np.ndarray) -> np.ndarray:
    mu = 0.25
    c = 1.5 * mu
    a = np.array([[1 + mu, c], [-c, 1 - 2 * mu]])
    e3 = np.eye(6)[2]
    r = bump_by_definition(s - 3 * e3)
    g = float(Perturbation.seeded()(s[None, 2:])[0])
    p = -0.001 * r * g + 1.0 * 0.001**2 * r * g - 0.001 * u[0] * bump_by_definition(u)
    return np.concatenate([a @ s[:2] + u[:2] + [p, 0.0], np.zeros(4)])


def test_dynamics_follow_the_definition() -> None:
    rng = np.random.default_rng(1)
    states = np.array([draw_start(rng) for _ in range(50)]) + rng.normal(0, 0.3, (50, 6))
    actions = rng.normal(0, 0.7, (50, 6))
    expected = [step_by_definition(s, u) for s, u in zip(states, actions, strict=True)]
    assert np.allclose(Dynamics().step(states, actions), expected, rtol=1e-12, atol=1e-15)


def test_bump_is_one_inside_and_zero_outside() -> None:
    radii = np.array([0.0, 0.99, 1.5, 1.999999, 2.0, 2.5])
    values = bump(np.stack([radii, np.zeros(6)], axis=1))
    assert values[0] == values[1] == 1.0
    assert 0 < values[2] < 1
    assert values[3] == pytest.approx(0, abs=1e-9)
    assert values[4] == values[5] == 0.0


def test_the_perturbation_is_small_and_reproducible() -> None:
    y = np.random.default_rng(0).normal(size=(20, 4))
    assert np.array_equal(Perturbation.seeded()(y), Perturbation.seeded()(y))
    assert not np.array_equal(Perturbation.seeded(1)(y), Perturbation.seeded()(y))
    assert 0 < np.abs(Perturbation.seeded()(y)).max() < 0.1


def test_both_kinds_of_start_occur_and_have_the_right_radius() -> None:
    starts = np.array([draw_start(np.random.default_rng(seed)) for seed in range(200)])
    far = starts[:, 2] > 1.5
    assert 60 < far.sum() < 140
    assert (starts[far, :2] == 0).all()
    assert (starts[:, 0] == 0).all()
    assert np.linalg.norm(starts[far] - 3 * np.eye(6)[2], axis=1).max() <= 1
    assert np.linalg.norm(starts[~far], axis=1).max() <= 1


@pytest.mark.parametrize("system", [1, 2])
def test_the_expert_holds_its_own_system_and_loses_the_other_within_the_limits(system: int) -> None:
    dynamics, other = Dynamics(system), Dynamics(3 - system)  # type: ignore[arg-type]
    held = lost = np.array([draw_start(np.random.default_rng(seed)) for seed in range(20)])
    for _ in range(100):
        held = dynamics.step(held, dynamics.expert(held))
        lost = dynamics.step(lost, other.expert(lost))
    assert np.abs(held[:, 0]).max() < 0.01
    assert np.abs(lost[:, 0]).max() == 1e9


def test_rows_equal_the_environment_bit_for_bit_whatever_runs_beside_them() -> None:
    batch, expert = make_batch("hard_stable", 5), HardStableExpert()
    batch.reset({row: Start(seed=10 + row) for row in range(5)})
    env = make_env("hard_stable")
    seen, _ = env.reset(seed=13)
    rows = np.arange(5)
    for _ in range(50):
        assert np.array_equal(batch.observe(rows)[3], seen.astype(np.float64))
        actions = (1.1 * expert(batch.observe(rows))).astype(np.float32)
        rewards, terminated = batch.step(rows, actions)
        seen, reward, _, truncated, _ = env.step(actions[3])
        assert rewards[3] == reward
        assert not terminated.any()
        assert not truncated


def test_the_environment_starts_where_it_is_told() -> None:
    state = [0.0, 0.5, 0.1, 0.2, 0.3, 0.4]
    seen, _ = HardStableEnv().reset(seed=0, options={"state": state})
    assert np.array_equal(seen, np.float32(state))
    batch = make_batch("hard_stable", 1)
    batch.reset({0: Start(0, state=np.array(state))})
    assert np.array_equal(batch.states(np.array([0]))[0], state)


def test_the_portrait_shows_the_trail_the_point_and_the_arrow() -> None:
    env = make_env("hard_stable", render_mode="rgb_array")
    env.reset(seed=3)
    env.step(np.array([0.5, -0.5, 0, 0, 0, 0], np.float32))
    picture = env.render()
    assert picture.shape == (480, 480, 3)
    colours = {tuple(c) for c in picture.reshape(-1, 3)}
    assert {(0x25, 0x63, 0xA8), (0xC2, 0x41, 0x0C), (0x12, 0x32, 0x4F)} <= colours


def test_the_portrait_survives_an_exploding_system() -> None:
    assert draw_phase_portrait(np.array([[0.0, 0.0], [1e9, -1e9]]), np.array([1e9, 0.0]), 64).shape == (
        64,
        64,
        3,
    )
