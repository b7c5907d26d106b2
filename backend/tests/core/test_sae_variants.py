"""Every variant an SAE can be: what is active, what decoding needs, and that edits stay edits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nets import random_sae, tiny_policy

from policyscope.core.attribution import ablation_effects
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.input_norms import row_statistics
from policyscope.core.interventions import FeatureEdit, RowEdits
from policyscope.core.sae import SAE
from policyscope.core.sae_formats import open_sae, save_sae

X = np.random.default_rng(3).standard_normal((70, 8))
NORMS = ("none", "layer_norm", "unit_mean_square")


def variant(threshold=None, norm="none", k=4, name=None, **changes):
    sae = random_sae()
    parts = {"w_enc": sae.w_enc, "b_enc": sae.b_enc, "w_dec": sae.w_dec, "b_dec": sae.b_dec} | changes
    return SAE(**parts, k=k, tap_index=4, threshold=threshold, input_norm=norm, variant=name)


def test_a_latent_is_active_above_its_threshold_only():
    threshold = np.linspace(-0.5, 1.5, 24)
    sae = variant(threshold)
    before = X @ sae.w_enc.T + sae.b_enc
    expected = np.where((before > threshold.astype(np.float32)) & (before > 0), before, 0.0)
    np.testing.assert_allclose(sae.encode(X), expected, atol=1e-12)
    assert np.count_nonzero(expected, axis=1).max() > sae.k  # k is an expectation here, not a limit
    assert sae.variant == "jumprelu"


def test_a_gate_is_a_threshold():
    """The gated encoder written out against the threshold it is folded into."""
    rng = np.random.default_rng(0)
    w, gate, magnitude, r = rng.standard_normal((24, 8)), *rng.standard_normal((3, 24))
    direct = np.where(X @ w.T + gate > 0, np.maximum(np.exp(r) * (X @ w.T) + magnitude, 0), 0)
    folded = variant(magnitude - np.exp(r) * gate, w_enc=np.exp(r)[:, None] * w, b_enc=magnitude)
    np.testing.assert_allclose(folded.encode(X), direct, atol=1e-5)
    assert 0.1 < np.mean(direct > 0) < 0.9


@pytest.mark.parametrize("norm", NORMS[1:])
def test_normalising_rows_is_undone(norm):
    sae = variant(np.full(24, -1.0), norm)
    mean, divisor, scale = row_statistics(norm, X)
    plain = variant(np.full(24, -1.0))
    z = plain.encode((X - mean) / divisor)
    np.testing.assert_allclose(sae.encode(X), z, atol=1e-12)
    np.testing.assert_allclose(sae.reconstruct(X), plain.decode(z) * scale + mean, atol=1e-12)
    with pytest.raises(InvalidInput, match="together with the activations"):
        sae.decode(z)


def test_row_statistics_are_the_textbook_ones():
    mean, divisor, scale = row_statistics("layer_norm", X)
    normalised = (X - mean) / divisor
    np.testing.assert_allclose(normalised.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(normalised.std(axis=1, ddof=1), 1, rtol=1e-4)
    assert np.all(divisor > scale)
    _, size, _ = row_statistics("unit_mean_square", X)
    np.testing.assert_allclose(np.linalg.norm(X / size, axis=1), np.sqrt(8), rtol=1e-12)
    assert np.all(row_statistics("unit_mean_square", np.zeros((2, 8))).divisor == 1.0)


@given(norm=st.sampled_from(NORMS), alpha=st.floats(-5, 5), feature=st.integers(0, 23))
def test_an_edit_is_the_difference_of_two_reconstructions(norm, alpha, feature):
    sae = variant(np.full(24, 0.1), norm)
    z = sae.encode(X)
    changed = z.copy()
    changed[:, feature] += alpha
    edits = RowEdits(sae, [(FeatureEdit(feature, "add", alpha),)] * len(X))
    np.testing.assert_allclose(edits.apply(X) - X, sae.decode(changed, X) - sae.decode(z, X), atol=1e-9)
    changed[:, feature] = alpha * z[:, feature]
    edits = RowEdits(sae, [(FeatureEdit(feature, "scale", alpha),)] * len(X))
    np.testing.assert_allclose(edits.apply(X) - X, sae.decode(changed, X) - sae.decode(z, X), atol=1e-9)


@pytest.mark.parametrize("norm", NORMS)
def test_ablation_takes_away_exactly_what_the_feature_adds(norm):
    sae, policy = variant(np.full(24, 0.3), norm), tiny_policy()
    z = sae.encode(X)
    feature = int(np.argmax(z.any(axis=0)))
    without = z.copy()
    without[:, feature] = 0
    moved = policy.tail(X + sae.decode(without, X) - sae.decode(z, X), 4)
    expected = np.sqrt(np.square(policy.tail(X, 4) - moved).mean(axis=0))
    np.testing.assert_allclose(ablation_effects(policy, sae, 4, X).rms[feature], expected, rtol=1e-9)


@pytest.mark.parametrize(
    "sae",
    [
        variant(np.linspace(0, 1, 24), name="batchtopk"),
        variant(None, "layer_norm"),
        variant(np.zeros(24), "unit_mean_square", 24, "gated"),
        variant(None, k=24, name="relu"),
    ],
    ids=lambda sae: f"{sae.variant}-{sae.input_norm}",
)
def test_our_file_keeps_every_variant(sae):
    again = open_sae(save_sae(sae), "walker_sae.pt")
    assert again.fingerprint() == sae.fingerprint()
    assert (again.variant, again.input_norm, again.k, again.tap_index) == (
        *(sae.variant, sae.input_norm),
        *(sae.k, sae.tap_index),
    )
    assert again.encode(X).tobytes() == sae.encode(X).tobytes()


def test_the_fingerprint_covers_thresholds_and_normalisation():
    saes = [
        variant(),
        variant(np.zeros(24)),
        variant(np.full(24, 0.5)),
        variant(np.zeros(24), "layer_norm"),
        variant(np.zeros(24), "unit_mean_square"),
    ]
    assert len({sae.fingerprint() for sae in saes}) == 5


def test_what_an_sae_cannot_be_is_refused():
    with pytest.raises(ShapeMismatch, match=r"threshold has shape \[23\]"):
        variant(np.zeros(23))
    with pytest.raises(InvalidInput, match="use one of none, layer_norm"):
        variant(norm="batch_norm")
    with pytest.raises(InvalidInput, match="variant is 'dense'"):
        variant(name="dense")
    with pytest.raises(InvalidInput, match=r"threshold .* NaN"):
        variant(np.full(24, np.nan))


def test_rows_do_not_depend_on_their_neighbours():
    for norm in NORMS:
        sae = variant(np.full(24, 0.2), norm)
        z, output = sae.encode(X), sae.reconstruct(X)
        for i in (0, 63, 64, 69):
            assert sae.encode(X[i : i + 1]).tobytes() == z[i].tobytes()
            assert sae.reconstruct(X[i : i + 1]).tobytes() == output[i].tobytes()
