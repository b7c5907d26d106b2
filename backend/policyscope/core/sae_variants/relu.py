"""ReLU with an L1 penalty, whose coefficient is steered until k latents are active on average."""

from __future__ import annotations

import math
from typing import Any

import torch

from policyscope.core.sae_variants.learner import Outcome, Parts, VariantLearner, steer_penalty

START = 1e-3


class ReluLearner(VariantLearner):
    """``control[0]``: logarithm of the coefficient. Decoder rows have norm 1, so none can evade it."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.control[0] = math.log(START)

    def outcome(self, parts: Parts, x: torch.Tensor) -> Outcome:
        z = torch.relu((x - parts.b_dec) @ parts.encoder.T + parts.b_enc)
        error = x - parts.b_dec - z @ parts.decoder
        penalty = math.exp(float(self.control[0])) * z.sum(dim=1).mean()
        return Outcome(error.square().mean() + penalty + self.auxiliary(parts, z, error), z, error)

    def settle(self, parts: Parts, outcome: Outcome) -> None:
        steer_penalty(self.control, float((outcome.z > 0).sum(dim=1).float().mean()), self.k)
