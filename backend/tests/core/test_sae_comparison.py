"""Which features two SAEs share, beside what chance gives."""

import numpy as np
import pytest

from policyscope.core.errors import ShapeMismatch
from policyscope.core.sae import SAE
from policyscope.core.sae_comparison import compare

D, F = 64, 12
RNG = np.random.default_rng(0)
DIRECTIONS = np.linalg.qr(RNG.standard_normal((D, 2 * F)))[0].T


def sae_of(rows: np.ndarray, k: int = 3) -> SAE:
    return SAE(rows, np.zeros(len(rows)), rows.T, np.zeros(D), k=k, tap_index=0)


def activations(n: int = 800) -> np.ndarray:
    codes = RNG.uniform(0, 1, (n, 2 * F)) * (RNG.random((n, 2 * F)) < 0.15)
    return codes @ DIRECTIONS + 0.01 * RNG.standard_normal((n, D))


def test_a_shuffled_copy_is_matched_feature_by_feature() -> None:
    order = RNG.permutation(F)
    found = compare(sae_of(DIRECTIONS[:F]), sae_of(DIRECTIONS[:F][order]), activations())
    assert {match.feature: match.partner for match in found.matches} == {
        int(feature): partner for partner, feature in enumerate(order)
    }
    assert all(match.same for match in found.matches)
    assert found.pw_mcc == pytest.approx(1.0)
    assert found.only_first == found.only_second == ()
    assert 0 < found.chance_cosine < 1


def test_what_only_one_has_is_named_and_strangers_share_nothing() -> None:
    h = activations()
    half = compare(sae_of(DIRECTIONS[:F]), sae_of(DIRECTIONS[F // 2 : F + F // 2]), h)
    assert half.only_first == tuple(range(F // 2))
    assert half.only_second == tuple(range(F // 2, F))
    assert sum(match.same for match in half.matches) == F // 2
    strangers = compare(sae_of(DIRECTIONS[:F]), sae_of(DIRECTIONS[F:]), h)
    assert not any(match.same for match in strangers.matches)
    assert strangers.only_first == strangers.only_second == tuple(range(F))


def test_other_widths_are_not_matched() -> None:
    small = SAE(np.eye(3), np.zeros(3), np.eye(3), np.zeros(3), k=1, tap_index=0)
    with pytest.raises(ShapeMismatch, match="64 and 3 units"):
        compare(sae_of(DIRECTIONS[:F]), small, activations())
