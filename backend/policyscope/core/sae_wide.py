"""The learner of a wide TopK SAE on the CPU: bfloat16 names candidates, float32 does the rest, sparsely."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from policyscope.core import sae_wide_kernel as kernel
from policyscope.core.sae_kernel import SLICES, adam, pace_of
from policyscope.core.sae_step import SaeLearner
from policyscope.core.sae_tile import Tile, new_tile

Active = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Latents of each row int32 [B, m], how many there are [B], and their values [B, m]."""

ROWS = 256
"""Rows that a thread takes at once."""
ADAM = 1 << 18
"""Parameters that it updates at once."""
CHECKED = 2_048
"""Rows that are checked at once: the products of 16,384 latents with them take 64 MB."""


class WideLearner(SaeLearner):
    """``SaeLearner`` for thousands of latents, on a processor that multiplies bfloat16.

    The k largest are the exact ones unless bfloat16 puts one behind k/4 (at least 8) others.
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
        bounds = np.linspace(0, self.features, SLICES + 1).astype(int)
        self._slices = list(pairwise(bounds))
        self._tiles = [new_tile(self.features, 1) for _ in range(self.threads)]
        self._starts = np.zeros(self.features + 1, dtype=np.int64)
        self._fired = np.zeros(self.features, dtype=np.bool_)
        self._pool = ThreadPoolExecutor(self.threads)

    def gradients(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        encoder, decoder, b_enc, b_dec = self._weights
        d_encoder, d_decoder, d_b_enc, d_b_dec = self._gradients
        centred = x - b_dec
        (chosen, how_many, z), error, square = self._explain(centred)
        places = np.empty(int(how_many.sum()), dtype=np.int64)
        kernel.by_latent(chosen, how_many, self._starts, places)
        scale = len(x) * self.width
        grad = (d_encoder.numpy(), d_decoder.numpy(), d_b_enc.numpy(), self._fired)
        self._in_slices(
            lambda a, b: kernel.latent_gradients(
                a,
                b,
                (self._starts, places),
                z,
                (error.numpy(), centred.numpy()),
                decoder.numpy(),
                np.float32(-2.0 / scale),
                grad,
            )
        )
        torch.sum(error, dim=0, out=d_b_dec)
        d_b_dec *= -2.0 / scale
        dead = self.dead()
        if len(dead):
            rectified = torch.addmm(b_enc[dead], centred, encoder[dead].T).relu_()
            self._add_auxiliary(rectified, dead, error, centred)
        d_b_dec -= d_b_enc @ encoder
        return torch.tensor(square / scale), torch.from_numpy(self._fired)

    def evaluate(self, x: torch.Tensor) -> tuple[float, float]:
        square, active = 0.0, 0
        for some in x.split(CHECKED):
            (_, how_many, z), _, part = self._explain(some - self._weights[3])
            square += part
            active += int((z > 0)[np.arange(z.shape[1]) < how_many[:, None]].sum())
        return square, active / len(x)

    def _explain(self, centred: torch.Tensor) -> tuple[Active, torch.Tensor, float]:
        """What is active in each row, what that leaves of it, and Σ of the squares."""
        encoder, decoder, b_enc, _ = self._weights
        active, error = self._candidates(centred), torch.empty_like(centred)
        weights = (encoder.numpy(), decoder.numpy(), b_enc.numpy())
        squares = self._in_rows(
            len(centred),
            lambda a, b: kernel.explain(a, b, self.k, centred.numpy(), weights, active, error.numpy()),
        )
        return active, error, math.fsum(squares)

    def _candidates(self, centred: torch.Tensor) -> Active:
        """Candidates of each row, with room for their values."""
        encoder, _, b_enc, _ = self._weights
        products = torch.mm(encoder.bfloat16(), centred.bfloat16().T).view(torch.uint16).numpy()
        rows, k = len(centred), self.candidates
        chosen, how_many = np.zeros((rows, k), dtype=np.int32), np.zeros(rows, dtype=np.int64)
        self._with_tiles(
            rows, lambda a, b, tile: kernel.choose(a, b, products, b_enc.numpy(), k, tile, chosen, how_many)
        )
        return chosen, how_many, np.zeros((rows, self.candidates), dtype=np.float32)

    def _update(self, lr: float) -> None:
        decoder, d_decoder = self._weights[1].numpy(), self._gradients[1].numpy()
        self._in_slices(lambda a, b: kernel.project(a, b, decoder, d_decoder, self.frozen))
        pace = pace_of(float(self.grad.norm()) ** 2, lr, self.steps)
        flat = (self.theta, self.grad, self.first, self.second)
        theta, grad, first, second = (part.numpy() for part in flat)
        self._in_rows(
            len(theta), lambda a, b: adam(theta[a:b], grad[a:b], first[a:b], second[a:b], pace), ADAM
        )
        self._in_slices(lambda a, b: kernel.unit(a, b, decoder))

    def _largest(self, rectified: torch.Tensor, k: int) -> torch.Tensor:
        self._with_tiles(
            len(rectified), lambda a, b, tile: kernel.keep_largest(a, b, rectified.numpy(), k, tile)
        )
        return rectified

    def _with_tiles(self, rows: int, work: Callable[[int, int, Tile], object]) -> None:
        """``work(first, last, tile)`` for pieces of ``ROWS``, with a tile that no other thread has."""
        free = list(self._tiles)

        def part(first: int, last: int) -> None:
            tile = free.pop()
            work(first, last, tile)
            free.append(tile)

        self._in_rows(rows, part)

    def _in_slices(self, work: Callable[[int, int], object]) -> None:
        list(self._pool.map(lambda ends: work(*ends), self._slices))

    def _in_rows(self, rows: int, work: Callable[[int, int], Any], size: int = ROWS) -> list[Any]:
        """``work(first, last)`` for pieces of ``size``; results in order."""
        return list(self._pool.map(lambda at: work(at, min(at + size, rows)), range(0, rows, size)))
