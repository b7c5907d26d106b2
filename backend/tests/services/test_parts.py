"""A scan in parts is the scan in one piece, and goes on where it was interrupted."""

from __future__ import annotations

import numpy as np
import pytest
import tiny

from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.core.progress import drain
from policyscope.core.trials import Push, Trials
from policyscope.services.effects import parts
from policyscope.store.checkpoints import Checkpoints

SEEDS = range(5, 9)


@pytest.fixture
def trials() -> Trials:
    policy = Policy(*open_policy(tiny.policy_bytes(), "imitator.pt"))
    return Trials(policy, tiny.HIDDEN, tiny.TAP, tiny.ENV, 25, "return")


@pytest.fixture
def pushes() -> list[Push]:
    rows = np.random.default_rng(0).standard_normal((7, tiny.HIDDEN))
    return [Push(str(index), row, 0.3 * index, 0.1) for index, row in enumerate(rows)]


def same(found, wanted) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert one.push is other.push
        assert one.saturated_fraction == other.saturated_fraction
        for name in ("values", "returns", "fell"):
            assert getattr(one, name).tobytes() == getattr(other, name).tobytes()


def test_parts_equal_one_piece_and_finished_ones_are_not_played_again(tmp_path, trials, pushes, monkeypatch):
    monkeypatch.setattr(parts, "EPISODES", 8)  # two pushes a part
    whole = drain(trials.play(pushes, SEEDS))
    kept, seen = Checkpoints(tmp_path), []
    work = parts.play(trials, pushes, SEEDS, kept, "scan")
    while kept.load("scan-1") is None:
        next(work)
    work.close()
    same(drain(parts.play(trials, pushes, SEEDS, kept, "scan"), seen.append), whole)
    assert seen[0].done > 2 * 3 * len(SEEDS) * 25  # two parts of three arms were there
    assert seen[-1].done == seen[-1].total
    assert [step.done for step in seen] == sorted(step.done for step in seen)
    seen.clear()
    same(drain(parts.play(trials, pushes, SEEDS, kept, "scan"), seen.append), whole)
    assert seen == []


def test_nothing_to_push_is_the_baseline_alone(tmp_path, trials):
    same(drain(parts.play(trials, [], SEEDS, Checkpoints(tmp_path), "scan")), drain(trials.play([], SEEDS)))
