"""What is measured while an SAE learns: it changes nothing, and it says what the loss does not."""

import numpy as np
import pytest
import tiny

from policyscope.core.arms import RolloutSpec
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.core.progress import drain
from policyscope.core.sae import SAE
from policyscope.core.sae_train import CURVES, PROBED, SaeTrainConfig, train_sae
from policyscope.core.training_probe import PLAYED_AT, TrainingProbe, density_histogram, reference

OBSERVATIONS = np.random.default_rng(0).standard_normal((400, tiny.OBS))
SPEC = RolloutSpec(tiny.ENV, (900_000, 900_001), 20)


@pytest.fixture(scope="module")
def policy():
    return Policy(*open_policy(tiny.policy_bytes(), "imitator.pt"))


@pytest.fixture(scope="module")
def probe(policy):
    mean = policy.head(OBSERVATIONS, tiny.TAP).mean(axis=0)
    played = drain(reference(policy, tiny.TAP, mean, SPEC))
    return TrainingProbe.on(policy, tiny.TAP, OBSERVATIONS, SPEC, played)


def exact(width=tiny.HIDDEN):
    both = np.vstack([np.eye(width), -np.eye(width)])
    return SAE(both, np.zeros(2 * width), both.T, np.zeros(width), width)


def silent(width=tiny.HIDDEN):
    return SAE(np.zeros((4, width)), np.full(4, -1.0), np.zeros((width, 4)), np.zeros(width), 2)


def test_nothing_is_lost_by_an_exact_sae_and_all_feedback_by_a_silent_one(probe):
    assert probe(exact(), 1) == {"feedback_fvu": pytest.approx(0.0, abs=1e-12)}
    assert sum(probe.density["counts"]) + probe.density["silent"] == 16
    assert probe(silent(), 2) == {"feedback_fvu": pytest.approx(1.0)}
    assert probe.density["silent"] == 4


def test_episodes_are_played_at_a_few_checks(probe):
    found = probe(exact(), PLAYED_AT[0])
    assert set(found) == {"feedback_fvu", "fall_rate"} | (
        {"return_recovered"} if probe.reference.baseline > probe.reference.floor else set()
    )
    if "return_recovered" in found:
        assert found["return_recovered"] == pytest.approx(1.0)


def test_densities_are_counted_by_decade():
    z = np.zeros((1000, 4))
    z[:, 0], z[:10, 1], z[:1, 2] = 1.0, 1.0, 1.0
    found = density_histogram(z)
    assert found == {"counts": [0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1], "silent": 1}


def test_a_probe_adds_curves_and_changes_no_weight(policy, probe):
    x = policy.head(OBSERVATIONS, tiny.TAP)
    config = SaeTrainConfig(16, 4, steps=100, batch=32, device="cpu")
    bare = drain(train_sae(x[:300], x[300:], config))
    reports, saved = [], []
    probed = drain(train_sae(x[:300], x[300:], config, None, None, saved.append, probe), reports.append)
    assert bare.sae.fingerprint() == probed.sae.fingerprint()
    assert set(bare.curves) == set(CURVES)
    assert set(probed.curves) == {*CURVES, *PROBED}
    assert np.isfinite(probed.curves["feedback_fvu"]).all()
    assert np.isfinite(probed.curves["fall_rate"]).sum() == len(PLAYED_AT)
    assert "feedback_fvu" in reports[-1].metrics
    again = drain(train_sae(x[:300], x[300:], config, None, saved[20], None, probe))
    for name, curve in probed.curves.items():
        assert np.array_equal(curve, again.curves[name], equal_nan=True), name
