"""What people's words mean in an environment: "knee" is Walker2d's leg joint, "stance" a foot on the floor.

A word may be read in several ways; each way is a list of words that must all stand in one clause of a name.
Only readings that the environment's names can satisfy are kept, so that what is known can be listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from policyscope.core.envs import EnvInfo
from policyscope.core.measures.anatomy import ANATOMIES, Anatomy, Leg

Reading = tuple[str, ...]
Words = tuple[str, ...]

WORD = re.compile(r"[^\W_]+(?:[-−][^\W_]+)*")
STOP = frozenset({"the", "a", "of", "when", "is", "does", "and", "or", "to", "with", "feature", "features"})
JOINING = frozenset({"on", "in", "at", "from", "away", "since", "above", "below", "only", "its"})
ROLES = ("hip", "knee", "ankle")
ALIASES = {"thigh": "hip", "shin": "knee", "calf": "knee", "shank": "knee", "lower leg": "knee"}
KNEE_EXTENDS = MappingProxyType({"Walker2d": "leg", "Hopper": "leg", "Humanoid": "knee"})
"""Whose knee straightens as its joint's angle rises (its range ends at about 0): the joint's word."""
LEANS_FORWARD = frozenset({"Walker2d", "Hopper", "HalfCheetah"})
"""Whose torso leans forward as its pitch rises (the root turns about +y)."""

_STANCE: tuple[str, ...] = ("on floor",)
_SWING: tuple[str, ...] = ("in air",)
_FORWARD: tuple[str, ...] = ("forward velocity", "horizontal velocity", "torso velocity x")
_LEAN: tuple[str, ...] = ("torso pitch", "torso orientation", "hull angle", "pole angle")
_RATE: tuple[str, ...] = ("angular velocity", "rate", "speed")
_STANDS = ("stance", "contact", "standing", "support", "grounded", "ground", "landed")
_SWINGS = ("swing", "no contact", "airborne", "flight", "lifted")

SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    dict.fromkeys(_STANDS, _STANCE)
    | dict.fromkeys(_SWINGS, _SWING)
    | dict.fromkeys(("touchdown", "touch down", "landing", "footfall", "heel strike"), ("touch-down",))
    | dict.fromkeys(("liftoff", "lift off", "toe off", "push off", "takeoff", "push-off"), ("lift-off",))
    | dict.fromkeys(("forward speed", "pace", "running"), _FORWARD)
    | dict.fromkeys(("fast", "fast forward"), tuple(f"{name} above" for name in _FORWARD))
    | dict.fromkeys(("slow",), tuple(f"{name} below" for name in _FORWARD))
    | dict.fromkeys(("lean", "leans", "tilt", "pitch", "posture", "balance"), _LEAN)
    | dict.fromkeys(("trunk", "body", "hull"), ("torso", "hull"))
    | dict.fromkeys(("speed", "velocity"), ("velocity", "speed", "rate"))
    | dict.fromkeys(("rotation", "turning", "spin"), _RATE)
    | dict.fromkeys(("bounce", "jump", "hop"), ("vertical velocity", "torso velocity z"))
    | dict.fromkeys(("crouch", "sinks"), ("torso height below",))
    | dict.fromkeys(("tall", "upright"), ("torso height above",))
    | dict.fromkeys(("bend", "position"), ("angle", "position"))
    | dict.fromkeys(("motor", "drive", "effort"), ("torque", "force"))
    | dict.fromkeys(("raise", "increase", "increases"), ("raises",))
    | dict.fromkeys(("lower", "decrease", "decreases", "reduce", "reduces"), ("lowers",))
    | dict.fromkeys(("gait", "cycle", "rhythm", "stride"), ("stride phase",))
    | dict.fromkeys(("asymmetry", "symmetry", "difference"), ("right−left",))
    | dict.fromkeys(("beginning", "early", "late"), ("time start",))
    | dict.fromkeys(("last", "before", "earlier"), ("previous",))
)

EXTENDS = ("extend", "extends", "extension", "straighten", "straightens")
FLEXES = ("flex", "flexes", "flexion", "bends")
QUALIFIERS = frozenset({"right", "left", "front", "back", "raises", "lowers", *EXTENDS, *FLEXES}) | {
    word for word, means in SYNONYMS.items() if means in (("raises",), ("lowers",))
}
"""Words that say nothing alone: they belong to the joint or signal beside them."""
FORWARD_LEANS = ("pitch forward", "lean forward", "leans forward", "forward lean", "tilt forward")
BACKWARD_LEANS = ("pitch back", "lean back", "leans back", "lean backward", "pitch backward")


@dataclass(frozen=True)
class Token:
    """One word or phrase of a question, and how it may be read; the word itself is always the first way."""

    word: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """``synonyms``: word or phrase → readings; ``names``: the words of the environment's own names."""

    synonyms: Mapping[Words, tuple[Reading, ...]]
    names: frozenset[str]

    def tokens(self, question: str) -> tuple[Token, ...]:
        """The question cut into the longest phrases that are known, and single words; fillers are dropped."""
        words, found = split_words(question), []
        longest = max(map(len, self.synonyms), default=1)
        while words:
            size = next((n for n in range(longest, 1, -1) if words[:n] in self.synonyms), 1)
            phrase, words = words[:size], words[size:]
            if phrase[0] not in STOP or size > 1:
                found.append(Token(" ".join(phrase), (phrase, *self.synonyms.get(phrase, ()))))
        return tuple(found)

    def also(self) -> tuple[str, ...]:
        """Words and phrases that are understood beside the names' own."""
        return tuple(sorted({" ".join(words) for words in self.synonyms} - self.names))


def split_words(text: str) -> Words:
    """Lower-case words; hyphens stay inside them."""
    return tuple(WORD.findall(text.lower()))


@lru_cache(maxsize=32)
def vocabulary(info: EnvInfo | None) -> Vocabulary:
    """The words of an environment. Without one only what names literally say can be found."""
    if info is None:
        return Vocabulary({}, frozenset())
    anatomy = ANATOMIES.get(info.id.partition("-")[0])
    spoken = frozenset(_spoken(info, anatomy))
    synonyms: dict[Words, tuple[Reading, ...]] = {}
    for word, reading in [*_general(), *_anatomical(anatomy), *_directed(info)]:
        key = split_words(word)
        if key != reading and set(reading) <= spoken and reading not in synonyms.get(key, ()):
            synonyms[key] = (*synonyms.get(key, ()), reading)
    names = {word for word in spoken if not word.isdigit() and len(word) > 1}
    return Vocabulary(synonyms, frozenset(names - STOP - JOINING))


def _spoken(info: EnvInfo, anatomy: Anatomy | None) -> Iterator[str]:
    """Every word that a name in this environment may use."""
    for channel in (*info.observations, *info.actions):
        yield from split_words(channel.name)
    yield from ("raises", "lowers", "above", "below")
    yield from ("previous",) if info.action_kind == "continuous" else ()
    yield from ("time", "since", "start") if info.dt is not None else ()
    if any("right" in channel.name for channel in info.observations):
        yield "right−left"
    for leg in anatomy.legs if anatomy else ():
        yield from split_words(leg.name)
        yield from ("foot", "on", "floor", "in", "air", "touch-down", "lift-off", "at", "away", "from")
        yield from ("stride", "phase")


def _general() -> Iterator[tuple[str, Reading]]:
    for word, readings in SYNONYMS.items():
        for reading in readings:
            yield word, split_words(reading)


def _anatomical(anatomy: Anatomy | None) -> Iterator[tuple[str, Reading]]:
    """Joints by the part they play in a leg, and legs by where they are."""
    if anatomy is None:
        return
    aliases = {role: [word for word, means in ALIASES.items() if means == role] for role in ROLES}
    for leg in anatomy.legs:
        for role, part in _parts(leg):
            for word in (role, *aliases[role]):
                yield word, (part,)
        yield from ((leg.name, joint) for joint in _elsewhere(leg, leg.name))
    for side, legs in (("right", anatomy.right), ("left", anatomy.left)):
        for index in legs:
            yield from ((side, joint) for joint in _elsewhere(anatomy.legs[index], side))


def _parts(leg: Leg) -> Iterator[tuple[str, str]]:
    if len(leg.joints) not in (2, 3):  # others name their joints by axis, and call a knee a knee
        return
    named = set(split_words(leg.name))
    for role, joint in zip(ROLES, leg.joints, strict=False):
        part = next(word for word in reversed(split_words(joint)) if not word.isdigit())
        if part not in named or len(split_words(joint)) == 1:
            yield role, part


def _elsewhere(leg: Leg, said: str) -> Iterable[Reading]:
    """Joints whose names do not say where they are, such as Ant's hip 1."""
    return [split_words(joint) for joint in leg.joints if said not in joint]


def _directed(info: EnvInfo) -> Iterator[tuple[str, Reading]]:
    for channel in info.observations:
        if channel.name.endswith("contact"):
            name = " ".join(split_words(channel.name)[-2:])
            yield from ((word, split_words(f"{name} above")) for word in _STANDS)
            yield from ((word, split_words(f"{name} below")) for word in _SWINGS)
    body = info.id.partition("-")[0]
    if body in KNEE_EXTENDS:
        yield from ((word, ("raises", KNEE_EXTENDS[body], "torque")) for word in EXTENDS)
        yield from ((word, ("lowers", KNEE_EXTENDS[body], "torque")) for word in FLEXES)
    if body in LEANS_FORWARD:
        yield from ((word, ("torso", "pitch", "above")) for word in FORWARD_LEANS)
        yield from ((word, ("torso", "pitch", "below")) for word in BACKWARD_LEANS)
