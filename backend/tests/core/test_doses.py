"""Doses: every unit measured on the policy's own states, and back."""

import numpy as np
import pytest
from rollout_tools import TAP, play, policy, small_sae

from policyscope.core.activations import ActivationData
from policyscope.core.doses import Scales, dose_of, judge, raw_value
from policyscope.core.errors import InvalidInput
from policyscope.core.interventions import FeatureEdit
from policyscope.core.rollout import Arm, RolloutSpec

NET, SAE = policy("Pendulum-v1"), small_sae()
OBS = np.random.default_rng(0).normal(size=(2000, 3))
SCALES = Scales(NET, SAE, TAP, ActivationData(OBS, NET.head(OBS, TAP)))
FEATURE = int(np.count_nonzero(SAE.encode(SCALES.activations), axis=0).argmax())


@pytest.mark.parametrize("dose", [0.05, -0.05, 0.3])
@pytest.mark.parametrize("unit", ["feature_sd", "activation_norm", "action_displacement"])
def test_a_dose_asked_for_in_a_unit_has_that_size_in_it(unit, dose):
    alpha = raw_value(SCALES, FeatureEdit(FEATURE, "add", dose), unit)
    found = dose_of(SCALES, [FeatureEdit(FEATURE, "add", alpha)])
    got = {"feature_sd": found.feature_sds}.get(unit, getattr(found, unit, None))
    assert got == pytest.approx(dose if unit == "feature_sd" else abs(dose), rel=1e-3)
    assert np.sign(alpha) == np.sign(dose)


def test_the_linear_tail_gives_the_displacement_in_closed_form():
    alpha = 0.7
    vector = alpha * NET.tensors["net.4.weight"] @ SAE.w_dec[:, FEATURE]
    expected = np.linalg.norm(vector) / SCALES.action_spread
    found = dose_of(SCALES, [FeatureEdit(FEATURE, "add", alpha)])
    assert found.action_displacement == pytest.approx(expected, rel=1e-5)


def test_no_edit_is_no_dose_and_the_manifold_is_calibrated():
    nothing = dose_of(SCALES, [FeatureEdit(FEATURE, "add", 0.0)])
    assert (nothing.action_displacement, nothing.acts, nothing.level) == (0.0, 0.0, "ok")
    assert nothing.off_manifold_percentile == pytest.approx(50, abs=3)
    own = SCALES.manifold.distance(SCALES.activations)
    assert (own > SCALES.manifold.far).mean() == pytest.approx(0.01, abs=0.003)
    assert dose_of(SCALES, [FeatureEdit(FEATURE, "add", 50.0)]).off_manifold_percentile > 95


def test_warnings_by_displacement():
    assert [judge(d)[0] for d in (0.09, 0.10, 0.19, 0.20)] == ["ok", "warning", "warning", "strong"]


def test_a_unit_that_cannot_be_used_is_refused():
    with pytest.raises(InvalidInput, match="needs op add"):
        raw_value(SCALES, FeatureEdit(FEATURE, "scale", 2.0), "feature_sd")


def test_a_run_records_the_distance_of_the_edited_activation():
    spec = RolloutSpec(
        "Pendulum-v1", (0, 1), 20, TAP, record=frozenset({"off_manifold"}), manifold=SCALES.manifold
    )
    arms = [Arm("baseline", NET), Arm("far", NET, (FeatureEdit(FEATURE, "add", 50.0),))]
    base, far = play(arms, spec, SAE)
    assert far.traces[0]["off_manifold"].shape == (20,)
    assert far.traces[0]["off_manifold"].min() > base.traces[0]["off_manifold"].max()
