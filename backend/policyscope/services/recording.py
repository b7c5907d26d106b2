"""What a run keeps of the steps it plays, so that a replay is the episode that was scored, not one like it.

Every step's observation, simulator state (where there is one), action, reward and steered features are
stored exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save as dump_safetensors

from policyscope.core.arms import Arm
from policyscope.core.envs import get_env, state_dim
from policyscope.core.errors import NotFound
from policyscope.core.traces import Trace
from policyscope.store.artifacts import ArtifactStore

REPLAY_FILE = "replay.safetensors"
STORED_BYTES = 48 * 2**20
NUMBERS_PER_STEP = 8  # rewards and a few features
Array = NDArray[Any]


class Recording:
    """Keeps the episodes of the first seeds, all arms, as many as fit into 48 MiB; at least one seed."""

    def __init__(self, env_id: str, arms: Sequence[Arm], seeds: Sequence[int], horizon: int) -> None:
        info = get_env(env_id)
        self.features = tuple(sorted({edit.feature_idx for arm in arms for edit in arm.edits}))
        state = state_dim(info.id)
        optional = {"state": state > 0, "features": bool(self.features)}
        self.signals = frozenset(
            {"observations", "actions", "rewards"} | {k for k, kept in optional.items() if kept}
        )
        width = state + info.obs_dim + info.act_dim + NUMBERS_PER_STEP
        kept = max(1, STORED_BYTES // (8 * width * horizon * len(arms)))
        self.only = frozenset((arm.name, seed) for arm in arms for seed in seeds[:kept])
        self._number = {arm.name: index for index, arm in enumerate(arms)}
        self._arrays: dict[str, Array] = {}

    def keep(self, arm: str, seed: int, trace: Trace) -> None:
        """A sink of ``rollout``."""
        if (arm, seed) not in self.only:
            return
        for name in self.signals & trace.keys():
            self._arrays[f"{self._number[arm]}.{seed}.{name}"] = _compact(name, trace[name])

    def files(self) -> dict[str, bytes]:
        """What to store beside the result."""
        features = np.array(self.features, dtype=np.int64)
        return {REPLAY_FILE: dump_safetensors({**self._arrays, "features": features})}


def _compact(name: str, values: Array) -> Array:
    """Float64 where a simulator is restarted, a policy asked or a return summed; actions are float32."""
    exact = name in ("state", "observations", "rewards")
    return np.ascontiguousarray(values, dtype=np.float64 if exact else np.float32)


def opened(store: ArtifactStore, run_id: str) -> Any:
    """The recorded steps of a run, as a context manager. Raises NotFound when there are none."""
    name = f"runs/{run_id}"
    if not store.lists(name, REPLAY_FILE):
        raise NotFound(f"Run {run_id} was played before steps were recorded. Run it again to watch it.")
    return safe_open(store.path(name, REPLAY_FILE), framework="numpy")


def seeds_in(stored: Any) -> list[int]:
    """Recorded seeds, ascending."""
    return sorted({int(key.split(".")[1]) for key in stored.keys() if "." in key})  # noqa: SIM118 (not a dict)


def trace_in(stored: Any, number: int, seed: int) -> dict[str, Array]:
    """Recorded arrays of arm ``number`` at ``seed`` by signal; empty when it was not recorded."""
    start = f"{number}.{seed}."
    keys = [key for key in stored.keys() if key.startswith(start)]  # noqa: SIM118
    return {key.removeprefix(start): stored.get_tensor(key) for key in keys}


def recorded(store: ArtifactStore, run_id: str, number: int, seed: int) -> dict[str, Array]:
    """The stored arrays of arm ``number`` at ``seed``, exactly as played. Raises NotFound."""
    with opened(store, run_id) as stored:
        found = trace_in(stored, number, seed)
    if not found:
        raise NotFound(
            f"Run {run_id} has no recorded steps of seed {seed}. Choose one of its recorded seeds."
        )
    return found
