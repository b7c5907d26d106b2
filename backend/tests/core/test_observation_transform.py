"""Observation normalisation is part of the policy: of its output, of every head, of its fingerprint."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from policyscope.core.errors import InvalidInput
from policyscope.core.policy import Module, ObservationTransform, Policy, PolicySpec

RNG = np.random.default_rng(0)
MODULES = (
    Module("linear", 3, 4, key="net.0", has_bias=True),
    Module("activation", 4, 4, activation="relu"),
    Module("linear", 4, 2, key="net.2", has_bias=True),
    Module("activation", 2, 2, activation="tanh"),
)
PLAIN = PolicySpec(MODULES, "torch_state_dict", "relu", "recorded")
NORMALISED = replace(PLAIN, observation=ObservationTransform((1.0, -2.0, 0.5), (0.5, 2.0, 1.0), clip=1.5))
TENSORS = {
    name: RNG.standard_normal(shape).astype(np.float32) for name, shape in PLAIN.tensor_shapes().items()
}
OBS = RNG.standard_normal((70, 3)) * 3.0


def by_hand() -> np.ndarray:
    return np.clip((OBS - np.array([1.0, -2.0, 0.5])) / np.array([0.5, 2.0, 1.0]), -1.5, 1.5)


def test_the_policy_normalises_before_its_first_module() -> None:
    normalised, plain = Policy(NORMALISED, TENSORS), Policy(PLAIN, TENSORS)
    np.testing.assert_array_equal(normalised(OBS), plain(by_hand()))
    assert not np.allclose(normalised(OBS), plain(OBS))


@pytest.mark.parametrize("tap", range(4))
def test_head_then_tail_is_the_policy(tap: int) -> None:
    policy = Policy(NORMALISED, TENSORS)
    np.testing.assert_array_equal(policy.head(OBS, tap), Policy(PLAIN, TENSORS).head(by_hand(), tap))
    np.testing.assert_array_equal(policy.tail(policy.head(OBS, tap), tap), policy(OBS))


def test_rows_do_not_depend_on_their_neighbours() -> None:
    policy = Policy(NORMALISED, TENSORS)
    alone = np.concatenate([policy(OBS[i : i + 1]) for i in range(len(OBS))])
    np.testing.assert_array_equal(alone, policy(OBS))


def test_the_fingerprint_covers_it() -> None:
    other = replace(NORMALISED, observation=ObservationTransform((1.0, -2.0, 0.5), (0.5, 2.0, 1.0), clip=1.6))
    prints = {Policy(spec, TENSORS).fingerprint() for spec in (PLAIN, NORMALISED, other)}
    assert len(prints) == 3


def test_it_survives_json() -> None:
    assert PolicySpec.from_json(json.loads(json.dumps(NORMALISED.to_json()))) == NORMALISED


@pytest.mark.parametrize(
    ("mean", "scale", "clip"),
    [
        ((0.0, 0.0), (1.0, 1.0), None),
        ((0.0, 0.0, 0.0), (1.0, 0.0, 1.0), None),
        ((0.0, 0.0, float("nan")), (1.0, 1.0, 1.0), None),
        ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), 0.0),
        ((0.0, 0.0, 0.0), (1.0, 1.0), None),
    ],
)
def test_nonsense_is_refused(mean: tuple[float, ...], scale: tuple[float, ...], clip: float | None) -> None:
    with pytest.raises(InvalidInput, match="observation"):
        replace(PLAIN, observation=ObservationTransform(mean, scale, clip))


def test_a_clipped_policy_acts_within_the_unit_box() -> None:
    wide = {name: tensor * 10 for name, tensor in TENSORS.items()}
    without_tanh = replace(PLAIN, modules=MODULES[:3])
    clipped = Policy(replace(without_tanh, squash="clip"), wide)(OBS)
    np.testing.assert_array_equal(clipped, np.clip(Policy(without_tanh, wide)(OBS), -1, 1))
    assert np.abs(clipped).max() == 1.0


def test_the_activation_of_the_output_is_not_a_hidden_one() -> None:
    changed = PLAIN.with_activation("gelu", "user")
    assert [m.activation for m in changed.modules] == [None, "gelu", None, "tanh"]
