"""Train a transcoder: the training of an SAE, on the rows of two taps of the same states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from policyscope.core.activations import Floats, check_matrix
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.progress import Work
from policyscope.core.sae_normaliser import Normaliser, normaliser_of
from policyscope.core.sae_step import SaeLearner
from policyscope.core.sae_train import (
    Keep,
    Probe,
    SaeTrainConfig,
    SaeTrainResult,
    State,
    Training,
    dead_after,
)
from policyscope.core.sae_variants.transcoder import TranscoderLearner
from policyscope.core.transcoder import KINDS, Transcoder

Pair = tuple[Floats, Floats]
"""Activations at the tap that is read [N, a] and at the one that is written [N, b], row by row."""


def train_transcoder(
    train: Pair,
    validation: Pair,
    config: SaeTrainConfig,
    taps: tuple[int, int],
    checkpoint: State | None = None,
    on_checkpoint: Keep | None = None,
    probe: Probe[Transcoder] | None = None,
) -> Work[SaeTrainResult[Transcoder]]:
    """As ``train_sae``; ``taps`` are the one read and the one written.

    ``val_fvu`` and its curve are of what is written. Raises InvalidInput or ShapeMismatch at once.
    """
    if config.variant not in KINDS:
        raise InvalidInput(
            f"variant is {config.variant!r}; of two taps only {' or '.join(KINDS)} can be made."
        )
    for rows in (train, validation):
        for array in rows:
            check_matrix(array, "The activations")
        if len(rows[0]) != len(rows[1]):
            raise ShapeMismatch(
                f"There are {len(rows[0])} rows to read and {len(rows[1])} to write; "
                "they must be of the same states."
            )
    width = train[0].shape[1]
    run = _TranscoderTraining(np.hstack(train), np.hstack(validation), config, _Taps(*taps, width), probe)
    return run.go_on(checkpoint, on_checkpoint)


@dataclass(frozen=True)
class _Taps:
    read: int
    written: int
    width: int
    """Leading columns of a row, which are read."""


@dataclass(frozen=True, eq=False)
class _BothNormalisers(Normaliser):
    """Each part has a scale of its own; ``scale`` is that of what is written."""

    of_read: Normaliser
    of_written: Normaliser

    def apply(self, x: Floats, device: torch.device) -> torch.Tensor:
        width = len(self.of_read.mean)
        parts = (self.of_read.apply(x[:, :width], device), self.of_written.apply(x[:, width:], device))
        return torch.cat(parts, dim=1)


class _TranscoderTraining(Training[Transcoder]):
    def __init__(
        self, train: Floats, validation: Floats, config: SaeTrainConfig, taps: _Taps,
        probe: Probe[Transcoder] | None,
    ) -> None:  # fmt: skip
        self.taps = taps
        super().__init__(train, validation, config, taps.read, probe)

    def prepare(self, train: Floats, held_out: Floats) -> None:
        read, written = (normaliser_of(part) for part in np.split(train, [self.taps.width], axis=1))
        mean, kept = np.concatenate([read.mean, written.mean]), np.concatenate([read.kept, written.kept])
        self.both = _BothNormalisers(mean, written.scale, kept, read, written)
        self.normaliser = self.both
        self.train, self.validation = (self.both.apply(x, self.device) for x in (train, held_out))

    def begin(self, samples: int) -> SaeLearner:
        inputs, outputs = len(self.both.of_read.kept), len(self.both.of_written.kept)
        rows = np.random.default_rng(self.config.seed).standard_normal((self.config.d_latent, inputs))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        self.transcoder = TranscoderLearner(
            torch.from_numpy(rows.astype(np.float32)).to(self.device),
            outputs,
            self.config.k,
            dead_after(self.config, len(self.train), samples),
            self.config.variant == "skip_transcoder",
        )
        return self.transcoder

    def aimed(self, rows: torch.Tensor) -> torch.Tensor:
        return rows[:, len(self.both.of_read.kept) :]

    def folded(self) -> Transcoder:
        """On raw activations: W_enc' = c_x W_enc, b_enc' = b_enc − W_enc' m_x, w_j' = w_j / c_y,
        W_skip' = (c_x / c_y) W_skip, b_dec' = m_y + b_dec / c_y − W_skip' m_x."""
        pieces = self.transcoder.pieces(self.transcoder.theta)
        encoder, decoder, b_enc, b_dec, skip = (part.double().cpu().numpy() for part in pieces)
        read, written = self.both.of_read, self.both.of_written
        w_enc = read.widened(read.scale * encoder)
        w_dec, out = written.widened(decoder / written.scale).T, written.mean.copy()
        out[written.kept] += b_dec / written.scale
        w_skip = None
        if self.transcoder.with_skip:
            columns = read.widened(read.scale / written.scale * skip)
            w_skip = written.widened(columns.T).T
            out = out - w_skip @ read.mean
        b_enc = b_enc - w_enc @ read.mean
        return Transcoder(w_enc, b_enc, w_dec, out, self.config.k, self.taps.read, self.taps.written, w_skip)

    def _identity(self) -> np.ndarray:
        taps = f"{self.taps}".encode()
        return np.concatenate([super()._identity(), np.frombuffer(taps, dtype=np.uint8)])
