"""Finding features by what they respond to and do: "right knee", "stance", "pitch forward".

A feature fits when every word of the question is found in the clauses of its "when", its "does" or its note.
Those that say it all in one clause come first, then notes before effects before conditions, and the stronger
before the weaker.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

from policyscope.core.envs import EnvInfo
from policyscope.core.feature_words import QUALIFIERS, WORD, Reading, Token, Vocabulary, vocabulary

Kind = Literal["number", "note", "does", "when"]
KINDS: tuple[Kind, ...] = ("number", "note", "does", "when")
Span = tuple[int, int]
Marks = Sequence[Sequence[Sequence[Span]]]  # where word i is said in clause j
Part = tuple[int, int, int]  # words from, to, and the clause that says them
THRESHOLD = re.compile(r"(?<=above |below )[−\d.]+|[−\d.]+ to [−\d.]+")


@dataclass(frozen=True)
class Clause:
    """One thing that is said of a feature. ``strength``: how firmly, to rank clauses of one kind."""

    kind: Kind
    text: str
    strength: float


@dataclass(frozen=True)
class Reason:
    """The clause that was found, and which of its characters answer the question."""

    kind: Kind
    text: str
    marks: tuple[Span, ...]


@dataclass(frozen=True)
class Hit:
    """A feature that fits, with the clauses that say so."""

    feature_idx: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Found:
    """``hits``: best first. ``read_as``: the readings beyond the word itself that were looked for.

    ``unknown``: words that neither the environment nor any feature says; ``names``: the environment's own
    words, and ``also`` those that are understood beside them.
    """

    hits: tuple[Hit, ...]
    read_as: Mapping[str, tuple[str, ...]]
    unknown: tuple[str, ...]
    names: tuple[str, ...]
    also: tuple[str, ...]


def clauses_of(name: Mapping[str, Any], note: Mapping[str, Any] | None) -> list[Clause]:
    """What is said of a feature: ``name`` is ``Name.to_json()``; an unnamed feature still does things."""
    noted = [text for text in (note["name"], note["text"], *note["tags"]) if text] if note else []
    when = name["when"]
    parts = [part for branch in (when["text"] or "").split(" or ") for part in branch.split(" and ") if part]
    return [
        *(Clause("note", text, 0.0) for text in noted),
        *(
            Clause(
                "does", f"{'raises' if moved['mean'] > 0 else 'lowers'} {moved['action']}", abs(moved["mean"])
            )
            for moved in name["does"]
        ),
        *(Clause("when", part, when["auroc"] or 0.0) for part in parts),
    ]


def search(features: Sequence[Sequence[Clause]], info: EnvInfo | None, question: str) -> Found:
    """``features``: the clauses of every feature, by index."""
    words = vocabulary(info)
    tokens = words.tokens(question)
    said: set[str] = set()
    ranked = []
    for index, clauses in enumerate(features):
        own = [Clause("number", f"feature {index}", 0.0), *clauses]
        marks = [[_marks(clause, token) for clause in own] for token in tokens]
        said |= {token.word for token, found in zip(tokens, marks, strict=True) if any(found)}
        parts = _parts(tokens, own, marks)
        if parts:
            ranked.append((_place(index, own, parts), Hit(index, _reasons(own, parts, marks))))
    unknown = tuple(token.word for token in tokens if token.word not in said and not _knows(words, token))
    hits = tuple(hit for _, hit in sorted(ranked, key=lambda entry: entry[0]))
    return Found(hits, _read_as(tokens), unknown, tuple(sorted(words.names)), words.also())


def _knows(words: Vocabulary, token: Token) -> bool:
    return len(token.readings) > 1 or any(name.startswith(token.word) for name in words.names)


def _read_as(tokens: Sequence[Token]) -> dict[str, tuple[str, ...]]:
    return {
        token.word: tuple(" ".join(reading) for reading in token.readings[1:])
        for token in tokens
        if len(token.readings) > 1
    }


def _parts(tokens: Sequence[Token], clauses: Sequence[Clause], marks: Marks) -> list[Part]:
    """The question cut into as few runs of words as there must be, each with the clause that says all of it.

    "stance right knee" may be said in two clauses; a side or a verb alone is no run. Empty: it does not fit.
    """
    if not tokens:
        return []
    best: list[list[Part] | None] = [[], *([None] * len(tokens))]
    for stop in range(1, len(tokens) + 1):
        for start in range(stop):
            before, at = best[start], _clause(tokens, clauses, marks, start, stop)
            shortest = best[stop]
            if (
                before is not None
                and at is not None
                and (shortest is None or len(before) + 1 < len(shortest))
            ):
                best[stop] = [*before, (start, stop, at)]
    return best[-1] or []


def _clause(
    tokens: Sequence[Token], clauses: Sequence[Clause], marks: Marks, start: int, stop: int
) -> int | None:
    """The best clause that says all of these words."""
    if (start, stop) != (0, len(tokens)) and all(token.word in QUALIFIERS for token in tokens[start:stop]):
        return None
    fitting = [at for at in range(len(clauses)) if all(found[at] for found in marks[start:stop])]
    return min(fitting, key=lambda at: _rank(clauses[at]), default=None)


def _rank(clause: Clause) -> tuple[int, float]:
    return KINDS.index(clause.kind), -clause.strength


def _place(index: int, clauses: Sequence[Clause], parts: Sequence[Part]) -> tuple[float, ...]:
    return (len(parts), *min(_rank(clauses[at]) for _, _, at in parts), index)


def _reasons(clauses: Sequence[Clause], parts: Sequence[Part], marks: Marks) -> tuple[Reason, ...]:
    spans: dict[int, list[Sequence[Span]]] = {}
    for start, stop, at in parts:
        spans.setdefault(at, []).extend(found[at] for found in marks[start:stop])
    return tuple(_reason(clauses[at], spans[at]) for at in sorted(spans, key=lambda at: _rank(clauses[at])))


def _reason(clause: Clause, marks: Sequence[Sequence[Span]]) -> Reason:
    return Reason(clause.kind, clause.text, tuple(sorted(set(chain.from_iterable(marks)))))


def _marks(clause: Clause, token: Token) -> tuple[Span, ...]:
    """Where the clause says the word; empty when it does not. Notes are searched for parts of words too."""
    if clause.kind == "number":
        return ((0, len(clause.text)),) if clause.text == f"feature {token.word}" else ()
    if clause.kind == "note":
        start = clause.text.lower().find(token.word)
        if start >= 0:
            return ((start, start + len(token.word)),)
    written = _written(clause)
    readings = token.readings[:1] if clause.kind == "note" else token.readings
    return next((spans for reading in readings if (spans := _spans(written, reading))), ())


def _written(clause: Clause) -> list[tuple[str, Span]]:
    """The words of a clause; thresholds are no words, so that 4 finds hip 4 and not "above 0.4"."""
    text = clause.text if clause.kind == "note" else THRESHOLD.sub(_blank, clause.text)
    return [(match.group().lower(), match.span()) for match in WORD.finditer(text)]


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _spans(written: Sequence[tuple[str, Span]], reading: Reading) -> tuple[Span, ...]:
    found = []
    for wanted in reading:
        span = next((span for word, span in written if _fits(word, wanted)), None)
        if span is None:
            return ()
        found.append(span)
    return tuple(found)


def _fits(word: str, wanted: str) -> bool:
    """Beginnings of words fit, so that a question finds something while it is typed; numbers fit whole."""
    return word == wanted if wanted.isdigit() or len(wanted) < 2 else word.startswith(wanted)
