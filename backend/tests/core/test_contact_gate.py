"""A gate on a foot opens exactly where MuJoCo itself makes a contact of that foot with the floor."""

import mujoco
import numpy as np
import pytest
from rollout_tools import TAP, play, policy, same, small_sae

from policyscope.core.envs import make_env
from policyscope.core.errors import InvalidInput
from policyscope.core.gates import Gate
from policyscope.core.interventions import FeatureEdit
from policyscope.core.measures.anatomy import anatomy_of
from policyscope.core.rollout import Arm, RolloutSpec

WALKERS = ("Walker2d-v5", "Hopper-v5", "HalfCheetah-v5", "Ant-v5", "Ant-v4", "Humanoid-v5")
STEPS = 120


def played(env_id):
    """Observations [T, obs] of tumbling bodies, and the pairs of geoms that touch in each."""
    env = make_env(env_id)
    inner, seen, pairs = env.unwrapped, [], []
    data = mujoco.MjData(inner.model)
    env.action_space.seed(0)
    observation, _ = env.reset(seed=0)
    for step in range(STEPS):
        data.qpos, data.qvel = inner.data.qpos, inner.data.qvel
        mujoco.mj_forward(inner.model, data)
        seen.append(observation)
        pairs.append({frozenset(pair) for pair in data.contact.geom.tolist()})
        observation, _, ended, _, _ = env.step(env.action_space.sample())
        if ended and step % 20 == 19:  # on the ground for a while, too
            observation, _ = env.reset(seed=step)
    model = inner.model
    env.close()
    return np.array(seen), pairs, model


@pytest.mark.parametrize("env_id", WALKERS)
def test_it_opens_where_mujoco_makes_a_contact(env_id):
    observations, pairs, model = played(env_id)
    floor = model.geom("floor").id
    for leg in anatomy_of(env_id).legs:
        touching = [any(frozenset((floor, model.geom(g).id)) in found for g in leg.feet) for found in pairs]
        assert 0 < sum(touching) < STEPS
        on = Gate("contact", foot=leg.name, env=env_id)
        off = Gate("contact", foot=leg.name, env=env_id, on_floor=False)
        assert on.is_open(None, observations, 0).tolist() == touching
        assert (off.is_open(None, observations, 0) == 1.0 - on.is_open(None, observations, 0)).all()


def test_the_rollout_pushes_only_while_the_foot_stands_whoever_plays_beside():
    env_id, net = "Walker2d-v5", policy("Walker2d-v5")
    gate = Gate("contact", foot="left", env=env_id)
    arm = Arm("stance", net, (FeatureEdit(3, "add", 2.0, gate=gate),))
    wanted = RolloutSpec(env_id, (0, 1, 2, 3), 60, TAP, record=frozenset({"observations", "actions"}), rows=4)
    (together,) = play([arm], wanted, small_sae())
    moved = []
    for trace in together.traces:
        plain = net(np.asarray(trace["observations"], dtype=np.float64)).astype(np.float32).clip(-1, 1)
        pushed = (plain != trace["actions"]).any(axis=1)
        assert pushed.tolist() == gate.is_open(None, trace["observations"], 0).astype(bool).tolist()
        moved += pushed.tolist()
    assert 0 < sum(moved) < len(moved)
    beside = play(
        [Arm("baseline", net), arm], RolloutSpec(env_id, (0, 1, 2, 3), 60, TAP, rows=3), small_sae()
    )
    assert same(together, beside[1])


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        (lambda: Gate("contact"), "needs foot"),
        (lambda: Gate("contact", foot="left").is_open(None, np.zeros((1, 17)), 0), "its environment"),
        (lambda: Gate("contact", foot="third", env="Hopper-v5").is_open(None, np.zeros((1, 11)), 0), "leg"),
        (lambda: Gate("contact", foot="leg", env="Swimmer-v5").is_open(None, np.zeros((1, 8)), 0), "no feet"),
    ],
)
def test_a_foot_that_is_not_there_is_refused(gate, said):
    with pytest.raises(InvalidInput, match=said):
        gate()
