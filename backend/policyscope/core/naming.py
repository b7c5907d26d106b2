"""Names of features, "[when] → [does]", with the numbers that let one doubt them (method 4.6).

*When*: a depth-2 decision tree on named signals for "the latent is above 0", grown on some episodes and
scored on others; below an AUROC of 0.85 or a balanced accuracy of 0.75 there, the feature stays unnamed.
*Does*: actions that removing the feature moves by more than the 99th percentile of random directions of its
length.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core.activations import split_rows, spread_rows
from policyscope.core.affinities import unit_rows
from policyscope.core.associations import Ints
from policyscope.core.attribution import affordable_states
from policyscope.core.blocks import F64
from policyscope.core.conditions import Signal
from policyscope.core.decision_tree import Binned, Leaf, auroc, balanced_accuracy, grow, score
from policyscope.core.latents import LatentColumns
from policyscope.core.output_score import random_directions
from policyscope.core.policy import Policy
from policyscope.core.sae import SAE

LEAST_AUROC, LEAST_ACCURACY = 0.85, 0.75
MOST_TRAINING_ROWS, LEAST_TRAINING_ROWS = 20_000, 3_000
WORK = 4e8  # rows × signals × features of growing all trees
NULL_DIRECTIONS, NULL_PERCENTILE, NULL_STATES = 200, 99.0, 64
NULL_BUDGET, LEAST_NULL_STATES = 1e12, 8  # floating-point operations for all features: under a minute
MOST_ACTIONS = 3
UNNAMED = "unnamed"


@dataclass(frozen=True)
class When:
    """``text`` None: not accepted, for the ``reason``. Scores are on held-out episodes."""

    text: str | None
    auroc: float | None
    balanced_accuracy: float | None
    reason: str | None


@dataclass(frozen=True)
class Moved:
    """One action: ``mean`` signed change while active, in SDs of the action; ``threshold`` of chance."""

    action: str
    mean: float
    threshold: float


@dataclass(frozen=True)
class Name:
    """``text`` is "when → does", "when" and "does" alone where only one is known, or "unnamed"."""

    text: str
    when: When
    does: tuple[Moved, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def name_of(when: When, does: Sequence[Moved]) -> Name:
    """Put together. A feature without an accepted "when" is unnamed, whatever it does."""
    if when.text is None:
        return Name(UNNAMED, when, tuple(does))
    return Name(f"{when.text} → {does_text(does)}", when, tuple(does))


def does_text(does: Sequence[Moved]) -> str:
    """In words: "raises right thigh torque, lowers left leg torque"."""
    if not does:
        return "no action beyond chance"
    return ", ".join(f"{'raises' if moved.mean > 0 else 'lowers'} {moved.action}" for moved in does)


def whens(columns: LatentColumns, signals: Sequence[Signal], episode: Ints | None) -> list[When]:
    """The "when" of every feature."""
    features = len(columns.start) - 1
    if not signals:
        none = When(None, None, None, "Nothing is known of the environment that a name could speak of.")
        return [none] * features
    values = np.stack([signal.values for signal in signals], axis=1)
    train, _, test = split_rows(len(values), episode, (0.7, 0.0, 0.3))
    most = int(np.clip(WORK / (values.shape[1] * features), LEAST_TRAINING_ROWS, MOST_TRAINING_ROWS))
    train = train[spread_rows(len(train), most)]
    binned, held_out = Binned.of(values[train]), values[test]
    found = []
    for j in range(features):
        active = columns.column(j) > 0
        found.append(_when(binned, active[train], held_out, active[test], signals))
    return found


def _when(
    binned: Binned, train: NDArray[np.bool_], values: F64, test: NDArray[np.bool_], signals: Sequence[Signal]
) -> When:
    if not train.any() or train.all():
        always = "It is always active." if train.any() else "It is never active."
        return When(None, None, None, always)
    leaves = grow(binned, train)
    chosen = _cutoff(leaves, _leaf_sizes(leaves, binned))
    scores = score(leaves, values)
    area, accuracy = auroc(scores, test), balanced_accuracy(scores >= chosen, test)
    if area is None or accuracy is None:
        return When(None, area, accuracy, "It is not both active and inactive in the held-out episodes.")
    if area < LEAST_AUROC or accuracy < LEAST_ACCURACY:
        reason = (
            f"The best rule has a held-out AUROC of {area:.2f} and a balanced accuracy of {accuracy:.2f}; "
            f"{LEAST_AUROC:g} and {LEAST_ACCURACY:g} are asked of a name."
        )
        return When(None, area, accuracy, reason)
    return When(_words([leaf for leaf in leaves if leaf.rate >= chosen], signals), area, accuracy, None)


def _leaf_sizes(leaves: Sequence[Leaf], binned: Binned) -> list[int]:
    sizes = []
    for leaf in leaves:
        inside = np.ones(len(binned.code), dtype=np.bool_)
        for split, right in leaf.path:
            cut = int(np.searchsorted(binned.edges[split.signal], split.threshold))
            inside &= (binned.code[:, split.signal] > cut) == right
        sizes.append(int(inside.sum()))
    return sizes


def _cutoff(leaves: Sequence[Leaf], sizes: Sequence[int]) -> float:
    """The leaf rate from which a row counts as active: greatest balanced accuracy on the training rows."""
    rates, weight = np.array([leaf.rate for leaf in leaves]), np.array(sizes, dtype=np.float64)
    positive, negative = rates * weight, (1 - rates) * weight
    best = max(
        rates,
        key=lambda cut: (
            positive[rates >= cut].sum() / positive.sum() + negative[rates < cut].sum() / negative.sum()
        ),
    )
    return float(best)


def _words(leaves: Sequence[Leaf], signals: Sequence[Signal]) -> str:
    """The active leaves in words: siblings are one branch, branches are joined by "or"."""
    paths = [leaf.path for leaf in leaves]
    for root in {path[0] for path in paths}:
        below = [path for path in paths if path[0] == root]
        if len(below) == 2:
            paths = [path for path in paths if path[0] != root] + [(root,)]
    return " or ".join(_branch_words(path, signals) for path in paths)


def _branch_words(path: Sequence[tuple[Any, bool]], signals: Sequence[Signal]) -> str:
    bounds: dict[int, tuple[float | None, float | None]] = {}
    for split, right in path:
        low, high = bounds.get(split.signal, (None, None))
        bounds[split.signal] = (split.threshold, high) if right else (low, split.threshold)
    return " and ".join(signals[index].words(low, high) for index, (low, high) in bounds.items())


def moved_actions(
    policy: Policy,
    sae: SAE,
    tap_index: int,
    h: F64,
    columns: LatentColumns,
    ablation_mean: F64,
    names: Sequence[str],
) -> list[tuple[Moved, ...]]:
    """Of every feature, the (at most 3) actions it moves beyond chance, strongest first.

    ``ablation_mean`` [F, A]: mean signed effect while active, in action units.
    """
    spread = policy.tail(h[spread_rows(len(h), 4096)], tap_index).std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    threshold = chance(policy, sae, tap_index, h, columns) / scale
    effect = ablation_mean / scale
    found = []
    for j in range(sae.d_latent):
        order = np.argsort(-np.abs(effect[j]), kind="stable")[:MOST_ACTIONS]
        beyond = [a for a in order if abs(effect[j, a]) > threshold[j, a]]
        found.append(tuple(Moved(names[a], float(effect[j, a]), float(threshold[j, a])) for a in beyond))
    return found


def chance(
    policy: Policy,
    sae: SAE,
    tap_index: int,
    h: F64,
    columns: LatentColumns,
    features: Iterable[int] | None = None,
) -> F64:
    """99th percentile [F, A] of |mean effect| of random directions with the feature's length and latents, in
    action units; infinite for features that never fire and for those left out of ``features``.

    Directions are drawn like the activations, N(0, Σ_x): the stricter of the two nulls. ``columns`` are the
    latents of ``h``.
    """
    draws = random_directions(h, NULL_DIRECTIONS, np.random.default_rng(0))["covariance"]
    directions = unit_rows(draws)
    chosen = spread_rows(len(h), affordable_states(policy, sae, tap_index))
    states, norms, most = h[chosen], sae.decoder_norms(), _null_states(policy, sae, tap_index)
    out = np.full((sae.d_latent, policy.spec.act_dim), np.inf)
    for j in range(sae.d_latent) if features is None else features:
        z = columns.column(j)[chosen]
        rows = np.flatnonzero(z)
        if not len(rows):
            continue
        rows = rows[spread_rows(len(rows), most)]
        moved = states[rows] - norms[j] * z[rows, None] * directions[:, None, :]
        flat = policy.tail(moved.reshape(-1, sae.d_in), tap_index).reshape(*moved.shape[:2], -1)
        means = (policy.tail(states[rows], tap_index) - flat).mean(axis=1)
        out[j] = np.percentile(np.abs(means), NULL_PERCENTILE, axis=0)
    return out


def _null_states(policy: Policy, sae: SAE, tap_index: int) -> int:
    """How many states of each feature keep the cost of the random directions of all within the budget."""
    weights = sum(module.n_parameters() for module in policy.spec.modules[tap_index + 1 :])
    affordable = NULL_BUDGET / (2.0 * NULL_DIRECTIONS * max(weights, 1) * sae.d_latent)
    return int(np.clip(affordable, LEAST_NULL_STATES, NULL_STATES))
