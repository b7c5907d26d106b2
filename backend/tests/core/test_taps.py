"""Only the right (tap, activation) pair reproduces the cached activations."""

import numpy as np
import pytest
from nets import file_of, mlp, observations, orthogonal_sae, random_sae, tiny_policy
from torch import nn

from policyscope.core.activations import ActivationData
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.core.taps import examine_taps

SAE = orthogonal_sae()


def cached(policy, tap, n=600):
    obs = observations(n).astype(np.float32)
    return ActivationData(obs, policy.head(obs, tap).astype(np.float32))


@pytest.mark.parametrize("activation", ["gelu", "relu", "tanh"])
@pytest.mark.parametrize("tap", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("assumed", ["gelu", "elu"])
def test_the_right_pair_wins_clearly(activation, tap, assumed):
    right = tiny_policy(activation=activation)
    policy = Policy(right.spec.with_activation(assumed, "default"), right.tensors)
    report = examine_taps(policy, cached(right, tap), SAE)
    assert (report.best.tap_index, report.best.activation) == (tap, activation)
    assert report.best.reproduction_error < 1e-10
    assert report.verified
    assert report.activation_matters
    near = {"gelu": {"gelu", "gelu_tanh"}, "relu": {"relu", "leaky_relu"}, "tanh": {"tanh"}}[activation]
    wrong = [
        c.reproduction_error for c in report.candidates if c.tap_index != tap or c.activation not in near
    ]
    assert min(wrong) > 0.01


def test_the_assumed_pair_can_be_looked_up():
    right = tiny_policy(activation="relu")
    policy = Policy(right.spec.with_activation("gelu", "default"), right.tensors)
    report = examine_taps(policy, cached(right, 3), SAE)
    assumed = report.at(4, "gelu")
    assert assumed is not None
    assert assumed.reproduction_error > 0.04
    assert report.at(6, "gelu") is None  # another width


def test_fvu_is_that_of_the_sae_at_the_tap():
    policy, sae = tiny_policy(), random_sae()
    data = cached(policy, 4)
    report = examine_taps(policy, data, sae)
    h = data.activations
    expected = np.square(h - sae.decode(sae.encode(h))).sum() / np.square(h - h.mean(axis=0)).sum()
    assert report.best.fvu == pytest.approx(expected, rel=1e-5)
    exact = examine_taps(policy, data, SAE).best.fvu
    assert exact == pytest.approx(0.0, abs=1e-12)


def test_before_any_activation_the_function_cannot_be_known():
    policy = tiny_policy()
    report = examine_taps(policy, cached(policy, 0), SAE)
    assert report.best.tap_index == 0
    assert report.verified
    assert not report.activation_matters


def test_a_pass_through_module_is_the_same_place():
    net = mlp((5, 8, 3))
    net.net.insert(2, nn.Dropout())
    spec, tensors = open_policy(file_of(net.state_dict()), "f")
    policy = Policy(spec, tensors)
    report = examine_taps(policy, cached(policy, 2), SAE)
    assert report.verified
    assert {c.tap_index for c in report.candidates if c.reproduction_error < 1e-10} == {1, 2}


def test_nothing_fits_when_the_data_are_of_another_policy():
    report = examine_taps(tiny_policy(), cached(tiny_policy(seed=5), 4), SAE)
    assert not report.verified
    assert report.best.reproduction_error > 0.1


def test_two_functions_that_agree_on_the_data_are_not_told_apart():
    policy = tiny_policy((5, 8, 3), activation="relu")
    tensors = {**policy.tensors, "net.0.bias": policy.tensors["net.0.bias"] + np.float32(50.0)}
    always_positive = Policy(policy.spec, tensors)
    report = examine_taps(always_positive, cached(always_positive, 1), SAE)
    assert report.best.reproduction_error < 1e-10
    assert not report.verified


def test_samples_are_thinned_evenly():
    policy = tiny_policy()
    data = cached(policy, 4, 5000)
    spoiled = ActivationData(data.observations, data.activations.copy())
    spoiled.activations[-1] += 1.0
    few = examine_taps(policy, spoiled, SAE, max_samples=50)
    assert (
        few.best.reproduction_error > examine_taps(policy, data, SAE, max_samples=50).best.reproduction_error
    )


def test_sizes_are_named():
    policy = tiny_policy()
    data = cached(policy, 4)
    with pytest.raises(ShapeMismatch, match="8 columns, but the SAE takes 5"):
        examine_taps(policy, data, orthogonal_sae(5))
    with pytest.raises(ShapeMismatch, match="observations have 4 columns, but the policy takes 5"):
        examine_taps(policy, ActivationData(data.observations[:, :4], data.activations), SAE)
    with pytest.raises(ShapeMismatch, match="takes 8 values, but the policy's modules give"):
        examine_taps(tiny_policy((5, 6, 3)), data, SAE)
    with pytest.raises(InvalidInput, match="same in every row"):
        examine_taps(policy, ActivationData(data.observations, np.ones_like(data.activations)), SAE)
