"""Maps: the same each time, neighbours together, refused where they would mean nothing."""

import numpy as np
import pytest

from policyscope.core import maps
from policyscope.core.affinities import cosines
from policyscope.core.errors import InvalidInput


def grouped(rng, each=12):
    centres = rng.standard_normal((3, 16))
    return np.repeat(centres, each, axis=0) + 0.2 * rng.standard_normal((3 * each, 16))


def test_umap_keeps_groups_together_and_is_the_same_each_time():
    directions = grouped(np.random.default_rng(0))
    points = maps.umap_points(np.maximum(cosines(directions), 0.0))
    assert points.shape == (36, 2)
    assert np.isfinite(points).all()
    group = np.repeat(np.arange(3), 12)
    distance = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distance, np.inf)
    assert (group[distance.argmin(axis=1)] == group).all()
    assert maps.umap_points(np.maximum(cosines(directions), 0.0)).tobytes() == points.tobytes()


def test_few_features_have_no_umap():
    with pytest.raises(InvalidInput, match="there are 29"):
        maps.umap_points(np.eye(29))


def test_the_plane_shows_all_of_what_is_flat():
    rng = np.random.default_rng(1)
    angle = rng.uniform(0, 2 * np.pi, 40)
    flat = np.column_stack([np.cos(angle), np.sin(angle)])
    points, shown = maps.plane(flat, np.zeros((40, 1)))
    assert shown == pytest.approx(1.0)
    near = np.linalg.norm(points[:, None] - points, axis=2)
    np.testing.assert_allclose(
        near / near.max(), (d := np.linalg.norm(flat[:, None] - flat, axis=2)) / d.max(), atol=1e-9
    )
