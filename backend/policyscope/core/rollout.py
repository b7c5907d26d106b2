"""The rollout engine: every arm × seed of a run is a row of a batch.

A row plays one episode at a time. When it ends, the row takes the next pending (arm, seed) pair, so that no
row waits. Arithmetic is float64, the action is rounded to float32 and clipped to the action box once, here.
A row's numbers never depend on the rows beside it: any subset, order or number of rows gives the same bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import numpy as np

from policyscope.core.arms import Acts, Arm, ArmResult, RolloutSpec, check_run
from policyscope.core.envs import get_env, make_batch, state_dim, steps_without_python
from policyscope.core.lanes import Ending, Episode, Lane, Launch
from policyscope.core.pilot import Pilot, recorded_tap_dim
from policyscope.core.progress import Progress, Work
from policyscope.core.sae import SAE
from policyscope.core.traces import Recorder, Trace, slots_in_memory

__all__ = ["ARITHMETIC", "Acts", "Arm", "ArmResult", "RolloutSpec", "Trace", "rollout"]

ARITHMETIC = "float64 policy, float32 action; rows are independent of each other bit for bit"
REPORT_EVERY = 2_000  # environment steps between two progress reports
LANES = 2
LEAST_ROWS_OF_A_LANE = 8  # below that, Python takes longer than the physics it would hide behind

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
    return _Run(tuple(arms), spec, sae, sink).work()


class _Run:
    """One call of ``rollout`` being played."""

    def __init__(self, arms: tuple[Arm, ...], spec: RolloutSpec, sae: SAE | None, sink: Sink | None) -> None:
        self.arms, self.spec, self.sae, self.sink = arms, spec, sae, sink
        self.info, self.horizon = get_env(spec.env_id), spec.horizon
        self.pending = [Episode(arm, seed) for seed in range(len(spec.seeds)) for arm in range(len(arms))]
        self.total = len(self.pending) * self.horizon
        self.pending.reverse()  # taken from the end
        self.results = [ArmResult.blank(arm.name, spec.seeds) for arm in arms]
        self.traces: dict[tuple[int, int], Trace] = {}
        self.done = 0

    def work(self) -> Work[tuple[ArmResult, ...]]:
        with ExitStack() as opened:
            lanes = self._lanes(opened)
            launch: Launch = _at_once
            if len(lanes) > 1:
                launch = _elsewhere(opened.enter_context(ThreadPoolExecutor(len(lanes), "physics")))
            yield from self._reports(lanes, launch)
        return tuple(self._result(index) for index in range(len(self.arms)))

    def take(self) -> Episode | None:
        return self.pending.pop() if self.pending else None

    def count(self, steps: int) -> None:
        self.done += steps

    def finish(self, episode: Episode, ending: Ending) -> None:
        result, index, steps = self.results[episode.arm], episode.seed_index, ending.steps
        result.returns[index], result.lengths[index] = ending.total, steps
        result.terminated[index], result.truncated[index] = ending.terminated, steps >= self.horizon
        result.fell[index] = ending.fell
        numbers = 1 if self.info.action_kind == "discrete" else self.info.act_dim
        result.saturated_fraction[index] = ending.saturated / (steps * numbers)
        # what an early end saves counts as done, so that progress ends at its total
        self.done += self.horizon - steps
        self._keep(episode, ending)

    def _keep(self, episode: Episode, ending: Ending) -> None:
        if ending.trace is None:
            return
        if self.sink is None:
            self.traces[episode.arm, episode.seed_index] = ending.trace
            return
        terminated = ending.terminated and ending.steps < self.horizon
        flags = {"terminated": np.array(terminated), "fell": np.array([ending.fell])}
        self.sink(self.arms[episode.arm].name, self.spec.seeds[episode.seed_index], ending.trace | flags)

    def _lanes(self, opened: ExitStack) -> list[Lane]:
        """The lanes of this run, whose environments ``opened`` will close."""
        shapes = self._shapes()
        recorded = sum(self.spec.records(arm.name, seed) for arm in self.arms for seed in self.spec.seeds)
        slots = min(slots_in_memory(shapes, self.horizon), recorded)
        rows = min(self.spec.rows, len(self.pending))
        # a row whose episode is recorded needs a slot, so with too few slots there are fewer rows
        rows = rows if slots == recorded else min(rows, slots)
        count = LANES if steps_without_python(self.info.id) and rows >= LANES * LEAST_ROWS_OF_A_LANE else 1
        names = tuple(arm.name for arm in self.arms)
        lanes = []
        for lane in range(count):
            batch = make_batch(self.info.id, (rows + lane) // count)
            opened.callback(batch.close)
            recorder = Recorder(shapes, batch.rows, min(slots, batch.rows), self.horizon)
            pilot = Pilot(self.arms, self.info, self.spec, self.sae)
            lanes.append(Lane(batch, pilot, self.spec, names, recorder, self))
        return lanes

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one step of every recorded signal."""
        discrete = self.info.action_kind == "discrete"
        shapes: dict[str, tuple[int, ...]] = {
            "observations": (self.info.obs_dim,),
            "activations": (recorded_tap_dim(self.arms, self.spec),),
            "features": (len(self.spec.features),),
            "off_manifold": (),
            "actions": () if discrete else (self.info.act_dim,),
            "rewards": (),
            "state": (state_dim(self.info.id),),
        }
        return {name: shape for name, shape in shapes.items() if name in self.spec.record}

    def _reports(self, lanes: Sequence[Lane], launch: Launch) -> Iterator[Progress]:
        """Let the lanes take turns until all have finished."""
        turns = deque(lane.play(launch) for lane in lanes)
        reported = 0
        while turns:
            lane = turns.popleft()
            if next(lane, self) is not self:
                turns.append(lane)
            if self.done - reported >= REPORT_EVERY or not turns:
                reported = self.done
                yield Progress(self.done, self.total, "steps")

    def _result(self, arm: int) -> ArmResult:
        traces = tuple(self.traces.get((arm, index), {}) for index in range(len(self.spec.seeds)))
        return replace(self.results[arm], traces=traces)


def _at_once(work: Callable[[], None]) -> Callable[[], None]:
    """Nothing else has a turn meanwhile, so the work can as well be done when it is waited for."""
    return work


def _elsewhere(thread: ThreadPoolExecutor) -> Launch:
    """On another thread: at the end of a step the next lane already uses the processors that are free."""
    return lambda work: thread.submit(work).result
