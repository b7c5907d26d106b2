"""The learner of a transcoder: TopK latents of one tap that make the activations of a later one.

The decoder begins at zero (as in sparsify), so training starts from the mean of what is written, and its rows
keep no norm: what a latent amounts to at another tap is for the decoder to say. Auxiliary loss, dead rule and
optimiser are those of an SAE.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from policyscope.core.sae_step import SaeLearner, keep_largest
from policyscope.core.sae_variants.learner import auxiliary_loss


class Pieces(NamedTuple):
    """Views of one flat vector: encoder [F, a], decoder rows [F, b], b_enc [F], b_dec [b], skip [b, a]."""

    encoder: torch.Tensor
    decoder: torch.Tensor
    b_enc: torch.Tensor
    b_dec: torch.Tensor
    skip: torch.Tensor


class TranscoderLearner(SaeLearner):
    """Rows are [B, a + b]: what is read, then what is to be written, each normalised by itself."""

    def __init__(
        self, encoder: torch.Tensor, outputs: int, k: int, dead_after: float, with_skip: bool
    ) -> None:
        """``encoder`` [F, a] is where its rows begin; ``with_skip``: a linear map goes past the latents."""
        self.inputs, self.with_skip = encoder.shape[1], with_skip
        decoder = encoder.new_zeros((len(encoder), outputs))
        super().__init__(decoder, encoder.new_zeros(outputs), k, dead_after)
        parts = [encoder.flatten(), decoder.flatten(), decoder[:, 0], encoder.new_zeros(outputs)]
        if with_skip:
            parts.append(encoder.new_zeros(outputs * self.inputs))
        self.theta = torch.cat(parts).contiguous()
        self.grad, self.first, self.second = (torch.zeros_like(self.theta) for _ in range(3))

    def pieces(self, flat: torch.Tensor) -> Pieces:
        """Views of a flat vector; the skip is empty where there is none."""
        read, written = self.features * self.inputs, self.features * self.width
        sizes = [read, written, self.features, self.width]
        encoder, decoder, b_enc, b_dec, skip = flat.split([*sizes, len(flat) - sum(sizes)])
        return Pieces(
            encoder.view(-1, self.inputs),
            decoder.view(-1, self.width),
            b_enc,
            b_dec,
            skip.view(-1, self.inputs),
        )

    def gradients(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        theta = self.theta.detach().requires_grad_()
        pieces = self.pieces(theta)
        rectified, z, error = self._forward(pieces, x)
        square = error.square().mean()
        (slope,) = torch.autograd.grad(square + self._auxiliary(pieces, rectified, error), theta)
        self.grad.copy_(slope)
        return square.detach(), (z.detach() > 0).any(dim=0)

    def evaluate(self, x: torch.Tensor) -> tuple[float, float]:
        _, z, error = self._forward(self.pieces(self.theta), x)
        return float(error.square().sum()), float((z > 0).sum(dim=1).float().mean())

    def _forward(self, pieces: Pieces, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Rectified pre-activations, latents, and what is left of the rows to be written."""
        read, written = x.split([self.inputs, self.width], dim=1)
        rectified = torch.relu(torch.addmm(pieces.b_enc, read, pieces.encoder.T))
        z = torch.where(keep_largest(rectified.detach(), self.k) > 0, rectified, 0.0)
        output = torch.addmm(pieces.b_dec, z, pieces.decoder)
        if self.with_skip:
            output = output + read @ pieces.skip.T
        return rectified, z, written - output

    def _auxiliary(self, pieces: Pieces, rectified: torch.Tensor, error: torch.Tensor) -> torch.Tensor:
        dead, residual = self.dead(), error.detach()
        spread = (residual - residual.mean(dim=0)).square().sum()
        if len(dead) == 0 or spread == 0:
            return residual.new_zeros(())
        return auxiliary_loss(rectified[:, dead], pieces.decoder[dead], residual, self.aux_k) / spread

    def _before_update(self) -> None:
        """Decoder rows are free: nothing of their gradient is taken away …"""

    def _after_update(self) -> None:
        """… and their norm is what was learned."""
