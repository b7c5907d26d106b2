"""How a model acts, corrected by command: the same as by the API."""

import json

import pytest

from benchmarks import parity_policies

VEC = parity_policies.FIXTURES / "sb3_ppo_vecnormalize"
NORMALISED = {"mean": [0.1, 0.2, 0.3], "scale": [1.0, 2.0, 3.0], "clip": 5.0}


def test_every_part_is_corrected_shown_and_taken_back(cli, model, tmp_path):
    (tmp_path / "statistics.json").write_text(json.dumps(NORMALISED))
    cli("acting", "set", model, "--squash", "tanh")
    cli("acting", "set", model, "--action_range", "-1", "0.5")
    found = cli("acting", "set", model, "--observation", f"@{tmp_path / 'statistics.json'}", "--json")
    ranged = {"action_scaling": "range", "action_low": [-1.0], "action_high": [0.5]}
    assert found == cli("acting", "show", model, "--json")
    assert found.items() >= {"squash": "tanh", "observation": NORMALISED, "corrected": True, **ranged}.items()
    lines = cli("acting", "show", model).splitlines()
    assert [line.split() for line in lines[1:3]] == [
        ["squash", "tanh", "none"],
        ["action", "scaling", "-1", "…", "0.5", "box"],
    ]
    assert "normalised by 3 means and scales, limited to ±5  as it is" in lines[3]
    assert cli("acting", "set", model, "--observation", "none", "--json")["observation"] is None
    taken_back = cli("acting", "reset", model, "--json")
    assert (taken_back["corrected"], taken_back["squash"]) == (False, "none")


def test_statistics_of_a_vec_normalize_file_replace_those_of_the_file(cli):
    made = cli("upload", VEC / "agent.zip", "--json")["id"]
    found = cli("acting", "vec-normalize", made, VEC / "vec_normalize.pkl", "--json")
    assert found["corrected"]
    assert found["observation"]["clip"] == 2.0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Give --squash"),
        (("--squash", "relu"), "'relu' is not one of"),
        (("--action_scaling", "range"), "needs action_low and action_high"),
        (("--action_scaling", "box", "--action_range", 0, 1), "goes with action_scaling 'range' only"),
        (("--action_range", 1, 0), "high above low"),
        (("--action_range", 0, 1, "--action_range", 0, 1), "is for 2 actions; this policy has 1"),
        (("--observation", "mean"), "give @FILE with its JSON, or none"),
        (("--observation", "@missing.json"), "cannot be read"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(cli, model, words, said):
    assert said in cli("acting", "set", model, *words, status=2)
    assert not cli("acting", "show", model, "--json")["corrected"]


def test_other_files_are_no_statistics(cli, model, tmp_path):
    (tmp_path / "other.pkl").write_bytes(b"no pickle")
    assert "other.pkl" in cli("acting", "vec-normalize", model, tmp_path / "other.pkl", status=2)
    assert "3" in cli("acting", "vec-normalize", model, VEC / "vec_normalize.pkl", status=2)
