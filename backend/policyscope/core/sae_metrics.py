"""How good an SAE is, before any rollout: what it keeps of the activations, the action, and the feedback.

Plain FVU hides closed-loop failure, so the report never gives it alone: beside it stand the error of the
action, the error of the *response to a small disturbance* (feedback FVU, whose gate is 0.3), and the same
numbers for a PCA of rank k and for white noise of the same FVU. Sums are pooled over rows in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from policyscope.core.activations import ActivationData, Floats
from policyscope.core.blocks import F64
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.policy import Policy
from policyscope.core.sae import SAE
from policyscope.core.transcoder import Dictionary, Transcoder

FEEDBACK_STATES = 4096
DISTURBANCE = 0.03  # in SDs of each observation
FEEDBACK_GATE = 0.3
DENSE = 0.5
SEED = 0

Reconstruct = Callable[[F64], F64]


def sae_report(policy: Policy, sae: SAE, tap_index: int, data: ActivationData) -> dict[str, Any]:
    """Metrics on ``data``, which should be of episodes that the SAE was not trained on. JSON-ready.

    Ratios are None where nothing varies. ``dead_conclusive`` says whether there are enough rows to call a
    silent feature dead. Raises ShapeMismatch when sizes disagree, InvalidInput when nothing varies.
    """
    _check(policy, sae, tap_index, data)
    h = np.asarray(data.activations, dtype=np.float64)
    z = sae.encode(h)
    fidelity = Fidelity.measure(policy, tap_index, data.observations)
    output = sae.decode(z, h)
    return {
        "n_samples": len(h),
        "tap_index": tap_index,
        "d_in": sae.d_in,
        "d_latent": sae.d_latent,
        "k": sae.k,
        **_reconstruction(h, output),
        **_sparsity(sae, z),
        **fidelity.of(h, output, sae.reconstruct),
        **_switching(sae, fidelity),
        "feedback_gate": FEEDBACK_GATE,
        "references": {
            "pca_same_rank": _pca_line(fidelity, h, min(_active_per_row(sae, z), sae.d_in)),
            "white_noise_same_fvu": _noise_line(fidelity, h, fvu(h, output)),
        },
    }


def transcoder_report(policy: Policy, transcoder: Transcoder, data: ActivationData) -> dict[str, Any]:
    """As ``sae_report``, of what the transcoder puts at its output tap; ``data`` are of the tap it reads.

    Beside it the best affine map between the two taps, which needs no latents at all.
    """
    tap, to = transcoder.tap_index, transcoder.output_tap
    h = np.asarray(data.activations, dtype=np.float64)
    target = policy.onward(h, tap, to)
    z, output = transcoder.encode(h), transcoder.reconstruct(h)
    fidelity = Fidelity.measure(policy, tap, data.observations, output_tap=to)
    return {
        "n_samples": len(h),
        **_reconstruction(target, output),
        **_sparsity(transcoder, z),
        **fidelity.of(h, output, transcoder.reconstruct),
        **_switching(transcoder, fidelity),
        "references": {"affine_map": _affine_line(fidelity, h, target)},
    }


def reconstruction_report(
    policy: Policy, tap_index: int, data: ActivationData, reconstruct: Reconstruct, stateless: bool = True
) -> dict[str, Any]:
    """FVU, cosine, action FVU and feedback FVU of any way to overwrite the tap.

    ``stateless``: False for noise, whose response to a disturbance means nothing.
    """
    h = np.asarray(data.activations, dtype=np.float64)
    output = np.asarray(reconstruct(h))
    fidelity = Fidelity.measure(policy, tap_index, data.observations)
    kept = _reconstruction(h, output)
    return {
        "fvu": kept["fvu"],
        "cosine": kept["cosine"],
        **fidelity.action_error(h, output),
        "feedback_fvu": fidelity.feedback_fvu(reconstruct) if stateless else None,
    }


def fvu(x: F64, output: F64) -> float:
    """Fraction of variance unexplained: Σ||x − x̂||² / Σ||x − mean||²."""
    return _squares(x - output) / _squares(x - x.mean(axis=0))


@dataclass(frozen=True, eq=False)
class Fidelity:
    """What a reconstruction does to the action, at the same states and at slightly disturbed ones.

    ``h`` and ``disturbed`` [n, d]: activations of evenly spaced states, at most ``most`` of them.
    ``output_tap``: where a transcoder puts its output; None where the tap itself is reconstructed.
    """

    policy: Policy
    tap_index: int
    h: F64  # activations of the states used for the feedback
    disturbed: F64
    output_tap: int | None = None

    @classmethod
    def measure(
        cls,
        policy: Policy,
        tap_index: int,
        observations: Floats,
        most: int = FEEDBACK_STATES,
        output_tap: int | None = None,
    ) -> Fidelity:
        rows = np.asarray(observations, dtype=np.float64)
        spread = DISTURBANCE * rows.std(axis=0)
        rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.intp)]
        moved = rows + spread * np.random.default_rng(SEED).standard_normal(rows.shape)
        h, disturbed = policy.head(rows, tap_index), policy.head(moved, tap_index)
        return cls(policy, tap_index, h, disturbed, output_tap)

    def of(self, h: F64, output: F64, reconstruct: Reconstruct) -> dict[str, Any]:
        return self.action_error(h, output) | {"feedback_fvu": self.feedback_fvu(reconstruct)}

    def action_error(self, h: F64, output: F64) -> dict[str, Any]:
        """Action FVU, pooled and per action, after squashing; and the share that squashing saturates."""
        before, after = self.policy.tail(h, self.tap_index), self._acted(output)
        error, total = (
            np.square(after - before).sum(axis=0),
            np.square(before - before.mean(axis=0)).sum(axis=0),
        )
        measured = {
            "action_fvu": _ratio(error.sum(), total.sum()),
            "action_fvu_per_dim": [_ratio(e, t) for e, t in zip(error, total, strict=True)],
        }
        if self.policy.spec.squash == "tanh":
            measured["saturated_fraction"] = float(np.mean(np.abs(before) > 0.99))
        return measured

    def feedback_fvu(self, reconstruct: Reconstruct) -> float | None:
        """Σ||[a(R(h')) − a(R(h))] − [a(h') − a(h)]||² / Σ||a(h') − a(h)||²: 0 perfect, 1 none at all."""
        tap = self.tap_index
        response = self.policy.tail(self.disturbed, tap) - self.policy.tail(self.h, tap)
        kept = self._acted(reconstruct(self.disturbed)) - self._acted(reconstruct(self.h))
        return _ratio(_squares(kept - response), _squares(response))

    def _acted(self, output: F64) -> F64:
        """What the policy does with a reconstruction."""
        return self.policy.tail(output, self.tap_index if self.output_tap is None else self.output_tap)


def _reconstruction(h: F64, output: F64) -> dict[str, Any]:
    mean = h.mean(axis=0)
    error, total = np.square(h - output).sum(axis=0), np.square(h - mean).sum(axis=0)
    explained = 1.0 - error[total > 0] / total[total > 0]
    norms = np.linalg.norm(h - mean, axis=1) * np.linalg.norm(output - mean, axis=1)
    cosine = ((h - mean) * (output - mean)).sum(axis=1)[norms > 0] / norms[norms > 0]
    return {
        "fvu": _ratio(error.sum(), total.sum()),
        "explained_variance": 1.0 - float(error.sum() / total.sum()),
        "unit_explained_variance_p10": float(np.percentile(explained, 10)),
        "cosine": float(cosine.mean()) if len(cosine) else None,
        "reconstruction_bias": _ratio(_squares(h), float((h * output).sum())),
    }


def _sparsity(sae: Dictionary, z: F64) -> dict[str, Any]:
    density = np.count_nonzero(z, axis=0) / len(z)
    alive = density[density > 0]
    return {
        "l0": float(np.count_nonzero(z, axis=1).mean()),
        "density_median": float(np.median(alive)) if len(alive) else None,
        "dead_features": int(np.count_nonzero(density == 0)),
        "dead_conclusive": len(z) >= max(100_000, 30 * sae.d_latent / sae.k),
        "dense_features": int(np.count_nonzero(density > DENSE)),
        "decoder_norm_mean": float(sae.decoder_norms().mean()),
    }


def _active_per_row(sae: SAE, z: F64) -> int:
    """``k``, or what it turned out to be where the SAE has no limit."""
    return sae.k if sae.k < sae.d_latent else max(1, round(np.count_nonzero(z) / len(z)))


def _switching(sae: Dictionary, fidelity: Fidelity) -> dict[str, Any]:
    """How much of the active set a small disturbance exchanges; its size bounds the rank of the feedback."""
    before, after = sae.encode(fidelity.h) > 0, sae.encode(fidelity.disturbed) > 0
    changed = np.count_nonzero(before != after, axis=1) / 2.0
    return {
        "active_set_change": _ratio(float(changed.mean()), float(np.count_nonzero(before, axis=1).mean()))
    }


def _pca_line(fidelity: Fidelity, h: F64, rank: int) -> dict[str, Any]:
    mean = h.mean(axis=0)
    basis = np.linalg.eigh((h - mean).T @ (h - mean))[1][:, -rank:]

    def project(x: F64) -> F64:
        return mean + (x - mean) @ basis @ basis.T

    output = project(h)
    return {"rank": rank, "fvu": fvu(h, output), **fidelity.of(h, output, project)}


def _affine_line(fidelity: Fidelity, h: F64, target: F64) -> dict[str, Any]:
    """Fitted by least squares on the rows that it is judged on, which flatters it a little."""
    x_mean, y_mean = h.mean(axis=0), target.mean(axis=0)
    weights = np.linalg.lstsq(h - x_mean, target - y_mean)[0]

    def through(x: F64) -> F64:
        return y_mean + (x - x_mean) @ weights

    output = through(h)
    return {"fvu": fvu(target, output), **fidelity.of(h, output, through)}


def _noise_line(fidelity: Fidelity, h: F64, target: float) -> dict[str, Any]:
    """No feedback FVU: noise drawn anew at every step is not a function of the state."""
    deviation = np.sqrt(target * _squares(h - h.mean(axis=0)) / h.size)
    output = h + deviation * np.random.default_rng(SEED).standard_normal(h.shape)
    return {"fvu": fvu(h, output), **fidelity.action_error(h, output)}


def _check(policy: Policy, sae: SAE, tap_index: int, data: ActivationData) -> None:
    width = policy.tap_dim(tap_index)
    if not width == sae.d_in == data.activations.shape[1]:
        raise ShapeMismatch(
            f"Tap {tap_index} gives {width} values, the SAE takes {sae.d_in} "
            f"and the activations have {data.activations.shape[1]} columns; these must agree."
        )
    if np.ptp(data.activations, axis=0).max() == 0:
        raise InvalidInput("The activations are the same in every row; collect the data again.")


def _squares(x: F64) -> float:
    return float(np.square(x).sum())


def _ratio(top: float, bottom: float) -> float | None:
    return float(top / bottom) if bottom > 0 else None
