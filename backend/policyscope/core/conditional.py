"""Edits that depend on the moment, or on two latents: gates, schedules and swaps, row by row.

Every edit of a row changes the difference ``d = z' − z`` of its feature, in order: with the factor ``s`` of
its gate and schedule, ``d ← d + s (op(z + d) − (z + d))``. ``z`` is read from the un-steered activation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from policyscope.core.blocks import F64
from policyscope.core.errors import InvalidInput
from policyscope.core.sae import SAE

if TYPE_CHECKING:
    from policyscope.core.interventions import FeatureEdit

Program = tuple["FeatureEdit", ...]


class ConditionalRows:
    """Rows of a batch with such edits, grouped by what they do. Immutable."""

    def __init__(self, sae: SAE, programs: Sequence[Program | None]) -> None:
        """``programs[i]``: the edits of row i, None for rows that are not edited here."""
        self._sae, self._programs = sae, tuple(programs)
        wanted: dict[Program, list[int]] = {}
        for row, program in enumerate(programs):
            if program is not None:
                wanted.setdefault(program, []).append(row)
        self._groups = [(program, np.array(rows, dtype=np.intp)) for program, rows in wanted.items()]
        self._rows = np.array(sorted(row for rows in wanted.values() for row in rows), dtype=np.intp)
        self._encodes = any(edit.needs_z for program in wanted for edit in program)

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, rows: Sequence[int]) -> ConditionalRows:
        return ConditionalRows(self._sae, [self._programs[row] for row in rows])

    def apply(self, h: F64, edited: F64, observations: F64 | None, steps: F64 | None) -> None:
        """Add to ``edited`` [rows, d_in] what the edits change at ``h``; rows they leave alone keep bits."""
        if observations is None or steps is None:
            raise InvalidInput("Edits with a gate or a schedule need the observations and the time.")
        latents = self._sae.encode(h[self._rows]) if self._encodes else None
        for program, rows in self._groups:
            z = None if latents is None else latents[np.searchsorted(self._rows, rows)]
            for feature, change in _differences(program, z, observations[rows], steps[rows]).items():
                acts = change != 0.0
                moved = change[acts, None] * self._sae.output_scale(h[rows[acts]])
                edited[rows[acts]] += moved * self._sae.w_dec[:, feature]


def _differences(program: Program, z: F64 | None, observations: F64, steps: F64) -> dict[int, F64]:
    """``z' − z`` [n] of every feature that the program touches."""
    d: dict[int, F64] = {}

    def now(feature: int) -> F64:
        assert z is not None
        return z[:, feature] + d.get(feature, 0.0)

    def add(feature: int, change: NDArray[np.float64]) -> None:
        d[feature] = d.get(feature, np.zeros(len(steps))) + change

    for edit in program:
        j, s = edit.feature_idx, edit.strength(z, observations, steps)
        if edit.op == "add":
            add(j, s * edit.value)
        elif edit.op == "swap":
            assert edit.other_idx is not None
            gap = s * (now(edit.other_idx) - now(j))
            add(j, gap)
            add(edit.other_idx, -gap)
        else:
            add(j, s * (edit.target(now(j)) - now(j)))
    return dict(sorted(d.items()))
