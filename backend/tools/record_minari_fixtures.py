"""The two small datasets of the tests, by the real library: minari[hdf5,create]==0.5.4, pillow, pygame.

``pendulum``: 12 episodes of 7 to 18 steps, so that the order of their names is not that of their numbers.
``goal``: observations that are dictionaries.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

import gymnasium as gym
import numpy as np

HERE = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "minari"


class Goal(gym.Env):
    observation_space = gym.spaces.Dict(
        {name: gym.spaces.Box(-1, 1, (2,), np.float32) for name in ("observation", "desired_goal")}
    )
    action_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return {name: np.zeros(2, np.float32) for name in self.observation_space}, {}

    def step(self, action):
        return {name: np.ones(2, np.float32) for name in self.observation_space}, 0.0, True, False, {}


def record(name: str, env: gym.Env, lengths: list[int]) -> None:
    import minari

    collector = minari.DataCollector(env)
    collector.action_space.seed(0)
    for seed, length in enumerate(lengths):
        collector.reset(seed=seed)
        for _ in range(length):
            if any(collector.step(collector.action_space.sample())[2:4]):
                break
    collector.create_dataset(
        f"{name}/tiny-v0",
        algorithm_name="random",
        author="policyscope",
        author_email="",
        code_permalink="",
        description="A fixture.",
    )
    source = Path(os.environ["MINARI_DATASETS_PATH"]) / name / "tiny-v0" / "data"
    target = HERE / name / "data"
    target.mkdir(parents=True, exist_ok=True)
    for file in source.iterdir():
        shutil.copyfile(file, target / file.name)
    print(json.loads((target / "metadata.json").read_text()))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as root:
        os.environ["MINARI_DATASETS_PATH"] = root
        record("pendulum", gym.make("Pendulum-v1"), [7 + n for n in range(12)])
        record("goal", Goal(), [1])
