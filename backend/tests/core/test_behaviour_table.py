"""Measures of a run: undefined episodes are left out pair by pair, and say why."""

import numpy as np
import pytest

from policyscope.core.behaviour_table import describe_behaviour
from policyscope.core.measures import Reading, measures_for

ENV, N = "Pendulum-v1", 12
RNG = np.random.default_rng(0)
KEYS = [measure.key for measure in measures_for(ENV)]


def episodes(shift=0.0, undefined=()):
    noise = np.random.default_rng(1).standard_normal((N, len(KEYS)))
    found = [{key: Reading(float(v)) for key, v in zip(KEYS, row, strict=True)} for row in noise]
    for index, episode in enumerate(found):
        episode["effort"] = Reading(episode["effort"].value + shift + 0.01 * index)
        if index in undefined:
            episode["effort"] = Reading(None, "It fell.")
    return found


def entry(table, key="effort"):
    return next(m for m in table["measures"] if m["key"] == key)


def test_a_shift_is_found_and_equal_measures_are_not_tested():
    table = describe_behaviour(ENV, {"baseline": episodes(), "arm": episodes(shift=2.0)})
    assert entry(table)["unit"]
    comparison = table["comparisons"][0]
    assert (comparison["arm"], comparison["versus"]) == ("arm", "baseline")
    found = entry(comparison)
    assert (found["n"], found["mean_difference"]) == (N, pytest.approx(2.0))
    assert found["p_value"] == pytest.approx(2.0 ** (1 - N))
    assert found["q_value"] == found["p_value"]  # the only measure that moved
    assert entry(comparison, "length")["p_value"] is None
    assert entry(comparison, "length")["mean_difference"] == 0.0


def test_an_undefined_episode_leaves_its_pair_out_and_says_why():
    table = describe_behaviour(ENV, {"baseline": episodes(), "arm": episodes(2.0, undefined=(0, 3))})
    arm = entry(table["arms"][1])
    assert (arm["n"], arm["reason"]) == (N - 2, "It fell.")
    assert arm["values"][0] is None
    assert arm["values"][1] is not None
    assert entry(table["arms"][0])["reason"] is None
    assert entry(table["comparisons"][0])["n"] == N - 2


def test_all_undefined_is_no_number():
    table = describe_behaviour(ENV, {"baseline": episodes(), "arm": episodes(undefined=range(N))})
    assert entry(table["arms"][1])["mean"] is None
    assert entry(table["comparisons"][0])["mean_difference"] is None
    assert entry(table["comparisons"][0])["q_value"] is None
