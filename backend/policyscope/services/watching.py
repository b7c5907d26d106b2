"""Behaviour measures of a run, read when an episode ends so that its steps need not stay in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from policyscope.core.behaviour_table import describe_behaviour
from policyscope.core.envs import get_env, state_dim
from policyscope.core.measures import NEEDED, Reading, read_episode
from policyscope.core.traces import Trace
from policyscope.store.records import finite

BEHAVIOUR_FILE = "behaviour.json"


class Watching:
    """Reads the measures of each episode that ``keep`` is given."""

    def __init__(self, env_id: str, arms: Sequence[str], seeds: Sequence[int]) -> None:
        self._env, self._arms, self._seeds = get_env(env_id).id, tuple(arms), tuple(seeds)
        self.signals = NEEDED if state_dim(self._env) else NEEDED - {"state"}
        self._read: dict[tuple[str, int], Mapping[str, Reading]] = {}

    def keep(self, arm: str, seed: int, trace: Trace) -> None:
        """A sink of ``rollout``."""
        ended = (bool(trace["terminated"].item()), bool(trace["fell"].item()))
        self._read[arm, seed] = read_episode(self._env, trace, *ended)

    def describe(self) -> dict[str, Any]:
        """See ``core.behaviour_table``."""
        by_arm = {arm: [self._read[arm, seed] for seed in self._seeds] for arm in self._arms}
        return describe_behaviour(self._env, by_arm)

    def files(self) -> dict[str, bytes]:
        """What to store beside the result."""
        return {BEHAVIOUR_FILE: json.dumps(finite(self.describe()), allow_nan=False).encode()}
