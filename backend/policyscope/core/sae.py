"""A TopK sparse autoencoder on one tap: ``z = TopK_k(ReLU(x W_encᵀ + b_enc))``, ``x̂ = z W_decᵀ + b_dec``.

numpy only, float64 inside. Row results do not depend on the rows beside them (see ``blocks``), and ties are
broken by the lowest feature index, so an edited rollout repeats bit for bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from policyscope.core.blocks import F64, as_rows, map_blocks, pad_columns
from policyscope.core.errors import InvalidInput, ShapeMismatch


@dataclass(frozen=True, eq=False)
class SAE:
    """Immutable. Weights are kept as the float32 values a file can hold, so saving changes nothing.

    Shapes: ``w_enc`` [d_latent, d_in], ``b_enc`` [d_latent], ``w_dec`` [d_in, d_latent], ``b_dec`` [d_in].
    ``tap_index`` is the one stored with the SAE, None if none was. Raises ShapeMismatch or InvalidInput.
    """

    w_enc: F64
    b_enc: F64
    w_dec: F64
    b_dec: F64
    k: int
    tap_index: int | None = None
    _encode_block: Callable[[F64], F64] = field(init=False, repr=False)
    _decode_block: Callable[[F64], F64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("w_enc", "b_enc", "w_dec", "b_dec"):
            object.__setattr__(self, name, _frozen(name, getattr(self, name)))
        _check_shapes(self)
        object.__setattr__(self, "_encode_block", _encoder(self))
        object.__setattr__(self, "_decode_block", _decoder(self))

    @property
    def d_in(self) -> int:
        return int(self.w_enc.shape[1])

    @property
    def d_latent(self) -> int:
        return int(self.w_enc.shape[0])

    def encode(self, x: ArrayLike) -> F64:
        """Latents ``[n, d_latent]`` of activations ``[n, d_in]``; at most ``k`` per row are above zero."""
        return map_blocks(self._encode_block, as_rows(x, self.d_in, "The activation"), self.d_latent)

    def decode(self, z: ArrayLike) -> F64:
        """Reconstruction ``[n, d_in]`` of latents ``[n, d_latent]``."""
        return map_blocks(self._decode_block, as_rows(z, self.d_latent, "The latent"), self.d_in)

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

    def fingerprint(self) -> str:
        """SHA-256 (hex) of everything that decides the output."""
        digest = hashlib.sha256(f"{self.d_in} {self.d_latent} {self.k}".encode())
        for array in (self.w_enc, self.b_enc, self.w_dec, self.b_dec):
            digest.update(array.astype("<f4").tobytes())
        return digest.hexdigest()


def top_k(values: F64, k: int) -> F64:
    """``values`` [..., n] >= 0 with all but the ``k`` largest of a row zero; the lowest index wins ties."""
    n = values.shape[-1]
    if k >= n:
        return values
    threshold = np.partition(values, n - k, axis=-1)[..., n - k, None]
    kept = np.where(values >= threshold, values, 0.0)
    tied = np.count_nonzero(kept, axis=-1) > k
    if np.any(tied):
        kept[tied] = _break_ties(values[tied], threshold[tied], k)
    return kept


def _break_ties(values: F64, threshold: F64, k: int) -> F64:
    above, equal = values > threshold, values == threshold
    places_left = k - above.sum(axis=-1, keepdims=True)
    kept = above | (equal & (np.cumsum(equal, axis=-1) <= places_left))
    return np.where(kept, values, 0.0)


def _encoder(sae: SAE) -> Callable[[F64], F64]:
    transposed, bias, width, k = pad_columns(sae.w_enc.T), sae.b_enc, sae.d_latent, sae.k
    return lambda x: top_k(np.maximum((x @ transposed)[..., :width] + bias, 0.0), k)


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


def _check_shapes(sae: SAE) -> None:
    if sae.w_enc.ndim != 2 or 0 in sae.w_enc.shape:
        raise ShapeMismatch(f"The encoder has shape {list(sae.w_enc.shape)}; [d_latent, d_in] is needed.")
    d_latent, d_in = sae.w_enc.shape
    needed = {"b_enc": (d_latent,), "w_dec": (d_in, d_latent), "b_dec": (d_in,)}
    for name, shape in needed.items():
        if getattr(sae, name).shape != shape:
            raise ShapeMismatch(
                f"The SAE's {name} has shape {list(getattr(sae, name).shape)}; with an encoder of "
                f"[{d_latent}, {d_in}] it must be {list(shape)}."
            )
    if not 1 <= sae.k <= d_latent:
        raise InvalidInput(f"The SAE's k is {sae.k}; with {d_latent} features 1 to {d_latent} are allowed.")
