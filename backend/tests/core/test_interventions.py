"""No edit is exactly no change; every edit is the difference it says; rows are separate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import random_sae

from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.interventions import FeatureEdit, RowEdits

SAE = random_sae()
H = np.random.default_rng(2).standard_normal((70, 8))
Z = SAE.encode(H)


def edit_all(*edits, h=H):
    return RowEdits(SAE, [edits] * len(h)).apply(h)


def active_feature(row=0):
    return int(Z[row].argmax())


@pytest.mark.parametrize(
    "edits",
    [
        (),
        (FeatureEdit(3, "add", 0.0),),
        (FeatureEdit(3, "scale", 1.0),),
        (FeatureEdit(3, "add", 2.0), FeatureEdit(3, "add", -2.0)),
        (FeatureEdit(0, "scale", 1.0), FeatureEdit(5, "add", -0.0)),
    ],
)
def test_no_effective_edit_keeps_every_bit(edits):
    h = H.copy()
    h[0, 0] = -0.0
    assert edit_all(*edits, h=h).tobytes() == h.tobytes()


def test_add_is_exactly_alpha_times_the_direction():
    for alpha in (2.0, -3.7, 1e-3):
        assert np.array_equal(edit_all(FeatureEdit(5, "add", alpha)), H + alpha * SAE.direction(5))


@pytest.mark.parametrize(
    ("op", "value", "change"),
    [
        ("scale", 1.5, lambda z: 0.5 * z),
        ("scale", 0.0, lambda z: -z),
        ("ablate", 9.0, lambda z: -z),
        ("clamp", 0.7, lambda z: 0.7 - z),
    ],
)
def test_state_dependent_edits(op, value, change):
    j = active_feature()
    expected = H + np.outer(change(Z[:, j]), SAE.direction(j))
    np.testing.assert_allclose(edit_all(FeatureEdit(j, op, value)), expected, atol=1e-12)


def test_ablating_an_inactive_feature_changes_nothing():
    inactive = [i for i in range(len(H)) if Z[i, 3] == 0]
    assert np.array_equal(edit_all(FeatureEdit(3, "ablate"))[inactive], H[inactive])


@pytest.mark.parametrize(
    ("edits", "change"),
    [
        ((FeatureEdit(3, "scale", 2.0), FeatureEdit(3, "add", 1.0)), lambda z: 2 * z + 1),
        ((FeatureEdit(3, "add", 1.0), FeatureEdit(3, "scale", 2.0)), lambda z: 2 * (z + 1)),
        ((FeatureEdit(3, "add", 1.0), FeatureEdit(3, "clamp", 4.0)), lambda z: 0 * z + 4),
        ((FeatureEdit(3, "ablate"), FeatureEdit(3, "add", 4.0)), lambda z: 0 * z + 4),
    ],
)
def test_edits_of_one_feature_apply_in_order(edits, change):
    expected = H + np.outer(change(Z[:, 3]) - Z[:, 3], SAE.direction(3))
    np.testing.assert_allclose(edit_all(*edits), expected, atol=1e-12)


def test_several_features_add_up():
    j = active_feature()
    together = edit_all(FeatureEdit(j, "scale", 0.5), FeatureEdit(2, "add", 1.0)) - H
    one, other = edit_all(FeatureEdit(j, "scale", 0.5)) - H, edit_all(FeatureEdit(2, "add", 1.0)) - H
    np.testing.assert_allclose(together, one + other, atol=1e-12)


EDITS = st.builds(
    FeatureEdit,
    st.integers(0, SAE.d_latent - 1),
    st.sampled_from(["add", "scale", "clamp", "ablate"]),
    st.floats(-5, 5),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(EDITS, max_size=3).map(tuple), min_size=1, max_size=70))
def test_a_row_depends_on_its_own_edits_only(rows):
    together = RowEdits(SAE, rows).apply(H[: len(rows)])
    for i, edits in enumerate(rows):
        assert RowEdits(SAE, [edits]).apply(H[i : i + 1]).tobytes() == together[i].tobytes()


@settings(max_examples=30, deadline=None)
@given(st.lists(EDITS, max_size=4).map(tuple))
def test_edits_are_the_difference_of_two_decodings(edits):
    """h' = h + (z' − z) W_decᵀ with z' made by applying the edits one by one."""
    changed = Z.copy()
    for edit in edits:
        column = changed[:, edit.feature_idx]
        changed[:, edit.feature_idx] = {
            "add": column + edit.value,
            "scale": column * edit.value,
            "clamp": np.full_like(column, edit.value),
            "ablate": np.zeros_like(column),
        }[edit.op]
    np.testing.assert_allclose(edit_all(*edits), H + (changed - Z) @ SAE.w_dec.T, atol=1e-9)


def test_take_reorders_and_repeats_rows():
    edits = RowEdits(SAE, [(), (FeatureEdit(1, "add", 2.0),), (FeatureEdit(active_feature(), "scale", 3.0),)])
    taken = edits.take([2, 0, 1, 1])
    expected = [edits.apply(H[[i] * 3])[row] for i, row in enumerate([2, 0, 1, 1])]
    assert taken.apply(H[:4]).tobytes() == np.array(expected).tobytes()
    assert edits.take([]).apply(H[:0]).shape == (0, 8)


def test_the_input_is_left_alone():
    before = H.copy()
    edit_all(FeatureEdit(0, "add", 1.0), FeatureEdit(1, "clamp", 2.0))
    assert np.array_equal(H, before)


@pytest.mark.parametrize("feature", [-1, 24])
def test_an_unknown_feature_is_refused(feature):
    with pytest.raises(InvalidInput, match="0 to 23 are allowed"):
        RowEdits(SAE, [(FeatureEdit(feature, "add", 1.0),)])


@pytest.mark.parametrize(("op", "value"), [("multiply", 1.0), ("add", float("nan")), ("clamp", float("inf"))])
def test_nonsense_is_refused(op, value):
    with pytest.raises(InvalidInput):
        FeatureEdit(0, op, value)


def test_the_number_of_rows_must_agree():
    with pytest.raises(ShapeMismatch, match="2 rows of activations were given for the edits of 1"):
        RowEdits(SAE, [()]).apply(H[:2])
