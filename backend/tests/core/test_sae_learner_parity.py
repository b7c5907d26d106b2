"""The learner of every variant computes what dictionary_learning computes with the same weights."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from benchmarks.parity_saes import FIXTURES, RECORDED
from policyscope.core.sae_step import SaeLearner
from policyscope.core.sae_variants import LEARNERS

CLASSES = {
    "topk": "AutoEncoderTopK",
    "batchtopk": "BatchTopKSAE",
    "matryoshka": "MatryoshkaBatchTopKSAE",
    "jumprelu": "JumpReluAutoEncoder",
    "gated": "GatedAutoEncoder",
    "relu": "AutoEncoder",
}


def fixture(name):
    """Its tensors in float64, decoder rows and encoder [F, d], and what the library computed in float64."""
    directory = FIXTURES / f"dictionary_learning_{name}"
    saved = torch.load(directory / "ae.pt", weights_only=True)
    tensors = {key: tensor.double() for key, tensor in saved.items()}
    if "W_enc" in tensors:
        encoder, decoder = tensors["W_enc"].T, tensors["W_dec"]
    else:
        encoder, decoder = tensors["encoder.weight"], tensors["decoder.weight"].T
    return tensors, encoder, decoder, load_file(directory / RECORDED)


def learner_of(variant):
    """A learner in float64 with the fixture's weights, and what was recorded."""
    tensors, encoder, decoder, recorded = fixture(CLASSES[variant])
    b_dec = next(tensors[key] for key in ("b_dec", "decoder_bias", "bias") if key in tensors)
    bias = next(tensors[key] for key in ("gate_bias", "b_enc", "encoder.bias") if key in tensors)
    if variant == "jumprelu":  # which takes nothing off before encoding
        bias = bias + encoder @ b_dec
    kind = LEARNERS.get(variant, SaeLearner)
    learner = kind(decoder.contiguous(), b_dec, int(tensors.get("k", torch.tensor(5))), 1e6)
    for own, theirs in zip(learner.split(learner.theta), (encoder, decoder, bias, b_dec), strict=True):
        own.copy_(theirs)
    if variant == "gated":
        learner.parts(learner.theta).extras.copy_(torch.stack([tensors["r_mag"], tensors["mag_bias"]]))
    elif variant in ("batchtopk", "matryoshka"):
        learner.parts(learner.theta).extras[0].fill_(tensors["threshold"])
    elif variant == "jumprelu":
        learner.parts(learner.theta).extras[0].copy_(tensors["threshold"] / learner.width**0.5)
    return learner, recorded


@pytest.mark.parametrize("variant", CLASSES)
def test_latents_and_reconstruction_are_the_librarys(variant):
    learner, recorded = learner_of(variant)
    z, output = learner.reconstruct(torch.from_numpy(recorded["x"]).double())
    assert np.array_equal(z.numpy() > 0, recorded["z"] > 0)
    assert np.abs(z.numpy() - recorded["z"]).max() <= 1e-6
    assert np.abs(output.numpy() - recorded["reconstruction"]).max() <= 1e-6
    assert (recorded["z"] > 0).any()


@pytest.mark.parametrize("variant", ["gated", "jumprelu", "relu"])
def test_training_sees_the_same_latents(variant):
    """Where training does not choose by the batch, its latents are the library's too."""
    learner, recorded = learner_of(variant)
    outcome = learner.outcome(learner.parts(learner.theta), torch.from_numpy(recorded["x"]).double())
    assert np.abs(outcome.z.numpy() - recorded["z"]).max() <= 1e-6
    left = recorded["x"] - recorded["reconstruction"]
    assert np.abs(outcome.error.numpy() - left).max() <= 1e-6
