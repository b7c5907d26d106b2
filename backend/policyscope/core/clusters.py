"""Groups of features that are alike in what they write, when they fire and what they do (method 7).

Similarity ``S = Σ weight · max(view, 0)`` over three views: decoder cosine, co-activation, and cosine of
the mean effects on the action. Average linkage on ``1 − S``, cut where the mean silhouette is greatest. That
is reported as structure only if it beats what chance gives, with directions drawn like the activations and
firing shifted in time, and if it returns in most resamples of the episodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import cophenet, fcluster, linkage
from scipy.spatial.distance import squareform

from policyscope.core import affinities
from policyscope.core.affinities import Bools, Ints
from policyscope.core.associations import episode_slices
from policyscope.core.blocks import F64
from policyscope.core.output_score import random_directions
from policyscope.core.progress import Progress, Work

Weights = tuple[float, float, float]
"""Of decoder cosine, co-activation and function, in this order; they add up to 1."""
WEIGHTS: Mapping[str, Weights] = {
    "combined": (0.4, 0.3, 0.3),
    "decoder": (1.0, 0.0, 0.0),
    "coactivation": (0.0, 1.0, 0.0),
    "function": (0.0, 0.0, 1.0),
}
VIEWS = tuple(WEIGHTS)
DENSITY = (1e-3, 0.9)
LEAST_FEATURES, MOST_FEATURES = 8, 512
MOST_CLUSTERS = 20
NULL_DRAWS, NULL_QUANTILE = 60, 0.95
RESAMPLES, STABLE_ARI, STABLE_JACCARD = 60, 0.6, 0.6
NULL_ROWS = 12_000
ANTIPODAL, MOST_PAIRS, PAIR_ROWS = -0.7, 500, 512
Labels = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Views:
    """Similarities [n, n] of the features that are clustered, before clipping."""

    decoder: F64
    coactivation: F64
    function: F64

    def combined(self, weights: Weights) -> F64:
        """S [n, n], ones on the diagonal."""
        parts = (self.decoder, self.coactivation, self.function)
        s: F64 = np.sum([w * np.maximum(part, 0.0) for w, part in zip(weights, parts, strict=True)], axis=0)
        np.fill_diagonal(s, 1.0)
        return s


@dataclass(frozen=True, eq=False)
class Clustering:
    """Of one weighting. ``labels`` [n] from 0; ``silhouette`` [n] per feature and their mean.

    ``null_silhouette``: 95th percentile of the greatest mean silhouette under chance. ``ari``: mean adjusted
    Rand index over resamples of episodes; ``jaccard`` [clusters]: mean overlap of each cluster with its best
    partner there. ``reliable``: silhouette above the null and ari ≥ 0.6.
    """

    labels: Labels
    silhouette: F64
    mean_silhouette: float
    null_silhouette: float
    ari: float
    jaccard: F64
    cophenetic: float
    reliable: bool
    verdict: str


@dataclass(frozen=True, eq=False)
class Evidence:
    """What clusters are made from: ``features`` [n] taking part, of all F; ``directions`` [n, d]; ``effects``
    [n, A] mean effects; ``active`` [N, n] and ``episode`` [N]; ``h`` [N, d]; ``gain`` [A, d] mean Jacobian.
    """

    features: Ints
    directions: F64
    effects: F64
    active: Bools
    episode: Ints
    h: F64
    gain: F64

    def views(self) -> Views:
        phi = affinities.phi(affinities.count(self.active))
        return Views(affinities.cosines(self.directions), phi, affinities.cosines(self.effects))


def taking_part(density: F64) -> Ints:
    """Features [n] that fire neither almost never nor almost always."""
    return np.flatnonzero((density > DENSITY[0]) & (density < DENSITY[1]))


def clustered(density: F64) -> Ints:
    """The features [n] that are grouped: of those taking part the MOST_FEATURES that fire most often, since
    every one of 121 groupings needs the distances of all pairs."""
    features = taking_part(density)
    most_often = np.argsort(-density[features], kind="stable")[:MOST_FEATURES]
    return np.sort(features[most_often])


def cluster_all(
    evidence: Evidence, weightings: Mapping[str, Weights] = WEIGHTS, seed: int = 0
) -> Work[dict[str, Clustering]]:
    """One clustering per weighting; too few features give none."""
    if len(evidence.features) < LEAST_FEATURES:
        return {}
    views = evidence.views()
    nulls = []
    for draw in range(NULL_DRAWS):
        yield Progress(draw, NULL_DRAWS + RESAMPLES, "draws", "clusters under chance")
        nulls.append(_chance(evidence, np.random.default_rng([seed, draw])))
    counts = affinities.count_groups(evidence.active, evidence.episode)
    again = []
    for draw in range(RESAMPLES):
        yield Progress(NULL_DRAWS + draw, NULL_DRAWS + RESAMPLES, "draws", "clusters on resampled episodes")
        again.append(_resampled(views, counts, np.random.default_rng([seed, draw])))
    return {name: _judged(weights, views, nulls, again) for name, weights in weightings.items()}


def cut(similarity: F64) -> tuple[Labels, F64, float]:
    """Labels [n] of the best cut, silhouettes [n], cophenetic correlation, by average linkage."""
    distance = np.maximum(1.0 - similarity, 0.0)
    np.fill_diagonal(distance, 0.0)
    condensed = squareform(distance, checks=False)
    tree = linkage(condensed, "average")
    most = int(min(MOST_CLUSTERS, max(2, len(distance) // 4)))
    best: tuple[Labels, F64] | None = None
    for k in range(2, most + 1):
        labels = (fcluster(tree, k, "maxclust") - 1).astype(np.intp)
        widths = silhouette(distance, labels)
        if best is None or widths.mean() > best[1].mean() + 1e-12:
            best = (labels, widths)
    assert best is not None
    return (*best, float(np.corrcoef(cophenet(tree), condensed)[0, 1]) if np.ptp(condensed) > 0 else 0.0)


def silhouette(distance: F64, labels: Labels) -> F64:
    """Silhouette [n] of each point: (b − a) / max(a, b), 0 for a point alone in its cluster."""
    names, place = np.unique(labels, return_inverse=True)
    member = (place[:, None] == np.arange(len(names))).astype(np.float64)
    sizes = member.sum(axis=0)
    sums = distance @ member
    own = sizes[place]
    inside = sums[np.arange(len(place)), place] / np.maximum(own - 1, 1)
    means = sums / sizes
    means[np.arange(len(place)), place] = np.inf
    other = means.min(axis=1)
    if len(names) < 2:
        return np.zeros(len(place))
    top = np.maximum(np.maximum(inside, other), 1e-12)
    return np.where(own > 1, (other - inside) / top, 0.0)


def adjusted_rand(a: Labels, b: Labels) -> float:
    """Agreement of two partitions, 1 for the same and 0 on average for chance (Hubert and Arabie 1985)."""
    table = _crossed(a, b)
    pairs = (table * (table - 1) / 2).sum()
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    in_rows, in_columns = (rows * (rows - 1) / 2).sum(), (columns * (columns - 1) / 2).sum()
    expected = in_rows * in_columns / (len(a) * (len(a) - 1) / 2)
    most = 0.5 * (in_rows + in_columns)
    return 1.0 if most == expected else float((pairs - expected) / (most - expected))


def antipodal_pairs(directions: F64, features: Ints) -> list[tuple[int, int, float]]:
    """Features that write nearly opposite directions, with their cosine; at most the MOST_PAIRS farthest."""
    unit, found = affinities.unit_rows(directions), []
    for start in range(0, len(unit), PAIR_ROWS):
        cosine = np.maximum(unit[start : start + PAIR_ROWS] @ unit.T, -1.0)
        first, second = np.nonzero(np.triu(cosine < ANTIPODAL, 1 + start))
        found += [(float(cosine[i, j]), start + int(i), int(j)) for i, j in zip(first, second, strict=True)]
        found = sorted(found)[:MOST_PAIRS]
    return [
        (int(features[i]), int(features[j]), cosine) for cosine, i, j in sorted(found, key=lambda p: p[1:])
    ]


def _chance(evidence: Evidence, rng: np.random.Generator) -> Views:
    """The same firing statistics without shared timing, directions drawn like the activations."""
    directions = random_directions(evidence.h, len(evidence.features), rng)["covariance"]
    slices = episode_slices(evidence.episode)
    rows = slices[
        : max(1, int(np.searchsorted(np.cumsum([s.stop - s.start for s in slices]), NULL_ROWS)) + 1)
    ]
    parts = []
    for part in rows:
        block = evidence.active[part]
        shift = rng.integers(0, len(block), block.shape[1])
        parts.append(block[(np.arange(len(block))[:, None] - shift) % len(block), np.arange(block.shape[1])])
    phi = affinities.phi(affinities.count(np.concatenate(parts)))
    effects = directions @ evidence.gain.T
    return Views(affinities.cosines(directions), phi, affinities.cosines(effects))


def _resampled(views: Views, counts: affinities.Counts, rng: np.random.Generator) -> Views:
    weights = np.bincount(rng.integers(0, len(counts.n), len(counts.n)), minlength=len(counts.n))
    return Views(views.decoder, affinities.phi(counts.total(weights.astype(np.float64))), views.function)


def _judged(weights: Weights, views: Views, nulls: Sequence[Views], again: Sequence[Views]) -> Clustering:
    labels, widths, cophenetic = cut(views.combined(weights))
    chance = float(np.quantile([cut(n.combined(weights))[1].mean() for n in nulls], NULL_QUANTILE))
    others = [cut(other.combined(weights))[0] for other in again]
    ari = float(np.mean([adjusted_rand(labels, other) for other in others]))
    jaccard = np.mean([_best_overlap(labels, other) for other in others], axis=0)
    mean = float(widths.mean())
    reliable = mean > chance and ari >= STABLE_ARI
    return Clustering(
        labels, widths, mean, chance, ari, jaccard, cophenetic, reliable, _verdict(mean, chance, ari)
    )


def _verdict(mean: float, chance: float, ari: float) -> str:
    if mean <= chance:
        return (
            f"No reliable cluster structure: the mean silhouette {mean:.2f} is not above the {chance:.2f} "
            "that features without anything in common reach."
        )
    if ari < STABLE_ARI:
        return (
            f"No reliable cluster structure: on resampled episodes the clusters agree with these by an "
            f"adjusted Rand index of {ari:.2f} only; {STABLE_ARI:g} is asked for."
        )
    return f"Clusters beat chance (silhouette {mean:.2f}, chance {chance:.2f}) and return (Rand {ari:.2f})."


def _best_overlap(labels: Labels, other: Labels) -> F64:
    """For each cluster of ``labels`` the greatest Jaccard index with a cluster of ``other``."""
    table = _crossed(labels, other)
    union = table.sum(axis=1)[:, None] + table.sum(axis=0) - table
    return np.asarray((table / union).max(axis=1))


def _crossed(a: Labels, b: Labels) -> F64:
    rows, columns = np.unique(a, return_inverse=True)[1], np.unique(b, return_inverse=True)[1]
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1.0)
    return table
