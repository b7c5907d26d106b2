"""Matryoshka: a BatchTopK SAE whose first latents must do well alone, at five nested sizes.

Bussmann, Nabeshima, Karvonen and Nanda, "Learning Multi-Level Features with Matryoshka SAEs", 2025.
"""

from __future__ import annotations

import torch

from policyscope.core.sae_variants.batchtopk import BatchTopKLearner
from policyscope.core.sae_variants.learner import Parts

PARTS = (16, 8, 4, 2, 1)


class MatryoshkaLearner(BatchTopKLearner):
    """The loss is the mean over prefixes of F/16, F/8, F/4, F/2 and F latents."""

    def reconstruction_loss(
        self, parts: Parts, x: torch.Tensor, z: torch.Tensor, error: torch.Tensor
    ) -> torch.Tensor:
        left, start, losses = x - parts.b_dec, 0, []
        for end in sorted({max(1, self.features // part) for part in PARTS}):
            left = left - z[:, start:end] @ parts.decoder[start:end]
            losses.append(left.square().mean())
            start = end
        return torch.stack(losses).mean()
