"""What is said about a comparison is what the numbers say."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from policyscope.core.arms import ArmResult
from policyscope.core.comparison import compare
from policyscope.core.errors import InvalidInput


def arm(name: str, returns: np.ndarray, fell: np.ndarray | None = None) -> ArmResult:
    blank = ArmResult.blank(name, range(len(returns)))
    fallen = np.zeros(len(returns), bool) if fell is None else fell
    return replace(
        blank, returns=returns, lengths=np.where(fallen, 100, 1000), fell=fallen, terminated=fallen
    )


BASE = 4000 + np.random.default_rng(0).normal(0, 30, 16)


def test_a_clear_effect_is_stated_with_its_evidence() -> None:
    fell = np.arange(16) < 5
    report = compare([arm("baseline", BASE), arm("intervention", BASE - 500 - np.arange(16), fell)])
    (entry,) = report["comparisons"]
    assert entry["return"]["mean_difference"] == pytest.approx(-507.5)
    assert entry["return"]["ci"][0] < -507.5 < entry["return"]["ci"][1] < 0
    assert entry["return"]["p_value"] == pytest.approx(2 / 2**16)
    assert entry["falls"] == {"difference": 5 / 16, "p_value": 0.0625}
    assert entry["length"]["mean_difference"] == pytest.approx(-900 * 5 / 16)
    assert not entry["identical"]
    assert entry["inferential"]
    assert entry["sentence"].startswith("“intervention” lowered the return: −507.5 in mean return")
    assert "it fell in 5 of 16 episodes, baseline in 0" in report["sentence"]


def test_no_effect_is_said_out_loud() -> None:
    noise = np.random.default_rng(5).normal(0, 40, 16)
    report = compare([arm("baseline", BASE), arm("intervention", BASE + noise - noise.mean() + 1)])
    assert "not distinguishable from zero" in report["sentence"]


def test_identical_numbers_are_called_identical() -> None:
    report = compare([arm("baseline", BASE), arm("intervention", BASE.copy())])
    (entry,) = report["comparisons"]
    assert entry["identical"]
    assert entry["return"]["ci"] is None
    assert report["sentence"] == "“intervention” gave exactly the baseline numbers on 16 seeds."


def test_few_seeds_are_a_preview_and_never_significant() -> None:
    report = compare([arm("baseline", BASE[:5]), arm("intervention", BASE[:5] - 3000)])
    (entry,) = report["comparisons"]
    assert not entry["inferential"]
    assert entry["sentence"].startswith("Preview on 5 seeds")
    assert entry["return"]["p_value"] is entry["return"]["p_adjusted"] is entry["falls"]["p_value"] is None
    assert "can never be significant (smallest possible p = 0.062)" in entry["sentence"]
    assert "lowered" not in entry["sentence"]


def test_an_arm_is_described_down_to_its_episodes() -> None:
    report = compare([arm("baseline", BASE)])
    (described,) = report["arms"]
    assert described["returns"]["mean"] == pytest.approx(BASE.mean())
    assert described["returns"]["ci"][0] < BASE.mean() < described["returns"]["ci"][1]
    assert described["fall_rate"] == 0
    assert described["fall_ci"][1] == pytest.approx(0.194, abs=0.001)
    assert described["episodes"][3]["return"] == BASE[3]
    assert report["comparisons"] == []
    assert report["sentence"].startswith("“baseline” alone on 16 seeds: mean return ")


def test_many_arms_are_summed_up_after_correction() -> None:
    rng = np.random.default_rng(1)
    others = [arm(f"noise {i}", BASE + rng.normal(0, 10, 16)) for i in range(8)]
    report = compare([arm("baseline", BASE), arm("strong", BASE + 200 + rng.normal(0, 5, 16)), *others])
    assert report["sentence"].startswith("9 arms against baseline on 16 seeds: 1 changed the return")
    assert all(e["return"]["p_adjusted"] >= e["return"]["p_value"] for e in report["comparisons"])


def test_everything_is_json_even_for_one_seed() -> None:
    report = compare([arm("baseline", BASE[:1]), arm("intervention", BASE[:1] + 1)])
    json.dumps(report, allow_nan=False)
    assert report["comparisons"][0]["return"]["d_z"] is None


def test_pairs_need_the_same_seeds_and_a_baseline() -> None:
    with pytest.raises(InvalidInput, match="no arm called 'baseline'"):
        compare([arm("other", BASE)])
    with pytest.raises(InvalidInput, match="other seeds"):
        compare([arm("baseline", BASE), arm("short", BASE[:4])])
