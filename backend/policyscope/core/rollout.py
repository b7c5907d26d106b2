"""The rollout engine: every arm × seed of a run is a row of one batch.

A row plays one episode at a time. When it ends, the row takes the next pending (arm, seed) pair, so that no
row waits. Arithmetic is float64, the action is rounded to float32 and clipped to the action box once, here.
A row's numbers never depend on the rows beside it: any subset, order or number of rows gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core.arms import F64, I64, Acts, Arm, ArmResult, RolloutSpec, check_run
from policyscope.core.behaviour import FallWatch
from policyscope.core.envs import EnvBatch, Start, get_env, make_batch, state_dim
from policyscope.core.pilot import Decision, Pilot
from policyscope.core.progress import Progress, Work
from policyscope.core.sae import SAE
from policyscope.core.traces import Recorder, Trace, slots_in_memory

__all__ = ["ARITHMETIC", "Acts", "Arm", "ArmResult", "RolloutSpec", "Trace", "rollout"]

ARITHMETIC = "float64 policy, float32 action; rows are independent of each other bit for bit"
REPORT_EVERY = 2_000  # environment steps between two progress reports

Sink = Callable[[str, int, Trace], None]


def rollout(
    arms: Sequence[Arm], spec: RolloutSpec, sae: SAE | None = None, sink: Sink | None = None
) -> Work[tuple[ArmResult, ...]]:
    """Play every arm on every seed; the work returns one ArmResult per arm, in order.

    With a ``sink``, each recorded trace is handed to it as (arm name, seed, trace) when its episode ends and
    is not kept in memory; the trace then also holds ``terminated`` (before the step limit) and ``fell``.
    Raises InvalidInput or ShapeMismatch at once when something does not fit together.
    """
    check_run(arms, spec, sae)
    return _Run(tuple(arms), spec, Pilot(arms, get_env(spec.env_id), spec, sae), sink).work()


@dataclass
class _Rows:
    """What each row is playing; arrays of length ``rows``."""

    arm: I64
    seed_index: I64
    steps: I64
    returns: F64
    saturated: I64

    @classmethod
    def empty(cls, rows: int) -> _Rows:
        arm, seed_index, steps, saturated = np.zeros((4, rows), dtype=np.int64)
        return cls(arm, seed_index, steps, np.zeros(rows), saturated)

    def begin(self, row: int, arm: int, seed_index: int) -> None:
        self.arm[row], self.seed_index[row] = arm, seed_index
        self.steps[row] = self.saturated[row] = 0
        self.returns[row] = 0.0


class _Run:
    """One call of ``rollout`` being played."""

    def __init__(self, arms: tuple[Arm, ...], spec: RolloutSpec, pilot: Pilot, sink: Sink | None) -> None:
        self.arms, self.spec, self.pilot, self.sink = arms, spec, pilot, sink
        self.info, self.horizon = get_env(spec.env_id), spec.horizon
        self.pending = [(arm, seed) for seed in range(len(spec.seeds)) for arm in range(len(arms))]
        self.total = len(self.pending) * self.horizon
        self.pending.reverse()  # taken from the end
        self.results = [ArmResult.blank(arm.name, spec.seeds) for arm in arms]
        self.traces: dict[tuple[int, int], Trace] = {}
        self.done = 0

    def work(self) -> Work[tuple[ArmResult, ...]]:
        shapes = self._shapes()
        recorded = sum(self.spec.records(arm.name, seed) for arm in self.arms for seed in self.spec.seeds)
        slots = min(slots_in_memory(shapes, self.horizon), recorded)
        rows = min(self.spec.rows, len(self.pending))
        # a row whose episode is recorded needs a slot, so with too few slots there are fewer rows
        batch = make_batch(self.info.id, rows if slots == recorded else min(rows, slots))
        try:
            self.rows = _Rows.empty(batch.rows)
            self.watch = FallWatch(self.info, batch.rows)
            self.recorder = Recorder(shapes, batch.rows, slots, self.horizon)
            yield from self._play(batch)
        finally:
            batch.close()
        return tuple(self._result(index) for index in range(len(self.arms)))

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one step of every recorded signal."""
        discrete = self.info.action_kind == "discrete"
        shapes: dict[str, tuple[int, ...]] = {
            "observations": (self.info.obs_dim,),
            "activations": (self.pilot.tap_dim,),
            "features": (len(self.spec.features),),
            "off_manifold": (),
            "actions": () if discrete else (self.info.act_dim,),
            "rewards": (),
            "state": (state_dim(self.info.id),),
        }
        return {name: shape for name, shape in shapes.items() if name in self.spec.record}

    def _play(self, batch: EnvBatch) -> Iterator[Progress]:
        active = self._refill(batch, np.arange(batch.rows))
        observations = batch.observe(active)
        reported = 0
        while active.size:
            decision = self.pilot.act(observations, active)
            state = batch.states(active) if "state" in self.spec.record else np.empty(0)
            rewards, terminated = batch.step(active, decision.actions)
            self._account(active, observations, decision, rewards, state)
            observations = batch.observe(active)
            self.watch.update(active, observations, rewards)
            self.done += active.size
            ended = terminated | (self.rows.steps[active] >= self.horizon)
            if ended.any():
                for row, by_termination in zip(active[ended], terminated[ended], strict=True):
                    self._finish(int(row), bool(by_termination))
                refilled = self._refill(batch, active[ended])
                active = np.sort(np.concatenate([active[~ended], refilled]))
                observations = batch.observe(active)
            if self.done - reported >= REPORT_EVERY or not active.size:
                reported = self.done
                yield Progress(self.done, self.total, "steps")

    def _account(self, active: I64, observations: F64, decision: Decision, rewards: F64, state: F64) -> None:
        rows = self.rows
        if self.spec.record:
            signals: dict[str, NDArray[Any]] = {
                "observations": observations,
                "actions": decision.actions,
                "rewards": rewards,
                "state": state,
                **decision.seen,
            }
            self.recorder.write(active, rows.steps[active], signals)
        rows.steps[active] += 1
        rows.returns[active] += rewards
        rows.saturated[active] += decision.saturated

    def _refill(self, batch: EnvBatch, free: I64) -> I64:
        """Give pending episodes to free rows; return the rows that got one."""
        starts: dict[int, Start] = {}
        for row in free.tolist():
            if not self.pending:
                break
            arm, index = self.pending.pop()
            name, seed = self.arms[arm].name, self.spec.seeds[index]
            self.rows.begin(row, arm, index)
            self.watch.begin(row)
            self.pilot.begin(row, arm, seed, self.horizon)
            if self.spec.records(name, seed):
                self.recorder.begin(row)
            given = None if self.spec.start_states is None else self.spec.start_states[index]
            starts[row] = Start(seed, self.spec.noise_scale, given)
        batch.reset(starts)
        return np.fromiter(starts, dtype=np.int64, count=len(starts))

    def _finish(self, row: int, terminated: bool) -> None:
        arm, index, steps = (
            int(column[row]) for column in (self.rows.arm, self.rows.seed_index, self.rows.steps)
        )
        truncated = steps >= self.horizon
        result = self.results[arm]
        result.returns[index] = self.rows.returns[row]
        result.lengths[index] = steps
        result.terminated[index], result.truncated[index] = terminated, truncated
        result.fell[index] = self.watch.fell(row, terminated and not truncated)
        numbers = 1 if self.info.action_kind == "discrete" else self.info.act_dim
        result.saturated_fraction[index] = self.rows.saturated[row] / (steps * numbers)
        # what an early end saves counts as done, so that progress ends at its total
        self.done += self.horizon - steps
        trace = self.recorder.end(row, steps)
        if trace is not None and self.sink is not None:
            ending = {
                "terminated": np.array(terminated and not truncated),
                "fell": result.fell[index : index + 1],
            }
            self.sink(self.arms[arm].name, self.spec.seeds[index], trace | ending)
        elif trace is not None:
            self.traces[arm, index] = trace

    def _result(self, arm: int) -> ArmResult:
        traces = tuple(self.traces.get((arm, index), {}) for index in range(len(self.spec.seeds)))
        return replace(self.results[arm], traces=traces)
