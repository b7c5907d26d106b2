"""Feature edits at the tap, as a difference: ``h' = h + (z' − z) W_decᵀ``.

Adding the difference keeps what the SAE does not explain, so *no edit is exactly no change*. The edits of one
feature compose to ``z' = a z + b``; where ``a`` is 1 (only additions) nothing has to be encoded. Edits with a
gate or a schedule, and swaps, are in ``conditional``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from policyscope.core.blocks import F64, as_rows
from policyscope.core.conditional import ConditionalRows
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.gates import Gate, Schedule
from policyscope.core.sae import SAE

Operation = Literal["add", "scale", "clamp", "ablate", "swap"]


@dataclass(frozen=True)
class FeatureEdit:
    """One change to one latent: add ``value``, multiply by it, set to it, set to zero, or swap two latents.

    ``value`` is ignored by ablate and swap; ``other_idx`` is the latent to swap with. ``gate`` and
    ``schedule`` say when it acts; without them it always does. Raises InvalidInput when the operation is not
    known, the value is not finite, or a swap lacks its partner.
    """

    feature_idx: int
    op: Operation
    value: float = 0.0
    other_idx: int | None = None
    gate: Gate | None = None
    schedule: Schedule | None = None

    def __post_init__(self) -> None:
        if self.op not in get_args(Operation):
            message = f"op is {self.op!r}; use one of {', '.join(get_args(Operation))}."
            raise InvalidInput(message, fields={"op": message})
        if not math.isfinite(self.value):
            message = f"value is {self.value}; a finite number is needed."
            raise InvalidInput(message, fields={"value": message})
        if (self.op == "swap") != (self.other_idx is not None) or self.other_idx == self.feature_idx:
            message = "swap needs other_idx, the feature to swap with, and only swap has one; got "
            message += f"op {self.op!r}, feature_idx {self.feature_idx} and other_idx {self.other_idx}."
            raise InvalidInput(message, fields={"other_idx": message})

    @property
    def conditional(self) -> bool:
        """Whether it depends on the moment or on a second latent."""
        return self.gate is not None or self.schedule is not None or self.op == "swap"

    @property
    def needs_z(self) -> bool:
        """Whether the latents must be known."""
        return self.op != "add" or (self.gate is not None and self.gate.kind == "active")

    def target(self, z: F64) -> F64:
        """What a scale, clamp or ablate turns ``z`` [n] into."""
        if self.op == "scale":
            return self.value * z
        return np.full_like(z, self.value if self.op == "clamp" else 0.0)

    def strength(self, z: F64 | None, observations: F64, steps: F64) -> F64:
        """How much it acts now, [n] in [−1, 1]."""
        strength = np.ones(len(steps)) if self.schedule is None else self.schedule.factor(steps)
        return (
            strength if self.gate is None else strength * self.gate.is_open(z, observations, self.feature_idx)
        )

    def check(self, sae: SAE, obs_dim: int | None = None) -> None:
        """Raise InvalidInput when it names a feature or an observation that does not exist."""
        sae.check_feature(self.feature_idx)
        if self.other_idx is not None:
            sae.check_feature(self.other_idx)
        if self.gate is not None:
            self.gate.check(sae.d_latent, obs_dim)

    def to_json(self) -> dict[str, Any]:
        """``feature_idx``, ``op``, ``value``; the other fields only where they are set."""
        more = {
            "other_idx": self.other_idx,
            "gate": self.gate and self.gate.to_json(),
            "schedule": self.schedule and self.schedule.to_json(),
        }
        set_ = {name: value for name, value in more.items() if value is not None}
        return {"feature_idx": self.feature_idx, "op": self.op, "value": self.value, **set_}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> FeatureEdit:
        """The edit that ``to_json`` wrote."""
        gate, schedule = value.get("gate"), value.get("schedule")
        return cls(
            value["feature_idx"],
            value["op"],
            value["value"],
            value.get("other_idx"),
            Gate.from_json(gate) if gate else None,
            Schedule(**schedule) if schedule else None,
        )


class RowEdits:
    """The edits of every row of a batch, ready to be applied at each step. Immutable.

    ``rows[i]`` are the edits of row ``i`` in order. Raises InvalidInput for a feature that does not exist.
    """

    def __init__(self, sae: SAE, rows: Sequence[tuple[FeatureEdit, ...]]) -> None:
        for edit in {edit for edits in rows for edit in edits}:
            edit.check(sae)
        depends = [any(edit.conditional for edit in edits) for edits in rows]
        self._moments = ConditionalRows(
            sae, [edits if later else None for edits, later in zip(rows, depends, strict=True)]
        )
        maps = [_compose(() if later else edits) for edits, later in zip(rows, depends, strict=True)]
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

    def apply(self, h: F64, observations: F64 | None = None, steps: F64 | None = None) -> F64:
        """``h`` [rows, d_in] with each row's edits; a row without an effective edit keeps its bits.

        ``observations`` [rows, obs] and ``steps`` [rows] (of each row's episode) are needed by edits with a
        gate or a schedule; InvalidInput without them.
        """
        rows = as_rows(h, self._sae.d_in, "The activation")
        if len(rows) != len(self._feature):
            raise ShapeMismatch(
                f"{len(rows)} rows of activations were given for the edits of {len(self._feature)}."
            )
        edited = rows.copy()
        if len(self._constant) == len(rows):
            edited += self._scaled(self._constant_delta, rows)
        elif len(self._constant):
            edited[self._constant] += self._scaled(self._constant_delta, rows[self._constant])
        if len(self._encoded):
            encoded = rows[self._encoded]
            edited[self._encoded] += self._scaled(self._encoded_delta(encoded), encoded)
        if len(self._moments):
            self._moments.apply(rows, edited, observations, steps)
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
        taken._moments = self._moments.take(rows)
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

    def _scaled(self, delta: F64, h: F64) -> F64:
        """In units of the activation; only an SAE that normalises each row has others inside."""
        return delta if self._sae.input_norm == "none" else delta * self._sae.output_scale(h)

    def _delta(self, rows: NDArray[np.intp], change: F64) -> F64:
        """``change`` [rows, slots] in latent space as [rows, d_in], added up feature by feature.

        Not a matrix product, whose order of summation would depend on the other rows' features.
        """
        delta = np.zeros((len(rows), self._sae.d_in))
        for slot in range(change.shape[1]):
            delta += change[:, slot, None] * self._sae.w_dec.T[self._feature[rows, slot]]
        return delta


def _compose(edits: Sequence[FeatureEdit]) -> list[tuple[int, float, float]]:
    """``(feature, a − 1, b)`` for each feature that is changed, in order of the feature index."""
    maps: dict[int, tuple[float, float]] = {}
    for edit in edits:
        a, b = maps.get(edit.feature_idx, (1.0, 0.0))
        if edit.op == "add":
            b += edit.value
        elif edit.op == "scale":
            a, b = a * edit.value, b * edit.value
        else:
            a, b = 0.0, edit.value if edit.op == "clamp" else 0.0
        maps[edit.feature_idx] = (a, b)
    return [(j, a - 1.0, b) for j, (a, b) in sorted(maps.items()) if (a, b) != (1.0, 0.0)]
