"""What the units did, computed again from the observations, is what led to the recorded actions."""

from __future__ import annotations

import numpy as np
import pytest
from nets import batchnorm_net, file_of
from rollout_tools import HIDDEN, TAP, play, policy, small_sae

from policyscope.core.action_box import unscaled
from policyscope.core.envs import get_env
from policyscope.core.gates import Gate
from policyscope.core.interventions import FeatureEdit, RowEdits
from policyscope.core.layer_activity import condition, layer_outputs, layers_of
from policyscope.core.policy_formats import open_policy
from policyscope.core.rollout import Arm, RolloutSpec

ENV, STEPS = "Hopper-v5", 25


def again(arm: Arm, trace: dict[str, np.ndarray], tap: int) -> list[np.ndarray]:
    rows = RowEdits(small_sae(), [arm.edits]).take([0] * len(trace["observations"])) if arm.edits else None
    return layer_outputs(arm.policy, trace["observations"], tap, rows, layers_of(arm.policy.spec))


@pytest.mark.parametrize(
    "edit",
    [FeatureEdit(1, "add", 0.7), FeatureEdit(1, "add", 0.7, gate=Gate("observation", index=1, above=0.0))],
)
def test_the_last_layer_gives_the_recorded_actions_bit_for_bit(edit: FeatureEdit) -> None:
    info, brain = get_env(ENV), policy(ENV, squash="tanh")
    arms = [Arm("baseline", brain), Arm("pushed", brain, (edit,))]
    record = frozenset({"observations", "activations", "actions"})
    played = play(arms, RolloutSpec(ENV, (3, 4), STEPS, TAP, record), small_sae())
    for arm, result in zip(arms, played, strict=True):
        for trace in result.traces:
            first, second, last = again(arm, trace, TAP)
            assert (first.shape[1], second.shape[1]) == (HIDDEN, HIDDEN)
            actions = unscaled(brain, np.tanh(last), info).astype(np.float32)
            assert np.array_equal(actions, trace["actions"].astype(np.float32))
            if arm.name == "baseline":
                assert np.array_equal(second, trace["activations"])
            else:
                assert not np.array_equal(second, trace["activations"])


def test_layers_end_before_the_next_linear_module() -> None:
    spec, _ = open_policy(file_of(batchnorm_net().state_dict()), "f.pt")
    found = [(layer.label, layer.module, layer.width, layer.activation) for layer in layers_of(spec)]
    assert found == [
        ("Hidden 1", 2, 8, "gelu"),
        ("Hidden 2", 5, 8, "gelu"),
        ("Hidden 3", 7, 8, "gelu"),
        ("Action", 8, 3, None),
    ]


def test_units_that_never_change_and_units_at_an_asymptote() -> None:
    steps = np.linspace(-1, 1, 100)
    high = 0.995 + 1e-4 * steps
    values = np.stack([np.zeros(100), np.full(100, 0.3), steps, high], axis=1)
    relu, bounded = condition(values, "relu"), condition(values, "tanh")
    assert relu.dead.tolist() == bounded.dead.tolist() == [True, True, False, False]
    assert not relu.saturated.any()
    assert bounded.saturated.tolist() == [False, False, False, True]
    mostly = np.where(np.arange(100) < 94, 0.995, 0.0)
    assert not condition(mostly[:, None], "tanh").saturated[0]
    assert condition(np.zeros((5, 2)), "sigmoid").dead.all()
