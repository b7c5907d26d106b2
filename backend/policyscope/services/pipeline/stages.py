"""The stages of making artifacts. Each keeps its result in the scratch folder, so that an interrupted command
can go on from the last finished stage, and inside training from the last checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np

from policyscope.core.action_box import unscaled
from policyscope.core.activations import ActivationData, split_rows
from policyscope.core.arms import Arm, RolloutSpec
from policyscope.core.clone import CloneConfig, clone_policy
from policyscope.core.envs import EnvInfo
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy, save_policy
from policyscope.core.progress import Work, staged
from policyscope.core.rollout import rollout
from policyscope.core.sae import SAE, Variant
from policyscope.core.sae_formats import open_sae, save_sae
from policyscope.core.sae_metrics import sae_report
from policyscope.core.sae_train import SaeTrainConfig, train_sae
from policyscope.core.splice import return_recovered
from policyscope.core.training_probe import TrainingProbe, reference
from policyscope.services.pipeline.collect import CollectPlan, collect, noise_in_action_units
from policyscope.services.pipeline.config import PipelineConfig
from policyscope.services.pipeline.expert import Expert
from policyscope.services.pipeline.scratch import Scratch, as_json
from policyscope.store.records import finite

Arrays = dict[str, np.ndarray]

EVALUATION_SEED = 0
"""Closed-loop measurements use seeds 0, 1, 2, …; collection starts at a million, so they never overlap."""
PROBE_SEED, PROBE_EPISODES = 900_000, 8
"""Neither do those that are played while an SAE learns."""

SELDOM = 20
"""Times as long training goes on between two checkpoints as writing one takes: a wide SAE has 80 MB."""

IMITATOR = "imitator.pt"
MEASURING = "measuring the closed loop"


@dataclass(frozen=True)
class Stage:
    """What every stage works with."""

    config: PipelineConfig
    info: EnvInfo
    scratch: Scratch

    def plan(self, first: int) -> CollectPlan:
        """Episodes to collect; ``first`` keeps the seeds of two collections apart."""
        c = self.config
        noise = noise_in_action_units(self.info, c.noise_scale)
        return CollectPlan(self.info.id, c.num_traj, c.max_timesteps, noise, 2 * c.seed + first, c.mix())


def imitate(stage: Stage, expert: Expert) -> Work[Policy]:
    """Clone the expert into an MLP of ``hidden_size``: roll it out, then behaviour cloning."""
    if (saved := stage.scratch.read(IMITATOR)) is not None:
        return Policy(*open_policy(saved, IMITATOR))
    data = yield from _collected(stage, "demonstrations.safetensors", Arm("expert", expert.acts), None, 0)
    targets = unscaled(expert.acts, expert.acts(data["observations"]), stage.info)
    config = CloneConfig(
        hidden_size=stage.config.hidden_size,
        epochs=stage.config.epochs,
        seed=stage.config.seed,
        device=stage.config.device,
    )
    work = partial(clone_policy, data["observations"], targets, config, data["episode"])
    result = yield from _trained(stage, work, "clone")
    _keep_curves(stage, "clone", result.curves)
    data_of_file = save_policy(result.spec, result.tensors)
    stage.scratch.write(IMITATOR, data_of_file)
    return Policy(*open_policy(data_of_file, IMITATOR))


def record(stage: Stage, policy: Policy) -> Work[Arrays]:
    """Aligned observations and activations of the policy that will be explained."""
    arm = Arm("imitator", policy)
    return (yield from _collected(stage, "activations.safetensors", arm, stage.config.tap_index, 1))


def explain(stage: Stage, policy: Policy, data: Arrays) -> Work[SAE]:
    """Train the SAE on the activations, holding episodes out; the closed loop is looked at meanwhile."""
    if (saved := stage.scratch.read("walker_sae.pt")) is not None:
        return open_sae(saved, "walker_sae.pt")
    c = stage.config
    activations = data["activations"]
    train, validation, _ = split_rows(len(activations), data["group"], seed=c.seed)
    width = activations.shape[1]
    config = SaeTrainConfig(
        d_latent=c.latent_mult * width,
        k=min(c.topk, c.latent_mult * width),
        steps=c.steps,
        batch=c.batch,
        lr=c.lr,
        seed=c.seed,
        device=c.device,
        variant=cast(Variant, c.variant),
    )
    held_out = data["observations"][validation]
    mean = activations[train].mean(axis=0)
    probe = yield from probing(
        policy, c.tap_index, held_out, mean, probe_spec(stage.info.id, c.max_timesteps)
    )
    work = partial(train_sae, activations[train], activations[validation], config, c.tap_index, probe=probe)
    result = yield from _trained(stage, work, "sae")
    _keep_curves(stage, "sae", result.curves)
    stage.scratch.write("walker_sae.pt", save_sae(result.sae))
    return result.sae


def probe_spec(env_id: str, max_steps: int | None) -> RolloutSpec:
    """The episodes that are played while an SAE learns."""
    return RolloutSpec(env_id, tuple(range(PROBE_SEED, PROBE_SEED + PROBE_EPISODES)), max_steps)


def probing(
    policy: Policy, tap_index: int, held_out: np.ndarray, mean: np.ndarray, spec: RolloutSpec
) -> Work[TrainingProbe]:
    """What is measured of an SAE while it learns; ``held_out`` [n, obs] and ``mean`` [d_in]."""
    played = yield from staged(reference(policy, tap_index, mean, spec), "playing without an SAE")
    return TrainingProbe.on(policy, tap_index, held_out, spec, played)


def measure(
    stage: Stage, policy: Policy, sae: SAE, data: Arrays, expert: Expert | None
) -> Work[dict[str, Any]]:
    """Offline metrics on held-out episodes, and the closed loop; ``expert`` is who was cloned, if anybody."""
    _, _, test = split_rows(len(data["activations"]), data["group"], seed=stage.config.seed)
    held_out = ActivationData(data["observations"][test], data["activations"][test], data["episode"][test])
    metrics: dict[str, Any] = {
        "samples": len(data["activations"]),
        "noisy_share": float(data["noisy"].mean()),
        "action_noise": stage.plan(1).noise,
        "held_out": sae_report(policy, sae, stage.config.tap_index, held_out),
    }
    seeds = tuple(range(EVALUATION_SEED, EVALUATION_SEED + stage.config.eval_episodes))
    spec = RolloutSpec(stage.info.id, seeds, stage.config.max_timesteps)
    mean = data["activations"].mean(axis=0)
    closed = yield from staged(return_recovered(policy, sae, stage.config.tap_index, mean, spec), MEASURING)
    metrics["closed_loop"] = closed.to_json()
    if expert is not None:
        (shown,) = yield from staged(rollout([Arm("expert", expert.acts)], spec), MEASURING)
        metrics["expert"] = {"return": float(shown.returns.mean()), "fall_rate": float(shown.fell.mean())}
    return metrics


def _collected(stage: Stage, name: str, arm: Arm, tap_index: int | None, first: int) -> Work[Arrays]:
    if (saved := stage.scratch.read_arrays(name)) is not None:
        return saved
    label = f"rolling out the {arm.name}"
    data = yield from staged(collect(arm, stage.plan(first), tap_index), label)
    stage.scratch.write_arrays(name, data)
    return data


def _trained(stage: Stage, work: Callable[..., Work[Any]], name: str) -> Work[Any]:
    """Run a training with checkpoints in the scratch folder, going on from the last one."""
    file = f"{name}.checkpoint"
    checkpoint = stage.scratch.read_arrays(file)

    due = 0.0

    def keep(state: Mapping[str, np.ndarray]) -> None:
        nonlocal due
        if (begun := time.monotonic()) >= due:
            stage.scratch.write_arrays(file, state)
            due = (done := time.monotonic()) + SELDOM * (done - begun)

    return (yield from work(checkpoint=checkpoint, on_checkpoint=keep))


def _keep_curves(stage: Stage, name: str, curves: Mapping[str, np.ndarray]) -> None:
    stage.scratch.write(
        f"{name}_curves.json",
        as_json(finite({key: np.asarray(c, dtype=np.float64).tolist() for key, c in curves.items()})),
    )
