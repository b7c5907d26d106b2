"""Pushes along any direction, and a planted policy where the right answer is known."""

import numpy as np
import pytest
from rollout_tools import TAP, play, policy, small_sae

from policyscope.core import effects
from policyscope.core.activations import ActivationData
from policyscope.core.calibration import Goal, _between, _bracket, _by_isotonic, calibrate
from policyscope.core.doses import Scales
from policyscope.core.interventions import FeatureEdit
from policyscope.core.progress import drain
from policyscope.core.rollout import Arm, RolloutSpec
from policyscope.core.trials import (
    Outcome,
    Push,
    Trials,
    control_directions,
    dictionary_of,
    pushes_along,
    random_unit,
)

ENV = "Pendulum-v1"
NET, SAE = policy(ENV), small_sae()
OBS = np.random.default_rng(0).normal(size=(1000, 3))
SCALES = Scales(NET, SAE, TAP, ActivationData(OBS, NET.head(OBS, TAP)))
SEEDS = range(6)


def trials(measure="act_0_mean", steps=30):
    return Trials(NET, SAE.d_in, TAP, ENV, steps, measure)


def outcome(dose, values, fell=None):
    values = np.asarray(values, dtype=float)
    fell = np.zeros(len(values), bool) if fell is None else np.asarray(fell)
    push = Push("p", np.ones(1), dose, dose) if dose else None
    return Outcome(push, values, values, fell, 0.0)


def test_directions_become_latents_that_never_fire():
    rows = np.random.default_rng(1).normal(size=(7, SAE.d_in))
    dictionary = dictionary_of(list(rows), SAE.d_in)
    assert not dictionary.encode(NET.head(OBS[:100], TAP)).any()
    np.testing.assert_array_equal(dictionary.w_dec.T, rows.astype(np.float32))


def test_a_push_along_a_feature_is_the_edit_of_that_feature():
    push = Push("f", SAE.direction(5), 0.8, 0.1)
    _, pushed = drain(trials("return").play([push], SEEDS))
    arms = [Arm("baseline", NET), Arm("f", NET, (FeatureEdit(5, "add", 0.8),))]
    _, edited = play(arms, RolloutSpec(ENV, tuple(SEEDS), 30, TAP), SAE)
    assert pushed.returns.tobytes() == edited.returns.tobytes()


def test_no_push_is_the_baseline_and_gives_no_difference():
    base, nothing = drain(trials().play([Push("0", SAE.direction(5), 0.0, 0.0)], SEEDS))
    assert base.values.tobytes() == nothing.values.tobytes()
    assert effects.describe(nothing, base)["p_value"] == 1.0


def test_pushes_have_the_displacement_asked_for():
    rows = random_unit(SAE.d_in, 8)
    doses = np.array([0.05, -0.05, 0.1, -0.1, 0.2, -0.2, 0.01, -0.01])
    made = pushes_along(SCALES, ["r"] * 8, rows, doses)
    vectors = np.array([push.alpha * push.direction for push in made])
    np.testing.assert_allclose(SCALES.displacement(vectors), np.abs(doses), rtol=1e-3)
    assert (np.sign([push.alpha for push in made]) == np.sign(doses)).all()
    assert pushes_along(SCALES, ["zero"], np.zeros((1, SAE.d_in)), np.array([0.1])) == [None]


def test_controls_point_along_the_feature():
    feature = SAE.direction(3)
    active = SAE.encode(SCALES.activations)[:, 3] > 0
    controls = control_directions(SCALES, feature, active)
    assert len(controls) == 3
    assert all(row @ feature >= 0 for row in controls.values())


def test_no_significance_under_six_pairs():
    base = outcome(0, np.zeros(5))
    few = effects.describe(outcome(0.1, np.arange(1.0, 6.0)), base)
    assert (few["n"], few["p_value"], few["fall_p_value"]) == (5, None, None)
    six = effects.describe(outcome(0.1, np.arange(1.0, 7.0)), outcome(0, np.zeros(6)))
    assert six["p_value"] == pytest.approx(2 / 2**6)


def test_pairs_without_a_value_are_left_out():
    base, arm = outcome(0, [1.0] * 8), outcome(0.1, [2.0, np.nan, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0])
    found = effects.describe(arm, base)
    assert (found["n"], found["mean_difference"]) == (7, 1.0)


def test_dose_response_finds_slope_collapse_and_what_random_directions_do():
    rng = np.random.default_rng(2)
    noise = rng.normal(size=10) * 0.01
    base = outcome(0, noise)
    doses = [-0.1, -0.02, 0.02, 0.1]
    fell = {0.1: [True] * 4 + [False] * 6}
    curve = [outcome(d, noise + 5 * d + 0.001 * rng.normal(size=10), fell.get(d)) for d in doses]
    random = {d: [outcome(d, noise + 0.01 * k) for k in range(-5, 6)] for d in (0.02, 0.1)}
    found = effects.dose_response(base, curve, random)
    assert found["slope"] == pytest.approx(5, rel=0.05)
    assert found["collapse"] == {"positive": 0.1, "negative": None}
    assert found["linear_range"] == pytest.approx(0.1)
    assert found["asymmetry"] == pytest.approx(0, abs=0.01)
    assert [p["outside_random"] for p in found["points"]] == [True, True, True, True]
    assert found["points"][0]["band"][0] < -0.5 + 0.01 < found["points"][0]["band"][1] + 0.02


def test_the_scan_quotes_only_what_holm_confirms():
    rows = [{"p_value": p, "fall_p_value": 1.0, "mean_difference": m} for p, m in
            [(3e-5, 1.0), (3e-5, -4.0), (0.9, 9.0), (None, 5.0)]]  # fmt: skip
    effects.false_discovery(rows)
    assert effects.winners(rows, 5) == [1, 0]
    assert rows[3]["q_value"] is None
    confirmed = [{"p_value": 0.03, "mean_difference": 1.0}, {"p_value": 0.001, "mean_difference": 9.0}]
    effects.confirm(confirmed, {"low": -2.0, "high": 2.0})
    assert [row["confirmed"] for row in confirmed] == [True, True]
    assert [row["outside_random"] for row in confirmed] == [False, True]
    borderline = [{"p_value": 0.03, "mean_difference": 1.0}, {"p_value": 0.04, "mean_difference": 1.0}]
    effects.confirm(borderline, {"low": None, "high": None})
    assert [row["confirmed"] for row in borderline] == [False, False]


def test_search_helpers():
    known = {0.0: 0.0, 0.01: 0.2, 0.02: 0.5, -0.01: -0.3}
    assert _bracket(known, 0.4) == (0.01, 0.02)
    assert _bracket(known, -0.2) == (0.0, -0.01)
    assert _bracket(known, 2.0) is None
    assert 0.01 < _between((0.01, 0.02), known, 0.4) < 0.02
    assert _by_isotonic({0.0: 0.0, 0.1: 1.0, 0.2: 0.9, 0.3: 2.0}, 1.5) == pytest.approx(0.25, abs=0.03)
    assert _by_isotonic(known, 3.0) is None


def goal(change):
    return Goal(SAE.direction(4), change, False, SAE.encode(SCALES.activations)[:, 4] > 0)


def test_calibration_reaches_a_target_within_what_is_safe_or_says_so():
    played = trials("act_0_mean")
    reached = drain(calibrate(played, SCALES, goal(0.02), list(range(8)), list(range(8, 16))))
    assert reached["status"] == "reached"
    assert reached["confirmation"]["mean_difference"] == pytest.approx(0.02, rel=0.5)
    assert reached["random"]["directions"] == 20
    assert {c["name"] for c in reached["controls"]} >= {"opposite sign", "first principal axis"}
    far = drain(calibrate(played, SCALES, goal(50.0), list(range(8)), list(range(8, 16))))
    assert far["status"] == "unreachable"
    assert far["confirmation"]["mean_difference"] > 0
    assert far["safe_range"]["positive"] >= abs(far["dose"]) - 1e-9 or far["dose"] < 0
