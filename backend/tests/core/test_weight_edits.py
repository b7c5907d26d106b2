"""Weight edits replay on the original tensors and give the same bits every time."""

import numpy as np
import pytest
from nets import observations, tiny_policy

from policyscope.core.errors import InvalidInput
from policyscope.core.policy import Policy
from policyscope.core.weight_edits import WeightEdit, apply_edits

POLICY = tiny_policy()
KEY = "net.2.weight"
W = POLICY.tensors[KEY]


def edited(*edits):
    return apply_edits(POLICY.tensors, edits)[KEY]


def test_scale_set_and_cell():
    assert np.array_equal(edited(WeightEdit("scale", KEY, 0.5)), W * np.float32(0.5))
    assert np.array_equal(edited(WeightEdit("set", KEY, 0.25)), np.full_like(W, 0.25))
    cell = edited(WeightEdit("edit_at", KEY, 3.0, index=(1, 2)))
    assert cell[1, 2] == 3.0
    assert np.count_nonzero(cell != W) == 1


def test_noise_comes_from_its_seed():
    one, again, other = (edited(WeightEdit("add_noise", KEY, 0.1, seed=s)) for s in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert np.std(one - W) == pytest.approx(0.1, rel=0.3)
    assert np.array_equal(edited(WeightEdit("add_noise", KEY, 0.0, seed=1)), W)


def test_edits_apply_in_order_and_dropping_the_last_undoes_it():
    first, second = WeightEdit("scale", KEY, 2.0), WeightEdit("edit_at", KEY, 1.0, index=(0, 0))
    assert edited(first, second)[0, 0] == 1.0
    assert edited(second, first)[0, 0] == 2.0
    assert np.array_equal(edited(first), W * 2)
    assert np.array_equal(edited(), W)


def test_the_original_stays_as_it_is():
    before = W.copy()
    edited(WeightEdit("set", KEY, 0.0), WeightEdit("edit_at", KEY, 1.0, index=(0, 0)))
    assert np.array_equal(W, before)


def test_an_edit_changes_the_policy():
    changed = Policy(POLICY.spec, apply_edits(POLICY.tensors, [WeightEdit("scale", KEY, 1.1)]))
    assert not np.array_equal(changed(observations()), POLICY(observations()))
    assert changed.fingerprint() != POLICY.fingerprint()


def test_json_round_trip():
    for edit in (
        WeightEdit("scale", KEY, 2.0),
        WeightEdit("add_noise", KEY, 0.1, seed=7),
        WeightEdit("edit_at", KEY, 1.0, index=(1, 2)),
    ):
        assert WeightEdit.from_json(edit.to_json()) == edit
    assert WeightEdit("scale", KEY, 2.0).to_json() == {"op": "scale", "key": KEY, "value": 2.0}


@pytest.mark.parametrize("data", [{}, {"op": "set", "key": KEY}, {"op": "set", "key": KEY, "value": "x"}])
def test_damaged_json_is_refused(data):
    with pytest.raises(InvalidInput, match="cannot be read"):
        WeightEdit.from_json(data)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"op": "rotate"}, "op"),
        ({"op": "scale", "value": float("nan")}, "value"),
        ({"op": "add_noise"}, "seed"),
        ({"op": "add_noise", "seed": -1}, "seed"),
        ({"op": "add_noise", "seed": 1, "value": -1.0}, "value"),
        ({"op": "edit_at"}, "index"),
    ],
)
def test_nonsense_is_refused(values, field):
    with pytest.raises(InvalidInput) as caught:
        WeightEdit(**{"key": KEY, "value": 1.0, **values})
    assert field in caught.value.fields


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (WeightEdit("set", "net.9.weight", 1.0), "this model has net.0.weight, net.0.bias"),
        (WeightEdit("edit_at", KEY, 1.0, index=(8, 0)), r"has shape \[8, 8\], so it has no cell at \[8, 0\]"),
        (WeightEdit("edit_at", KEY, 1.0, index=(-1, 0)), "count from 0"),
        (WeightEdit("edit_at", KEY, 1.0, index=(1,)), "no cell"),
        (WeightEdit("set", KEY, 1e39), "overflow"),
        (WeightEdit("scale", KEY, 1e300), "overflow"),
    ],
)
def test_what_does_not_exist_is_named(edit, words):
    with pytest.raises(InvalidInput, match=words):
        apply_edits(POLICY.tensors, [edit])


def test_variances_stay_variances():
    tensors = {"net.1.running_var": np.ones(3, np.float32)}
    with pytest.raises(InvalidInput, match="variances"):
        apply_edits(tensors, [WeightEdit("scale", "net.1.running_var", -1.0)])
