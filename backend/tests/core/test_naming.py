"""Names: a rule that is true is found and put in words; noise stays unnamed."""

import numpy as np
import pytest
from nets import observations, random_sae, tiny_policy

from policyscope.core.conditions import Signal
from policyscope.core.decision_tree import Binned, auroc, balanced_accuracy, grow, score
from policyscope.core.latents import LatentColumns
from policyscope.core.naming import moved_actions, name_of, whens

RNG = np.random.default_rng(0)
N = 6000
EPISODE = np.repeat(np.arange(30), 200)
PITCH, SPEED, CONTACT = RNG.standard_normal(N), RNG.standard_normal(N), (RNG.random(N) < 0.4).astype(float)
SIGNALS = (
    Signal("torso pitch", "rad", PITCH),
    Signal("forward velocity", "m/s", SPEED),
    Signal("right foot on the floor", "", CONTACT, "right foot on the floor", "right foot in the air"),
)


def test_a_true_rule_is_named_and_noise_is_not():
    z = np.stack(
        [
            np.maximum(PITCH - 0.3, 0) * CONTACT,
            (SPEED > 1.0) * 2.0,
            (RNG.random(N) < 0.3) * 1.0,
            np.zeros(N),
            np.ones(N),
        ],
        axis=1,
    )
    found = whens(LatentColumns.of(z), SIGNALS, EPISODE)
    assert "right foot on the floor" in found[0].text
    assert "torso pitch above 0.3" in found[0].text
    assert found[0].auroc > 0.95
    assert found[1].text.startswith("forward velocity above")
    assert found[2].text is None
    assert found[2].auroc < 0.6
    assert "held-out AUROC" in found[2].reason
    assert [when.reason for when in found[3:]] == ["It is never active.", "It is always active."]
    assert name_of(found[2], []).text == "unnamed"
    assert name_of(found[1], []).text.endswith("→ no action beyond chance")


def test_without_signals_nothing_is_named():
    z = np.abs(RNG.standard_normal((100, 2)))
    assert all(when.text is None and when.reason for when in whens(LatentColumns.of(z), (), None))


def test_the_tree_finds_an_interaction_and_its_scores_are_leaf_rates():
    values = RNG.standard_normal((4000, 3))
    active = (values[:, 0] > 0) & (values[:, 2] > 0.5)
    leaves = grow(Binned.of(values), active)
    scores = score(leaves, values)
    assert auroc(scores, active) > 0.95
    assert balanced_accuracy(scores >= 0.5, active) > 0.9
    assert {split.signal for leaf in leaves for split, _ in leaf.path} <= {0, 2}
    alone = grow(Binned.of(np.ones((50, 1))), np.ones(50, bool))
    assert [(leaf.path, leaf.rate) for leaf in alone] == [((), 1.0)]


def test_auroc_is_the_probability_of_the_right_order():
    scores, active = np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, True, False, True])
    assert auroc(scores, active) == pytest.approx((1 + 0.5 + 1 + 1) / 4)
    assert auroc(scores, np.ones(4, bool)) is None


def test_a_direction_that_moves_an_action_far_beyond_chance_is_said_to():
    policy, sae = tiny_policy(), random_sae()
    h = policy.head(observations(400), 4)
    effect = np.zeros((sae.d_latent, policy.spec.act_dim))
    z = sae.encode(h)
    live = int(np.flatnonzero(z.any(axis=0))[0])
    effect[live, 1] = -1e3
    names = [f"joint {i}" for i in range(policy.spec.act_dim)]
    found = moved_actions(policy, sae, 4, h, LatentColumns.of(z), effect, names)
    assert [moved.action for moved in found[live]] == ["joint 1"]
    assert found[live][0].mean < -found[live][0].threshold < 0
    assert all(not moved for j, moved in enumerate(found) if j != live)
