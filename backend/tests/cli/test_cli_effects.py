"""Studies by command: they end, hold the asked number of trials, and can be verified from their bundle."""

import pytest
import tiny

SHORT = ("--env", tiny.ENV, "--max_steps", 20)
SCAN = ("--features", 2, "--episodes", 6, "--confirm_episodes", 7)
DOSES = ("--feature", 4, "--dose", 0.05, "--random_directions", 2, "--episodes", 3)
BOTH = ("--feature", 4, "--feature", 5)
TARGET = ("--measure", "return", "--change", 0.05, "--episodes", 6, "--confirm_episodes", 7)


def test_a_scan_and_its_evidence(cli, model):
    found = cli("scan", model, *SHORT, *SCAN, "--json")
    scan = found["scan"]
    assert (found["kind"], found["state"]) == ("scan", "done")
    assert len(scan["rows"]) == 4  # two features, both signs
    assert len({row["feature_idx"] for row in scan["rows"]}) == 2
    assert (scan["seeds"], scan["confirmation_seeds"]) == (list(range(6)), list(range(6, 13)))
    assert found["run_id"] in cli("scan", model, *SHORT, *SCAN)  # finished before
    other = cli("scan", model, *SHORT, *SCAN, "--again", "--json")
    assert other["run_id"] != found["run_id"]
    assert other["scan"] == scan
    cli("export", "run", found["run_id"], "--output", "scan.zip")
    assert "\nidentical: " in cli("verify", "scan.zip")


def test_a_dose_response_plays_every_dose_both_ways(cli, model):
    found = cli("dose-response", model, *SHORT, *DOSES, "--json")["dose_response"]
    assert found["feature_idx"] == 4
    assert [point["dose"] for point in found["points"]] == [-0.05, 0.05]
    assert found["points"][0]["alpha"] == pytest.approx(-found["points"][1]["alpha"])


@pytest.mark.parametrize("absolute", [False, True])
def test_a_calibration_of_two_features(cli, model, absolute):
    words = (*BOTH, *TARGET, *(["--absolute"] if absolute else []))
    found = cli("calibrate", model, *SHORT, *words, "--json")["calibration"]
    wanted = 0.05 if absolute else 0.05 * abs(found["baseline"])
    assert found["target_change"] == pytest.approx(wanted)
    assert found["status"] in ("reached", "unreachable")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("scan", "MODEL", *SHORT, "--measure", "beauty"), "beauty"),
        (("scan", "MODEL", *SHORT, "--dose", -1), "dose: "),
        (("dose-response", "MODEL", *SHORT, "--feature", 4, "--episodes", 0), "episodes: "),
        (("dose-response", "MODEL", *SHORT, "--feature", 99), "99"),
        (("calibrate", "MODEL", *SHORT, "--feature", 4, "--change", 1), "--measure"),
        (("calibrate", "nobody", *SHORT, *BOTH, *TARGET), "nobody"),
    ],
)
def test_what_cannot_be_studied_leaves_nothing(cli, model, words, said):
    assert said in cli(*(model if word == "MODEL" else word for word in words), status=2)
    assert cli("runs", "--json") == {"runs": []}
