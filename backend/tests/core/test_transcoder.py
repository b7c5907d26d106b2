"""A transcoder learns what lies between two taps, folds to what it was, and is told from an SAE."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tiny

from policyscope.core.activations import ActivationData
from policyscope.core.arms import RolloutSpec
from policyscope.core.errors import InvalidInput, ShapeMismatch, UnsupportedFile
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.core.progress import drain
from policyscope.core.rollout import rollout
from policyscope.core.sae import SAE
from policyscope.core.sae_formats import open_sae, safetensors_file, transcoder_file
from policyscope.core.sae_metrics import fvu, sae_report, transcoder_report
from policyscope.core.sae_train import SaeTrainConfig, train_sae
from policyscope.core.splice import acting_through
from policyscope.core.sweep import gate_arms
from policyscope.core.training_probe import TrainingProbe
from policyscope.core.transcoder import KINDS, Transcoder, check_taps
from policyscope.core.transcoder_train import train_transcoder

RNG = np.random.default_rng(0)
WIDTH, OUT, FEATURES = 12, 10, 16


@pytest.fixture(scope="module")
def planted():
    """Rows made of sparse features, and another layer in which each has another direction."""
    active = RNG.random((6_000, FEATURES)) < 0.12
    z = active * RNG.uniform(0.5, 1.5, active.shape)
    read, write = RNG.standard_normal((FEATURES, WIDTH)), RNG.standard_normal((FEATURES, OUT))
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (read, write)]
    return z @ unit[0] + 0.3, 2.0 * z @ unit[1] - 1.0, unit[1]


def _train(planted, kind="transcoder", steps=1_500, **more):
    x, y, _ = planted
    config = SaeTrainConfig(24, 4, steps, 128, lr=5e-3, device="cpu", variant=kind)
    return train_transcoder((x[:5_000], y[:5_000]), (x[5_000:], y[5_000:]), config, (1, 3), **more)


@pytest.fixture(scope="module")
def policy():
    return Policy(*open_policy(tiny.policy_bytes(), "imitator.pt"))


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_sparsely_what_the_other_tap_holds(planted, kind):
    x, y, directions = planted
    result = drain(_train(planted, kind))
    t = result.sae
    assert (t.kind, t.tap_index, t.output_tap, t.d_in, t.d_out) == (kind, 1, 3, WIDTH, OUT)
    found = fvu(y[5_000:], t.reconstruct(x[5_000:]))
    assert found == pytest.approx(result.val_fvu, rel=1e-3)  # folded as it was in training
    assert found < 0.35
    assert (t.encode(x[5_000:]) > 0).sum(axis=1).max() <= 4
    if kind == "transcoder":  # directions of the tap that is written, which no row of what is read shows
        rows = t.w_dec.T / np.maximum(np.linalg.norm(t.w_dec.T, axis=1, keepdims=True), 1e-12)
        assert np.median((directions @ rows.T).max(axis=1)) > 0.8


def test_training_starts_from_the_mean(planted):
    """The decoder begins at zero, and so does the skip."""
    x, y, _ = planted
    t = drain(_train(planted, "skip_transcoder", steps=1)).sae
    assert fvu(y[5_000:], t.reconstruct(x[5_000:])) == pytest.approx(1.0, abs=0.05)


def test_interrupted_equals_uninterrupted(planted):
    states = []
    whole = drain(_train(planted, "skip_transcoder", 100, on_checkpoint=states.append))
    again = drain(_train(planted, "skip_transcoder", 100, checkpoint=states[20]))
    for name, array in whole.sae.arrays().items():
        assert np.array_equal(array, again.sae.arrays()[name]), name
    with pytest.raises(InvalidInput, match="other settings"):
        _train(planted, "transcoder", 100, checkpoint=states[20])


def test_a_file_keeps_every_bit_and_does_not_pass_for_an_sae(planted):
    t = drain(_train(planted, "skip_transcoder", steps=20)).sae
    data = transcoder_file.save(t)
    again = transcoder_file.open_transcoder(data)
    assert again.values() == t.values()
    assert all(np.array_equal(array, again.arrays()[name]) for name, array in t.arrays().items())
    with pytest.raises(UnsupportedFile, match="transcoder from tap 1 to tap 3, not an SAE"):
        open_sae(data, "some.safetensors")
    x, _, _ = planted
    sae = drain(train_sae(x[:500], x[500:900], SaeTrainConfig(16, 4, 20, 64, device="cpu"))).sae
    with pytest.raises(UnsupportedFile, match="no transcoder"):
        transcoder_file.open_transcoder(safetensors_file.save(sae))


def test_an_exact_one_changes_nothing_that_the_policy_does(policy):
    """Tap 0 to tap 2 of a policy is affine and an activation; beyond the activation it is affine alone."""
    observations = RNG.standard_normal((300, tiny.OBS))
    weights, bias = (policy.tensors[f"net.2.{part}"].astype(np.float64) for part in ("weight", "bias"))
    silent = np.zeros((4, tiny.HIDDEN))
    t = Transcoder(silent, np.full(4, -1.0), silent.T, bias, 2, 1, 2, w_skip=weights)
    assert np.allclose(acting_through(policy, 1, t)(observations), policy(observations), atol=1e-6)
    data = ActivationData(observations, policy.head(observations, 1))
    report = transcoder_report(policy, t, data)
    assert report["fvu"] < 1e-10
    assert report["feedback_fvu"] < 1e-8
    assert report["dead_features"] == 4
    assert report["references"]["affine_map"]["fvu"] < 1e-10
    without = replace(t, w_skip=None)  # nothing but the bias is left: no feedback, no action
    assert transcoder_report(policy, without, data)["feedback_fvu"] == pytest.approx(1.0)
    probe = TrainingProbe.on(policy, 1, observations, output_tap=2)
    assert probe(t, 1)["feedback_fvu"] < 1e-8
    assert set(sae_report(policy, _identity(), 1, data)) > set(report) - {"references"}


def test_in_the_gate_it_stands_for_the_modules_between_its_taps(policy):
    weights, bias = (policy.tensors[f"net.2.{part}"] for part in ("weight", "bias"))
    silent = np.zeros((4, tiny.HIDDEN))
    t = Transcoder(silent, np.full(4, -1.0), silent.T, bias, 2, 1, 2, w_skip=weights)
    arms = gate_arms(policy, 1, {"0": t}, np.zeros(tiny.HIDDEN))
    base, _, through = drain(rollout(arms, RolloutSpec(tiny.ENV, (0, 1), 20)))
    assert np.allclose(base.returns, through.returns, rtol=1e-4)


def test_what_is_no_transcoder_is_refused(policy, planted):
    x, y, _ = planted
    config = SaeTrainConfig(16, 4, 20, 64, device="cpu")
    with pytest.raises(InvalidInput, match="only transcoder or skip_transcoder"):
        train_transcoder((x, y), (x, y), config, (1, 3))
    with pytest.raises(InvalidInput, match="train_transcoder"):
        train_sae(x, x, replace(config, variant="transcoder"))
    with pytest.raises(ShapeMismatch, match="same states"):
        train_transcoder((x, y[1:]), (x, y), replace(config, variant="transcoder"), (1, 3))
    for tap, output in ((1, 1), (3, 1), (1, 5)):
        with pytest.raises(InvalidInput, match="a later one, up to 4"):
            check_taps(policy, tap, output)
    encoder = np.zeros((4, 3))
    with pytest.raises(ShapeMismatch, match="w_skip"):
        Transcoder(encoder, np.zeros(4), np.zeros((5, 4)), np.zeros(5), 2, 1, 3, np.zeros((3, 5)))
    with pytest.raises(InvalidInput, match="later one"):
        Transcoder(encoder, np.zeros(4), np.zeros((5, 4)), np.zeros(5), 2, 3, 3)


def _identity():
    both = np.vstack([np.eye(tiny.HIDDEN), -np.eye(tiny.HIDDEN)])
    return SAE(both, np.zeros(2 * tiny.HIDDEN), both.T, np.zeros(tiny.HIDDEN), tiny.HIDDEN)
