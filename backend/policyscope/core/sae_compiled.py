"""The learner of a small TopK SAE on the CPU: ``SaeLearner`` with its steps compiled (see ``sae_kernel``)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from policyscope.core.sae_kernel import LANE, Learning, Lessons, Rules, Weights, new_sums, run_steps
from policyscope.core.sae_step import SaeLearner
from policyscope.core.sae_tile import new_tile
from policyscope.core.sae_vectors import BLOCK
from policyscope.core.sae_wide import WideLearner

LARGEST = 1 << 19
"""Weights of a matrix up to which the compiled steps win; beyond it the matrix products dominate."""


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

    def learn(self, data: torch.Tensor, order: torch.Tensor, rates: np.ndarray) -> float:
        """Steps on the rows ``order`` [n, B] of ``data``, with learning ``rates`` [n]; the last loss."""
        lessons = Lessons(data.numpy(), order.numpy(), np.asarray(rates, dtype=np.float64))
        lanes = -(-order.shape[1] // LANE)
        threads = min(self.threads, lanes)
        rules = Rules(self.k, self.aux_k, float(self.dead_after), self.frozen, self.steps, threads)
        sums = new_sums(lanes, self.features, self.width)
        gate, losses = np.zeros(2, dtype=np.int64), np.zeros(len(order))

        def part(thread: int) -> None:
            tile = new_tile(self.features, self.width)
            run_steps(thread, gate, lessons, rules, self._learning, sums, tile, losses)

        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(part, thread) for thread in range(threads)]:
                done.result()
        self.steps += len(order)
        return float(losses[-1])


def learner_for(decoder: torch.Tensor) -> type[SaeLearner]:
    """The fastest learner of a dictionary of this size [F, d], where it lies."""
    if decoder.device.type != "cpu" or len(decoder) < BLOCK:
        return SaeLearner
    if decoder.numel() <= LARGEST:
        return CompiledLearner
    return WideLearner if torch.ops.mkldnn._is_mkldnn_bf16_supported() else SaeLearner
