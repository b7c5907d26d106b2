"""What the variants share: a loss written in torch, its gradient by autograd, thresholds at inference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
import torch

from policyscope.core.sae_step import AUX_COEFFICIENT, SaeLearner, keep_largest


class Parts(NamedTuple):
    """Views of one flat vector: encoder and decoder rows [F, d], b_enc [F], b_dec [d], extras [n, F]."""

    encoder: torch.Tensor
    decoder: torch.Tensor
    b_enc: torch.Tensor
    b_dec: torch.Tensor
    extras: torch.Tensor


class Outcome(NamedTuple):
    """``loss``: what is minimised. ``z`` [B, F] and ``error`` [B, d]: of the reconstruction itself."""

    loss: torch.Tensor
    z: torch.Tensor
    error: torch.Tensor


class VariantLearner(SaeLearner):
    """A ``SaeLearner`` with another loss; k is the number of latents expected to be active in a row.

    Whatever decides the output lies in ``theta``, so that the best step can be kept; ``control`` is what only
    training uses. After training every variant is a ReLU whose latents must exceed their threshold.
    """

    EXTRAS: ClassVar[int] = 0
    """Numbers of each latent beyond encoder, decoder and bias."""

    def __init__(
        self, decoder: torch.Tensor, b_dec: torch.Tensor, k: int, dead_after: float, frozen: bool = False
    ) -> None:
        super().__init__(decoder, b_dec, k, dead_after, frozen)
        extras = torch.zeros(self.EXTRAS * self.features, device=decoder.device)
        self.theta = torch.cat([self.theta, extras])
        self.grad, self.first, self.second = (torch.zeros_like(self.theta) for _ in range(3))
        self._weights, self._gradients = self.split(self.theta), self.split(self.grad)
        self.control = torch.zeros(2, dtype=torch.float64)

    def parts(self, flat: torch.Tensor) -> Parts:
        """Views of a flat vector."""
        own = 2 * self.features * self.width + self.features + self.width
        return Parts(*self.split(flat), flat[own:].view(self.EXTRAS, self.features))

    def outcome(self, parts: Parts, x: torch.Tensor) -> Outcome:
        """Of one batch [B, d]; may read ``control`` and set it."""
        raise NotImplementedError

    def settle(self, parts: Parts, outcome: Outcome) -> None:
        """After the gradient is taken: set what is learned without one."""

    def gradients(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        theta = self.theta.detach().requires_grad_()
        outcome = self.outcome(self.parts(theta), x)
        (slope,) = torch.autograd.grad(outcome.loss, theta)
        self.grad.copy_(slope)
        with torch.no_grad():
            self.settle(self.parts(self.theta), outcome)
        return outcome.error.detach().square().mean(), (outcome.z.detach() > 0).any(dim=0)

    def folded(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None]:
        encoder, decoder, b_enc, b_dec, _ = self.parts(self.theta)
        return encoder, decoder, b_enc, b_dec, self.thresholds()

    def thresholds(self) -> torch.Tensor:
        """What a pre-activation must exceed to be active [F]."""
        return torch.zeros(self.features, device=self.theta.device)

    def reconstruct(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        encoder, decoder, b_enc, b_dec, threshold = self.folded()
        before = torch.addmm(b_enc, x - b_dec, encoder.T)
        active = before > (0.0 if threshold is None else threshold)
        z = torch.where(active, before.clamp(min=0.0), 0.0)
        return z, torch.addmm(b_dec, z, decoder)

    def auxiliary(self, parts: Parts, rectified: torch.Tensor, error: torch.Tensor) -> torch.Tensor:
        """The loss that asks dead latents to explain the residual, as in ``sae_step``; 0 without any."""
        dead, residual = self.dead(), error.detach()
        spread = (residual - residual.mean(dim=0)).square().sum()
        if len(dead) == 0 or spread == 0:
            return residual.new_zeros(())
        return auxiliary_loss(rectified[:, dead], parts.decoder[dead], residual, self.aux_k) / spread

    def state(self) -> dict[str, np.ndarray]:
        return super().state() | {"control": self.control.numpy().copy()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        super().restore(state)
        self.control.copy_(torch.from_numpy(np.array(state["control"])))


def auxiliary_loss(
    values: torch.Tensor, decoder: torch.Tensor, residual: torch.Tensor, aux_k: int
) -> torch.Tensor:
    """What dead latents leave of the ``residual`` [B, d], weighted: by ``values`` [B, n] and ``decoder`` rows
    [n, d] of those alone."""
    kept = keep_largest(values.detach(), min(values.shape[1], aux_k))
    z = torch.where(kept > 0, values, 0.0)
    weight = AUX_COEFFICIENT * min(1.0, values.shape[1] / aux_k)
    return weight * (residual - z @ decoder).square().sum()


def batch_top(rectified: torch.Tensor, k: int) -> torch.Tensor:
    """``rectified`` [B, F] with all but the ``k B`` largest of the batch set to zero."""
    count = min(k * len(rectified), rectified.numel() - 1)
    least = torch.kthvalue(rectified.detach().flatten(), rectified.numel() - count).values
    return torch.where(rectified > least, rectified, 0.0)


def follow_least(threshold: torch.Tensor, z: torch.Tensor, started: bool, decay: float) -> None:
    """Move ``threshold`` [F] towards the smallest positive activation of ``z``; set it the first time."""
    positive = z[z > 0]
    if len(positive):
        threshold.lerp_(positive.min().expand_as(threshold), 1.0 - decay if started else 1.0)


def steer_penalty(control: torch.Tensor, l0: float, k: int) -> None:
    """Raise the logarithm of the L1 coefficient, ``control[0]``, while more than ``k`` latents are active."""
    control[0] += PENALTY_GAIN * max(-1.0, min(1.0, l0 / k - 1.0))


PENALTY_GAIN = 0.02
