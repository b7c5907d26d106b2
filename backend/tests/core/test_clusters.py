"""Clusters that were planted are found and called reliable; without any, the verdict says so."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from policyscope.core import clusters
from policyscope.core.progress import drain

D, GROUPS_, EACH, EPISODES, LENGTH = 24, 4, 6, 8, 250
N = EPISODES * LENGTH
EPISODE = np.repeat(np.arange(EPISODES), LENGTH)


def evidence(rng, planted):
    h = rng.standard_normal((N, D))
    gain = rng.standard_normal((3, D))
    if planted:
        centres = rng.standard_normal((GROUPS_, D))
        directions = np.repeat(centres, EACH, axis=0) + 0.25 * rng.standard_normal((GROUPS_ * EACH, D))
        moments = np.repeat(rng.random((N, GROUPS_)) < 0.15, EACH, axis=1)
        active = moments & (rng.random((N, GROUPS_ * EACH)) < 0.8)
    else:
        directions = rng.standard_normal((GROUPS_ * EACH, D))
        active = rng.random((N, GROUPS_ * EACH)) < 0.12
    effects = directions @ gain.T
    return clusters.Evidence(np.arange(GROUPS_ * EACH), directions, effects, active, EPISODE, h, gain)


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(clusters, "NULL_DRAWS", 20)
    monkeypatch.setattr(clusters, "RESAMPLES", 10)


def test_planted_clusters_are_found():
    found = drain(clusters.cluster_all(evidence(np.random.default_rng(0), planted=True)))
    truth = np.repeat(np.arange(GROUPS_), EACH)
    for view in ("combined", "decoder", "coactivation"):
        assert clusters.adjusted_rand(found[view].labels, truth) == 1.0, view
        assert found[view].reliable, found[view].verdict
        assert (found[view].jaccard > 0.9).all()


def test_no_structure_is_said_to_be_none():
    reliable, verdicts = 0, []
    for seed in range(1, 4):
        found = drain(clusters.cluster_all(evidence(np.random.default_rng(seed), planted=False)))
        reliable += found["combined"].reliable + found["coactivation"].reliable
        verdicts.append(found["combined"].verdict)
    assert reliable <= 1  # one in twenty is what a 95th percentile lets through
    assert any(verdict.startswith("No reliable cluster structure") for verdict in verdicts)


def test_too_few_features_make_no_clusters():
    few = evidence(np.random.default_rng(0), planted=True)
    cut = clusters.Evidence(
        few.features[:5], few.directions[:5], few.effects[:5], few.active[:, :5], few.episode, few.h, few.gain
    )
    assert drain(clusters.cluster_all(cut)) == {}
    assert clusters.taking_part(np.array([0, 0.5, 0.95, 0.1])).tolist() == [1, 3]


def test_scores_agree_with_scikit_learn():
    rng = np.random.default_rng(2)
    points = rng.standard_normal((30, 3))
    distance = np.linalg.norm(points[:, None] - points, axis=2)
    labels = rng.integers(0, 4, 30)
    labels[0] = 4  # alone
    np.testing.assert_allclose(
        clusters.silhouette(distance, labels), silhouette_samples(distance, labels, metric="precomputed")
    )
    other = rng.integers(0, 3, 30)
    assert clusters.adjusted_rand(labels, other) == pytest.approx(adjusted_rand_score(labels, other))


def test_opposite_directions_are_listed_apart():
    directions = np.array([[1.0, 0], [-1, 0.1], [0, 1]])
    (pair,) = clusters.antipodal_pairs(directions, np.array([4, 7, 9]))
    assert pair[:2] == (4, 7)
    assert pair[2] < -0.9


def test_own_weights_are_the_view_of_the_same_weights():
    planted = evidence(np.random.default_rng(0), planted=True)
    own = drain(clusters.cluster_all(planted, {"mine": (0.4, 0.3, 0.3)}))["mine"]
    named = drain(clusters.cluster_all(planted))["combined"]
    assert own.labels.tolist() == named.labels.tolist()
    assert (own.mean_silhouette, own.null_silhouette, own.ari) == (
        named.mean_silhouette,
        named.null_silhouette,
        named.ari,
    )
