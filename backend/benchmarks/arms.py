"""What another arm costs: seconds for 1 to 64 arms on the same seeds."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.subject import ENV, Subject
from policyscope.core.interventions import FeatureEdit
from policyscope.core.progress import drain
from policyscope.core.rollout import Arm, RolloutSpec, rollout

ARMS = (1, 8, 16, 32, 64)
SEEDS, STEPS = 8, 150


def cost_of_arms(subject: Subject, repeats: int, report: Callable[[str], None]) -> dict[int, float]:
    """Median milliseconds per arm and 1,000 steps, by number of arms."""
    spent: dict[int, list[float]] = {count: [] for count in ARMS}
    for turn in range(repeats):
        for count in ARMS:
            spent[count].append(_milliseconds(subject, count))
        report(f"arms, round {turn + 1} of {repeats}")
    return {count: float(np.median(values)) for count, values in spent.items()}


def _milliseconds(subject: Subject, count: int) -> float:
    arms = [Arm(f"α {i}", subject.policy, (FeatureEdit(i, "add", 0.02),)) for i in range(count)]
    spec = RolloutSpec(ENV, tuple(range(SEEDS)), STEPS, subject.tap_index)
    begun = time.perf_counter()
    results = drain(rollout(arms, spec, subject.sae))
    steps = sum(int(result.lengths.sum()) for result in results)
    return (time.perf_counter() - begun) * 1e6 / steps
