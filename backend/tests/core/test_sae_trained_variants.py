"""Every variant learns, aims at k, folds to the SAE that it was in training, and resumes to the same bits."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch

from policyscope.core import planted
from policyscope.core.progress import drain
from policyscope.core.sae import Variant
from policyscope.core.sae_metrics import fvu
from policyscope.core.sae_train import SaeTrainConfig, train_sae
from policyscope.core.sae_variants import LEARNERS

VARIANTS = sorted(LEARNERS)
DIRECTIONS, X = planted.known_dictionary(0, width=12, features=16, rows=6_000)


def _work(variant, steps=60, **more):
    config = SaeTrainConfig(24, 3, steps, 128, lr=5e-3, device="cpu", variant=variant)
    return train_sae(X[:5_000], X[5_000:], config, **more)


def test_every_variant_of_an_sae_can_be_trained():
    assert {"topk", *VARIANTS} == set(get_args(Variant))


@pytest.mark.parametrize("variant", VARIANTS)
def test_learns_with_about_k_active(variant):
    torch.set_num_threads(1)
    result = drain(_work(variant, 800))
    z = result.sae.encode(X[5_000:])
    assert result.sae.variant == variant
    most = 0.5 if variant == "relu" else 0.35  # an L1 penalty shrinks every value
    assert fvu(X[5_000:], result.sae.reconstruct(X[5_000:])) < most
    assert 2.0 < (z > 0).sum(axis=1).mean() < 4.5


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_folded_sae_is_the_learner(variant):
    """In raw units as in training: same latents, same reconstruction."""
    result = drain(_work(variant))
    assert fvu(X[5_000:], result.sae.reconstruct(X[5_000:])) == pytest.approx(result.val_fvu, rel=1e-4)


@pytest.mark.parametrize("variant", VARIANTS)
def test_interrupted_equals_uninterrupted(variant):
    states: list[dict[str, np.ndarray]] = []
    whole = drain(_work(variant, on_checkpoint=states.append))
    again = drain(_work(variant, checkpoint=states[20]))
    assert whole.sae.fingerprint() == again.sae.fingerprint()
    for name, curve in whole.curves.items():
        assert np.array_equal(curve, again.curves[name]), name


def test_a_threshold_has_the_slope_of_its_band():
    from policyscope.core.sae_variants.jumprelu import _Step

    before = torch.tensor([[0.1, 0.52], [0.9, 0.48]])
    threshold = torch.full((2,), 0.5, requires_grad=True)
    active = _Step.apply(before, threshold, 0.1)
    active.sum().backward()
    assert active.tolist() == [[0.0, 1.0], [1.0, 0.0]]
    torch.testing.assert_close(threshold.grad, torch.tensor([0.0, -20.0]))
