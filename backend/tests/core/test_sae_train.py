"""Training goes on from any of its checkpoints to the same bits."""

from __future__ import annotations

import numpy as np
import pytest

from policyscope.core.errors import InvalidInput
from policyscope.core.progress import drain
from policyscope.core.sae_train import SaeTrainConfig, train_sae

RNG = np.random.default_rng(0)
MIXING = RNG.standard_normal((12, 8))
DATA = (RNG.random((600, 12)) * (RNG.random((600, 12)) < 0.2)) @ MIXING
CONFIG = SaeTrainConfig(d_latent=24, k=3, steps=100, batch=64, seed=1, device="cpu")


def trained(config=CONFIG, data=DATA, **more):
    return train_sae(data[:500], data[500:], config, tap_index=2, **more)


def bits(result) -> list[bytes]:
    arrays = [*result.sae.arrays().values(), *result.curves.values()]
    return [array.tobytes() for array in arrays]


@pytest.fixture(scope="module")
def whole():
    states = []
    return drain(trained(on_checkpoint=states.append)), states


def test_there_are_fifty_checkpoints(whole):
    assert len(whole[1]) == 50


@pytest.mark.parametrize("number", [0, 7, 24, 48, 49])
def test_resumed_from_a_checkpoint_equals_uninterrupted(whole, number):
    result, states = whole
    seen = []
    resumed = drain(trained(checkpoint=states[number]), seen.append)
    assert bits(resumed) == bits(result)
    assert len(seen) < 100 - 2 * number  # it did not start again


def test_interrupted_twice_equals_uninterrupted(whole):
    last = []
    for stop in (15, 12):
        work = trained(checkpoint=last[-1] if last else None, on_checkpoint=last.append)
        for _ in range(stop):
            next(work)
        work.close()
    assert bits(drain(trained(checkpoint=last[-1]))) == bits(whole[0])


@pytest.mark.parametrize(
    "config", [SaeTrainConfig(24, 4, 100, 64, seed=1), SaeTrainConfig(24, 3, 99, 64, seed=1)]
)
def test_a_checkpoint_of_other_settings_is_refused(whole, config):
    with pytest.raises(InvalidInput, match="other data or other settings"):
        trained(config, checkpoint=whole[1][0])


def test_a_checkpoint_of_other_data_is_refused(whole):
    with pytest.raises(InvalidInput, match="other data or other settings"):
        trained(data=DATA + 1.0, checkpoint=whole[1][0])
