"""The registry says about every environment what the environment itself says."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest

from policyscope.core.envs import check_fit, fitting_envs, get_env, list_envs, make_env, register
from policyscope.core.errors import InvalidInput, ShapeMismatch

IDS = [info.id for info in list_envs()]


@pytest.mark.parametrize("env_id", IDS)
def test_sizes_bounds_and_limits_are_the_environments_own(env_id: str) -> None:
    info, env = get_env(env_id), make_env(env_id)
    space = env.observation_space
    assert space.shape == (info.obs_dim,)
    for channel in info.observations:
        assert _bound(channel.low, -np.inf) == pytest.approx(space.low[channel.index])
        assert _bound(channel.high, np.inf) == pytest.approx(space.high[channel.index])
    if info.action_kind == "discrete":
        assert env.action_space.n == info.act_dim
    else:
        lows = [_bound(channel.low, -np.inf) for channel in info.actions]
        highs = [_bound(channel.high, np.inf) for channel in info.actions]
        assert np.array_equal(np.float32(lows), env.action_space.low)
        assert np.array_equal(np.float32(highs), env.action_space.high)
    assert env.spec is not None
    assert env.spec.max_episode_steps == info.max_episode_steps
    if hasattr(env.unwrapped, "dt"):
        assert env.unwrapped.dt == pytest.approx(info.dt)
    env.close()


def _bound(value: float | None, unbounded: float) -> float:
    return unbounded if value is None else value


@pytest.mark.parametrize("env_id", IDS)
def test_channels_are_numbered_and_named_apart(env_id: str) -> None:
    for channels in (get_env(env_id).observations, get_env(env_id).actions):
        assert [channel.index for channel in channels] == list(range(len(channels)))
        assert len({channel.name for channel in channels}) == len(channels)
        assert all(channel.unit for channel in channels)


JOINTS = {
    "Walker2d-v5": {"right thigh": "thigh_joint", "left foot": "foot_left_joint"},
    "Hopper-v5": {"leg": "leg_joint"},
    "HalfCheetah-v5": {"back shin": "bshin", "front foot": "ffoot"},
    "Ant-v5": {"hip 1": "hip_1", "ankle 4": "ankle_4"},
    "Swimmer-v5": {"back joint": "motor2_rot"},
    "Humanoid-v5": {"abdomen y": "abdomen_y", "left hip z": "left_hip_z", "right elbow": "right_elbow"},
    "Pusher-v5": {"elbow flex": "r_elbow_flex_joint"},
}


@pytest.mark.parametrize(
    ("env_id", "name"), [(env_id, name) for env_id, names in JOINTS.items() for name in names]
)
def test_a_name_points_at_the_joint_it_names(env_id: str, name: str) -> None:
    env = make_env(env_id)
    body = env.unwrapped
    env.reset(seed=0)
    joint = body.model.joint(JOINTS[env_id][name])
    qpos, qvel = body.data.qpos.copy(), body.data.qvel.copy()
    qpos[joint.qposadr], qvel[joint.dofadr] = 0.123, 0.456
    body.set_state(qpos, qvel)
    by_name = dict(zip((c.name for c in get_env(env_id).observations), body._get_obs(), strict=True))
    assert by_name[f"{name} angle"] == pytest.approx(0.123)
    assert by_name[f"{name} angular velocity"] == pytest.approx(0.456)
    position = [c.name for c in get_env(env_id).actions].index(f"{name} torque")
    assert body.model.actuator_trnid[position, 0] == joint.id
    gear = body.model.actuator_gear[position, 0]
    assert get_env(env_id).actions[position].unit == ("N·m" if gear == 1 else f"×{gear:g} N·m")
    env.close()


def test_humanoid_sensor_blocks_are_where_their_names_say() -> None:
    env = make_env("Humanoid-v5")
    env.reset(seed=0)
    for _ in range(20):
        env.step(np.zeros(17, np.float32))
    data, names = env.unwrapped.data, [c.name for c in get_env("Humanoid-v5").observations]
    observed = env.unwrapped._get_obs()
    shin = env.unwrapped.model.body("left_shin").id
    assert observed[names.index("left shin mass")] == data.cinert[shin, 9]
    assert observed[names.index("left shin spatial velocity: translation x")] == data.cvel[shin, 3]
    assert (
        observed[names.index("left foot contact force z")]
        == data.cfrc_ext[env.unwrapped.model.body("left_foot").id, 5]
    )
    knee = env.unwrapped.model.joint("left_knee").dofadr[0]
    assert observed[names.index("left knee actuator torque")] == data.qfrc_actuator[knee]
    env.close()


def test_unknown_ids_name_the_allowed_ones_and_import_nothing() -> None:
    with pytest.raises(InvalidInput, match=r"'antigravity:Fly-v0'.*Walker2d-v5"):
        make_env("antigravity:Fly-v0")
    assert "antigravity" not in sys.modules


def test_hard_stable_is_known_to_gymnasium_under_both_names() -> None:
    register()
    assert gym.make("hard_stable").spec.max_episode_steps == 300  # type: ignore[union-attr]
    assert get_env("policyscope/HardStable-v0").id == "hard_stable"


def test_a_policy_that_does_not_fit_is_told_both_shapes_and_what_would_fit() -> None:
    spec = SimpleNamespace(obs_dim=17, act_dim=6)
    check_fit(spec, get_env("Walker2d-v5"))
    with pytest.raises(
        ShapeMismatch, match=r"17 observations to 6 actions, but Ant-v5 has 105 .* 8 .*HalfCheetah-v5"
    ):
        check_fit(spec, get_env("Ant-v5"))
    with pytest.raises(ShapeMismatch, match="none of the environments"):
        check_fit(SimpleNamespace(obs_dim=99, act_dim=1), get_env("Ant-v5"))
    assert [info.id for info in fitting_envs(3, 1)] == ["Pendulum-v1"]


def test_looking_up_builds_no_environment() -> None:
    code = (
        "import sys; from policyscope.core.envs import list_envs, get_env; get_env('Humanoid-v5').obs_dim;"
        "sys.exit('mujoco' in sys.modules or 'torch' in sys.modules or 'Box2D' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_json_says_whether_pictures_can_be_made() -> None:
    entry = get_env("hard_stable").to_json()
    assert entry["renderable"] is True
    assert entry["render_note"] is None
    assert entry["obs_dim"] == len(entry["observations"]) == 6
