"""Feature edits at the tap, as a difference: ``h' = h + (z' − z) W_decᵀ``.

Adding the difference keeps what the SAE does not explain, so *no edit is exactly no change*. The edits of one
feature compose to ``z' = a z + b``; where ``a`` is 1 (only additions) nothing has to be encoded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from policyscope.core.blocks import F64, as_rows
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.sae import SAE

Operation = Literal["add", "scale", "clamp", "ablate"]


@dataclass(frozen=True)
class FeatureEdit:
    """One change to one latent: add ``value``, multiply by it, set to it, or set to zero (value ignored).

    Raises InvalidInput when the operation is not known or the value is not finite.
    """

    feature_idx: int
    op: Operation
    value: float = 0.0

    def __post_init__(self) -> None:
        if self.op not in get_args(Operation):
            message = f"op is {self.op!r}; use one of {', '.join(get_args(Operation))}."
            raise InvalidInput(message, fields={"op": message})
        if not math.isfinite(self.value):
            message = f"value is {self.value}; a finite number is needed."
            raise InvalidInput(message, fields={"value": message})

    def to_json(self) -> dict[str, Any]:
        return {"feature_idx": self.feature_idx, "op": self.op, "value": self.value}


class RowEdits:
    """The edits of every row of a batch, ready to be applied at each step. Immutable.

    ``rows[i]`` are the edits of row ``i`` in order. Raises InvalidInput for a feature that does not exist.
    """

    def __init__(self, sae: SAE, rows: Sequence[tuple[FeatureEdit, ...]]) -> None:
        maps = [_compose(sae, edits) for edits in rows]
        slots = max((len(changes) for changes in maps), default=0)
        self._sae = sae
        self._feature = np.zeros((len(rows), slots), dtype=np.intp)
        self._scale = np.zeros((len(rows), slots))  # a - 1
        self._shift = np.zeros((len(rows), slots))  # b
        for row, changes in enumerate(maps):
            for slot, (feature, scale, shift) in enumerate(changes):
                self._feature[row, slot] = feature
                self._scale[row, slot], self._shift[row, slot] = scale, shift
        self._prepare()

    def apply(self, h: F64) -> F64:
        """``h`` [rows, d_in] with each row's edits; a row without an effective edit keeps its bits."""
        rows = as_rows(h, self._sae.d_in, "The activation")
        if len(rows) != len(self._feature):
            raise ShapeMismatch(
                f"{len(rows)} rows of activations were given for the edits of {len(self._feature)}."
            )
        edited = rows.copy()
        edited[self._constant] += self._constant_delta
        if len(self._encoded):
            edited[self._encoded] += self._encoded_delta(rows[self._encoded])
        return edited

    def take(self, rows: Sequence[int]) -> RowEdits:
        """The edits of a selection of rows, in that order; a row may be taken more than once."""
        taken = object.__new__(RowEdits)
        taken._sae = self._sae
        index = np.asarray(rows, dtype=np.intp)
        taken._feature, taken._scale, taken._shift = (
            self._feature[index],
            self._scale[index],
            self._shift[index],
        )
        taken._prepare()
        return taken

    def _prepare(self) -> None:
        needs_z = np.any(self._scale != 0.0, axis=1)
        changed = needs_z | np.any(self._shift != 0.0, axis=1)
        self._encoded: NDArray[np.intp] = np.flatnonzero(needs_z)
        self._constant: NDArray[np.intp] = np.flatnonzero(changed & ~needs_z)
        self._constant_delta = self._delta(self._constant, self._shift[self._constant])

    def _encoded_delta(self, h: F64) -> F64:
        z = np.take_along_axis(self._sae.encode(h), self._feature[self._encoded], axis=1)
        return self._delta(self._encoded, self._scale[self._encoded] * z + self._shift[self._encoded])

    def _delta(self, rows: NDArray[np.intp], change: F64) -> F64:
        """``change`` [rows, slots] in latent space as [rows, d_in], added up feature by feature.

        Not a matrix product, whose order of summation would depend on the other rows' features.
        """
        delta = np.zeros((len(rows), self._sae.d_in))
        for slot in range(change.shape[1]):
            delta += change[:, slot, None] * self._sae.w_dec.T[self._feature[rows, slot]]
        return delta


def _compose(sae: SAE, edits: Sequence[FeatureEdit]) -> list[tuple[int, float, float]]:
    """``(feature, a − 1, b)`` for each feature that is changed, in order of the feature index."""
    maps: dict[int, tuple[float, float]] = {}
    for edit in edits:
        sae.check_feature(edit.feature_idx)
        a, b = maps.get(edit.feature_idx, (1.0, 0.0))
        if edit.op == "add":
            b += edit.value
        elif edit.op == "scale":
            a, b = a * edit.value, b * edit.value
        else:
            a, b = 0.0, edit.value if edit.op == "clamp" else 0.0
        maps[edit.feature_idx] = (a, b)
    return [(j, a - 1.0, b) for j, (a, b) in sorted(maps.items()) if (a, b) != (1.0, 0.0)]
