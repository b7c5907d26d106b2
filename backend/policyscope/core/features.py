"""Which features go with an action, and what each one does to it: the table behind "interpret"."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from policyscope.core import attribution, probes, wide_probes
from policyscope.core.activations import MOST_CELLS, ActivationData, spread_rows
from policyscope.core.blocks import F64
from policyscope.core.centred import collected
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.latent_sums import Tally, affordable_rows, parts_of, taken
from policyscope.core.policy import Policy
from policyscope.core.sae import SAE

SortBy = Literal["abs_weight", "standardized_weight", "marginal_r2", "ablation_effect", "density"]
RELATIVE_LAMBDA = 1e-3
RIDGE_BUDGET = 5e11  # floating-point operations: a minute or so


@dataclass(frozen=True)
class FeatureRow:
    """One feature and one action.

    ``weight`` is the guide's ridge weight (action units per unit of the latent), ``standardized_weight`` is
    in action SDs per feature SD, ``marginal_r2`` the R² of this feature alone. ``ablation_effect`` is the RMS
    over all states of the change that removing the feature makes, in SDs of this action (the causal ranking),
    ``ablation_mean`` its signed mean over active states in action units, ``ablation_rms`` the RMS over all
    actions together, in action units. ``local_gain`` is the change of the action per unit of alpha.
    ``density`` is the share of states where the feature is active; ``dead`` means never.
    """

    feature_idx: int
    weight: float
    abs_weight: float
    standardized_weight: float
    marginal_r2: float
    density: float
    ablation_effect: float
    ablation_rms: float
    ablation_mean: float
    mean_active: float
    max_activation: float
    decoder_norm: float
    local_gain: float
    dead: bool


@dataclass(frozen=True)
class Interpretation:
    """The ``top_k`` features for one action. ``ridge_lambda`` is the absolute penalty of ``weight``.

    ``r2`` is that of the guide's ridge on its own data, ``cv_r2`` that of the standardised ridge on held-out
    episodes; None when the action never changes. R² near 1 is expected and no evidence of meaning.
    """

    features: tuple[FeatureRow, ...]
    target_dim: int
    n_samples: int
    r2: float | None
    cv_r2: float | None
    ridge_lambda: float
    sort_by: str
    d_latent: int
    dead_features: int


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Everything about all features and all actions; [F, A] or [F]. Computed once, ranked many times."""

    weight: F64
    standardized_weight: F64
    marginal_r2: F64
    ablation_effect: F64
    ablation_mean: F64
    local_gain: F64
    ablation_rms: F64
    density: F64
    mean_active: F64
    max_activation: F64
    decoder_norm: F64
    r2: F64
    cv_r2: F64
    ridge_lambda: float
    n_samples: int

    @property
    def d_latent(self) -> int:
        return len(self.density)

    @property
    def act_dim(self) -> int:
        return int(self.weight.shape[1])


_SORT_KEYS: dict[str, Callable[[FeatureTable, int], F64]] = {
    "abs_weight": lambda table, target: np.abs(table.weight[:, target]),
    "standardized_weight": lambda table, target: np.abs(table.standardized_weight[:, target]),
    "marginal_r2": lambda table, target: table.marginal_r2[:, target],
    "ablation_effect": lambda table, target: table.ablation_effect[:, target],
    "density": lambda table, _: table.density,
}


def interpret(
    policy: Policy,
    sae: SAE,
    tap_index: int,
    data: ActivationData,
    target_dim: int,
    top_k: int,
    sort_by: str = "abs_weight",
) -> Interpretation:
    """The ``top_k`` features for action ``target_dim`` over the cached data, largest first.

    The target is the policy's own action on the cached observations, the features are the SAE's latents of
    the cached activations. Raises InvalidInput for a value outside its range, ShapeMismatch when sizes
    disagree.
    """
    check_request(policy.spec.act_dim, sae.d_latent, target_dim, top_k, sort_by)
    return rank(analyse(policy, sae, tap_index, data), target_dim, top_k, sort_by)


def check_request(act_dim: int, d_latent: int, target_dim: int, top_k: int, sort_by: str) -> None:
    """Raise InvalidInput, with the allowed range, for the first value that cannot be used."""
    if not 0 <= target_dim < act_dim:
        raise _invalid(
            "target_dim",
            f"target_dim is {target_dim}; this policy has {act_dim} actions, 0 to {act_dim - 1}.",
        )
    if not 1 <= top_k <= d_latent:
        raise _invalid(
            "top_k", f"top_k is {top_k}; this SAE has {d_latent} features, so 1 to {d_latent} are allowed."
        )
    if sort_by not in get_args(SortBy):
        raise _invalid("sort_by", f"sort_by is {sort_by!r}; use one of {', '.join(get_args(SortBy))}.")


def analyse(policy: Policy, sae: SAE, tap_index: int, data: ActivationData) -> FeatureTable:
    """Probe and ablate every feature for every action. Raises ShapeMismatch when sizes disagree.

    The data are read in parts and may be larger than the memory. Where all rows would take more than
    RIDGE_BUDGET, evenly spaced ones are taken: ``n_samples`` says how many the ridge was fitted on.
    """
    _check_fit(policy, sae, tap_index, data)
    probed = (_probed_wide if wide_probes.is_wide(sae.d_latent) else _probed)(policy, sae, data)
    effects = attribution.ablation_effects(policy, sae, tap_index, data.activations)
    return FeatureTable(
        **probed.columns,
        ablation_effect=_per_deviation(effects.rms, probed.deviation),
        ablation_mean=effects.mean_active,
        local_gain=attribution.local_gain(policy, sae, tap_index, data.activations),
        ablation_rms=np.sqrt(np.square(effects.rms).sum(axis=1)),
        decoder_norm=sae.decoder_norms(),
        ridge_lambda=probed.penalty,
        n_samples=probed.n,
    )


@dataclass(frozen=True, eq=False)
class _Probed:
    """What comes of latents and actions alone: ``columns`` by their name in FeatureTable, the SDs [A] of the
    actions, the penalty of the guide's ridge and the rows it was fitted on."""

    columns: dict[str, F64]
    deviation: F64
    penalty: float
    n: int


def _probed(policy: Policy, sae: SAE, data: ActivationData) -> _Probed:
    rows = spread_rows(len(data), affordable_rows(_operations(sae), RIDGE_BUDGET))
    tally = Tally(sae.d_latent)
    m = probes.moments_of(tally.watch(_parts(policy, sae, data, rows)))
    penalty = probes.penalty_for(m, RELATIVE_LAMBDA)
    weight, _ = probes.solve(m, penalty)
    groups = None if data.episode is None else data.episode[rows]
    standardised = probes.standardised_ridge_of(_parts(policy, sae, data, rows), groups, m)
    columns = {
        "weight": weight,
        "standardized_weight": standardised.weights,
        "marginal_r2": probes.marginal_r2(m),
        "r2": probes.r_squared(m, weight),
        "cv_r2": standardised.cv_r2,
        **_tallied(tally, m.n),
    }
    return _Probed(columns, np.sqrt(m.yy / m.n), penalty, m.n)


def _probed_wide(policy: Policy, sae: SAE, data: ActivationData) -> _Probed:
    """With more features than can be multiplied with each other: see ``wide_probes``."""
    rows = spread_rows(len(data), max(wide_probes.ROWS, MOST_CELLS // sae.d_latent))
    tally = Tally(sae.d_latent)
    actions: list[F64] = []
    z = collected(_latents(tally.watch(_parts(policy, sae, data, rows)), actions))
    y = np.concatenate(actions)
    fitted = wide_probes.fitted_rows(len(rows))
    raw = wide_probes.raw_ridge(z[fitted], y[fitted], RELATIVE_LAMBDA)
    groups = None if data.episode is None else data.episode[rows[fitted]]
    standardised = wide_probes.StandardisedRows(z[fitted], y[fitted], groups).ridge()
    columns = {
        "weight": raw.weights,
        "standardized_weight": standardised.weights,
        "marginal_r2": wide_probes.marginal_r2(z, y),
        "r2": raw.r2,
        "cv_r2": standardised.cv_r2,
        **_tallied(tally, len(rows)),
    }
    return _Probed(columns, y.std(axis=0), raw.penalty, len(fitted))


def _latents(parts: Iterator[tuple[F64, F64]], actions: list[F64]) -> Iterator[F64]:
    """The latents of the parts, whose actions go into ``actions``."""
    for z, y in parts:
        actions.append(y)
        yield z


def _tallied(tally: Tally, n: int) -> dict[str, F64]:
    return {
        "density": tally.active / n,
        "mean_active": tally.total / np.maximum(tally.active, 1),
        "max_activation": tally.top,
    }


def _parts(
    policy: Policy, sae: SAE, data: ActivationData, rows: NDArray[np.integer]
) -> Iterator[tuple[F64, F64]]:
    """Latents [n, F] and the policy's actions [n, A] of a part of ``rows`` at a time."""
    for part in parts_of(rows, max(sae.d_in, sae.d_latent)):
        yield sae.encode(taken(data.activations, part)), policy(taken(data.observations, part))


def _operations(sae: SAE) -> float:
    """Of encoding one row twice and multiplying its latents with one another twice."""
    return 4.0 * sae.d_latent * (sae.d_in + sae.d_latent)


def rank(table: FeatureTable, target_dim: int, top_k: int, sort_by: str = "abs_weight") -> Interpretation:
    """The ``top_k`` rows of ``table`` for one action; ties go to the lower feature index."""
    check_request(table.act_dim, table.d_latent, target_dim, top_k, sort_by)
    order = np.argsort(-_SORT_KEYS[sort_by](table, target_dim), kind="stable")[:top_k]
    return Interpretation(
        features=tuple(_row(table, int(j), target_dim) for j in order),
        target_dim=target_dim,
        n_samples=table.n_samples,
        r2=_or_none(table.r2[target_dim]),
        cv_r2=_or_none(table.cv_r2[target_dim]),
        ridge_lambda=table.ridge_lambda,
        sort_by=sort_by,
        d_latent=table.d_latent,
        dead_features=int(np.count_nonzero(table.density == 0.0)),
    )


def _row(table: FeatureTable, j: int, target: int) -> FeatureRow:
    weight = float(table.weight[j, target])
    return FeatureRow(
        feature_idx=j,
        weight=weight,
        abs_weight=abs(weight),
        standardized_weight=float(table.standardized_weight[j, target]),
        marginal_r2=float(table.marginal_r2[j, target]),
        density=float(table.density[j]),
        ablation_effect=float(table.ablation_effect[j, target]),
        ablation_rms=float(table.ablation_rms[j]),
        ablation_mean=float(table.ablation_mean[j, target]),
        mean_active=float(table.mean_active[j]),
        max_activation=float(table.max_activation[j]),
        decoder_norm=float(table.decoder_norm[j]),
        local_gain=float(table.local_gain[j, target]),
        dead=bool(table.density[j] == 0.0),
    )


def _per_deviation(rms: F64, deviation: F64) -> F64:
    """In SDs of the action; an action that never changes is left in its own units."""
    return rms / np.where(deviation > 0.0, deviation, 1.0)


def _check_fit(policy: Policy, sae: SAE, tap_index: int, data: ActivationData) -> None:
    width = policy.tap_dim(tap_index)
    if width != sae.d_in:
        raise ShapeMismatch(
            f"The SAE takes {sae.d_in} values, but tap {tap_index} of this policy gives {width}."
        )
    if data.activations.shape[1] != sae.d_in:
        raise ShapeMismatch(
            f"The cached activations have {data.activations.shape[1]} columns; the SAE takes {sae.d_in}."
        )


def _or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(message, fields={field: message})
