"""Gated: which latents are active and how strongly are decided apart, so the penalty shrinks no value.

Rajamanoharan et al., "Improving Dictionary Learning with Gated Sparse Autoencoders", 2024. The gate's own
reconstruction, through a decoder that it cannot change, keeps it meaningful.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from policyscope.core.sae_variants.learner import Outcome, Parts, VariantLearner, steer_penalty

START = 1e-3


class GatedLearner(VariantLearner):
    """``b_enc``: the gate's bias; ``extras``: magnitude's log scale and bias. ``control[0]`` as in ReLU."""

    EXTRAS = 2

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.control[0] = math.log(START)

    def outcome(self, parts: Parts, x: torch.Tensor) -> Outcome:
        products = (x - parts.b_dec) @ parts.encoder.T
        gate = torch.relu(products + parts.b_enc)
        scale, bias = parts.extras
        z = torch.relu(products * scale.exp() + bias) * (gate > 0)
        error = x - parts.b_dec - z @ parts.decoder
        alone = x - parts.b_dec.detach() - gate @ parts.decoder.detach()
        penalty = math.exp(float(self.control[0])) * gate.sum(dim=1).mean()
        loss = error.square().mean() + alone.square().mean() + penalty
        return Outcome(loss + self.auxiliary(parts, gate, error), z, error)

    def settle(self, parts: Parts, outcome: Outcome) -> None:
        steer_penalty(self.control, float((outcome.z > 0).sum(dim=1).float().mean()), self.k)

    def folded(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None]:
        encoder, decoder, gate, b_dec, (scale, bias) = self.parts(self.theta)
        grown = scale.exp()
        return encoder * grown[:, None], decoder, bias, b_dec, bias - grown * gate
