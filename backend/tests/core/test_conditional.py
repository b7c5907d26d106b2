"""Gates, schedules and swaps: nothing when they do not act, the plain edit when they do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rollout_tools import TAP, play, policy, same, small_sae

from policyscope.core.errors import InvalidInput
from policyscope.core.gates import Cycle, Gate, Schedule
from policyscope.core.interventions import FeatureEdit, RowEdits
from policyscope.core.rollout import Arm, RolloutSpec

SAE = small_sae()
RNG = np.random.default_rng(3)
H, OBS = RNG.normal(size=(40, SAE.d_in)), RNG.normal(size=(40, 3))
STEPS = np.arange(40.0)


def edited(*edits, steps=STEPS):
    return RowEdits(SAE, [edits] * len(H)).apply(H, OBS, steps)


@pytest.mark.parametrize("op", ["add", "scale", "clamp", "ablate"])
def test_an_edit_that_may_always_act_is_the_plain_edit(op):
    always = FeatureEdit(5, op, 1.5, schedule=Schedule())
    np.testing.assert_allclose(edited(always), edited(FeatureEdit(5, op, 1.5)), atol=1e-12)


def test_before_its_window_an_edit_changes_no_bit():
    late = FeatureEdit(5, "add", 3.0, schedule=Schedule(start=20, stop=30))
    out = edited(late)
    assert out[:20].tobytes() == H[:20].tobytes()
    assert out[30:].tobytes() == H[30:].tobytes()
    assert (out[20:30] == edited(FeatureEdit(5, "add", 3.0))[20:30]).all()


def test_a_gate_on_activity_acts_only_where_the_feature_is_active():
    out = edited(FeatureEdit(5, "add", 3.0, gate=Gate("active")))
    changed = (out != H).any(axis=1)
    assert (changed == (SAE.encode(H)[:, 5] > 0)).all()
    assert 0 < changed.sum() < len(H)


def test_a_gate_on_an_observation_and_a_phase_window():
    out = edited(FeatureEdit(0, "add", 1.0, gate=Gate("observation", index=1, above=0.0, below=0.5)))
    assert ((out != H).any(axis=1) == ((OBS[:, 1] > 0) & (OBS[:, 1] < 0.5))).all()
    cycle = Cycle(0, None, 1, None, 0.0, 1.0, 1.0)
    turning = np.array([[np.cos(a), -np.sin(a), 0.0] for a in 2 * np.pi * np.array([0.0, 0.3, 0.6, 0.9])])
    np.testing.assert_allclose(cycle.phase(turning), [0.0, 0.3, 0.6, 0.9], atol=1e-12)
    wraps = Gate("phase", start=0.8, stop=0.1, cycle=cycle)
    assert wraps.is_open(None, turning, 0).tolist() == [1.0, 0.0, 0.0, 1.0]


def test_schedules():
    t = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    assert Schedule("ramp", period=4).factor(t).tolist() == [0, 0.25, 0.5, 0.75, 1, 1]
    assert Schedule("pulse", period=2, duty=0.5).factor(t).tolist() == [1, 0, 1, 0, 1, 0]
    np.testing.assert_allclose(Schedule("sine", period=4).factor(t), [0, 1, 0, -1, 0, 1], atol=1e-12)
    by_hand = Schedule("table", start=1, values=[0.5, -2.0, 1.0])
    assert by_hand.factor(t).tolist() == [0, 0.5, -2, 1, 1, 1]
    assert by_hand.peak == -2.0
    assert Schedule(**by_hand.to_json()) == by_hand


def test_a_swap_exchanges_two_latents():
    z = SAE.encode(H)
    out = edited(FeatureEdit(2, "swap", other_idx=7))
    expected = H + np.outer(z[:, 7] - z[:, 2], SAE.w_dec[:, 2]) + np.outer(z[:, 2] - z[:, 7], SAE.w_dec[:, 7])
    np.testing.assert_allclose(out, expected, atol=1e-12)


@given(st.lists(st.integers(0, 39), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_rows_do_not_depend_on_the_rows_beside_them(rows):
    edits = (
        FeatureEdit(1, "scale", 0.3, gate=Gate("active")),
        FeatureEdit(2, "swap", other_idx=7),
        FeatureEdit(4, "add", 1.0, schedule=Schedule("sine", period=7)),
    )
    every = RowEdits(SAE, [edits] * len(H))
    some = every.take(rows).apply(H[rows], OBS[rows], STEPS[rows])
    assert some.tobytes() == every.apply(H, OBS, STEPS)[rows].tobytes()


def test_the_rollout_tells_edits_the_time_of_each_episode():
    net = policy("Pendulum-v1")
    spec = RolloutSpec("Pendulum-v1", (0, 1, 2), 30, TAP, rows=2)
    never = Arm("later", net, (FeatureEdit(3, "add", 5.0, schedule=Schedule(start=30)),))
    last = Arm("last", net, (FeatureEdit(3, "add", 5.0, schedule=Schedule(start=29)),))
    base, quiet, end = play([Arm("baseline", net), never, last], spec, SAE)
    assert same(base, quiet)
    assert (base.returns != end.returns).all()


def test_json_keeps_the_old_form_and_the_new():
    assert FeatureEdit(3, "add", 2.0).to_json() == {"feature_idx": 3, "op": "add", "value": 2.0}
    rich = FeatureEdit(3, "swap", 0.0, 4, Gate("phase", start=0.5), Schedule("ramp", period=9.0))
    assert FeatureEdit.from_json(rich.to_json()) == rich


@pytest.mark.parametrize(
    "make",
    [
        lambda: FeatureEdit(1, "swap"),
        lambda: FeatureEdit(1, "add", 1.0, other_idx=2),
        lambda: Gate("observation", index=1),
        lambda: Schedule("ramp"),
        lambda: Schedule(start=5, stop=4),
        lambda: RowEdits(SAE, [(FeatureEdit(1, "add", 1.0, schedule=Schedule()),)]).apply(H[:1]),
        lambda: RowEdits(SAE, [(FeatureEdit(1, "add", 1.0, gate=Gate("active", feature_idx=99)),)]),
    ],
)
def test_what_cannot_be_played_is_refused(make):
    with pytest.raises(InvalidInput):
        make()
