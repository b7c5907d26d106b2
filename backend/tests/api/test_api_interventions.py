"""Richer interventions over HTTP: doses in any unit, gates and schedules in stored edits and runs."""

import pytest
import tiny

from policyscope.core.envs import get_env
from policyscope.services.effects.edits import freeze

DOSE = {"feature_idx": 1, "op": "add", "value": 0.05, "unit": "action_displacement"}
BEYOND = {"kind": "observation", "index": 9, "above": 0}


def test_a_dose_in_every_unit(client):
    model_id = client.with_sae()
    found = client("POST", f"/model/{model_id}/dose", {"edits": [DOSE]})
    assert found["dose"]["action_displacement"] == pytest.approx(0.05, rel=1e-3)
    assert found["dose"]["level"] == "ok"
    assert found["edits"][0]["value"] == pytest.approx(found["dose"]["alpha"])
    assert client("GET", f"/model/{model_id}/intervention")["intervention"] is None


def test_the_guides_alpha_is_never_refused(client):
    model_id = client.with_sae()
    stored = client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 1, "alpha": 500})
    assert stored["intervention"]["dose"]["level"] == "strong"
    assert stored["intervention"]["edits"] == [{"feature_idx": 1, "op": "add", "value": 500.0}]


def test_rich_edits_are_stored_and_played(client):
    model_id = client.with_sae()
    edits = [
        {**DOSE, "gate": {"kind": "observation", "index": 0, "above": 0.0}},
        {
            "feature_idx": 2,
            "op": "add",
            "value": 1.0,
            "schedule": {"shape": "ramp", "start": 0.1, "period": 0.5, "unit": "seconds"},
        },
        {"feature_idx": 3, "op": "swap", "other_idx": 4},
    ]
    stored = client("POST", f"/model/{model_id}/sae_perturb", {"edits": edits})
    assert stored["intervention"]["edits"][1]["schedule"]["unit"] == "seconds"
    run = client.run(model_id)
    arm = run["arms"][1]
    assert arm["edits"][1]["schedule"] == {"shape": "ramp", "start": 2.0, "period": 10.0}
    assert arm["edits"][2]["other_idx"] == 4
    assert arm["dose"]["acts"] > 0
    assert arm["off_manifold"]["mean_distance"] > 0
    assert run["arms"][0]["dose"] is None
    assert run["comparisons"][0]["identical"] is False


def test_an_edit_that_begins_after_the_episode_is_the_baseline(client):
    model_id = client.with_sae()
    edit = {"feature_idx": 1, "op": "add", "value": 5, "schedule": {"shape": "constant", "start": 20}}
    run = client.run(model_id, arms=[{"name": "late", "edits": [edit]}])
    assert run["comparisons"][0]["identical"] is True


def test_levels_set_the_number_of_episodes(client):
    model_id = client.model()
    body = {"env": tiny.ENV, "level": "preview", "max_steps": 5}
    accepted = client("POST", f"/model/{model_id}/run", body, 202)
    assert client("GET", f"/run/{accepted['run_id']}")["episodes"] == 4


@pytest.mark.parametrize(
    ("edit", "status"),
    [
        ({"feature_idx": 1, "op": "swap"}, 400),
        ({"feature_idx": 1, "op": "add", "value": 1, "gate": {"kind": "phase"}}, 400),
        ({"feature_idx": 1, "op": "add", "value": 1, "gate": BEYOND}, 400),
        ({"feature_idx": 1, "op": "add", "value": 1, "gate": {"kind": "contact"}}, 400),
        ({"feature_idx": 1, "op": "add", "value": 1, "gate": {"kind": "contact", "foot": "left"}}, 400),
        ({"feature_idx": 1, "op": "add", "value": 1, "schedule": {"shape": "sine"}}, 400),
        ({"feature_idx": 1, "op": "add", "value": 1, "unit": "spoons"}, 422),
        ({"feature_idx": 1, "op": "add", "value": 1, "gate": {"kind": "moon"}}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_refused_before_a_run(client, edit, status):
    model_id = client.with_sae()
    body = {"env": tiny.ENV, "episodes": 1, "max_steps": 5, "arms": [{"name": "a", "edits": [edit]}]}
    error = client("POST", f"/model/{model_id}/run", body, status)["error"]
    assert error["message"]
    assert client("GET", "/runs")["runs"] == []


@pytest.mark.parametrize("gate", [None, {"kind": "active", "feature_idx": None, "threshold": None}])
@pytest.mark.parametrize("schedule", [None, {"shape": "ramp", "period": 3, "duty": None, "start": None}])
def test_null_is_as_good_as_left_out(client, gate, schedule):
    model_id = client.with_sae()
    edit = {"feature_idx": 1, "op": "add", "value": 1.0, "gate": gate, "schedule": schedule}
    run = client.run(model_id, arms=[{"name": "nulls", "edits": [edit]}])
    (played,) = run["arms"][1]["edits"]
    assert played == {
        "feature_idx": 1,
        "op": "add",
        "value": 1.0,
        **({"gate": {"kind": "active"}} if gate else {}),
        **({"schedule": {"shape": "ramp", "period": 3}} if schedule else {}),
    }


def test_both_forms_at_once_are_refused(client):
    model_id = client.with_sae()
    both = {"feature_idx": 1, "alpha": 1, "edits": [DOSE]}
    client("POST", f"/model/{model_id}/sae_perturb", both, 422)


def test_feet_are_listed_and_a_contact_that_is_observed_is_read_from_there(client):
    feet = {env["id"]: env["feet"] for env in client("GET", "/envs")["envs"]}
    assert feet["Walker2d-v5"] == ["right", "left"]
    assert feet[tiny.ENV] == []
    info = get_env("BipedalWalker-v3")
    edit = {
        "feature_idx": 1,
        "op": "add",
        "value": 1.0,
        "gate": {"kind": "contact", "foot": feet[info.id][1]},
    }
    seen = freeze([edit], None, info)[0]["gate"]
    assert info.observations[seen["index"]].name == f"{feet[info.id][1]} ground contact"
    assert (seen["kind"], seen["above"]) == ("observation", 0.5)
    edit["gate"]["on_floor"] = False
    assert freeze([edit], None, info)[0]["gate"]["below"] == 0.5
    edit["gate"]["foot"] = "left"
    walker = get_env("Walker2d-v5")
    assert freeze([edit], None, walker)[0]["gate"] == {**edit["gate"], "env": walker.id}
