"""One dose in every unit, and the edit that gives a dose (method 5.2).

``δ_a = rms_x ||g(x + Δ) − g(x)|| / sqrt(Σ Var a)`` ("action displacement") is the default axis: equal doses
move the action equally, whatever the feature's scale. g is the rest of the policy, x the policy's own states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np

from policyscope.core.activations import ActivationData, spread_rows
from policyscope.core.blocks import F64
from policyscope.core.errors import InvalidInput
from policyscope.core.interventions import FeatureEdit, RowEdits
from policyscope.core.latents import LatentColumns
from policyscope.core.manifold import Manifold
from policyscope.core.output_score import displaced_rms
from policyscope.core.percent import percent
from policyscope.core.policy import Policy
from policyscope.core.sae import SAE
from policyscope.core.wide_probes import is_wide

Unit = Literal["alpha", "feature_sd", "activation_norm", "action_displacement"]
UNITS: tuple[Unit, ...] = get_args(Unit)
WARNING, STRONG = 0.10, 0.20
STATES = 512
ITERATIONS = 60
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Dose:
    """What a set of edits does to the policy's own states, at full strength of every schedule.

    ``alpha``, ``feature_sds`` (SDs of the feature when active) and ``share_of_max`` (of its 99.9th
    percentile when active) are None unless the set is one addition. ``activation_norm`` is rms ||Δ|| over
    the RMS distance of activations from their mean, ``mahalanobis`` the RMS Mahalanobis length of Δ,
    ``off_manifold_percentile`` the mean percentile that edited states have among the policy's own.
    ``acts`` is the share of states where anything changes; ``level`` is ok, warning or strong.
    """

    alpha: float | None
    feature_sds: float | None
    share_of_max: float | None
    activation_norm: float
    mahalanobis: float
    off_manifold_percentile: float
    action_displacement: float
    acts: float
    level: str
    message: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Scales:
    """What doses are measured against: a policy's own states at one tap, thinned to ``STATES``."""

    def __init__(self, policy: Policy, sae: SAE, tap_index: int, data: ActivationData) -> None:
        data = data.bounded(sae.d_latent)
        rows = spread_rows(len(data), STATES)
        self.policy, self.sae, self.tap_index = policy, sae, tap_index
        self.states = np.asarray(data.activations[rows], dtype=np.float64)
        self.observations = np.asarray(data.observations[rows], dtype=np.float64)
        self.activations = np.asarray(data.activations, dtype=np.float64)
        self.manifold = Manifold.fit(self.activations)
        self.actions = policy.tail(self.states, tap_index)
        centred = self.states - self.states.mean(axis=0)
        self.spread = float(np.sqrt(np.square(centred).sum(axis=1).mean())) or 1.0
        self.action_spread = float(np.sqrt(self.actions.var(axis=0).sum())) or 1.0

    def active_values(self, feature_idx: int) -> F64:
        """Values [n] of a feature over the states where it is active."""
        if is_wide(self.sae.d_latent):
            z = self._columns.column(feature_idx)
            return z[z > 0.0]
        z = self.sae.encode(self.activations[spread_rows(len(self.activations), 20_000)])[:, feature_idx]
        return z[z > 0.0]

    @cached_property
    def _columns(self) -> LatentColumns:
        """All latents at once: an encoding takes seconds when the SAE is wide, and a run may edit dozens."""
        return LatentColumns.of(self.sae.encode(self.activations))

    def displacement(self, vectors: F64) -> F64:
        """Action displacement [D] of constant displacements ``vectors`` [D, d]."""
        return displaced_rms(self.policy, self.tap_index, self.states, vectors) / self.action_spread

    def alphas(self, directions: F64, doses: F64) -> F64:
        """α >= 0 [D] with ``displacement(α · direction) = dose`` for each row; NaN where none is found.

        Nearly proportional, so each step multiplies by the ratio that is missing; where the action squashes
        it may never be reached.
        """
        lengths = np.linalg.norm(directions, axis=1)
        known = lengths > 0
        alpha = np.where(known, 0.1 * self.spread / np.where(known, lengths, 1.0), np.nan)
        todo = np.flatnonzero(known & (doses > 0))
        alpha[known & (doses == 0)] = 0.0
        for _ in range(ITERATIONS):
            if not len(todo):
                return alpha
            reached = self.displacement(alpha[todo, None] * directions[todo])
            ratio = doses[todo] / np.maximum(reached, 1e-12)
            near = np.abs(ratio - 1.0) < TOLERANCE
            alpha[todo[~near]] *= np.clip(ratio[~near], 0.2, 5.0)
            todo = todo[~near]
        alpha[todo] = np.nan
        return alpha


def dose_of(scales: Scales, edits: Sequence[FeatureEdit]) -> Dose:
    """The dose of ``edits`` together. Raises InvalidInput for a feature that does not exist."""
    sae, states = scales.sae, scales.states
    for edit in edits:
        edit.check(sae, scales.observations.shape[1])
    always = tuple(_at_full_strength(edit) for edit in edits)
    steps = np.zeros(len(states))
    edited = RowEdits(sae, [always] * len(states)).apply(states, scales.observations, steps)
    moved = scales.policy.tail(edited, scales.tap_index) - scales.actions
    change = edited - states
    displacement = _rms(moved) / scales.action_spread
    level, message = judge(displacement)
    return Dose(
        **_of_one(scales, always),
        activation_norm=_rms(change) / scales.spread,
        mahalanobis=float(np.sqrt(np.square(scales.manifold.length(change)).mean())),
        off_manifold_percentile=float(scales.manifold.percentile(scales.manifold.distance(edited)).mean()),
        action_displacement=displacement,
        acts=float((change != 0.0).any(axis=1).mean()),
        level=level,
        message=message,
    )


def judge(displacement: float) -> tuple[str, str]:
    """ok, warning (from 0.10) or strong (from 0.20), with a sentence. Nothing is refused."""
    share = f"The action moves by {percent(displacement, 1)} of its own variation"
    if displacement >= STRONG:
        return "strong", f"{share}: strong, most gaits collapse from 20 %. Expect falls, not a graded effect."
    if displacement >= WARNING:
        return "warning", f"{share}: falls begin near 10 %, often for one sign only."
    return "ok", f"{share}."


def raw_value(scales: Scales, edit: FeatureEdit, unit: Unit) -> float:
    """α of an addition whose ``value`` is given in ``unit``; the sign is kept.

    Raises InvalidInput for an unknown unit, an operation other than add, or a dose that no α gives.
    """
    if unit not in UNITS:
        raise _invalid(f"unit is {unit!r}; use one of {', '.join(UNITS)}.")
    if unit == "alpha":
        return edit.value
    if edit.op != "add":
        raise _invalid(f"unit {unit} needs op add; {edit.op} has a value of its own.")
    direction, sign = scales.sae.direction(edit.feature_idx), float(np.sign(edit.value))
    if unit == "feature_sd":
        return edit.value * _active_spread(scales, edit.feature_idx)
    check_constant(scales.sae)
    length = float(np.linalg.norm(direction))
    if length == 0.0:
        raise _invalid(f"Feature {edit.feature_idx} has a decoder direction of length 0; no α moves it.")
    if unit == "activation_norm":
        return edit.value * scales.spread / length
    alpha = scales.alphas(sign * direction[None], np.array([abs(edit.value)]))[0] if sign else 0.0
    if not np.isfinite(alpha):
        raise _invalid(
            f"No α along feature {edit.feature_idx} moves the action by {abs(edit.value):g} of its "
            "variation; ask for less, or give alpha."
        )
    return float(sign * alpha)


def check_constant(sae: SAE) -> None:
    """Raise InvalidInput unless an addition moves every activation alike, so that α has one dose."""
    if sae.input_norm != "none":
        raise _invalid(
            f"This SAE normalises every activation by its own statistics ({sae.input_norm}), so one α is "
            "another dose in every state. Give alpha or feature_sd; the dose of an edit is still measured."
        )


def _active_spread(scales: Scales, feature_idx: int) -> float:
    active = scales.active_values(feature_idx)
    if len(active) < 2 or float(active.std()) == 0.0:
        raise _invalid(f"Feature {feature_idx} is never active in the cached data, so it has no SD.")
    return float(active.std())


def _of_one(scales: Scales, edits: Sequence[FeatureEdit]) -> dict[str, float | None]:
    if len(edits) != 1 or edits[0].op != "add":
        return {"alpha": None, "feature_sds": None, "share_of_max": None}
    alpha, active = edits[0].value, scales.active_values(edits[0].feature_idx)
    spread = float(active.std()) if len(active) > 1 else 0.0
    top = float(np.quantile(active, 0.999)) if len(active) else 0.0
    return {
        "alpha": alpha,
        "feature_sds": alpha / spread if spread > 0 else None,
        "share_of_max": alpha / top if top > 0 else None,
    }


def _at_full_strength(edit: FeatureEdit) -> FeatureEdit:
    """Without its schedule; what a table adds is its largest value."""
    peak = 1.0 if edit.schedule is None or edit.op != "add" else edit.schedule.peak
    return replace(edit, schedule=None, value=edit.value * peak)


def _rms(rows: F64) -> float:
    return float(np.sqrt(np.square(rows).sum(axis=1).mean()))


def _invalid(message: str) -> InvalidInput:
    return InvalidInput(message, fields={"unit": message})
