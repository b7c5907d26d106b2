"""The work of a run, done in a child process: play every arm on every seed, compare, publish.

The spec is frozen when the run is asked for and holds everything: later edits of the model change nothing.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
from safetensors.numpy import save as dump_safetensors

from policyscope.core.comparison import compare
from policyscope.core.errors import PolicyscopeError
from policyscope.core.interventions import FeatureEdit
from policyscope.core.policy import Policy
from policyscope.core.progress import Work
from policyscope.core.rollout import ARITHMETIC, Arm, ArmResult, RolloutSpec, Trace, rollout
from policyscope.services import loaded, starts
from policyscope.services.drift import Drift, add_to
from policyscope.services.effects.edits import scales_of
from policyscope.services.recording import Recording
from policyscope.services.watching import Watching
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import finite

RESULT_FILE, EPISODES_FILE = "result.json", "episodes.safetensors"
PACKAGES = ("policyscope", "numpy", "gymnasium", "mujoco")
PER_EPISODE = ("seeds", "returns", "lengths", "terminated", "truncated", "fell", "saturated_fraction")
Spec = Mapping[str, Any]


def perform(store: ArtifactStore, spec: Spec) -> Work[None]:
    """The kind ``run``; ``spec`` is what ``runs.start`` froze.

    Raises PolicyscopeError when what is stored is no longer what the run was asked for.
    """
    arms = build_arms(store, spec)
    sae = loaded.stored_sae(store, spec["sae_content"]) if spec["sae_content"] else None
    recording = Recording(spec["env"], arms, spec["seeds"], spec["max_steps"])
    watching = Watching(spec["env"], [arm.name for arm in arms], spec["seeds"])
    drift = _drift(store, spec)
    what = replace(
        what_to_play(spec),
        record=recording.signals | watching.signals | (drift.signals if drift else frozenset()),
        features=recording.features,
        manifold=drift.manifold if drift else None,
    )

    def keep(arm: str, seed: int, trace: Trace) -> None:
        for kept in (watching, recording, drift):
            if kept is not None:
                kept.keep(arm, seed, trace)

    return _play_and_publish(store, spec, rollout(arms, what, sae, keep), (recording, watching, drift))


def what_to_play(spec: Spec) -> RolloutSpec:
    """Environment, seeds, steps, tap and starts of a frozen run, with nothing recorded yet."""
    return RolloutSpec(
        spec["env"],
        tuple(spec["seeds"]),
        spec["max_steps"],
        spec["tap_index"],
        noise_scale=starts.noise_scale(spec),
        start_states=starts.states(spec),
    )


def _drift(store: ArtifactStore, spec: Spec) -> Drift | None:
    if not spec["sae_content"]:
        return None
    found = scales_of(store, spec["model_id"], spec["activation"], spec["sae_content"], spec["tap_index"])
    return None if found is None else Drift(found.manifold)


def _play_and_publish(
    store: ArtifactStore,
    spec: Spec,
    work: Work[tuple[ArmResult, ...]],
    kept: tuple[Recording, Watching, Drift | None],
) -> Work[None]:
    results = yield from work
    files = {**_files(results, kept[2]), **kept[0].files(), **kept[1].files()}
    store.publish(spec["output"], files, {"kind": "run", "spec": dict(spec)})


def build_policy_of(store: ArtifactStore, spec: Spec, arm: Mapping[str, Any]) -> Policy:
    """The policy of one arm. Raises PolicyscopeError when the stored model is another by now."""
    who = arm if arm.get("model_id") else spec  # an arm may be another model
    policy = loaded.build_policy(store, who["model_id"], who["activation"], arm["weight_edits"])
    if policy.fingerprint() != arm["weights_sha256"]:
        raise PolicyscopeError("The stored model is not the one this run was asked for.", code="changed")
    return policy


def build_arms(store: ArtifactStore, spec: Spec) -> list[Arm]:
    """The arms of ``spec``; arms with the same weights share one policy."""
    arms = []
    for arm in spec["arms"]:
        policy = build_policy_of(store, spec, arm)
        edits = tuple(FeatureEdit.from_json(edit) for edit in arm["edits"])
        arms.append(Arm(arm["name"], policy, edits))
    return arms


def versions() -> dict[str, str]:
    """Of everything that decides a run's numbers."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def arithmetic() -> str:
    return ARITHMETIC


def _files(results: Sequence[ArmResult], drift: Drift | None) -> dict[str, bytes]:
    compared = finite(compare(results))
    add_to(compared["arms"], drift)
    arrays = {
        f"{index}.{name}": np.ascontiguousarray(getattr(result, name))
        for index, result in enumerate(results)
        for name in PER_EPISODE
    }
    return {
        RESULT_FILE: json.dumps(compared, allow_nan=False).encode(),
        EPISODES_FILE: dump_safetensors(arrays),
    }
