"""Behaviour measures on gaits that were made up to have a known answer, and on the real environments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from policyscope.core.arms import Arm, RolloutSpec
from policyscope.core.envs import get_env, list_envs, make_env
from policyscope.core.errors import InvalidInput
from policyscope.core.measures import (
    Episode,
    Reading,
    find_measure,
    measures_for,
    read_episode,
    simulation,
    table,
)
from policyscope.core.progress import drain
from policyscope.core.rollout import rollout

Trace = dict[str, np.ndarray]


def blank(env_id: str, steps: int, **channels: Any) -> Trace:
    """A trace of zeros but for the observation channels named."""
    info = get_env(env_id)
    trace = {
        "observations": np.zeros((steps, info.obs_dim)),
        "actions": np.zeros((steps, info.act_dim)),
        "rewards": np.zeros(steps),
    }
    columns = {channel.name: channel.index for channel in info.observations}
    for name, values in channels.items():
        trace["observations"][:, columns[name.replace("_", " ")]] = values
    return trace


def two_legged(steps: int = 1000, frequency: float = 1.25, duty: float = 0.6, lag: float = 0.5) -> Trace:
    """BipedalWalker: leg 2 trails leg 1 by ``lag`` strides; feet are down for ``duty`` of each stride."""
    cycle = frequency * 0.02 * np.arange(steps)
    return blank(
        "BipedalWalker-v3",
        steps,
        leg_1_hip_angle=np.sin(2 * np.pi * cycle),
        leg_2_hip_angle=np.sin(2 * np.pi * (cycle - lag)),
        leg_1_ground_contact=cycle % 1 < duty,
        leg_2_ground_contact=(cycle - lag) % 1 < duty,
        horizontal_velocity=0.3,
        hull_angle=0.1,
    )


def values(env_id: str, trace: Trace, **kwargs: bool) -> dict[str, float | None]:
    return {key: reading.value for key, reading in read_episode(env_id, trace, **kwargs).items()}


@pytest.mark.parametrize(("frequency", "duty", "lag"), [(1.25, 0.6, 0.5), (1.9, 0.4, 0.25)])
def test_a_made_up_gait_is_read_back(frequency: float, duty: float, lag: float) -> None:
    got = values("BipedalWalker-v3", two_legged(frequency=frequency, duty=duty, lag=lag))
    assert got["stride_frequency"] == pytest.approx(frequency, abs=0.02)
    assert got["step_frequency"] == pytest.approx(2 * frequency, abs=0.04)
    assert got["landing_rate"] == pytest.approx(2 * frequency, rel=0.05)
    assert got["duty_factor_leg_1"] == pytest.approx(duty, abs=0.03)
    assert got["duty_factor_leg_2"] == pytest.approx(duty, abs=0.03)
    assert got["phase_lag"] == pytest.approx(lag, abs=0.02)
    assert got["waveform_symmetry"] == pytest.approx(1.0, abs=0.02)
    assert got["asymmetry_duty"] == pytest.approx(0.0, abs=5.0)
    assert got["asymmetry_range"] == pytest.approx(0.0, abs=2.0)


def test_support_phases_follow_from_duty_and_lag() -> None:
    walking = values("BipedalWalker-v3", two_legged(duty=0.6))
    assert walking["aerial_fraction"] == pytest.approx(0.0, abs=0.01)
    assert walking["double_support"] == pytest.approx(0.2, abs=0.02)
    running = values("BipedalWalker-v3", two_legged(duty=0.3))
    assert running["aerial_fraction"] == pytest.approx(0.4, abs=0.02)
    assert running["double_support"] == pytest.approx(0.0, abs=0.01)


def test_a_limp_shows_as_asymmetry() -> None:
    trace = two_legged()
    limping = two_legged(duty=0.3)
    column = [c.name for c in get_env("BipedalWalker-v3").observations].index("leg 2 ground contact")
    trace["observations"][:, column] = limping["observations"][:, column]
    got = values("BipedalWalker-v3", trace)
    assert got["asymmetry_duty"] == pytest.approx(200 * 0.3 / 0.9, abs=5)
    assert got["asymmetry_stride_time"] == pytest.approx(0.0, abs=1.0)


def test_the_box2d_walker_moves_in_metres() -> None:
    got = values("BipedalWalker-v3", two_legged())
    assert got["speed"] == pytest.approx(0.3 * 50 / 6)
    assert got["pitch_mean"] == pytest.approx(0.1)
    assert got["speed_sd"] == pytest.approx(0.0, abs=1e-9)


def test_no_value_comes_with_a_reason() -> None:
    short = read_episode("BipedalWalker-v3", two_legged(steps=60))
    assert short["stride_frequency"].value is None
    assert "1.20 s" in (short["stride_frequency"].reason or "")
    still = read_episode("Walker2d-v5", blank("Walker2d-v5", 600, torso_height=3.0))
    assert still["cost_of_transport"] == Reading(
        None, "The body moved less than 0.5 m, so a cost per distance means nothing."
    )
    assert "rhythm" in (still["stride_frequency"].reason or "")
    assert "landed 0 times" in (still["duty_factor_right"].reason or "")
    assert still["time_to_fall"].value is None
    assert still["aerial_fraction"].value == 1.0


def test_the_end_of_a_fall_is_no_steady_gait() -> None:
    trace = blank("Walker2d-v5", 500, torso_height=np.where(np.arange(500) < 480, 1.25, 0.7))
    upright = values("Walker2d-v5", trace, terminated=True, fell=True)
    assert upright["height_mean"] == pytest.approx(1.25)
    assert values("Walker2d-v5", trace)["height_mean"] < 1.25
    assert upright["time_to_fall"] == pytest.approx(4.0)


def test_cost_of_transport_of_a_known_power() -> None:
    """One motor of gear 100 at action 0.5 and 2 rad/s: 100 W; -1 rad/s on another: 50 W of braking."""
    trace = blank("Walker2d-v5", 1000)
    state = np.zeros((1000, 27))
    state[:, 0] = np.linspace(0.0, 4.0, 1000)
    state[:, 9 + 3], state[:, 9 + 6] = 2.0, -1.0
    trace["actions"][:, 0] = trace["actions"][:, 3] = 0.5
    got = values("Walker2d-v5", trace | {"state": state})
    body = simulation.body_of("Walker2d-v5")
    assert body.mass == pytest.approx(23.68, abs=0.01)
    per_watt = 8.0 / (body.mass * 9.81 * 4.0)
    assert got["cost_of_transport"] == pytest.approx(150 * per_watt)
    assert got["positive_cost_of_transport"] == pytest.approx(100 * per_watt)
    assert got["effort"] == pytest.approx(0.5)


def test_motors_are_matched_to_joints_by_name() -> None:
    """Ant's actions start with leg 4; its velocities with leg 1."""
    body = simulation.body_of("Ant-v5")
    joints = [body.model.joint(body.model.actuator_trnid[i, 0]).name for i in range(8)]
    assert joints[0] == "hip_4"
    assert body.rate_index.tolist() == [12, 13, 6, 7, 8, 9, 10, 11]


def test_clipped_velocities_are_not_used_for_power() -> None:
    trace = blank("Walker2d-v5", 200, right_leg_angular_velocity=10.0, forward_velocity=2.0)
    reading = read_episode("Walker2d-v5", trace)["cost_of_transport"]
    assert reading.value is None
    assert "record the state" in (reading.reason or "")


def test_floor_forces_carry_the_weight_at_rest() -> None:
    env = make_env("Ant-v5", terminate_when_unhealthy=False)
    env.reset(seed=0)
    for _ in range(150):
        env.step(np.zeros(8, dtype=np.float32))
    data = env.unwrapped.data  # type: ignore[attr-defined]
    qpos, qvel = data.qpos[None].copy(), data.qvel[None].copy()
    env.close()
    body = simulation.body_of("Ant-v5")
    geoms = tuple(body.model.geom(i).name for i in range(1, body.model.ngeom))
    forces = simulation.floor_forces("Ant-v5", qpos, qvel, np.zeros((1, 8)), geoms)
    assert forces.sum() == pytest.approx(body.weight, rel=0.02)
    lifted = qpos + np.array([0, 0, 2.0] + [0] * 12)
    assert not simulation.floor_contacts("Ant-v5", lifted, qvel, np.zeros((1, 8)), geoms).any()


def test_turning_bodies_have_a_heading() -> None:
    trace = blank("Ant-v5", 200, torso_height=0.6, torso_velocity_x=1.0, torso_velocity_y=-1.0)
    columns = [c.name for c in get_env("Ant-v5").observations]
    half = 0.15
    trace["observations"][:, columns.index("torso orientation quaternion w")] = np.cos(half)
    trace["observations"][:, columns.index("torso orientation quaternion y")] = np.sin(half)
    got = values("Ant-v5", trace)
    assert got["heading"] == pytest.approx(-np.pi / 4)
    assert got["drift"] == pytest.approx(1.0)
    assert got["pitch_mean"] == pytest.approx(2 * half)
    assert got["tilt_mean"] == pytest.approx(2 * half)
    assert got["speed"] == pytest.approx(1.0)


def test_the_cheetah_on_its_back() -> None:
    trace = blank("HalfCheetah-v5", 200, torso_pitch=np.where(np.arange(200) < 100, 0.0, 3.0 + 2 * np.pi))
    got = values("HalfCheetah-v5", trace, fell=True)
    assert got["time_to_fall"] == pytest.approx(5.5)
    assert got["upside_down"] == pytest.approx(0.5)


@pytest.mark.parametrize("env_id", ["Walker2d-v5", "Walker2d-v4", "HalfCheetah-v5"])
def test_reward_terms_are_those_of_the_environment(env_id: str) -> None:
    env, rng = make_env(env_id), np.random.default_rng(0)
    observation, terminated, rows, sums = (
        env.reset(seed=3)[0],
        False,
        [],
        dict.fromkeys(("ctrl", "forward"), 0.0),
    )
    while not terminated and len(rows) < 80:
        action = rng.uniform(-1, 1, env.action_space.shape).astype(np.float32)
        after, reward, terminated, _, info = env.step(action)
        rows.append((observation, action, reward))
        sums["ctrl"] += info.get("reward_ctrl", np.nan)
        sums["forward"] += info.get("reward_forward", np.nan)
        observation = after
    env.close()
    trace = dict(
        zip(("observations", "actions", "rewards"), map(np.array, zip(*rows, strict=True)), strict=True)
    )
    got = values(env_id, trace, terminated=terminated)
    parts = [got[key] for key in ("reward_control", "reward_alive", "reward_forward") if key in got]
    assert sum(parts) == pytest.approx(got["return"])
    if not np.isnan(sums["ctrl"]):
        assert got["reward_control"] == pytest.approx(sums["ctrl"], rel=1e-5)
    if not np.isnan(sums["forward"]):
        assert got["reward_forward"] == pytest.approx(sums["forward"], rel=1e-5)


class Shaking:
    """Random actions, the same in every call order."""

    def __init__(self, width: int) -> None:
        self.width = width

    def __call__(self, obs: np.ndarray, /) -> np.ndarray:
        return np.sin(1e3 * obs[:, :1] + np.arange(self.width))


@pytest.mark.parametrize(
    "env_id", ["Walker2d-v5", "Humanoid-v5", "BipedalWalker-v3", "CartPole-v1", "hard_stable"]
)
def test_real_rollouts_are_measured(env_id: str) -> None:
    info = get_env(env_id)
    spec = RolloutSpec(
        env_id, (0, 1), max_steps=60, record=frozenset({"observations", "actions", "rewards", "state"})
    )
    result = drain(rollout([Arm("baseline", Shaking(info.act_dim))], spec))[0]
    readings = [
        read_episode(env_id, trace, bool(ended), bool(fell))
        for trace, ended, fell in zip(result.traces, result.terminated, result.fell, strict=True)
    ]
    columns = table(readings)
    assert columns["return"] == pytest.approx(result.returns)
    assert columns["length"].tolist() == result.lengths.tolist()
    assert all((r.value is None) == (r.reason is not None) for e in readings for r in e.values())
    assert sum(np.isfinite(column).all() for column in columns.values()) >= 7


def test_distance_from_observations_is_close_to_the_state() -> None:
    spec = RolloutSpec(
        "HalfCheetah-v5",
        (0,),
        max_steps=200,
        record=frozenset({"observations", "actions", "rewards", "state"}),
    )
    trace = drain(rollout([Arm("baseline", Shaking(6))], spec))[0].traces[0]
    info = get_env("HalfCheetah-v5")
    exact = Episode(info, trace)
    seen = Episode(info, {name: values for name, values in trace.items() if name != "state"})
    assert np.abs(exact.position - exact.position[0] - seen.position).max() < 0.1
    assert np.array_equal(exact.contacts, seen.contacts)


@pytest.mark.parametrize(
    ("env_id", "travels"),
    [
        ("Walker2d-v5", 1),
        ("Swimmer-v5", 2),
        ("Humanoid-v5", 2),
        ("InvertedPendulum-v5", 0),
        ("InvertedDoublePendulum-v5", 0),
        ("Reacher-v5", 0),
    ],
)
def test_joint_positions_follow_from_observations(env_id: str, travels: int) -> None:
    info = get_env(env_id)
    spec = RolloutSpec(
        env_id, (0,), max_steps=40, record=frozenset({"observations", "actions", "rewards", "state"})
    )
    trace = drain(rollout([Arm("baseline", Shaking(info.act_dim))], spec))[0].traces[0]
    exact, _ = simulation.split_state(env_id, trace["state"])
    seen, _ = simulation.state_from_observations(env_id, trace["observations"])
    assert np.allclose(seen[:, travels:], exact[:, travels:], atol=1e-9)
    assert np.abs(exact - exact[0] - seen + seen[0])[:, :travels].max(initial=0) < 0.1  # metres


def test_every_environment_has_measures_with_different_keys() -> None:
    for info in list_envs():
        keys = [measure.key for measure in measures_for(info.id)]
        assert len(set(keys)) == len(keys) >= 8
        assert all(measure.formula and measure.title for measure in measures_for(info.id))


def test_an_unknown_measure_is_refused_by_name() -> None:
    assert find_measure("Walker2d-v5", "speed").unit == "m/s"
    with pytest.raises(InvalidInput, match="steady_speed"):
        find_measure("Walker2d-v5", "pace")
    with pytest.raises(InvalidInput, match="rewards"):
        read_episode("Walker2d-v5", {"observations": np.zeros((3, 17)), "actions": np.zeros((3, 6))})
