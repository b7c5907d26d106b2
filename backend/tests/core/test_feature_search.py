"""Searching features by what they respond to and do."""

import gymnasium
import numpy as np
import pytest

from policyscope.core.envs import get_env
from policyscope.core.feature_search import clauses_of, search
from policyscope.core.feature_words import KNEE_EXTENDS, LEANS_FORWARD, SYNONYMS, vocabulary


def name(when=None, does=(), auroc=0.9):
    moved = [{"action": action, "mean": mean, "threshold": 0.01} for action, mean in does]
    return {"text": "", "when": {"text": when, "auroc": auroc}, "does": moved}


WALKER = [
    name("right foot on the floor and torso pitch above 0.1 rad", [("right leg torque", 0.3)]),
    name("left foot in the air", [("left thigh torque", -0.2)]),
    name("right leg angle below −0.4 rad or forward velocity 4 to 5 m/s"),
    name(None, [("right leg torque", -0.6)]),
    name("at right foot touch-down", [("left foot torque", 0.1)]),
]


def hits(question, env="Walker2d-v5", features=WALKER, notes=None):
    said = [clauses_of(each, (notes or {}).get(j)) for j, each in enumerate(features)]
    return search(said, get_env(env), question)


def found(question, **given):
    return [hit.feature_idx for hit in hits(question, **given).hits]


@pytest.mark.parametrize(
    ("question", "features"),
    [
        ("right knee", [3, 0, 2]),  # effects before conditions, the stronger first; an unnamed one too
        ("extends right knee", [0]),
        ("flexes the right knee", [3]),
        ("stance", [0]),
        ("swing", [1]),
        ("hip", [1]),
        ("lean forward", [0]),
        ("lean back", []),
        ("Touch down", [4]),
        ("forward speed", [2]),
        ("stance right knee", [0]),  # said in two clauses
        ("left hip extends", []),  # a verb alone belongs to no other joint
        ("4", [4]),  # the feature of that number; thresholds are no words
        ("ri", [3, 0, 2, 4]),
        ("banana", []),
        ("the", []),
    ],
)
def test_words_find_what_features_do(question, features):
    assert found(question) == features


def test_the_reason_marks_the_words_that_answer():
    (reason,) = hits("extends right knee").hits[0].reasons
    assert (reason.kind, reason.text) == ("does", "raises right leg torque")
    assert [reason.text[start:stop] for start, stop in reason.marks] == ["raises", "right", "leg", "torque"]
    two = hits("stance right knee").hits[0].reasons
    assert [reason.kind for reason in two] == ["does", "when"]


def test_the_question_is_answered_with_how_it_was_read_and_what_is_known():
    result = hits("right knee banana")
    assert result.read_as == {"knee": ("leg",)}
    assert result.unknown == ("banana",)
    assert {"torso", "thigh", "pitch"} <= set(result.names)
    assert {"knee", "hip", "stance", "forward speed"} <= set(result.also)
    assert not set(result.also) & set(result.names)


def test_notes_come_first_and_parts_of_their_words_count():
    note = {"name": "brake", "text": "slows the outswing", "tags": ["mine"]}
    assert found("SWING", notes={4: note}) == [4, 1]
    assert found("mine", notes={4: note}) == [4]
    assert found("brake outs", notes={4: note}) == [4]


def test_bodies_that_name_no_sides_are_found_by_side():
    ant = [name(None, [("hip 4 torque", 0.2)]), name(None, [("ankle 1 torque", 0.2)])]
    assert found("back right", env="Ant-v5", features=ant) == [0]
    assert found("left knee", env="Ant-v5", features=ant) == [1]
    assert found("hip 4", env="Ant-v5", features=ant) == [0]
    box = [name("leg 1 ground contact above 0.5"), name("leg 2 ground contact below 0.5")]
    assert found("stance", env="BipedalWalker-v3", features=box) == [0]
    assert found("swing", env="BipedalWalker-v3", features=box) == [1]


def test_only_readings_that_an_environment_can_say_are_known():
    cart = vocabulary(get_env("CartPole-v1"))
    assert ("lean",) in cart.synonyms
    assert not {("stance",), ("knee",), ("extends",), ("previous",)} & cart.synonyms.keys()
    assert vocabulary(None).also() == ()
    spoken = {word for readings in SYNONYMS.values() for reading in readings for word in reading.split()}
    everywhere = {
        word
        for env in ("Walker2d-v5", "Ant-v5", "BipedalWalker-v3", "CartPole-v1", "Reacher-v5")
        for readings in vocabulary(get_env(env)).synonyms.values()
        for words in readings
        for word in words
    }
    assert spoken <= everywhere  # no synonym points at a word that no environment has


@pytest.mark.parametrize("body", sorted(KNEE_EXTENDS))
def test_a_knee_that_extends_upward_ends_straight(body):
    model = gymnasium.make(f"{body}-v5").unwrapped.model
    names = [model.joint(index).name for index in range(model.njnt)]
    knees = [each for each in names if each.startswith("leg") or "knee" in each]
    assert knees
    for each in knees:
        low, high = model.joint(each).range
        assert low < -2
        assert -0.1 < high <= 0


@pytest.mark.parametrize("body", sorted(LEANS_FORWARD))
def test_pitch_rises_as_the_torso_leans_forward(body):
    model = gymnasium.make(f"{body}-v5").unwrapped.model
    root = next(model.joint(i) for i in range(model.njnt) if model.joint(i).name == "rooty")
    assert np.array_equal(root.axis, [0, 1, 0])
