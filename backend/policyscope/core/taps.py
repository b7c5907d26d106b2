"""Which (tap, activation function) made the cached activations? Decided by trying all of them.

A stored ``tap_index`` may be wrong and a file does not name its activation function. Running the candidates
over the cached observations settles both: only the right pair reproduces the cached activations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from policyscope.core.activation_functions import ACTIVATIONS
from policyscope.core.activations import ActivationData, spread_rows
from policyscope.core.blocks import F64
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.policy import Policy
from policyscope.core.policy_spec import PolicySpec
from policyscope.core.sae import SAE

REPRODUCED = 1e-6
CLEARLY_WORSE = 100.0
"""A runner-up counts as another explanation unless its error is so many times larger."""
MOST_ENCODED, LEAST_ENCODED = 1 << 22, 256
"""Latents, and rows, that a candidate's FVU is measured on: there are dozens of candidates."""
_ROUNDING = 1e-12  # errors below it are float32 rounding of the cached values


@dataclass(frozen=True)
class TapCandidate:
    """One pair and how well it fits.

    ``reproduction_error`` = ||head(obs) − activations||² / ||activations − mean||², 0 for the right pair.
    ``fvu`` is the fraction of variance that the SAE leaves unexplained there: of the candidates with the
    policy's own activation function and of the best one. None elsewhere, and where nothing varies.
    """

    tap_index: int
    activation: str
    reproduction_error: float
    fvu: float | None


@dataclass(frozen=True)
class TapReport:
    """All candidates, best first. ``activation_matters`` is False for taps before any activation module."""

    candidates: tuple[TapCandidate, ...]
    verified: bool
    activation_matters: bool

    @property
    def best(self) -> TapCandidate:
        return self.candidates[0]

    def at(self, tap_index: int, activation: str) -> TapCandidate | None:
        """The candidate with this pair, None when the tap has another width than the SAE."""
        found = [c for c in self.candidates if c.tap_index == tap_index]
        return next((c for c in found if c.activation == activation), None)


def examine_taps(policy: Policy, data: ActivationData, sae: SAE, max_samples: int = 4096) -> TapReport:
    """Try every tap whose width is that of the SAE with every activation function.

    Uses at most ``max_samples`` evenly spaced rows. ``verified`` means that the best pair reproduces the
    cached activations (error below 1e-6) and no other pair comes near. Raises ShapeMismatch when nothing can
    fit and InvalidInput when the cached activations do not vary.
    """
    spec = policy.spec
    _check_sizes(spec, data, sae)
    rows = data.spread(max_samples)
    cached = np.asarray(rows.activations, dtype=np.float64)
    if _spread(cached) == 0.0:
        raise InvalidInput("The cached activations are the same in every row; collect the data again.")
    taps = [i for i, module in enumerate(spec.modules) if module.out_features == sae.d_in]
    if not taps:
        widths = [module.out_features for module in spec.modules]
        raise ShapeMismatch(f"The SAE takes {sae.d_in} values, but the policy's modules give {widths}.")
    found: list[TapCandidate] = []
    for name, tapped in _activations(policy, rows, taps):
        for tap, h in tapped:
            error = _sum_squares(h - cached) / _spread(cached)
            # dozens of candidates, and encoding takes by far the longest: only where it can be asked for
            telling = name == spec.activation or all(error < one.reproduction_error for one in found)
            found.append(TapCandidate(tap, name, error, _fvu(sae, h) if telling else None))
    ranked = sorted(found, key=lambda c: (c.reproduction_error, c.tap_index))
    matters = _first_activation(spec) <= ranked[0].tap_index
    return TapReport(tuple(ranked), _verified(spec, ranked), matters)


def _activations(
    policy: Policy, data: ActivationData, taps: list[int]
) -> Iterator[tuple[str, list[tuple[int, F64]]]]:
    """For each activation function, the taps it can change; the present one comes with all taps.

    Not the identity: a tap after it would be the same place as the tap before.
    """
    spec, first = policy.spec, _first_activation(policy.spec)
    yield spec.activation, [(tap, policy.head(data.observations, tap)) for tap in taps]
    for name in sorted(set(ACTIVATIONS) - {spec.activation, "identity"}):
        changed = [tap for tap in taps if tap >= first]
        if changed:
            other = Policy(spec.with_activation(name, spec.activation_source), policy.tensors)
            yield name, [(tap, other.head(data.observations, tap)) for tap in changed]


def _verified(spec: PolicySpec, ranked: list[TapCandidate]) -> bool:
    best = ranked[0]
    others = [c for c in ranked[1:] if not _same_place(spec, best, c)]
    floor = max(best.reproduction_error, _ROUNDING)
    unique = all(c.reproduction_error > CLEARLY_WORSE * floor for c in others)
    return best.reproduction_error < REPRODUCED and unique


def _same_place(spec: PolicySpec, one: TapCandidate, other: TapCandidate) -> bool:
    """Whether only modules that pass their input through lie between the two."""
    low, high = sorted((one.tap_index, other.tap_index))
    between = spec.modules[low + 1 : high + 1]
    return one.activation == other.activation and all(module.kind == "identity" for module in between)


def _first_activation(spec: PolicySpec) -> int:
    kinds = [module.kind for module in spec.modules]
    return kinds.index("activation") if "activation" in kinds else len(kinds)


def _check_sizes(spec: PolicySpec, data: ActivationData, sae: SAE) -> None:
    if data.activations.shape[1] != sae.d_in:
        raise ShapeMismatch(
            f"The cached activations have {data.activations.shape[1]} columns, but the SAE takes {sae.d_in}."
        )
    if data.observations.shape[1] != spec.obs_dim:
        raise ShapeMismatch(
            f"The cached observations have {data.observations.shape[1]} columns, "
            f"but the policy takes {spec.obs_dim}."
        )


def _fvu(sae: SAE, h: F64) -> float | None:
    h = h[spread_rows(len(h), max(LEAST_ENCODED, MOST_ENCODED // sae.d_latent))]
    total = _spread(h)
    return _sum_squares(h - sae.reconstruct(h)) / total if total > 0.0 else None


def _spread(h: F64) -> float:
    return _sum_squares(h - h.mean(axis=0))


def _sum_squares(x: F64) -> float:
    return float(np.square(x).sum())
