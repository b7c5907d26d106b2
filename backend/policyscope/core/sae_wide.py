"""The learner of a wide TopK SAE on the CPU: int8 names candidates, float32 does the rest, sparsely."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from policyscope.core import sae_wide_kernel as kernel
from policyscope.core.sae_int8 import new_bytes, new_packed, pack
from policyscope.core.sae_kernel import Weights, adam, pace_of
from policyscope.core.sae_step import SaeLearner
from policyscope.core.sae_tile import new_tile
from policyscope.core.torch_device import torch_threads

ROWS = 128
"""Rows that a thread takes at once."""
SLICES = 32
"""Pieces of the latents, of which a thread takes one at once."""
ASKED = 4
"""Of so many rows one is explained by dead latents: another three change nothing but the time it takes."""
SHORT = 1 << 27
"""Multiplications that take less time than torch's threads wait for more."""


class WideLearner(SaeLearner):
    """``SaeLearner`` for thousands of latents, on a processor that multiplies bytes.

    Dead latents are asked to explain a quarter of the rows. Torch does only that: its threads, and those of
    numpy's products, go on waiting for work on the cores that compiled parts need.
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
        self.candidates = min(k + max(8, k // 4), self.features)
        self._packed = new_packed(self.features, self.width)
        padded = len(self._packed.factors)
        self._scratch = [(new_bytes(self.width), new_tile(padded, self.width)) for _ in range(self.threads)]
        self._slices = list(pairwise(np.linspace(0, self.features, SLICES + 1).astype(int)))
        self._through = np.zeros((SLICES, self.width), dtype=np.float32)
        self._starts = np.zeros(self.features + 1, dtype=np.int64)
        self._fired, self._added = np.zeros((2, self.features), dtype=np.bool_)
        self._square = 0.0
        self._batch = kernel.new_batch(0, self.width, self.candidates)
        self._pool = ThreadPoolExecutor(self.threads)

    def torch_threads(self) -> AbstractContextManager[None]:
        return torch_threads(1)

    def learn(self, data: torch.Tensor, order: torch.Tensor, rates: np.ndarray) -> float:
        """Steps on the rows ``order`` [n, B] of ``data``, with learning ``rates`` [n]; the last loss."""
        for rows, rate in zip(order.numpy(), rates, strict=True):
            loss = self._follow(self._gradients_of(data.numpy(), rows), len(rows), float(rate))
        return float(loss)

    def gradients(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """As in ``SaeLearner``, but that of a decoder row is already without its part along the row."""
        return self._gradients_of(x.numpy(), np.arange(len(x)))

    def _gradients_of(self, data: np.ndarray, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        encoder, decoder, *_ = (part.numpy() for part in self._weights)
        d_encoder, d_decoder, d_b_enc, d_b_dec = (part.numpy() for part in self._gradients)
        batch = self._explain(data, rows)
        places = np.empty(int(batch.how_many.sum()), dtype=np.int64)
        kernel.by_latent(batch.latents, batch.how_many, self._starts, places)
        self._auxiliary(batch)
        factor = np.float32(-2.0 / batch.error.size)
        squares = self._share(
            SLICES,
            lambda piece, _: kernel.latent_gradients(
                self._slices[piece],
                (self._starts, places),
                batch,
                (encoder, decoder, self.frozen),
                factor,
                (d_encoder, d_decoder, d_b_enc),
                (self._fired, self._added, self._through[piece]),
            ),
        )
        d_b_dec[:] = factor * batch.error.sum(axis=0) - self._through.sum(axis=0)
        self._square = math.fsum(squares) + float(np.square(d_b_dec, dtype=np.float64).sum())
        return torch.tensor(math.fsum(batch.squares) / batch.error.size), torch.from_numpy(self._fired)

    def evaluate(self, x: torch.Tensor) -> tuple[float, float]:
        batch = self._explain(x.numpy(), np.arange(len(x)))
        listed = np.arange(batch.z.shape[1]) < batch.how_many[:, None]
        return math.fsum(batch.squares), int((batch.z > 0)[listed].sum()) / len(x)

    def _auxiliary(self, batch: kernel.Batch) -> None:
        """The gradients of dead latents begin with those of the auxiliary loss."""
        encoder, _, b_enc, _ = self._weights
        dead = self.dead()
        self._added[:] = False
        self._added[dead.numpy()] = True
        if len(dead):
            few = -(-len(batch.error) // ASKED)
            rows, left = (torch.from_numpy(part[:few]) for part in (batch.centred, batch.error))
            for part in self._gradients[:3]:
                part[dead] = 0.0
            with torch_threads(1 if rows.numel() * len(dead) < SHORT else self.threads):
                rectified = torch.addmm(b_enc[dead], rows, encoder[dead].T).relu_()
                self._add_auxiliary(rectified, dead, left, rows)

    def _explain(self, data: np.ndarray, order: np.ndarray) -> kernel.Batch:
        """The rows ``order`` of ``data``, and what is active in them; good until the next call."""
        encoder, decoder, b_enc, b_dec = (part.numpy() for part in self._weights)
        groups, weights = len(self._packed.words), (encoder, decoder, b_enc)
        if len(self._batch.error) != len(order):
            self._batch = kernel.new_batch(len(order), self.width, self.candidates)
        batch, rows = self._batch, np.arange(len(order))

        def packed(piece: int, thread: int) -> None:
            first, last = piece * groups // SLICES, (piece + 1) * groups // SLICES
            pack(first, last, encoder, b_enc, self._packed, self._scratch[thread][0])

        def explained(piece: int, thread: int) -> None:
            first, last = piece * ROWS, min((piece + 1) * ROWS, len(rows))
            kernel.centre(first, last, data, order, b_dec, batch)
            kernel.choose(first, last, self._packed, *self._scratch[thread], batch)
            kernel.explain(rows[first:last], self.k, weights, batch)
            doubtful = first + np.flatnonzero(batch.doubtful[first:last])
            if len(doubtful):
                kernel.decide(doubtful, self.k, weights, self._scratch[thread][1], batch)
                kernel.explain(doubtful, self.k, weights, batch)

        self._share(SLICES, packed)
        self._share(-(-len(rows) // ROWS), explained)
        return batch

    def _update(self, lr: float) -> None:
        theta, grad, first, second = (
            Weights(*(part.numpy() for part in self.split(flat)))
            for flat in (self.theta, self.grad, self.first, self.second)
        )
        pace = pace_of(self._square, lr, self.steps)
        learning = (theta, grad, first, second)
        self._share(SLICES, lambda piece, _: kernel.update(self._slices[piece], learning, pace))
        adam(theta.b_dec, grad.b_dec, first.b_dec, second.b_dec, pace)

    def _largest(self, rectified: torch.Tensor, k: int) -> torch.Tensor:
        values = rectified.numpy()

        def kept(piece: int, thread: int) -> None:
            first, last = piece * ROWS, min((piece + 1) * ROWS, len(values))
            kernel.keep_largest(first, last, values, k, self._scratch[thread][1])

        self._share(-(-len(values) // ROWS), kept)
        return rectified

    def _share(self, pieces: int, work: Callable[[int, int], Any]) -> list[Any]:
        """``work(piece, thread)`` for all pieces, each by a thread that is free; this one is the first."""
        results, left = [None] * pieces, itertools.count()

        def part(thread: int) -> None:
            while (piece := next(left)) < pieces:
                results[piece] = work(piece, thread)

        others = [self._pool.submit(part, thread) for thread in range(1, min(self.threads, pieces))]
        part(0)
        for other in others:
            other.result()
        return results
