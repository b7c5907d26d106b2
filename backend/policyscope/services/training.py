"""The kind ``training``: an SAE for one tap of a stored model, from rollouts to a published directory.

The same stages as ``policyscope make-artifacts``, with their partial work among the job's checkpoints.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from policyscope.core.envs import check_fit, get_env
from policyscope.core.errors import LimitExceeded
from policyscope.core.progress import Work
from policyscope.services import loaded, rollouts, runs
from policyscope.services.pipeline import PipelineConfig, build_from
from policyscope.services.pipeline.scratch import check_target
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.paths import resolve_directory
from policyscope.store.records import MODEL, Json, ModelRow, new_id, require

CHOICES = ("artifacts_dir", "env", "tap_index", "latent_mult", "topk", "steps", "batch", "lr", "num_traj")
MORE_CHOICES = ("variant", "max_timesteps", "noise_scale", "eval_episodes", "cache_samples", "seed")
MIX = ("noisy_share", "pushed_share", "push_scale", "reset_share", "reset_scale")
MAX_VECTORS = 200_000_000


def start(ws: Workspace, model_id: str, request: Json) -> Json:
    """Queue it and return the job's id. ``request``: what ``PipelineConfig`` asks for, and ``overwrite``.

    Raises InvalidInput, ShapeMismatch, LimitExceeded, Conflict (the directory holds an SAE) or Busy.
    """
    config = PipelineConfig(
        **{name: request[name] for name in (*CHOICES, *MORE_CHOICES, *MIX)}, clone="never"
    )
    info = get_env(config.env)
    config.mix().check(info)
    target = resolve_directory(ws.settings.artifacts, config.artifacts_dir)
    check_target(target, config.artifacts_dir, overwrite=request["overwrite"])
    with ws.records.write() as session:
        row = require(session, ModelRow, model_id, MODEL)
        check_fit(loaded.current_spec(ws.store, row), info)
        policy = loaded.build_policy(ws.store, row.id, row.acting, row.edits)
        config = replace(config, env=info.id, hidden_size=policy.tap_dim(config.tap_index), device="cpu")
        _check_size(config, info.max_episode_steps)
        work: Json = {
            "output": f"trainings/{new_id('t')}",
            "config": config.to_json(),
            "model_id": row.id,
            "model_name": row.name,
            "activation": row.acting,
            "weight_edits": row.edits,
            "weights_sha256": policy.fingerprint(),
        }
        result = {"artifacts_dir": config.artifacts_dir, "tap_index": config.tap_index}
        size = config.steps * config.batch
        job = ws.engine.submit(session, "training", work, output=work["output"], result=result, size=size)
    ws.engine.wake()
    return {"job_id": job.id, "state": job.state, "estimate_s": job.spec["estimate_s"], **result}


def perform(store: ArtifactStore, spec: Mapping[str, Any]) -> Work[None]:
    """Train and publish; ``spec`` is what ``start`` froze."""
    policy = rollouts.build_policy_of(store, spec, spec)
    config = PipelineConfig.from_json(spec["config"])
    target = resolve_directory(store.root.parent, config.artifacts_dir)
    described = f"the model {spec['model_name']}"
    work = build_from(policy, described, config, target, store.checkpoints(spec["output"]))
    return _recorded(store, spec, work)


def _recorded(store: ArtifactStore, spec: Mapping[str, Any], work: Work[Any]) -> Work[None]:
    """The directory first, then the record of it, which says that the job is done."""
    published = yield from work
    files = {"metrics.json": json.dumps(published.metrics).encode()}
    store.publish(spec["output"], files, {"kind": "training", "spec": dict(spec)})


def _check_size(config: PipelineConfig, longest: int) -> None:
    steps = (config.num_traj + 3 * config.eval_episodes) * min(config.max_timesteps or longest, longest)
    if steps > runs.MAX_STEPS_IN_ALL:
        raise LimitExceeded(
            f"The episodes make {steps:,} steps; at most {runs.MAX_STEPS_IN_ALL:,} are allowed. "
            "Ask for fewer or shorter ones."
        )
    if config.steps * config.batch > MAX_VECTORS:
        raise LimitExceeded(
            f"{config.steps:,} steps of {config.batch:,} make {config.steps * config.batch:,} vectors; "
            f"at most {MAX_VECTORS:,} are allowed."
        )
