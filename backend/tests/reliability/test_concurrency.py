"""Test 9: runs at the same time on one model give the numbers of runs one after the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tiny
import torch

from policyscope.core.interventions import FeatureEdit
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.core.progress import drain
from policyscope.core.rollout import Arm, RolloutSpec, rollout
from policyscope.core.sae_formats import open_sae

THREADS = 4
SIZES = [pytest.param(120, id="short"), pytest.param(1_200, id="full", marks=pytest.mark.reliability)]


def both_ways(play, count: int) -> int:
    """How many of ``count`` outputs differ between four threads and one."""
    serial = [play(number) for number in range(count)]
    with ThreadPoolExecutor(THREADS) as pool:
        together = list(pool.map(play, range(count)))
    return sum(one != other for one, other in zip(serial, together, strict=True))


@pytest.mark.parametrize("count", SIZES)
def test_runs_on_one_model_do_not_disturb_each_other(measured, count):
    policy = Policy(*open_policy(tiny.policy_bytes(), "imitator.pt"))
    sae = open_sae(tiny.sae_bytes(), "walker_sae.pt")

    def play(number: int) -> bytes:
        edit = FeatureEdit(number % sae.d_latent, "add", 0.1 + number / count)
        arms = [Arm("baseline", policy), Arm("pushed", policy, (edit,))]
        spec = RolloutSpec(tiny.ENV, (number, number + 1), 6, tiny.TAP, frozenset({"actions"}))
        results = drain(rollout(arms, spec, sae))
        traces = [trace["actions"].tobytes() for result in results for trace in result.traces]
        return b"".join([*traces, *(result.returns.tobytes() for result in results)])

    wrong = both_ways(play, count)
    measured(9, "four threads of runs on one model", f"0/{count} wrong", f"{wrong}/{count} wrong", wrong == 0)


@pytest.mark.parametrize("count", SIZES)
def test_the_naive_hook_on_a_shared_module_fails_the_same_test(measured, count):
    net = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.GELU(), torch.nn.Linear(8, 1)).eval()
    direction, x = torch.ones(8), torch.ones(1, 3)

    def play(number: int) -> bytes:
        def push(_module, _inputs, output):
            return output + 0.01 * number * direction

        with torch.no_grad():
            handle = net[1].register_forward_hook(push)
            try:
                out = [net(x) for _ in range(20)]
            finally:
                handle.remove()
        return np.array([value.item() for value in out]).tobytes()

    assert play(1) == play(1) != play(2)  # alone it is right
    wrong = both_ways(play, count)
    measured(9, "the naive hook (control)", "must fail", f"{wrong}/{count} wrong", wrong > 0)
