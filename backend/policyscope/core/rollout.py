"""The rollout engine: every arm × seed of a run is a row of a batch.

A row plays one episode at a time. When it ends, the row takes the next pending (arm, seed) pair, so that no
row waits. Arithmetic is float64, the action is rounded to float32 and clipped to the action box once, here.
A row's numbers never depend on the rows beside it: any subset, order or number of rows gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np

from policyscope.core.arms import Acts, Arm, ArmResult, RolloutSpec, check_run
from policyscope.core.envs import EnvBatch, get_env, make_batch, state_dim
from policyscope.core.pilot import Pilot, recorded_tap_dim
from policyscope.core.player import Ending, Episode, Player
from policyscope.core.progress import Progress, Work
from policyscope.core.sae import SAE
from policyscope.core.traces import Recorder, Trace, check_kept, slots_in_memory

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
        shapes = self._shapes()
        recorded = sum(self.spec.records(arm.name, seed) for arm in self.arms for seed in self.spec.seeds)
        if self.sink is None:
            check_kept(shapes, recorded * self.horizon)
        slots = min(slots_in_memory(shapes, self.horizon), recorded)
        rows = min(self.spec.rows, len(self.pending))
        # a row whose episode is recorded needs a slot, so with too few slots there are fewer rows
        rows = rows if slots == recorded else min(rows, slots)
        with closing(make_batch(self.info.id, rows)) as batch:
            recorder = Recorder(shapes, rows, min(slots, rows), self.horizon)
            yield from self._played(batch, recorder)
        return tuple(self._result(index) for index in range(len(self.arms)))

    def _played(self, batch: EnvBatch, recorder: Recorder) -> Iterator[Progress]:
        pilot = Pilot(self.arms, self.info, self.spec, self.sae)
        names = tuple(arm.name for arm in self.arms)
        reported = 0
        for _ in Player(batch, pilot, self.spec, names, recorder, self).play():
            if self.done - reported >= REPORT_EVERY or self.done == self.total:
                reported = self.done
                yield Progress(self.done, self.total, "steps")

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

    def _result(self, arm: int) -> ArmResult:
        traces = tuple(self.traces.get((arm, index), {}) for index in range(len(self.spec.seeds)))
        return replace(self.results[arm], traces=traces)
