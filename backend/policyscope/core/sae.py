"""A sparse autoencoder on one tap: ``z = σ(u W_encᵀ + b_enc)``, ``x̂ = z W_decᵀ + b_dec``.

σ is a ReLU followed by one choice of which latents stay: the ``k`` largest of the row (TopK), those above
their ``threshold`` (BatchTopK after training, JumpReLU, gated, Matryoshka), or all of them (ReLU). Decoding
is linear in every variant, so an edit of a latent always moves the tap along a decoder direction. ``u`` is
the activation itself unless the SAE normalises every row by its own statistics (see ``input_norms``).

numpy only, float64 inside. Row results do not depend on the rows beside them (see ``blocks``), and ties are
broken by the lowest feature index, so an edited rollout repeats bit for bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policyscope.core.blocks import F64, as_rows, map_blocks, pad_columns
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.input_norms import InputNorm, check_input_norm, row_statistics
from policyscope.core.sae_choice import top_k

Variant = Literal["topk", "batchtopk", "jumprelu", "relu", "gated", "matryoshka"]
VALUES = ("k", "tap_index", "input_norm", "variant")
ARRAYS = ("w_enc", "b_enc", "w_dec", "b_dec", "threshold")


@dataclass(frozen=True, eq=False)
class SAE:
    """Immutable. Weights are kept as the float32 values a file can hold, so saving changes nothing.

    Shapes: ``w_enc`` [d_latent, d_in], ``b_enc`` [d_latent], ``w_dec`` [d_in, d_latent], ``b_dec`` [d_in].
    ``tap_index`` is the one stored with the SAE, None if none was.

    ``threshold`` [d_latent]: a latent is active where its pre-activation is above 0 and above its threshold;
    ``k`` is then the number expected, d_latent where nobody said. Without it at most ``k`` are active, so
    ``k = d_latent`` is a plain ReLU. ``variant`` is how it was trained; it changes no number. A pre-bias,
    a constant normalisation and a gate are folded into the arrays: ``W(x − b) + c`` has the bias ``c − Wb``,
    a gate ``x·w + b_gate > 0`` with magnitude ``e^r x·w + b_mag`` is a threshold ``b_mag − e^r b_gate``.
    Raises ShapeMismatch or InvalidInput.
    """

    w_enc: F64
    b_enc: F64
    w_dec: F64
    b_dec: F64
    k: int
    tap_index: int | None = None
    threshold: F64 | None = None
    input_norm: InputNorm = "none"
    variant: Variant | None = None
    _encode_block: Callable[[F64], F64] = field(init=False, repr=False)
    _decode_block: Callable[[F64], F64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ARRAYS:
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _frozen(name, getattr(self, name)))
        if self.variant is None:
            object.__setattr__(self, "variant", "topk" if self.threshold is None else "jumprelu")
        _check(self)
        object.__setattr__(self, "_encode_block", _encoder(self))
        object.__setattr__(self, "_decode_block", _decoder(self))

    @property
    def d_in(self) -> int:
        return int(self.w_enc.shape[1])

    @property
    def d_latent(self) -> int:
        return int(self.w_enc.shape[0])

    def encode(self, x: ArrayLike) -> F64:
        """Latents ``[n, d_latent]`` of activations ``[n, d_in]``; none is below zero."""
        return map_blocks(self._encode_block, self._rows(x), self.d_latent)

    def decode(self, z: ArrayLike, x: ArrayLike | None = None) -> F64:
        """Reconstruction ``[n, d_in]`` of latents ``[n, d_latent]``.

        ``x`` are the activations they were encoded from: an SAE that normalises every row by its own
        statistics needs them to undo that (InvalidInput without), others do not look at them.
        """
        output = map_blocks(self._decode_block, as_rows(z, self.d_latent, "The latent"), self.d_in)
        if self.input_norm == "none":
            return output
        if x is None:
            raise InvalidInput(
                f"This SAE normalises every activation by its own statistics ({self.input_norm}), "
                "so latents can only be decoded together with the activations they came from."
            )
        mean, _, scale = row_statistics(self.input_norm, self._rows(x))
        return output * scale + mean

    def reconstruct(self, x: ArrayLike) -> F64:
        """``decode(encode(x))`` [n, d_in]."""
        return self.decode(self.encode(x), x)

    def output_scale(self, x: ArrayLike) -> F64:
        """``[n, 1]``: by how much one unit of a latent moves the tap, in decoder directions. Mostly 1."""
        return row_statistics(self.input_norm, self._rows(x)).scale

    def direction(self, feature_idx: int) -> F64:
        """Decoder direction ``w_j`` [d_in] as stored (not normalised); raises InvalidInput."""
        self.check_feature(feature_idx)
        return self.w_dec[:, feature_idx]

    def decoder_norms(self) -> F64:
        """``||w_j||`` for every feature, [d_latent]."""
        norms: F64 = np.linalg.norm(self.w_dec, axis=0)
        return norms

    def check_feature(self, feature_idx: int) -> None:
        """Raise InvalidInput, which names the allowed range, unless the feature exists."""
        if not 0 <= feature_idx < self.d_latent:
            message = (
                f"feature_idx is {feature_idx}; this SAE has {self.d_latent} features, "
                f"so 0 to {self.d_latent - 1} are allowed."
            )
            raise InvalidInput(message, fields={"feature_idx": message})

    def values(self) -> dict[str, Any]:
        """Everything but the weights, as JSON."""
        return {name: getattr(self, name) for name in VALUES}

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The weights as float32 by field; ``SAE(**sae.arrays(), **sae.values())`` has the same bits."""
        present = {name: getattr(self, name) for name in ARRAYS if getattr(self, name) is not None}
        return {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in present.items()}

    def fingerprint(self) -> str:
        """SHA-256 (hex) of everything that decides the output."""
        digest = hashlib.sha256(f"{self.d_in} {self.d_latent} {self.k}".encode())
        for name, array in self.arrays().items():
            digest.update((name.encode() if name == "threshold" else b"") + array.astype("<f4").tobytes())
        if self.input_norm != "none":
            digest.update(self.input_norm.encode())
        return digest.hexdigest()

    def _rows(self, x: ArrayLike) -> F64:
        return as_rows(x, self.d_in, "The activation")


def _encoder(sae: SAE) -> Callable[[F64], F64]:
    transposed, bias, width, k = pad_columns(sae.w_enc.T), sae.b_enc, sae.d_latent, sae.k
    threshold, norm = sae.threshold, sae.input_norm

    def encode(x: F64) -> F64:
        if norm != "none":
            mean, divisor, _ = row_statistics(norm, x)
            x = (x - mean) / divisor
        before = (x @ transposed)[..., :width]
        before += bias
        if threshold is None:
            return top_k(np.maximum(before, 0.0, out=before), k)
        return np.where(before > threshold, np.maximum(before, 0.0), 0.0)

    return encode


def _decoder(sae: SAE) -> Callable[[F64], F64]:
    transposed, bias, width = pad_columns(sae.w_dec.T), sae.b_dec, sae.d_in
    return lambda z: (z @ transposed)[..., :width] + bias


def _frozen(name: str, array: ArrayLike) -> F64:
    with np.errstate(over="ignore"):
        frozen = np.array(array, dtype=np.float32).astype(np.float64)
    bad = int(np.count_nonzero(~np.isfinite(frozen)))
    if bad:
        raise InvalidInput(
            f"The SAE's {name} {list(frozen.shape)} has {bad} values that are NaN or infinite."
        )
    frozen.setflags(write=False)
    return frozen


def _check(sae: SAE) -> None:
    if sae.w_enc.ndim != 2 or 0 in sae.w_enc.shape:
        raise ShapeMismatch(f"The encoder has shape {list(sae.w_enc.shape)}; [d_latent, d_in] is needed.")
    d_latent, d_in = sae.w_enc.shape
    needed = {"b_enc": (d_latent,), "w_dec": (d_in, d_latent), "b_dec": (d_in,), "threshold": (d_latent,)}
    for name, shape in needed.items():
        if getattr(sae, name) is not None and getattr(sae, name).shape != shape:
            raise ShapeMismatch(
                f"The SAE's {name} has shape {list(getattr(sae, name).shape)}; with an encoder of "
                f"[{d_latent}, {d_in}] it must be {list(shape)}."
            )
    if not 1 <= sae.k <= d_latent:
        raise InvalidInput(f"The SAE's k is {sae.k}; with {d_latent} features 1 to {d_latent} are allowed.")
    check_input_norm(sae.input_norm)
    if sae.variant not in get_args(Variant):
        raise InvalidInput(
            f"The SAE's variant is {sae.variant!r}; use one of {', '.join(get_args(Variant))}."
        )
