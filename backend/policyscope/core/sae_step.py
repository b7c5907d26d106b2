"""One optimiser step of a TopK SAE with its gradients written out.

Loss: E||x − x̂||² / E||x − mean||² + (1/32) min(1, n_dead / k_aux) L_aux, where L_aux asks the latents that
have not fired for long to explain the residual. Written out rather than left to autograd, because at the
width of a policy's layer the bookkeeping costs more than the arithmetic. The test compares it with autograd.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager

import numpy as np
import torch

from policyscope.core.torch_device import threads_for

AUX_COEFFICIENT = 1.0 / 32.0
CLIP_NORM = 1.0
BETA_1, BETA_2, EPSILON = 0.9, 0.99, 1e-8
WIDE = 1 << 19
"""Weights of a matrix beyond which a dictionary is wide: matrix products take most of a step."""


class SaeLearner:
    """Parameters in one flat vector (encoder, decoder rows, both biases), Adam moments, and silence counters.

    Inputs are normalised rows [B, d] with mean 0 and E||x||² = d. ``decoder`` is [F, d] with unit rows.
    """

    def __init__(
        self, decoder: torch.Tensor, b_dec: torch.Tensor, k: int, dead_after: float, frozen: bool = False
    ) -> None:
        """``frozen``: the decoder rows stay as they are."""
        self.frozen = frozen
        self.features, self.width = decoder.shape
        self.k, self.dead_after = k, dead_after
        self.aux_k = max(k, self.width // 2)
        parts = [decoder.flatten(), decoder.flatten(), torch.zeros_like(decoder[:, 0]), b_dec]
        self.theta = torch.cat(parts).contiguous()
        self.grad = torch.zeros_like(self.theta)
        self.first, self.second = torch.zeros_like(self.theta), torch.zeros_like(self.theta)
        self._weights, self._gradients = self.split(self.theta), self.split(self.grad)
        self.silent = torch.zeros(self.features, device=decoder.device)
        self.steps = 0

    def split(self, flat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Views of a flat vector: encoder [F, d], decoder rows [F, d], b_enc [F], b_dec [d]."""
        size = self.features * self.width
        sizes = [size, size, self.features, self.width]
        encoder, decoder, b_enc, b_dec = flat[: sum(sizes)].split(sizes)
        return encoder.view(-1, self.width), decoder.view(-1, self.width), b_enc, b_dec

    def folded(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Encoder, decoder rows, both biases as in ``split``, and thresholds [F] where latents have them."""
        return *self.split(self.theta), None

    def torch_threads(self) -> AbstractContextManager[None]:
        """Those of torch during a training."""
        return threads_for(self.theta.numel())

    def learn(self, data: torch.Tensor, order: torch.Tensor, rates: np.ndarray) -> float:
        """Steps on the rows ``order`` [n, B] of ``data``, with learning ``rates`` [n]; the last loss."""
        for rows, rate in zip(order, rates, strict=True):
            loss = self.step(data[rows], float(rate))
        return float(loss)

    def step(self, x: torch.Tensor, lr: float) -> torch.Tensor:
        """Learn from one batch; returns the reconstruction loss before the step (a 0-d tensor)."""
        return self._follow(self.gradients(x), len(x), lr)

    def _follow(self, found: tuple[torch.Tensor, torch.Tensor], rows: int, lr: float) -> torch.Tensor:
        """Update by the gradients of so many ``rows``; ``found`` as ``gradients`` returns it."""
        loss, fired = found
        self.steps += 1
        self._update(lr)
        self.silent.add_(rows).mul_(~fired)
        return loss

    def gradients(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Fill ``grad`` for one batch; returns the reconstruction loss and which latents fired [F]."""
        encoder, decoder, b_enc, b_dec = self._weights
        d_encoder, d_decoder, d_b_enc, d_b_dec = self._gradients
        centred = x - b_dec
        rectified = torch.addmm(b_enc, centred, encoder.T).relu_()
        z = keep_largest(rectified, self.k)
        error = torch.addmm(centred, z, decoder, alpha=-1)
        scale = len(x) * self.width
        d_output = error * (-2.0 / scale)
        d_z = where_positive(d_output @ decoder.T, z)
        torch.mm(z.T, d_output, out=d_decoder)
        torch.mm(d_z.T, centred, out=d_encoder)
        torch.sum(d_z, dim=0, out=d_b_enc)
        torch.sum(d_output, dim=0, out=d_b_dec)
        dead = self.dead()
        self._add_auxiliary(rectified[:, dead], dead, error, centred)
        d_b_dec -= d_b_enc @ encoder
        return error.square().sum() / scale, z.sum(dim=0) > 0

    def dead(self) -> torch.Tensor:
        """Indices of latents that have been silent for too long."""
        return torch.nonzero(self.silent > self.dead_after).flatten()

    def reconstruct(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents and reconstruction of normalised rows."""
        encoder, decoder, b_enc, b_dec = self._weights
        z = keep_largest(torch.addmm(b_enc, x - b_dec, encoder.T).relu_(), self.k)
        return z, torch.addmm(b_dec, z, decoder)

    def evaluate(self, x: torch.Tensor) -> tuple[float, float]:
        """Σ error² of normalised rows, and how many latents are active in one on average."""
        z, output = self.reconstruct(x)
        return float((x - output).square().sum()), float((z > 0).sum(dim=1).float().mean())

    def state(self) -> dict[str, np.ndarray]:
        """Everything that decides the next step, as arrays."""
        tensors = {"theta": self.theta, "first": self.first, "second": self.second, "silent": self.silent}
        arrays = {name: tensor.cpu().numpy().copy() for name, tensor in tensors.items()}
        return arrays | {"steps": np.array(self.steps)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Inverse of ``state``."""
        for name in ("theta", "first", "second", "silent"):
            getattr(self, name).copy_(torch.from_numpy(np.array(state[name])))
        self.steps = int(state["steps"])

    def _largest(self, rectified: torch.Tensor, k: int) -> torch.Tensor:
        """``keep_largest``, which may write to ``rectified``."""
        return keep_largest(rectified, k)

    def _add_auxiliary(
        self, rectified: torch.Tensor, dead: torch.Tensor, error: torch.Tensor, centred: torch.Tensor
    ) -> None:
        """``rectified`` [B, n]: of the n ``dead`` latents only."""
        spread = (error - error.mean(dim=0)).square().sum()
        if len(dead) == 0 or spread == 0:
            return
        decoder = self._weights[1]
        d_encoder, d_decoder, d_b_enc, _ = self._gradients
        z = self._largest(rectified, min(len(dead), self.aux_k))
        weight = AUX_COEFFICIENT * min(1.0, len(dead) / self.aux_k)
        d_output = (error - z @ decoder[dead]) * (-2.0 * weight / spread)
        d_z = where_positive(d_output @ decoder[dead].T, z)
        d_decoder[dead] += z.T @ d_output
        d_encoder[dead] += d_z.T @ centred
        d_b_enc[dead] += d_z.sum(dim=0)

    def _update(self, lr: float) -> None:
        """Adam on the clipped gradient, decoder rows kept at norm 1."""
        self._before_update()
        self.grad.mul_((CLIP_NORM / (self.grad.norm() + 1e-12)).clamp_(max=1.0))
        self.first.lerp_(self.grad, 1.0 - BETA_1)
        self.second.mul_(BETA_2).addcmul_(self.grad, self.grad, value=1.0 - BETA_2)
        root = self.second.sqrt().div_(math.sqrt(1.0 - BETA_2**self.steps)).add_(EPSILON)
        self.theta.addcdiv_(self.first, root, value=-lr / (1.0 - BETA_1**self.steps))
        self._after_update()

    def _before_update(self) -> None:
        """The gradient of a decoder row leaves its norm alone."""
        decoder, d_decoder = self._weights[1], self._gradients[1]
        d_decoder -= (d_decoder * decoder).sum(dim=1, keepdim=True) * decoder
        if self.frozen:
            d_decoder.zero_()

    def _after_update(self) -> None:
        decoder = self._weights[1]
        decoder /= decoder.norm(dim=1, keepdim=True)


def keep_largest(rectified: torch.Tensor, k: int) -> torch.Tensor:
    """``rectified`` [B, n] >= 0 with all but the ``k`` largest of each row set to zero.

    Values that tie with the (k+1)-th are dropped too; beyond zeros that does not occur in training. numpy's
    partition takes a quarter of the time of ``torch.topk``.
    """
    n = rectified.shape[1]
    if k >= n:
        return rectified
    if rectified.device.type == "cpu":
        partitioned = rectified.numpy().copy()
        partitioned.partition(n - k - 1, axis=1)
        threshold = torch.from_numpy(partitioned[:, n - k - 1, None])
    else:
        threshold = torch.topk(rectified, k + 1, dim=1).values[:, -1:]
    return where_positive(rectified, rectified - threshold)


def where_positive(values: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
    """``values`` where ``condition`` > 0, else 0: one pass without a mask in memory."""
    kept: torch.Tensor = torch.ops.aten.threshold_backward(values, condition, 0)
    return kept
