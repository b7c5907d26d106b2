"""Affinities against direct computation, and output percentiles where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from policyscope.core import affinities
from policyscope.core.errors import InvalidInput
from policyscope.core.latents import LatentColumns
from policyscope.core.output_score import output_scores, percentile_in
from policyscope.core.policy import Module, Policy, PolicySpec
from policyscope.core.sae import SAE

RNG = np.random.default_rng(0)


def test_phi_is_the_correlation_of_firing() -> None:
    active = RNG.random((500, 6)) < 0.3
    active[:, 1] = active[:, 0]
    active[:, 2] = ~active[:, 0]
    active[:, 5] = False
    matrix = affinities.phi(affinities.count(active))
    with np.errstate(invalid="ignore"):
        expected = np.corrcoef(active[:, :5].T)
    assert np.allclose(matrix[:5, :5], expected)
    assert matrix[0, 1] == pytest.approx(1.0)
    assert matrix[0, 2] == pytest.approx(-1.0)
    assert matrix[5].tolist() == [0, 0, 0, 0, 0, 1]


def test_counts_of_episodes_add_up_to_the_whole() -> None:
    active, episode = RNG.random((300, 4)) < 0.5, np.repeat([7, 3, 9], 100)
    grouped = affinities.count_groups(active, episode)
    assert grouped.both.shape == (3, 4, 4)
    assert np.allclose(affinities.phi(grouped.total()), affinities.phi(affinities.count(active)))
    twice = grouped.total(np.array([2.0, 0.0, 0.0]))
    assert np.allclose(affinities.phi(twice), affinities.phi(affinities.count(active[episode == 3])))


def test_cosines_of_nothing_are_zero() -> None:
    rows = np.array([[1.0, 0.0], [-2.0, 0.0], [0.0, 0.0]])
    assert affinities.cosines(rows).tolist() == [[1, -1, 0], [-1, 1, 0], [0, 0, 1]]


def test_temporal_affinity_sees_a_delay_but_not_across_episodes() -> None:
    signal = RNG.random(2000)
    z = np.stack([signal, np.roll(signal, 3), RNG.random(2000)], axis=1)
    episode = np.repeat(np.arange(4), 500)
    matrix = affinities.temporal(z, episode, 6)
    assert matrix[0, 1] > 0.97
    assert abs(matrix[0, 2]) < 0.15
    assert affinities.temporal(z, episode, 2)[0, 1] < 0.15


def test_the_nearest_features() -> None:
    similarity = np.array([[1.0, 0.2, 0.9, 0.9], [0.2, 1, 0, 0], [0.9, 0, 1, 0], [0.9, 0, 0, 1]])
    assert affinities.nearest(similarity[0], 0, 2) == [(2, 0.9), (3, 0.9)]
    assert len(affinities.nearest(similarity[1], 1, 10)) == 3


def narrow_policy(d: int = 16, seen: int = 2) -> Policy:
    """obs -> obs -> 2 actions, of which only the first ``seen`` coordinates of the tap matter."""
    modules = (Module("linear", d, d, "net.0"), Module("linear", d, 2, "net.1"))
    out = np.zeros((2, d), dtype=np.float32)
    out[:, :seen] = np.eye(2, seen)
    spec = PolicySpec(modules, "torch_state_dict", "relu", "user")
    return Policy(spec, {"net.0.weight": np.eye(d, dtype=np.float32), "net.1.weight": out})


def test_a_direction_that_is_read_beats_chance_and_one_that_is_not_does_nothing() -> None:
    d = 16
    directions = np.eye(d)[[0, d - 1]] * np.array([[3.0], [0.1]])
    directions = np.vstack([directions, np.zeros((1, d))])
    sae = SAE(directions, np.zeros(3), directions.T, np.zeros(d), 3)
    h = RNG.standard_normal((400, d))
    scores = output_scores(narrow_policy(d), sae, 0, h)
    assert scores.rms[:2] == pytest.approx([scores.displacement, 0.0], abs=1e-9)
    assert scores.percentile["isotropic"][0] > 99
    assert scores.percentile["isotropic"][1] == 0.0
    assert np.isnan(scores.percentile["isotropic"][2])
    assert scores.displacement == pytest.approx(0.1 * 4.0, rel=0.05)


def test_random_features_are_uniform_among_random_directions() -> None:
    d, features = 16, 400
    directions = RNG.standard_normal((features, d))
    sae = SAE(directions, np.zeros(features), directions.T, np.zeros(d), 8)
    percentile = output_scores(narrow_policy(d), sae, 0, RNG.standard_normal((300, d))).percentile[
        "isotropic"
    ]
    assert np.quantile(percentile, (0.1, 0.5, 0.9)) == pytest.approx([10, 50, 90], abs=8)


def test_the_covariance_null_follows_the_data() -> None:
    """Data that live where the policy reads make random directions strong, so e_0 is nothing special."""
    d = 16
    scale = np.where(np.arange(d) < 2, 10.0, 0.1)
    sae = SAE(np.eye(d), np.zeros(d), np.eye(d), np.zeros(d), 4)
    scores = output_scores(narrow_policy(d), sae, 0, RNG.standard_normal((2000, d)) * scale)
    assert scores.percentile["isotropic"][0] > 99
    assert (scores.null["covariance"] > 0.99 * scores.displacement).mean() > 0.9


def test_percentiles_count_ties_half() -> None:
    null = np.array([1.0, 2.0, 2.0, 3.0])
    assert percentile_in(null, np.array([0.0, 2.0, 9.0])).tolist() == [0.0, 50.0, 100.0]


def test_too_few_directions_are_refused() -> None:
    sae = SAE(np.eye(16), np.zeros(16), np.eye(16), np.zeros(16), 4)
    with pytest.raises(InvalidInput, match="at least 20"):
        output_scores(narrow_policy(), sae, 0, RNG.standard_normal((10, 16)), directions=5)


def test_one_line_of_likeness_is_that_of_the_matrix() -> None:
    z = np.where(np.random.default_rng(3).random((200, 9)) < 0.2, 1.0, 0.0)
    z[:, 4] = 0.0
    columns, matrix = LatentColumns.of(z), affinities.phi(affinities.count(z > 0))
    for j in (0, 4, 8):
        line = affinities.phi_with(columns, j)
        np.testing.assert_allclose(np.delete(line, j), np.delete(matrix[j], j), atol=1e-12)
    rows = np.random.default_rng(4).standard_normal((9, 3))
    np.testing.assert_allclose(affinities.cosines_with(rows, 2), affinities.cosines(rows)[2], atol=1e-12)
