"""Plays the pending episodes of a run in the rows of one batch, which step together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from policyscope.core.arms import F64, I64, Bools, RolloutSpec
from policyscope.core.behaviour import FallWatch
from policyscope.core.envs import EnvBatch, Start
from policyscope.core.pilot import Decision, Pilot
from policyscope.core.traces import Trace


@dataclass(frozen=True)
class Episode:
    """One that is pending: arm and seed, by number."""

    arm: int
    seed_index: int


@dataclass(frozen=True)
class Ending:
    """How an episode went. ``saturated``: numbers of all its actions that were cut off at the action box."""

    steps: int
    total: float
    saturated: int
    terminated: bool
    fell: bool
    trace: Trace | None


class Desk(Protocol):
    """Hands out pending episodes and takes finished ones."""

    def take(self) -> Episode | None: ...

    def finish(self, episode: Episode, ending: Ending) -> None: ...

    def count(self, steps: int) -> None:
        """``steps`` more environment steps were played."""


class Keeper(Protocol):
    """Takes what is recorded of every step; ``Recorder`` is the usual one."""

    def begin(self, row: int) -> None: ...

    def write(self, rows: I64, steps: I64, signals: Mapping[str, NDArray[Any]]) -> None: ...

    def end(self, row: int, length: int) -> Trace | None: ...


class Player:
    """A row whose episode ends takes the next pending one."""

    def __init__(
        self,
        batch: EnvBatch,
        pilot: Pilot,
        spec: RolloutSpec,
        arm_names: tuple[str, ...],
        recorder: Keeper,
        desk: Desk,
    ) -> None:
        self._batch, self._pilot, self._recorder, self._desk = batch, pilot, recorder, desk
        self._spec, self._arm_names, self._horizon = spec, arm_names, spec.horizon
        self._watch = FallWatch(batch.info, batch.rows)
        self._episodes: dict[int, Episode] = {}
        self._steps, self._saturated = np.zeros((2, batch.rows), dtype=np.int64)
        self._returns = np.zeros(batch.rows)

    def play(self) -> Iterator[None]:
        """Until nothing is pending; yields after every step."""
        batch = self._batch
        active = self._refill(np.arange(batch.rows))
        observations = batch.observe(active)
        while active.size:
            decision = self._pilot.act(observations, active)
            state = batch.states(active) if "state" in self._spec.record else np.empty(0)
            rewards, terminated = batch.step(active, decision.actions)
            self._account(active, observations, decision, rewards, state)
            observations = batch.observe(active)
            self._watch.update(active, observations, rewards)
            self._desk.count(active.size)
            ended = terminated | (self._steps[self._all_of(active)] >= self._horizon)
            if ended.any():
                active = self._replace(active, ended, terminated)
                observations = batch.observe(active)
            yield

    def _account(self, active: I64, observations: F64, decision: Decision, rewards: F64, state: F64) -> None:
        if self._spec.record:
            signals: dict[str, NDArray[Any]] = {
                "observations": observations,
                "actions": decision.actions,
                "rewards": rewards,
                "state": state,
                **decision.seen,
            }
            self._recorder.write(active, self._steps[active], signals)
        rows = self._all_of(active)
        self._steps[rows] += 1
        self._returns[rows] += rewards
        self._saturated[rows] += decision.saturated

    def _all_of(self, active: I64) -> I64 | slice:
        """``active`` is ascending, so as many rows as there are means all; a slice is the cheaper name."""
        return slice(None) if len(active) == len(self._steps) else active

    def _replace(self, active: I64, ended: Bools, terminated: Bools) -> I64:
        """Hand in the episodes that ended and begin new ones; the rows that now play."""
        for row, by_termination in zip(active[ended].tolist(), terminated[ended].tolist(), strict=True):
            self._finish(row, by_termination)
        return np.sort(np.concatenate([active[~ended], self._refill(active[ended])]))

    def _refill(self, free: I64) -> I64:
        """Give pending episodes to free rows; return the rows that got one."""
        starts: dict[int, Start] = {}
        for row in free.tolist():
            episode = self._desk.take()
            if episode is None:
                break
            starts[row] = self._begin(row, episode)
        self._batch.reset(starts)
        return np.fromiter(starts, dtype=np.int64, count=len(starts))

    def _begin(self, row: int, episode: Episode) -> Start:
        spec, index = self._spec, episode.seed_index
        seed = spec.seeds[index]
        self._episodes[row] = episode
        self._steps[row] = self._saturated[row] = 0
        self._returns[row] = 0.0
        self._watch.begin(row)
        self._pilot.begin(row, episode.arm, seed, self._horizon)
        if spec.records(self._arm_names[episode.arm], seed):
            self._recorder.begin(row)
        given = None if spec.start_states is None else spec.start_states[index]
        return Start(seed, spec.noise_scale, given)

    def _finish(self, row: int, terminated: bool) -> None:
        steps = int(self._steps[row])
        ending = Ending(
            steps,
            float(self._returns[row]),
            int(self._saturated[row]),
            terminated,
            self._watch.fell(row, terminated and steps < self._horizon),
            self._recorder.end(row, steps),
        )
        self._desk.finish(self._episodes.pop(row), ending)
