"""A sweep as asked for: defaults filled in, checked, its size, its command line, and the job."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from policyscope.core.envs import check_fit, get_env
from policyscope.core.errors import InvalidInput, LimitExceeded
from policyscope.core.policy import Policy
from policyscope.core.sae_sizes import sizes_for
from policyscope.core.sae_train import SaeTrainConfig
from policyscope.core.sweep import Cell, grid
from policyscope.core.transcoder import check_taps
from policyscope.jobs.estimate import estimate_seconds
from policyscope.services import analyses, loaded, rollouts, runs
from policyscope.services.pipeline.stages import PROBE_EPISODES
from policyscope.services.sweeps import data
from policyscope.services.sweeps.data import KIND
from policyscope.services.workspace import Workspace
from policyscope.store.records import MODEL, JobRow, Json, ModelRow, require

VERSION = 2
MOST_CELLS = 64
MOST_VECTORS = 2_000_000_000
DATA = (
    "num_traj", "max_timesteps", "noise_scale", "noisy_share", "pushed_share", "push_scale", "reset_share",
    "reset_scale", "data_from",
)  # fmt: skip
WORK_OF_A_PART, WORK_OF_A_STEP = 10_000, 20
"""Beside its episodes and vectors, in environment steps: starting, measuring and keeping a part takes a
second, a step of a variant without a compiled kernel 2 ms. Without them small sweeps foretold hours for a
large one."""
WORK_OF_A_VECTOR = 5e-7
"""Of one weight of an SAE, in environment steps: 0.2 µs for 4,096 weights against 100 µs a step."""


def plan(ws: Workspace, model_id: str, request: Json) -> Json:
    """What a request would do, without doing it: its cells, size, estimated time and command line.

    Raises what ``start`` raises.
    """
    with ws.records.read() as session:
        spec = _frozen(ws, session, model_id, request)
        estimate = estimate_seconds(session, KIND, work_units(spec))
    done = ws.store.has(spec["output"])
    return {**_shown(spec), "estimate_s": estimate, "done": done, "command": command(model_id, spec)}


def start(ws: Workspace, model_id: str, request: Json) -> Json:
    """Queue it, unless the same is there or on its way.

    Raises NotFound, InvalidInput, ShapeMismatch, LimitExceeded or Busy before anything is stored.
    """
    with ws.records.write() as session:
        spec = _frozen(ws, session, model_id, request)
        sweep_id = spec["sweep_id"]
        if ws.store.has(spec["output"]):
            return _accepted(None, "done", spec, reused=True)
        job = analyses.active_job(session, KIND, spec["output"])
        if job is not None:
            return _accepted(job, job.state, spec, reused=True)
        job = ws.engine.submit(
            session,
            KIND,
            spec,
            output=spec["output"],
            result={"sweep_id": sweep_id},
            key=sweep_id,
            size=work_units(spec),
            parts=len(spec["cells"]),
        )
    ws.engine.wake()
    return _accepted(job, job.state, spec, reused=False)


def work_units(spec: Mapping[str, Any]) -> int:
    """How much there is to do, in environment steps: for estimates and for progress."""
    return sum(work_parts(spec).values())


def work_parts(spec: Mapping[str, Any]) -> dict[str, int]:
    """``work_units`` by part: data, probe, one ``cell-<n>`` each, gate."""
    steps, vectors = spec["max_steps"], spec["steps"] * spec["batch"]
    episodes = len(spec["seeds"]) * (2 + len(spec["cells"]))
    probe = PROBE_EPISODES * steps
    cells = {
        f"cell-{number}": probe
        + WORK_OF_A_PART
        + int(vectors * WORK_OF_A_VECTOR * spec["d_in"] * cell["d_latent"])
        + (0 if cell["variant"] == "topk" else spec["steps"] * WORK_OF_A_STEP)
        for number, cell in enumerate(spec["cells"])
    }
    data, gate = spec["num_traj"] * steps, episodes * steps
    return {"data": data + WORK_OF_A_PART, "probe": 2 * probe, **cells, "gate": gate + WORK_OF_A_PART}


def command(model_id: str, spec: Mapping[str, Any]) -> str:
    """The command that does the same."""
    words = ["policyscope", "sweep", model_id, "--env", spec["env"], "--tap_index", str(spec["tap_index"])]
    if spec.get("output_tap") is not None:
        words += ["--output_tap", str(spec["output_tap"])]
    for name in ("variant", "d_latent", "topk"):
        for value in spec[name]:
            words += [f"--{name}", str(value)]
    for name in ("seeds_of_each", "seed", "steps", "batch", "lr", *DATA, "eval_episodes", "cache_samples"):
        value = spec.get(name)
        if value is not None:
            words += [f"--{name}", f"{value:g}" if isinstance(value, float) else str(value)]
    return shlex.join(words)


def _frozen(ws: Workspace, session: Session, model_id: str, request: Json) -> Json:
    info = get_env(request["env"])
    row = require(session, ModelRow, model_id, MODEL)
    check_fit(loaded.current_spec(ws.store, row), info)
    policy = loaded.build_policy(ws.store, row.id, row.acting, row.edits)
    width = policy.tap_dim(request["tap_index"])
    data.mix_of(request).check(info)
    asked = _with_sizes(request, width)
    longest = min(asked["max_timesteps"] or info.max_episode_steps, info.max_episode_steps)
    spec: Json = {
        **asked,
        "env": info.id,
        "d_in": width,
        "max_steps": longest,
        "cells": [cell.to_json() for cell in _cells(asked, policy)],
        "seeds": list(range(asked["eval_episodes"])),
        "model_id": row.id,
        "activation": row.acting,
        "weight_edits": row.edits,
        "weights_sha256": policy.fingerprint(),
    }
    _check_size(spec)
    spec["data"] = data.frozen(session, ws.store, spec)
    text = json.dumps([VERSION, spec, rollouts.versions()], sort_keys=True, allow_nan=False)
    sweep_id = f"w_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return {**spec, "sweep_id": sweep_id, "output": f"sweeps/{sweep_id}"}


def _with_sizes(request: Json, width: int) -> Json:
    """What was left out by the width of the tap."""
    sizes = sizes_for(width)
    asked = dict(request)
    for name, value in (
        ("d_latent", list(sizes.d_latent)),
        ("topk", list(sizes.topk)),
        ("steps", sizes.steps),
        ("batch", sizes.batch),
    ):
        asked[name] = value if asked[name] is None else asked[name]
    return asked


def _cells(asked: Json, policy: Policy) -> list[Cell]:
    seeds = [asked["seed"] + i for i in range(asked["seeds_of_each"])]
    cells = grid(asked["variant"], asked["d_latent"], asked["topk"], seeds)
    for cell in cells:
        SaeTrainConfig(
            cell.d_latent,
            cell.k,
            asked["steps"],
            asked["batch"],
            asked["lr"],
            cell.seed,
            variant=cell.variant,
        )
    _check_output(asked, cells, policy)
    return cells


def _check_output(asked: Json, cells: Sequence[Cell], policy: Policy) -> None:
    """Transcoders write another tap, and nothing else does. Raises InvalidInput."""
    given, transcodes = asked["output_tap"], any(cell.transcodes for cell in cells)
    if given is not None and transcodes:
        check_taps(policy, asked["tap_index"], given)
    elif given is not None or transcodes:
        message = (
            f"output_tap is {given}, and none of the variants writes another tap than it reads; leave it out."
            if given is not None
            else "A transcoder writes another tap than it reads: name it as output_tap."
        )
        raise InvalidInput(message, fields={"output_tap": message})


def _check_size(spec: Json) -> None:
    cells = len(spec["cells"])
    if cells > MOST_CELLS:
        raise InvalidInput(f"The grid has {cells} SAEs; at most {MOST_CELLS} are allowed. Ask for fewer.")
    vectors = cells * spec["steps"] * spec["batch"]
    if vectors > MOST_VECTORS:
        raise LimitExceeded(
            f"{cells} SAEs of {spec['steps']:,} steps of {spec['batch']:,} make {vectors:,} vectors; at most "
            f"{MOST_VECTORS:,} are allowed."
        )
    episodes = spec["num_traj"] + (2 + cells) * (len(spec["seeds"]) + PROBE_EPISODES)
    if episodes * spec["max_steps"] > runs.MAX_STEPS_IN_ALL:
        raise LimitExceeded(
            f"Data and closed loop make {episodes * spec['max_steps']:,} steps; at most "
            f"{runs.MAX_STEPS_IN_ALL:,} are allowed. Ask for fewer or shorter episodes."
        )


def _shown(spec: Json) -> Json:
    """What of a frozen sweep the outside sees."""
    hidden = (*data.OF_POLICY, "output", "seeds", "max_timesteps", "data")
    vectors = len(spec["cells"]) * spec["steps"] * spec["batch"]
    plain = {name: value for name, value in spec.items() if name not in hidden}
    return {**plain, "max_timesteps": spec["max_steps"], "vectors": vectors}


def _accepted(job: JobRow | None, state: str, spec: Json, *, reused: bool) -> Json:
    return {
        "job_id": None if job is None else job.id,
        "sweep_id": spec["sweep_id"],
        "state": state,
        "reused": reused,
        "estimate_s": None if job is None else job.spec["estimate_s"],
    }
