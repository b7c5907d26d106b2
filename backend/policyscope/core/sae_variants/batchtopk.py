"""BatchTopK: the k B largest of a batch in training, one threshold for all latents afterwards.

Bussmann, Leask and Nanda, "BatchTopK Sparse Autoencoders", 2024. The threshold is a moving average of the
smallest activation that a batch keeps.
"""

from __future__ import annotations

import torch

from policyscope.core.sae_variants.learner import Outcome, Parts, VariantLearner, batch_top, follow_least

DECAY = 0.99


class BatchTopKLearner(VariantLearner):
    """``extras[0]``: the threshold, the same for every latent."""

    EXTRAS = 1

    def outcome(self, parts: Parts, x: torch.Tensor) -> Outcome:
        rectified = torch.relu((x - parts.b_dec) @ parts.encoder.T + parts.b_enc)
        z = batch_top(rectified, self.k)
        error = x - parts.b_dec - z @ parts.decoder
        loss = self.reconstruction_loss(parts, x, z, error)
        return Outcome(loss + self.auxiliary(parts, rectified, error), z, error)

    def reconstruction_loss(
        self, parts: Parts, x: torch.Tensor, z: torch.Tensor, error: torch.Tensor
    ) -> torch.Tensor:
        """Mean squared error of the whole."""
        return error.square().mean()

    def settle(self, parts: Parts, outcome: Outcome) -> None:
        follow_least(parts.extras[0], outcome.z, bool(self.control[1]), DECAY)
        self.control[1] = 1.0

    def thresholds(self) -> torch.Tensor:
        return self.parts(self.theta).extras[0]
