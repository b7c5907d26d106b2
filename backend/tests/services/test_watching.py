"""Every walking body's measures are read in a run: a value with a unit, or a sentence why there is none."""

import numpy as np
import pytest

from policyscope.core.arms import Arm, RolloutSpec
from policyscope.core.envs import get_env
from policyscope.core.measures import measures_for
from policyscope.core.progress import drain
from policyscope.core.rollout import rollout
from policyscope.services.watching import Watching

WALKERS = ("Walker2d-v5", "Hopper-v5", "HalfCheetah-v5", "Ant-v5", "Humanoid-v5", "BipedalWalker-v3")
GAIT = {"speed", "pitch_mean", "stride_frequency", "effort", "smoothness", "fell", "return"}
SEEDS = (3, 4)


@pytest.mark.parametrize("env_id", [*WALKERS, "Pendulum-v1", "CartPole-v1", "hard_stable"])
def test_measures_of_a_run(env_id):
    info = get_env(env_id)
    push = np.linspace(-0.4, 0.4, info.act_dim)

    def act(observations):
        return np.broadcast_to(push, (len(observations), info.act_dim))

    arms = (Arm("baseline", act), Arm("same", act))
    watching = Watching(env_id, [arm.name for arm in arms], SEEDS)
    spec = RolloutSpec(env_id, SEEDS, 30, record=watching.signals)
    base, _ = drain(rollout(arms, spec, None, watching.keep))
    table = watching.describe()
    keys = {measure["key"] for measure in table["measures"]}
    assert keys >= GAIT if env_id in WALKERS else {"return", "length"} <= keys
    assert all(measure["unit"] for measure in table["measures"])
    units = {measure.key for measure in measures_for(env_id)}
    assert keys == units
    for measured in table["arms"][0]["measures"]:
        undefined = [value is None for value in measured["values"]]
        assert any(undefined) == (measured["reason"] is not None)
    returns = next(m for m in table["arms"][0]["measures"] if m["key"] == "return")
    assert returns["values"] == pytest.approx(base.returns.tolist())
    assert all(not m["mean_difference"] for m in table["comparisons"][0]["measures"])
