"""Short forms of `make bench-validity`: what was planted is found, the failing SAE is shown as failing."""

import numpy as np
import pytest

from benchmarks import validity
from policyscope.core import features, planted
from policyscope.core.progress import drain
from policyscope.core.sae_train import SaeTrainConfig, train_sae


def test_planted_causes_lead_the_ranking_and_decoys_do_nothing():
    p = planted.planted_policy(0)
    table = features.analyse(p.policy, p.sae, 0, p.data)
    for action, causes in enumerate(p.causes):
        effect = table.ablation_effect[:, action]
        assert set(np.argsort(-effect)[: len(causes)].tolist()) == set(causes)
        assert effect[list(p.decoys)].max() < 1e-6
        # which association alone would not have told: decoys fire with the causes
        assert table.marginal_r2[list(p.decoys), action].max() > 0.1


def test_a_known_dictionary_is_recovered():
    directions, x = planted.known_dictionary(rows=20_000, features=24, width=32)
    config = SaeTrainConfig(32, 6, 1_500, batch=256, device="cpu")
    sae = drain(train_sae(x[:18_000], x[18_000:], config)).sae
    assert planted.recovered_share(sae, directions) >= 0.6
    others, _ = planted.known_dictionary(seed=1, rows=10, features=24, width=32)
    assert planted.recovered_share(sae, others) == 0.0


@pytest.mark.parametrize("figure", validity.failing_sae(episodes=6, steps=120), ids=lambda f: f.name)
def test_an_sae_of_fvu_0005_is_shown_as_failing(figure):
    assert figure.kept, figure
    assert "open-loop only" in figure.note


def test_rescaling_a_feature_moves_no_rank():
    assert validity.rescaling().value == 0


def test_no_edit_changes_no_bit():
    assert validity.no_edit().value == 0


def test_nothing_is_found_where_there_is_nothing():
    associations, scans = validity.false_discoveries(repeats=20)
    assert associations.value <= 0.2  # 20 tries: the full measurement is make bench-validity
    assert scans.value <= 0.2


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    figures = {f.name: f.value for f in validity.coverage(repeats=200)}
    for name, value in figures.items():
        if "normal" in name:
            assert value == pytest.approx(0.95, abs=0.05)


def test_the_page_says_what_was_missed():
    good, bad = validity.Figure("a", 1, 0, None, ""), validity.Figure("b", 1, None, 0, "")
    text = validity.page([good, bad])
    assert "| a | 1 | ≥ 0 | kept |" in text
    assert "| b | 1 | ≤ 0 | **missed** |" in text
