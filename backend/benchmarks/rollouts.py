"""Steps per second of a walking policy with one intervention at the tap, by seven ways of rolling out."""

from __future__ import annotations

import copy
import importlib.util
import os
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import mujoco
import mujoco.batch
import numpy as np
import torch

from benchmarks.harness import Contender
from benchmarks.subject import EDIT, ENV, Subject
from policyscope.core.envs import make_env
from policyscope.core.progress import drain
from policyscope.core.rollout import Arm, RolloutSpec, rollout

STEPS = 300
OUR_ROWS = (64, 128, 256, 512)
NAIVE, ENVPOOL, LIMIT = "naive loop: one environment, torch, hook", "EnvPool, 128", "physics alone, 128 rows"


def ours_name(rows: int) -> str:
    return f"policyscope, {rows} rows"


def contenders(subject: Subject) -> list[Contender]:
    """All ways, slowest first; EnvPool only where it is installed."""
    ways = [
        Contender(NAIVE, lambda: _naive(subject, episodes=6)),
        Contender("SB3 evaluate_policy, 1 environment", _evaluate_policy(subject, 1)),
        Contender("SB3 evaluate_policy, 8 environments", _evaluate_policy(subject, 8)),
        Contender("gymnasium SyncVectorEnv, 8", _vector(subject, 8)),
        Contender("gymnasium SyncVectorEnv, 32", _vector(subject, 32)),
    ]
    if importlib.util.find_spec("envpool"):
        ways.append(Contender(ENVPOOL, _envpool(subject, 128)))
    ways += [Contender(ours_name(rows), _ours(subject, rows)) for rows in OUR_ROWS]
    return [*ways, Contender(LIMIT, _physics(subject, 128))]


def _hooked(subject: Subject) -> Callable[[np.ndarray], np.ndarray]:
    """Float32 torch forward with a forward hook that adds the push at the tap."""
    network = subject.network()
    push = torch.from_numpy(subject.push.astype(np.float32))
    network[subject.tap_index].register_forward_hook(lambda _module, _inputs, output: output + push)

    def act(observations: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return network(torch.from_numpy(observations.astype(np.float32))).numpy().clip(-1, 1)

    return act


def _naive(subject: Subject, episodes: int) -> int:
    act, env, steps = _hooked(subject), make_env(ENV), 0
    for seed in range(episodes):
        seen, _ = env.reset(seed=seed)
        for _ in range(STEPS):
            seen, _, terminated, truncated, _ = env.step(act(seen[None])[0])
            steps += 1
            if terminated or truncated:
                seen, _ = env.reset()
    env.close()
    return steps


def _evaluate_policy(subject: Subject, environments: int) -> Callable[[], int]:
    from stable_baselines3 import PPO
    from stable_baselines3.common.evaluation import evaluate_policy
    from stable_baselines3.common.vec_env import DummyVecEnv

    env = DummyVecEnv([lambda: gym.make(ENV, max_episode_steps=STEPS) for _ in range(environments)])
    network = subject.network()
    linear = [layer for layer in network if isinstance(layer, torch.nn.Linear)]
    widths = [layer.out_features for layer in linear[:-1]]
    model = PPO(
        "MlpPolicy",
        env,
        policy_kwargs={"net_arch": widths, "activation_fn": subject.activation},
        device="cpu",
    )
    theirs = [layer for layer in model.policy.mlp_extractor.policy_net if isinstance(layer, torch.nn.Linear)]
    for target, source in zip([*theirs, model.policy.action_net], linear, strict=True):
        target.load_state_dict(source.state_dict())
    push = torch.from_numpy(subject.push.astype(np.float32))
    model.policy.mlp_extractor.policy_net[-1].register_forward_hook(lambda _m, _i, output: output + push)

    def run() -> int:
        _, lengths = evaluate_policy(
            model, env, 6 if environments == 1 else 16, return_episode_rewards=True, warn=False
        )
        return int(np.sum(lengths))

    return run


def _vector(subject: Subject, environments: int) -> Callable[[], int]:
    env, act = gym.make_vec(ENV, environments, vectorization_mode="sync"), _hooked(subject)

    def run() -> int:
        seen, _ = env.reset(seed=0)
        turns = max(60, 1800 // environments)
        for _ in range(turns):
            seen = env.step(act(seen))[0]
        return turns * environments

    return run


def _envpool(subject: Subject, environments: int) -> Callable[[], int]:
    import envpool

    env: Any = envpool.make(ENV, "gymnasium", num_envs=environments, num_threads=os.cpu_count(), seed=0)
    act = _hooked(subject)

    def run() -> int:
        seen, _ = env.reset()
        for _ in range(100):
            seen = env.step(act(seen).astype(np.float64))[0]
        return 100 * environments

    return run


def _ours(subject: Subject, rows: int) -> Callable[[], int]:
    arm = Arm("pushed", subject.policy, (EDIT,))
    spec = RolloutSpec(ENV, tuple(range(rows)), min(STEPS, 51_200 // rows), subject.tap_index, rows=rows)
    return lambda: int(drain(rollout([arm], spec, subject.sae))[0].lengths.sum())


def _physics(subject: Subject, rows: int) -> Callable[[], int]:
    """The same trajectories with the actions already known: MuJoCo alone, on every processor."""
    spec = RolloutSpec(
        ENV, tuple(range(rows)), STEPS, subject.tap_index, frozenset({"actions", "state"}), rows=rows
    )
    (played,) = drain(rollout([Arm("pushed", subject.policy, (EDIT,))], spec, subject.sae))
    kept = [trace for trace in played.traces if len(trace["actions"]) == STEPS]
    env = make_env(ENV).unwrapped
    model = copy.copy(env.model)
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_ISLAND
    batch = mujoco.batch.Batch(model, len(kept))
    control = np.repeat(np.array([trace["actions"] for trace in kept]), env.frame_skip, axis=1)
    states = np.array([trace["state"] for trace in kept])

    def replay(steps: int) -> None:
        batch.reset()
        batch.qpos, batch.qvel = states[:, 0, : model.nq], states[:, 0, model.nq : model.nq + model.nv]
        batch.rollout(steps * env.frame_skip, control[:, : steps * env.frame_skip], record=())

    replay(STEPS - 1)
    if not np.array_equal(batch.qpos, states[:, -1, : model.nq]):
        raise RuntimeError("The replay left the trajectory; the limit would not be that of the same physics.")

    def run() -> int:
        replay(STEPS)
        return STEPS * len(kept)

    return run
