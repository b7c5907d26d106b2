"""A transcoder reads one tap and writes a later one: ``ŷ = z W_decᵀ + b_dec (+ x W_skipᵀ)``,
``z = TopK(ReLU(x W_encᵀ + b_enc))``.

It stands for the modules between its taps, so it does not reconstruct what it reads. Put in place of them,
its output is compared with what they make of the same activations. A latent is read at the first tap and its
decoder direction belongs to the second: changing it from z to z′ would add (z′ − z) w_j there. ``w_skip``
carries what is linear between the taps, so that latents need only hold the rest (a skip transcoder).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policyscope.core.blocks import F64, as_rows, map_blocks, pad_columns
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.policy import Policy
from policyscope.core.sae import SAE
from policyscope.core.sae_choice import top_k

Kind = Literal["transcoder", "skip_transcoder"]
KINDS: tuple[Kind, ...] = get_args(Kind)
VALUES = ("k", "tap_index", "output_tap")
ARRAYS = ("w_enc", "b_enc", "w_dec", "b_dec", "w_skip")


@dataclass(frozen=True, eq=False)
class Transcoder:
    """Immutable; weights are kept as the float32 values a file can hold.

    Shapes: ``w_enc`` [d_latent, d_in], ``b_enc`` [d_latent], ``w_dec`` [d_out, d_latent], ``b_dec`` [d_out],
    ``w_skip`` [d_out, d_in] or None. Raises ShapeMismatch or InvalidInput.
    """

    w_enc: F64
    b_enc: F64
    w_dec: F64
    b_dec: F64
    k: int
    tap_index: int
    output_tap: int
    w_skip: F64 | None = None

    def __post_init__(self) -> None:
        for name in ARRAYS:
            if getattr(self, name) is not None:
                frozen = np.array(getattr(self, name), dtype=np.float32).astype(np.float64)
                frozen.setflags(write=False)
                object.__setattr__(self, name, frozen)
        _check(self)

    @property
    def kind(self) -> Kind:
        return "transcoder" if self.w_skip is None else "skip_transcoder"

    @property
    def d_in(self) -> int:
        return int(self.w_enc.shape[1])

    @property
    def d_out(self) -> int:
        return int(self.w_dec.shape[0])

    @property
    def d_latent(self) -> int:
        return int(self.w_enc.shape[0])

    def encode(self, x: ArrayLike) -> F64:
        """Latents ``[n, d_latent]`` of activations ``[n, d_in]`` at ``tap_index``; none is below zero."""
        transposed = pad_columns(self.w_enc.T)

        def block(x: F64) -> F64:
            before = (x @ transposed)[..., : self.d_latent] + self.b_enc
            return top_k(np.maximum(before, 0.0), self.k)

        return map_blocks(block, self._rows(x), self.d_latent)

    def reconstruct(self, x: ArrayLike) -> F64:
        """What it puts at ``output_tap`` [n, d_out], of activations ``[n, d_in]`` at ``tap_index``."""
        output = _times(self.encode(x), self.w_dec) + self.b_dec
        return output if self.w_skip is None else output + _times(self._rows(x), self.w_skip)

    def decoder_norms(self) -> F64:
        """``||w_j||`` for every latent, [d_latent]."""
        norms: F64 = np.linalg.norm(self.w_dec, axis=0)
        return norms

    def values(self) -> dict[str, Any]:
        """Everything but the weights, as JSON."""
        return {name: getattr(self, name) for name in VALUES}

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The weights as float32 by field; ``Transcoder(**t.arrays(), **t.values())`` has the same bits."""
        present = {name: getattr(self, name) for name in ARRAYS if getattr(self, name) is not None}
        return {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in present.items()}

    def _rows(self, x: ArrayLike) -> F64:
        return as_rows(x, self.d_in, f"The activation at tap {self.tap_index}")


Dictionary = SAE | Transcoder
"""What can be put in a policy's way."""


def written_tap(dictionary: Dictionary, tap_index: int) -> int:
    """The tap that ``dictionary``, which reads ``tap_index``, puts its output at."""
    return dictionary.output_tap if isinstance(dictionary, Transcoder) else tap_index


def check_taps(policy: Policy, tap_index: int, output_tap: int) -> None:
    """Raise InvalidInput unless a transcoder can read the one and write the other."""
    policy.tap_dim(tap_index)
    last = len(policy.spec.modules) - 1
    if not tap_index < output_tap <= last:
        message = (
            f"output_tap is {output_tap}; a transcoder that reads tap {tap_index} writes a later one, up to "
            f"{last}."
        )
        raise InvalidInput(message, fields={"output_tap": message})


def _times(x: F64, weights: F64) -> F64:
    """``x`` [n, a] @ ``weights`` [b, a]ᵀ, every row for itself."""
    transposed, width = pad_columns(weights.T), len(weights)
    return map_blocks(lambda rows: (rows @ transposed)[..., :width], x, width)


def _check(t: Transcoder) -> None:
    if t.w_enc.ndim != 2 or t.w_dec.ndim != 2 or 0 in t.w_enc.shape or 0 in t.w_dec.shape:
        raise ShapeMismatch(
            f"The encoder has shape {list(t.w_enc.shape)} and the decoder {list(t.w_dec.shape)}; "
            "[d_latent, d_in] and [d_out, d_latent] are needed."
        )
    needed = {"b_enc": (t.d_latent,), "w_dec": (t.d_out, t.d_latent), "b_dec": (t.d_out,)}
    for name, shape in {**needed, "w_skip": (t.d_out, t.d_in)}.items():
        array = getattr(t, name)
        if array is not None and array.shape != shape:
            raise ShapeMismatch(
                f"The transcoder's {name} has shape {list(array.shape)}; with an encoder of "
                f"[{t.d_latent}, {t.d_in}] and a decoder of {t.d_out} outputs it must be {list(shape)}."
            )
    for name in ARRAYS:
        array = getattr(t, name)
        if array is not None and not np.isfinite(array).all():
            raise InvalidInput(f"The transcoder's {name} has values that are NaN or infinite.")
    if not 1 <= t.k <= t.d_latent:
        raise InvalidInput(
            f"The transcoder's k is {t.k}; with {t.d_latent} latents 1 to {t.d_latent} are allowed."
        )
    if not 0 <= t.tap_index < t.output_tap:
        raise InvalidInput(
            f"The transcoder reads tap {t.tap_index} and writes tap {t.output_tap}; a later one is needed."
        )
