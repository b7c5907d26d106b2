"""What is steered step by step is what a run plays."""

from collections.abc import Sequence

import numpy as np
import pytest
import tiny

from policyscope.core.arms import Arm, RolloutSpec
from policyscope.core.envs import get_env, make_batch
from policyscope.core.errors import InvalidInput
from policyscope.core.gates import Gate, Schedule
from policyscope.core.interventions import FeatureEdit
from policyscope.core.live_rollout import LiveRollout
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.core.progress import drain
from policyscope.core.rollout import rollout
from policyscope.core.sae_formats import open_sae

CHUNKS = (1, 7, 3, 20, 50)
GATES = {
    "CartPole-v1": Gate("observation", index=2, above=0.0),
    "LunarLander-v3": Gate("active", threshold=0.1),
    "hard_stable": None,
    "Walker2d-v4": Gate("contact", foot="right", env="Walker2d-v4"),
}


def pieces(env_id, seed=1):
    info = get_env(env_id)
    sizes = (info.obs_dim, tiny.HIDDEN, tiny.HIDDEN, info.act_dim)
    spec, tensors = open_policy(tiny.policy_bytes(seed, sizes), "imitator.pt")
    return Policy(spec, tensors), open_sae(tiny.sae_bytes(), "walker_sae.pt")


def played(live, alphas, gate) -> list[Sequence]:
    """All chunks; two features are pushed, with other doses in each chunk."""
    found = []
    for count, (first, second) in zip(CHUNKS * 40, alphas * 40, strict=False):
        if live.over:
            break
        live.steer([now(2, first, gate), now(9, second, None)])
        found.append(live.play(count))
    return found


def now(feature, alpha, gate):
    return FeatureEdit(feature, "add", 1.0, gate=gate, schedule=Schedule("table", values=(alpha,)))


@pytest.mark.parametrize("env_id", GATES)
def test_the_trace_played_again_as_a_run_gives_the_same_bytes(env_id):
    policy, sae = pieces(env_id)
    gate, alphas = GATES[env_id], [(0.0, 0.3), (1.5, 0.0), (-2.0, 0.7), (0.25, -0.5), (3.0, 1.0)]
    live = LiveRollout(policy, env_id, 5, sae, tiny.TAP)
    chunks = played(live, alphas, gate)
    live.close()

    steps = [arm[-1].steps for arm in zip(*chunks, strict=True)]
    doses = [dose for chunk, dose in zip(CHUNKS * 40, alphas * 40, strict=False) for _ in range(chunk)]
    edits = [
        FeatureEdit(j, "add", 1.0, gate=g, schedule=Schedule("table", values=tuple(d[i] for d in doses)))
        for i, (j, g) in enumerate([(2, gate), (9, None)])
    ]
    against = [FeatureEdit(e.feature_idx, "add", -1.0, gate=e.gate, schedule=e.schedule) for e in edits]
    arms = [
        Arm("opposite", policy, tuple(against)),
        Arm("baseline", policy),
        Arm("steered", policy, tuple(edits)),
    ]
    spec = RolloutSpec(env_id, (5,), tap_index=tiny.TAP, record=frozenset({"observations", "rewards"}))
    results = drain(rollout(arms, spec, sae))
    assert [r.lengths[0] for r in results] == steps
    for number, (result, last) in enumerate(zip(results, chunks[-1], strict=True)):
        assert (result.returns[0], bool(result.fell[0]), True) == (last.total, last.fell, last.over)
        rewards = np.concatenate([chunk[number].rewards for chunk in chunks])
        assert np.array_equal(rewards, result.traces[0]["rewards"])
        if env_id != "Walker2d-v4":  # of a body the joints are drawn
            pose = np.concatenate([chunk[number].pose for chunk in chunks if len(chunk[number].pose)])
            assert np.array_equal(pose.astype(np.float32), result.traces[0]["observations"])
    assert len({result.returns[0] for result in results}) == 3  # the pushes did something


def test_it_begins_at_the_state_given_and_says_what_the_features_did():
    policy, sae = pieces("hard_stable")
    start = np.arange(6) / 8 - 0.25  # observed as float32
    live = LiveRollout(policy, "hard_stable", 0, sae, tiny.TAP, start)
    assert np.array_equal(live.pose, start)
    live.steer([now(3, 0.5, None)])
    arms = live.play(2)
    live.close()
    z = sae.encode(policy.head(start[None], tiny.TAP))[0, 3]
    assert [arm.activations[0].tolist() for arm in arms] == [[z]] * 3
    assert [arm.pose[0].tolist() for arm in arms] == [start.tolist()] * 3


def test_a_push_that_cannot_be_made_changes_nothing():
    policy, sae = pieces("CartPole-v1")
    live = LiveRollout(policy, "CartPole-v1", 0, sae, tiny.TAP)
    with pytest.raises(InvalidInput, match="0 to 15 are allowed"):
        live.steer([now(16, 1.0, None)])
    assert [arm.steps for arm in live.play(1)] == [1, 1, 1]
    live.close()
    with make_closed("CartPole-v1") as batch:
        assert np.array_equal(batch.observe(np.zeros(1, dtype=np.int64))[0], live.pose)


def make_closed(env_id):
    from contextlib import closing

    from policyscope.core.envs import Start

    batch = make_batch(env_id, 1)
    batch.reset({0: Start(0)})
    return closing(batch)
