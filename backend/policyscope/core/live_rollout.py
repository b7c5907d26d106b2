"""One start under three arms, played a few steps at a time, with edits that may change in between.

The steps are those of ``rollout``: the same player, pilot and batch. So a trace of α(t) that was moved by
hand, played again as a schedule, gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core.arms import F64, I64, Arm, RolloutSpec, check_run
from policyscope.core.envs import EnvInfo, Start, get_env, make_batch, state_dim
from policyscope.core.envs.bodies import has_body
from policyscope.core.interventions import FeatureEdit
from policyscope.core.pilot import Pilot
from policyscope.core.player import Ending, Episode, Player
from policyscope.core.policy import Policy
from policyscope.core.sae import SAE
from policyscope.core.traces import Trace

ARMS = (("opposite", -1.0), ("baseline", 0.0), ("steered", 1.0))
"""Name of each arm, and what the edits are multiplied by in it."""

Signals = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class LiveArm:
    """What one arm did in the steps just played, and how it stands after them.

    ``pose`` [n, …]: what the replay player draws, before each step; ``actions`` [n, act], ``rewards`` [n],
    ``activations`` [n, edits] of the edited features before the edit. ``total``: return so far.
    """

    name: str
    steps: int
    total: float
    over: bool
    fell: bool
    pose: F64
    actions: F64
    rewards: F64
    activations: F64


class LiveRollout:
    """An episode in progress. ``steer`` sets the edits, ``play`` steps. Not safe for two threads at once.

    Raises InvalidInput or ShapeMismatch when policy, environment, SAE and start do not fit together.
    """

    def __init__(
        self, policy: Policy, env_id: str, seed: int, sae: SAE, tap_index: int, start: F64 | None = None
    ) -> None:
        """``start``: simulator state [state_dim] to begin at; None for the environment's own reset."""
        self._info, self._sae = get_env(env_id), sae
        arms = [Arm(name, policy) for name, _ in ARMS]
        spec = _spec(self._info, seed, tap_index, start)
        check_run(arms, spec, sae)
        self._batch = make_batch(self._info.id, len(ARMS))
        self._pilot = Pilot(arms, self._info, spec, sae)
        self._edits: tuple[FeatureEdit, ...] = ()
        self._kept = _Kept()
        self._desk = _Desk()
        names = tuple(arm.name for arm in arms)
        self._steps = Player(self._batch, self._pilot, spec, names, self._kept, self._desk).play()
        # the player resets again; the same seed gives the same start
        self._batch.reset({0: Start(seed, state=start)})
        row = np.zeros(1, dtype=np.int64)
        seen = {"observations": self._batch.observe(row), "state": self._batch.states(row)}
        self.pose: F64 = _pose(self._info, seen)[0]

    @property
    def over(self) -> bool:
        """Whether every arm has ended."""
        return len(self._desk.endings) == len(ARMS)

    def steer(self, edits: Sequence[FeatureEdit]) -> None:
        """From the next step on. Raises InvalidInput for a feature or observation that does not exist."""
        for edit in edits:
            edit.check(self._sae, self._info.obs_dim)
        self._edits = tuple(edits)
        self._pilot.steer(
            [tuple(replace(e, value=sign * e.value) for e in edits if sign) for _, sign in ARMS]
        )

    def play(self, steps: int) -> tuple[LiveArm, ...]:
        """Up to so many more steps of each arm, fewer when it ends.

        Raises InvalidInput when an action is not a finite number; the episode cannot go on then.
        """
        self._kept.clear()
        for _ in islice(self._steps, steps):
            pass
        return tuple(self._arm(number, name) for number, (name, _) in enumerate(ARMS))

    def close(self) -> None:
        self._batch.close()

    def _arm(self, number: int, name: str) -> LiveArm:
        kept = self._kept
        ending = self._desk.endings.get(number)
        signals = kept.of(number)
        rewards = signals.get("rewards", np.empty(0))
        count = len(rewards)
        return LiveArm(
            name,
            steps=kept.steps[number],
            total=kept.totals[number],
            over=ending is not None,
            fell=ending is not None and ending.fell,
            pose=_pose(self._info, signals) if count else np.empty((0, len(self.pose))),
            actions=signals["actions"].reshape(count, -1).astype(np.float64) if count else np.empty((0, 0)),
            rewards=rewards,
            activations=self._read(signals) if count else np.empty((0, len(self._edits))),
        )

    def _read(self, signals: Signals) -> F64:
        return self._sae.encode(signals["activations"])[:, [edit.feature_idx for edit in self._edits]]


def _spec(info: EnvInfo, seed: int, tap_index: int, start: F64 | None) -> RolloutSpec:
    recorded = {"observations", "activations", "actions", "rewards"}
    return RolloutSpec(
        info.id,
        (seed,),
        tap_index=tap_index,
        record=frozenset(recorded | ({"state"} if state_dim(info.id) else set())),
        start_states=None if start is None else start[None],
        rows=len(ARMS),
    )


def _pose(info: EnvInfo, signals: Signals) -> F64:
    """What is drawn [n, …]: joint positions of a body, else the state or what is observed."""
    if has_body(info.id):
        from policyscope.core.measures import simulation

        return simulation.split_state(info.id, signals["state"])[0]
    return np.asarray(signals["state" if state_dim(info.id) else "observations"], dtype=np.float64)


class _Kept:
    """A recorder of the steps since it was last cleared; an arm's row is its number."""

    def __init__(self) -> None:
        self.steps = [0] * len(ARMS)
        self.totals = [0.0] * len(ARMS)
        self._written: list[tuple[I64, Signals]] = []

    def clear(self) -> None:
        self._written = []

    def begin(self, row: int) -> None:
        """Every row is kept."""

    def write(self, rows: I64, steps: I64, signals: Signals) -> None:
        self._written.append((rows, dict(signals)))
        for position, row in enumerate(rows.tolist()):
            self.steps[row] += 1
            self.totals[row] += float(signals["rewards"][position])

    def end(self, row: int, length: int) -> Trace | None:
        return None

    def of(self, row: int) -> dict[str, NDArray[Any]]:
        """Signals of one row ``[n, …]``; empty when it did not step."""
        found = [
            {name: values[rows == row][0] for name, values in signals.items() if len(values) == len(rows)}
            for rows, signals in self._written
            if row in rows
        ]
        return {name: np.array([step[name] for step in found]) for name in found[0]} if found else {}


class _Desk:
    """Hands out the one episode of each arm."""

    def __init__(self) -> None:
        self._pending = [Episode(arm, 0) for arm in reversed(range(len(ARMS)))]
        self.endings: dict[int, Ending] = {}

    def take(self) -> Episode | None:
        return self._pending.pop() if self._pending else None

    def finish(self, episode: Episode, ending: Ending) -> None:
        self.endings[episode.arm] = ending

    def count(self, steps: int) -> None:
        """Nobody waits for it."""
