"""Train a Walker2d expert with PPO and write it as a policy file that stands alone.

The recipe is the one the demo artifacts were made with (``make artifacts``): eight environments,
observation and reward normalisation, policy 32-32-32 ReLU. The observation normaliser is folded into
the first layer, because a policy without its running statistics collapses:

    W (x - m) / s + b  =  (W / s) x + (b - (W / s) m)

Needs the ``train`` extra (stable-baselines3).
"""

from __future__ import annotations

import argparse
import json
import time
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecNormalize

from policyscope.core.policy_formats import open_policy, save_policy

HIDDEN = [32, 32, 32]


def folded_state_dict(model: PPO, normaliser: VecNormalize) -> OrderedDict[str, torch.Tensor]:
    """Return ``net.<i>.weight/bias`` tensors of the actor with the normaliser folded in."""
    mean = torch.as_tensor(normaliser.obs_rms.mean, dtype=torch.float64)
    scale = torch.as_tensor(np.sqrt(normaliser.obs_rms.var + normaliser.epsilon), dtype=torch.float64)
    linears = [m for m in model.policy.mlp_extractor.policy_net if isinstance(m, torch.nn.Linear)]
    linears.append(model.policy.action_net)
    state: OrderedDict[str, torch.Tensor] = OrderedDict()
    for i, layer in enumerate(linears):
        weight, bias = layer.weight.detach().double(), layer.bias.detach().double()
        if i == 0:
            weight = weight / scale
            bias = bias - weight @ mean
        state[f"net.{2 * i}.weight"] = weight.float()
        state[f"net.{2 * i}.bias"] = bias.float()
    return state


def evaluate(state: OrderedDict[str, torch.Tensor], env_id: str, seeds: range) -> list[float]:
    """Deterministic returns of the exported network, one episode per seed."""
    weights = [
        (state[k].double().numpy(), state[k.replace("weight", "bias")].double().numpy())
        for k in state
        if k.endswith("weight")
    ]
    env = gym.make(env_id)
    low, high = env.action_space.low, env.action_space.high
    returns = []
    for seed in seeds:
        x, _ = env.reset(seed=seed)
        total, over = 0.0, False
        while not over:
            for i, (w, b) in enumerate(weights):
                x = w @ x + b
                x = np.maximum(x, 0) if i < len(weights) - 1 else x
            x, reward, terminated, truncated, _ = env.step(np.clip(x, low, high).astype(np.float32))
            total, over = total + float(reward), terminated or truncated
        returns.append(total)
    env.close()
    return returns


def record_facts(path: Path, env_id: str) -> None:
    """Rewrite the policy file so that it records its activation function and its environment."""
    spec, tensors = open_policy(path.read_bytes(), path.name)
    spec = replace(spec.with_activation("relu", "recorded"), metadata={"env": env_id})
    path.write_bytes(save_policy(spec, tensors))


class KeepBest(BaseCallback):
    """Evaluate the exported network now and then and keep the best one on disk."""

    def __init__(self, out: Path, env_id: str, every: int) -> None:
        super().__init__()
        self.out, self.env_id, self.every = out, env_id, every
        self.best, self.next, self.started = -np.inf, every, time.monotonic()

    def _on_step(self) -> bool:
        if self.num_timesteps < self.next:
            return True
        self.next += self.every
        state = folded_state_dict(self.model, self.training_env)
        returns = evaluate(state, self.env_id, range(10_000, 10_005))
        score = float(np.mean(returns) - np.std(returns))
        minutes = (time.monotonic() - self.started) / 60
        shown = f"return {np.mean(returns):7.1f} ± {np.std(returns):6.1f}"
        print(f"{self.num_timesteps:>9} steps  {minutes:5.1f} min  {shown}", flush=True)
        if score > self.best:
            self.best = score
            torch.save(state, self.out)
        return True


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--env", default="Walker2d-v5")
    parser.add_argument("--steps", type=int, default=2_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--out", type=Path, required=True, help="policy file; a .json with returns goes beside"
    )
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    venv = VecNormalize(make_vec_env(args.env, n_envs=8, seed=args.seed), gamma=0.99)
    model = PPO(
        "MlpPolicy",
        venv,
        n_steps=512,
        batch_size=256,
        n_epochs=8,
        learning_rate=lambda remaining: 3e-4 * remaining,
        policy_kwargs={
            "net_arch": {"pi": HIDDEN, "vf": [64, 64]},
            "activation_fn": torch.nn.ReLU,
            "log_std_init": -0.7,
        },
        seed=args.seed,
        device="cpu",
    )
    model.learn(args.steps, callback=KeepBest(args.out, args.env, every=50_000))
    state = torch.load(args.out, weights_only=True)
    returns = evaluate(state, args.env, range(20))
    record_facts(args.out, args.env)
    settings = {"env": args.env, "steps": args.steps, "seed": args.seed}
    record = {**settings, "returns": returns, "mean_return": float(np.mean(returns))}
    args.out.with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n")
    print(f"mean return over 20 episodes: {np.mean(returns):.1f} (min {min(returns):.1f})")


if __name__ == "__main__":
    main()
