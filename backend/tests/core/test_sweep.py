"""Choosing among SAEs by what they do in the closed loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from policyscope.core.errors import InvalidInput
from policyscope.core.sae import SAE
from policyscope.core.sae_sizes import sizes_for
from policyscope.core.sweep import (
    Played,
    decoder_crowding,
    grid,
    judged,
    pooled,
    recommended,
    sentence,
)

N = 20
BASE = np.full(N, 100.0) + np.arange(N)
FLOOR = np.zeros(N)


def played(returns, falls=0):
    fell = np.arange(N) < falls
    return Played(np.asarray(returns, dtype=np.float64), fell, np.full(N, 50.0))


def configuration(k, d_latent, cells, returns, falls=0):
    found = pooled([played(returns, falls) for _ in cells], played(BASE), played(FLOOR))
    return {"variant": "topk", "k": k, "d_latent": d_latent, "cells": cells, **found}


def cells_of(*returns):
    gates = [judged(played(one), played(BASE), played(FLOOR)) for one in returns]
    return [{"seed": number, "gate": gate} for number, gate in enumerate(gates)]


def test_the_grid_is_every_combination_that_can_be():
    cells = grid(["topk", "relu"], [8, 4], [4, 2], [0, 1])
    assert len(cells) == 2 * 3 * 2  # k 4 of 4 latents would be no choice
    assert (cells[0].d_latent, cells[0].k) == (4, 2)
    with pytest.raises(InvalidInput, match="smaller k"):
        grid(["topk"], [4], [4, 8], [0])


def test_all_of_the_return_passes_and_what_falls_does_not():
    assert judged(played(BASE), played(BASE), played(FLOOR))["return_recovered"] == pytest.approx(1.0)
    assert judged(played(BASE), played(BASE), played(FLOOR))["passes"]
    assert judged(played(BASE, 1), played(BASE), played(FLOOR))["passes"]  # one of twenty: 5 points
    assert not judged(played(BASE, 2), played(BASE), played(FLOOR))["passes"]
    assert not judged(played(0.89 * BASE), played(BASE), played(FLOOR))["passes"]


def test_nothing_is_judged_where_the_layer_does_not_matter():
    found = judged(played(BASE), played(BASE), played(BASE))
    assert (found["return_recovered"], found["interval"], found["passes"]) == (None, None, False)
    one = {"variant": "topk", "k": 2, "d_latent": 8, "cells": [0]}
    one |= pooled([played(BASE)], played(BASE), played(BASE))
    assert "no SAE can be recommended" in sentence([one], cells_of(BASE), None)


def test_the_interval_of_a_configuration_knows_that_training_seeds_differ():
    base, floor = played(BASE), played(FLOOR)
    alike = pooled([played(0.95 * BASE)] * 3, base, floor)["interval"]
    apart = pooled([played(BASE), played(0.95 * BASE), played(0.90 * BASE)], base, floor)["interval"]
    assert alike == pytest.approx([0.95, 0.95])
    assert apart[0] < 0.92
    assert apart[1] > 0.98


def test_of_those_that_pass_the_smallest_k_then_the_fewest_latents():
    cells = cells_of(BASE, 0.99 * BASE, BASE, BASE, 0.5 * BASE)
    passing = [configuration(8, 128, [2], BASE), configuration(8, 64, [0, 1], BASE)]
    larger, failing = configuration(16, 64, [3], BASE), configuration(4, 64, [4], 0.5 * BASE)
    assert recommended([larger, *passing, failing], cells) == 0
    text = sentence([larger, *passing, failing], cells, 0)
    assert text.startswith("Keep k = 8 of 64 latents (topk), seed 0")
    assert "3 of 4 configurations" in text
    assert recommended([failing], cells) is None
    assert "does not pass" in sentence([failing], cells, None)
    assert "remain valid" in sentence([failing], cells, None)


@given(some.integers(1, 4096))
def test_sizes_can_be_trained_at_every_width(width):
    sizes = sizes_for(width)
    assert min(sizes.topk) < max(sizes.d_latent) <= 8 * max(width, 8)
    assert grid(["topk"], sizes.d_latent, sizes.topk, [0])


def test_crowding_is_the_mean_cosine_of_directions():
    axes = np.eye(3)
    assert decoder_crowding(SAE(axes, np.zeros(3), axes, np.zeros(3), 2)) == 0.0
    same = np.ones((2, 3))
    assert decoder_crowding(SAE(same, np.zeros(2), same.T, np.zeros(3), 1)) == pytest.approx(1.0)
