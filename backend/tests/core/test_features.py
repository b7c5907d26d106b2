"""What a feature does is measured exactly, and the ranking by it does not depend on arbitrary scales."""

import time

import numpy as np
import pytest
from nets import observations, random_sae, tiny_policy

from policyscope.core import attribution
from policyscope.core.activations import ActivationData
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.features import SortBy, analyse, interpret, rank
from policyscope.core.probes import ridge
from policyscope.core.sae import SAE

TAP = 4
POLICY = tiny_policy()
SAE_ = random_sae()
OBS = observations(800)
DATA = ActivationData(OBS, POLICY.head(OBS, TAP), episode=np.arange(800) // 40)
TABLE = analyse(POLICY, SAE_, TAP, DATA)


def rescaled(sae: SAE, j: int, by: float) -> SAE:
    """The same function with z_j multiplied by ``by`` and w_j divided by it."""
    w_enc, b_enc, w_dec = sae.w_enc.copy(), sae.b_enc.copy(), sae.w_dec.copy()
    w_enc[j] *= by
    b_enc[j] *= by
    w_dec[:, j] /= by
    return SAE(w_enc, b_enc, w_dec, sae.b_dec, sae.k, sae.tap_index)


def test_weight_is_the_guides_ridge():
    weights, _ = ridge(SAE_.encode(DATA.activations), POLICY(OBS), 1e-3)
    np.testing.assert_allclose(TABLE.weight, weights, atol=1e-12)
    found = interpret(POLICY, SAE_, TAP, DATA, target_dim=1, top_k=5)
    order = np.argsort(-np.abs(weights[:, 1]))[:5]
    assert [row.feature_idx for row in found.features] == order.tolist()
    assert [row.weight for row in found.features] == pytest.approx(weights[order, 1])
    assert all(row.abs_weight == abs(row.weight) for row in found.features)
    assert (found.target_dim, found.n_samples, found.d_latent, found.sort_by) == (1, 800, 24, "abs_weight")
    assert found.r2 is not None
    assert 0 < found.r2 <= 1


@pytest.mark.parametrize("j", [0, 3, 17])
def test_ablation_effect_is_the_difference_of_two_tails(j):
    h = DATA.activations
    z = SAE_.encode(h)[:, j]
    effect = POLICY.tail(h, TAP) - POLICY.tail(h - np.outer(z, SAE_.direction(j)), TAP)
    actions = POLICY(OBS)
    np.testing.assert_allclose(
        TABLE.ablation_effect[j], np.sqrt((effect**2).mean(axis=0)) / actions.std(axis=0), atol=1e-12
    )
    np.testing.assert_allclose(TABLE.ablation_mean[j], effect[z > 0].mean(axis=0), atol=1e-12)
    assert TABLE.ablation_rms[j] == pytest.approx(np.sqrt((effect**2).sum(axis=1).mean()))


def test_local_gain_is_the_slope_of_the_action_in_alpha():
    j, states = 5, DATA.activations[:: max(1, len(OBS) // 256)][:256]
    alpha = 1e-6
    slope = (POLICY.tail(states + alpha * SAE_.direction(j), TAP) - POLICY.tail(states, TAP)).mean(
        axis=0
    ) / alpha
    gain = attribution.local_gain(POLICY, SAE_, TAP, states)
    np.testing.assert_allclose(gain[j], slope, atol=1e-4)


def test_local_gain_is_exact_where_the_tail_is_linear():
    policy = tiny_policy(activation="relu")
    h = policy.head(OBS, 5)
    gain = attribution.local_gain(policy, SAE_, 5, h)
    np.testing.assert_allclose(gain, (policy.tensors["net.6.weight"] @ SAE_.w_dec).T, atol=1e-8)


def test_rescaling_a_feature_leaves_the_causal_ranking():
    """The SAE is the same function; the raw ridge ranking changes, the ablation ranking must not."""
    j = int(np.argsort(TABLE.ablation_effect[:, 0])[SAE_.d_latent // 2])
    all_active = SAE(SAE_.w_enc, SAE_.b_enc, SAE_.w_dec, SAE_.b_dec, SAE_.d_latent, TAP)
    before = analyse(POLICY, all_active, TAP, DATA)
    after = analyse(POLICY, rescaled(all_active, j, 100.0), TAP, DATA)
    np.testing.assert_allclose(after.ablation_effect, before.ablation_effect, rtol=1e-4, atol=1e-9)

    def ranking(table, sort_by):
        return [row.feature_idx for row in rank(table, 0, table.d_latent, sort_by).features]

    assert ranking(after, "ablation_effect") == ranking(before, "ablation_effect")
    assert ranking(after, "abs_weight") != ranking(before, "abs_weight")


def test_features_that_are_dead_are_zero_everywhere():
    b_enc = SAE_.b_enc.copy()
    b_enc[7] = -1e6
    sae = SAE(SAE_.w_enc, b_enc, SAE_.w_dec, SAE_.b_dec, SAE_.k, TAP)
    result = interpret(POLICY, sae, TAP, DATA, 0, 24)
    dead = next(row for row in result.features if row.feature_idx == 7)
    assert dead.dead
    assert result.dead_features == sum(row.dead for row in result.features) >= 1
    for value in (
        dead.weight,
        dead.standardized_weight,
        dead.marginal_r2,
        dead.density,
        dead.ablation_effect,
    ):
        assert value == 0.0
    assert dead.mean_active == dead.max_activation == 0.0


def test_density_and_activations():
    z = SAE_.encode(DATA.activations)
    rows = {row.feature_idx: row for row in rank(TABLE, 0, 24).features}
    for j, row in rows.items():
        active = z[:, j] > 0
        assert row.density == active.mean()
        assert row.mean_active == pytest.approx(z[active, j].mean() if active.any() else 0.0)
        assert row.max_activation == pytest.approx(z[:, j].max())
        assert row.decoder_norm == pytest.approx(np.linalg.norm(SAE_.direction(j)))


@pytest.mark.parametrize("sort_by", SortBy.__args__)
def test_every_order_is_descending(sort_by):
    rows = rank(TABLE, 2, 24, sort_by).features
    name = "abs_weight" if sort_by == "abs_weight" else sort_by
    values = [abs(getattr(row, name)) for row in rows]
    assert values == sorted(values, reverse=True)
    assert len({row.feature_idx for row in rows}) == 24


def test_ties_go_to_the_lower_index():
    silent = SAE(SAE_.w_enc, np.full(24, -1e6), SAE_.w_dec, SAE_.b_dec, 4, TAP)
    assert [row.feature_idx for row in interpret(POLICY, silent, TAP, DATA, 0, 4).features] == [0, 1, 2, 3]


def test_an_action_that_never_changes():
    tensors = dict(POLICY.tensors)
    tensors["net.6.weight"] = tensors["net.6.weight"].copy()
    tensors["net.6.weight"][1] = 0.0
    policy = type(POLICY)(POLICY.spec, tensors)
    result = interpret(policy, SAE_, TAP, DATA, 1, 3)
    assert (result.r2, result.cv_r2) == (None, None)
    assert all(row.weight == row.ablation_effect == row.standardized_weight == 0.0 for row in result.features)


@pytest.mark.parametrize(
    ("request_", "field", "words"),
    [
        ({"target_dim": 3}, "target_dim", "3 actions, 0 to 2"),
        ({"target_dim": -1}, "target_dim", "target_dim is -1"),
        ({"top_k": 25}, "top_k", "24 features, so 1 to 24"),
        ({"top_k": 0}, "top_k", "top_k is 0"),
        ({"sort_by": "beauty"}, "sort_by", "abs_weight, standardized_weight"),
    ],
)
def test_requests_outside_their_range_are_refused(request_, field, words):
    with pytest.raises(InvalidInput, match=words) as caught:
        interpret(POLICY, SAE_, TAP, DATA, **{"target_dim": 0, "top_k": 5, **request_})
    assert field in caught.value.fields


def test_sizes_that_disagree_are_named():
    with pytest.raises(ShapeMismatch, match="SAE takes 8 values, but tap 6 of this policy gives 3"):
        analyse(POLICY, SAE_, 6, DATA)
    with pytest.raises(ShapeMismatch, match="7 columns"):
        analyse(POLICY, SAE_, TAP, ActivationData(OBS, DATA.activations[:, :7]))


def test_states_are_thinned_to_the_budget():
    assert attribution.affordable_states(POLICY, SAE_, TAP) > attribution.MAX_STATES
    wide = tiny_policy((5, 8, 3000, 2000, 3))
    assert attribution.affordable_states(wide, SAE_, 1) == attribution.MIN_STATES
    few = attribution.ablation_effects(POLICY, SAE_, TAP, DATA.activations, max_states=100)
    assert few.n_states == 100
    np.testing.assert_allclose(few.rms, TABLE.ablation_effect * POLICY(OBS).std(axis=0), rtol=1, atol=0.1)


def test_a_demo_sized_table_takes_seconds():
    policy, sae = tiny_policy((17, 32, 32, 32, 6)), random_sae(32, 128, 16)
    obs = observations(8000, 17)
    data = ActivationData(obs, policy.head(obs, TAP))
    started = time.process_time()
    analyse(policy, sae, TAP, data)
    assert time.process_time() - started < 10.0
