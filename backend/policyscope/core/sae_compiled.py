"""The learner of a small TopK SAE on the CPU: ``SaeLearner`` with its steps compiled (see ``sae_kernel``)."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from policyscope.core.sae_int8 import SUPPORTED
from policyscope.core.sae_kernel import (
    LANE,
    Learning,
    Lessons,
    Rules,
    Weights,
    evaluate,
    new_batch,
    run_steps,
)
from policyscope.core.sae_step import WIDE, SaeLearner
from policyscope.core.sae_tile import new_tile
from policyscope.core.sae_vectors import BLOCK, TILE
from policyscope.core.sae_wide import WideLearner

TRIALS = 6
RECONSIDER = {False: 64, True: 8}
"""Calls between two trials of the other way, while all threads are better and while one is."""
WORTH_A_THREAD = 16
"""Tiles to evaluate that take longer than starting another thread does."""


class _Pace:
    """One thread or all, whichever takes less time now: when other programs want the cores, those that run
    wait three times a step for one that does not. The bits of a training do not depend on it.

    The first calls of each kind start threads and touch memory, so it is the better of the last two that
    counts: judged by the first alone, a training kept to one thread on idle cores.
    """

    def __init__(self) -> None:
        self._calls = 0
        self._seconds: dict[bool, deque[float]] = {alone: deque(maxlen=2) for alone in (False, True)}

    def choose(self, most: int) -> int:
        """In turns at first, then what was better; the other is tried again at times."""
        if self._calls < TRIALS:
            return 1 if self._calls % 2 else most
        alone = min(self._seconds[True]) < min(self._seconds[False])
        if self._calls % RECONSIDER[alone] == 0:
            alone = not alone
        return 1 if alone else most

    def learn(self, threads: int, seconds: float) -> None:
        """How long a step took."""
        self._calls += 1
        self._seconds[threads == 1].append(seconds)


class CompiledLearner(SaeLearner):
    """``SaeLearner`` whose ``learn`` runs compiled, with one thread per core.

    The same state, float32 rounding apart; its bits do not depend on the number of threads.
    """

    def __init__(
        self,
        decoder: torch.Tensor,
        b_dec: torch.Tensor,
        k: int,
        dead_after: float,
        frozen: bool = False,
        threads: int | None = None,
    ) -> None:
        super().__init__(decoder, b_dec, k, dead_after, frozen)
        self.threads = threads or torch.get_num_threads()
        theta, grad, first, second = (
            Weights(*(part.numpy() for part in self.split(flat)))
            for flat in (self.theta, self.grad, self.first, self.second)
        )
        self._learning = Learning(theta, grad, first, second, self.silent.numpy())
        self._pace = _Pace()
        self._pool = ThreadPoolExecutor(self.threads)
        sizes = self.features, self.width, self.k, self.aux_k
        self._tiles = [new_tile(*sizes) for _ in range(self.threads)]
        self._batch = new_batch(1, *sizes)

    def learn(self, data: torch.Tensor, order: torch.Tensor, rates: np.ndarray) -> float:
        """Steps on the rows ``order`` [n, B] of ``data``, with learning ``rates`` [n]; the last loss."""
        lessons = Lessons(data.numpy(), order.numpy(), np.asarray(rates, dtype=np.float64))
        lanes = -(-order.shape[1] // LANE)
        most = min(self.threads, lanes)
        threads = self._pace.choose(most) if most > 1 else 1
        rules = Rules(self.k, self.aux_k, float(self.dead_after), self.frozen, self.steps, threads)
        if len(self._batch.errors) != lanes:
            self._batch = new_batch(lanes, self.features, self.width, self.k, self.aux_k)
        gate, losses = np.zeros(2, dtype=np.int64), np.zeros(len(order))

        def part(thread: int) -> None:
            run_steps(thread, gate, lessons, rules, self._learning, self._batch, self._tiles[thread], losses)

        begun = time.perf_counter()
        self._together(part, threads)
        if most > 1:
            self._pace.learn(threads, (time.perf_counter() - begun) / len(order))
        self.steps += len(order)
        return float(losses[-1])

    def evaluate(self, x: torch.Tensor) -> tuple[float, float]:
        data, tiles = x.numpy(), -(-len(x) // TILE)
        threads = max(1, min(self.threads, tiles // WORTH_A_THREAD))
        found = np.zeros((tiles, 2))

        def part(thread: int) -> None:
            evaluate(thread, threads, data, self.k, self._learning.theta, self._tiles[thread], found)

        self._together(part, threads)
        square, active = (math.fsum(column) for column in found.T)
        return square, active / len(x)

    def _together(self, part: Callable[[int], None], threads: int) -> None:
        """``part`` of every thread, this one being the first."""
        others = [self._pool.submit(part, thread) for thread in range(1, threads)]
        part(0)
        for other in others:
            other.result()


def learner_for(decoder: torch.Tensor) -> type[SaeLearner]:
    """The fastest learner of a dictionary of this size [F, d], where it lies."""
    if decoder.device.type != "cpu" or len(decoder) < BLOCK:
        return SaeLearner
    if decoder.numel() <= WIDE:
        return CompiledLearner
    return WideLearner if SUPPORTED else SaeLearner
