"""JumpReLU: every latent learns the threshold that it must exceed.

Rajamanoharan et al., "Jumping Ahead", 2024, with the loss on the number of active latents that aims at k. A
step has no slope, so the threshold's gradient is estimated from the values within a band around it.
"""

from __future__ import annotations

from typing import Any

import torch

from policyscope.core.sae_variants.learner import Outcome, Parts, VariantLearner

BANDWIDTH, START = 0.06, 0.03
"""In units of the RMS norm of a row; rows are scaled to √d."""
SPARSITY, WARM_UP = 10.0, 300
"""Weight of the sparsity loss beside the mean squared error, and steps over which it sets in."""


class JumpReluLearner(VariantLearner):
    """``extras[0]``: the thresholds, in units of √d."""

    EXTRAS = 1

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.parts(self.theta).extras[0].fill_(START)

    def outcome(self, parts: Parts, x: torch.Tensor) -> Outcome:
        unit = self.width**0.5
        before = (x - parts.b_dec) @ parts.encoder.T + parts.b_enc
        rectified = torch.relu(before)
        active = _Step.apply(before, parts.extras[0] * unit, BANDWIDTH * unit)
        z = rectified * active
        error = x - parts.b_dec - z @ parts.decoder
        l0 = (active * (before > 0)).sum(dim=1).mean()
        weight = SPARSITY * min(1.0, (self.steps + 1) / WARM_UP)
        sparsity = weight * (l0 / self.k - 1.0).square()
        return Outcome(error.square().mean() + sparsity + self.auxiliary(parts, rectified, error), z, error)

    def thresholds(self) -> torch.Tensor:
        return self.parts(self.theta).extras[0] * self.width**0.5


class _Step(torch.autograd.Function):
    """1 where ``before`` [B, F] exceeds ``threshold`` [F]; the slope is a rectangle of ``bandwidth``."""

    @staticmethod
    def forward(context: Any, before: torch.Tensor, threshold: torch.Tensor, bandwidth: float) -> Any:
        context.save_for_backward(before, threshold)
        context.bandwidth = bandwidth
        return (before > threshold).to(before.dtype)

    @staticmethod
    def backward(context: Any, *grad: torch.Tensor) -> Any:
        before, threshold = context.saved_tensors
        near = (before - threshold).abs() < context.bandwidth / 2
        return None, -(grad[0] * near).sum(dim=0) / context.bandwidth, None
