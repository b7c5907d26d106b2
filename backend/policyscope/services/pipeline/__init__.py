"""From a policy to an artifacts directory: clone where needed, collect, train the SAE, measure, publish."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from policyscope.core.envs import get_env
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import save_policy
from policyscope.core.progress import Work
from policyscope.core.sae import SAE
from policyscope.core.sae_formats import save_sae
from policyscope.core.torch_tensors import save_tensor
from policyscope.services.pipeline import stages
from policyscope.services.pipeline.card import manifest, model_card
from policyscope.services.pipeline.collect import described, whole_episodes
from policyscope.services.pipeline.config import CLONE_CHOICES, VARIANT_CHOICES, PipelineConfig
from policyscope.services.pipeline.expert import Expert, load_expert, needs_clone
from policyscope.services.pipeline.scratch import RECORD, Scratch, as_json, check_target, partial_of, publish
from policyscope.store.checkpoints import Checkpoints
from policyscope.store.paths import resolve_directory

__all__ = ["CLONE_CHOICES", "VARIANT_CHOICES", "PipelineConfig", "Published", "build_artifacts", "build_from"]


@dataclass(frozen=True)
class Published:
    """A finished artifacts directory."""

    path: Path
    config: PipelineConfig
    metrics: dict[str, Any]

    def summary(self) -> str:
        """What a person wants to read after waiting."""
        offline, loop = self.metrics["held_out"], self.metrics["closed_loop"]
        recovered = "undefined" if loop["return_recovered"] is None else f"{loop['return_recovered']:.3f}"
        return (
            f"{self.path}\n"
            f"  FVU {offline['fvu']:.4f} on held-out episodes, L0 {offline['l0']:.1f}, "
            f"{offline['dead_features']} dead features\n"
            f"  return {loop['return_baseline']:,.1f}, with the reconstruction "
            f"{loop['return_reconstruction']:,.1f}: return recovered {recovered} ({loop['verdict']})\n"
            f'  load it with artifacts_dir "{self.config.artifacts_dir}", tap_index {self.config.tap_index}'
        )


def build_artifacts(
    root: Path, config: PipelineConfig, *, resume: bool = False, overwrite: bool = False
) -> Work[Published]:
    """Check the request and return the work that makes ``root/config.artifacts_dir``.

    Raises InvalidInput, NotFound, ShapeMismatch or Conflict when the request cannot be carried out.
    """
    info = get_env(config.env)
    target = resolve_directory(root, config.artifacts_dir)
    check_target(target, config.artifacts_dir, overwrite=overwrite)
    expert = load_expert(config, info, root)
    config.mix().check(info)
    cloning = needs_clone(expert, config)
    if not cloning and expert.policy is not None:
        expert.policy.tap_dim(config.tap_index)
    scratch = Scratch(partial_of(root, config), config, resume=resume)
    return _foreground(stages.Stage(config, info, scratch), expert, target, cloning=cloning)


def build_from(
    policy: Policy, described: str, config: PipelineConfig, target: Path, kept: Checkpoints
) -> Work[Published]:
    """The same for a policy at hand, going on from whatever ``kept`` holds; the caller discards that."""
    resume = kept.load(RECORD) is not None
    stage = stages.Stage(config, get_env(config.env), Scratch(kept, config, resume=resume))
    return _build(stage, Expert(policy, policy, described), target, cloning=False)


def _foreground(stage: stages.Stage, expert: Expert, target: Path, *, cloning: bool) -> Work[Published]:
    published = yield from _build(stage, expert, target, cloning=cloning)
    stage.scratch.discard()
    return published


def _build(stage: stages.Stage, expert: Expert, target: Path, *, cloning: bool) -> Work[Published]:
    if cloning or expert.policy is None:
        policy = yield from stages.imitate(stage, expert)
    else:
        policy = expert.policy
    data = yield from stages.record(stage, policy)
    sae = yield from stages.explain(stage, policy, data)
    metrics = yield from stages.measure(stage, policy, sae, data, expert if cloning else None)
    files = _files(stage, policy, sae, data, metrics)
    description = manifest(stage.config, policy, sae, files, _described(stage, expert, cloning))
    description["data"] = described(data, stage.info.id)
    files["manifest.json"] = as_json(description)
    files["MODEL_CARD.md"] = model_card(description, metrics).encode()
    publish(stage.scratch, target, files)
    return Published(target, stage.config, metrics)


def _described(stage: stages.Stage, expert: Expert, cloning: bool) -> str:
    return (
        f"an MLP of {stage.config.hidden_size} cloned from {expert.described}"
        if cloning
        else expert.described
    )


def _files(
    stage: stages.Stage, policy: Policy, sae: SAE, data: stages.Arrays, metrics: dict[str, Any]
) -> dict[str, bytes]:
    cached = whole_episodes(data, stage.config.cache_samples)
    aligned = {
        "episode": cached["episode"],
        "step": cached["step"],
        "action": policy(cached["observations"]).astype(np.float32),
        "reward": cached["rewards"].astype(np.float32),
        "kind": cached["kind"],
        **{name: cached[name] for name in ("state",) if name in cached},
    }
    curves = {name: stage.scratch.read(f"{name}_curves.json") for name in ("clone", "sae")}
    metadata = {**policy.spec.metadata, "env": stage.config.env, "tap_index": stage.config.tap_index}
    return {
        "imitator.pt": save_policy(replace(policy.spec, metadata=metadata), policy.tensors),
        "walker_sae.pt": save_sae(sae),
        "cached_obs.pt": save_tensor(cached["observations"].astype(np.float32)),
        "tapped_activations.pt": save_tensor(cached["activations"].astype(np.float32)),
        "episodes.safetensors": save(aligned),
        "loss_curves.json": as_json({name: json.loads(text) for name, text in curves.items() if text}),
        "metrics.json": as_json(metrics),
    }
