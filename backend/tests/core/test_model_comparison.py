"""Two policies on the same observations."""

import numpy as np
import pytest

from policyscope.core.model_comparison import action_gaps, agreement, other_choice
from policyscope.core.sae import SAE


def sae(rng, d_in=8, d_latent=12):
    w = rng.standard_normal((d_latent, d_in))
    return made(w, w.T / np.linalg.norm(w, axis=1))


def made(w_enc, w_dec):
    return SAE(w_enc, np.zeros(len(w_enc)), w_dec, np.zeros(len(w_dec)), k=4)


def test_gaps_are_in_sds_of_the_first():
    first = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]])
    moving, constant = action_gaps(first, first + np.array([1.0, -2.0]))
    assert moving.rms == pytest.approx(1.0)
    assert moving.rms_sd == pytest.approx(1.0 / first[:, 0].std())
    assert moving.mean == pytest.approx(1.0)
    assert (constant.rms, constant.rms_sd) == (pytest.approx(2.0), None)
    assert other_choice(np.array([[1.0, 2.0], [3.0, 0.0]]), np.array([[1.0, 0.0], [3.0, 0.0]])) == 0.5


def test_features_are_matched_by_when_they_fire_whatever_the_basis():
    rng = np.random.default_rng(0)
    h = rng.standard_normal((2000, 8))
    one = sae(rng)
    turn = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    order = rng.permutation(12)
    turned = made((one.w_enc @ turn)[order], (turn.T @ one.w_dec)[:, order])
    found = agreement(one, turned, h, h @ turn)
    assert all(match.same and order[match.partner] == match.feature for match in found.matches)
    assert found.mean_correlation == pytest.approx(1.0)
    assert found.alive == (12, 12)


def test_unrelated_states_share_nothing():
    rng = np.random.default_rng(1)
    one, other = sae(rng), sae(rng)
    found = agreement(one, other, rng.standard_normal((2000, 8)), rng.standard_normal((2000, 8)))
    assert not any(match.same for match in found.matches)
    assert found.mean_correlation < 0.2
