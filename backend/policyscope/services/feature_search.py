"""Finding a model's features by what they respond to and do; the feature table asks here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache

from policyscope.core.envs import EnvInfo
from policyscope.core.feature_search import Clause, clauses_of, search
from policyscope.services.analyses import Stored
from policyscope.store.records import Json


@dataclass(frozen=True)
class Searched:
    """``rank``: place of each feature that fits; ``reasons``: why it does; ``about``: the question."""

    rank: Mapping[int, int]
    reasons: Mapping[int, list[Json]]
    about: Json


def find(found: Stored, info: EnvInfo | None, notes: Mapping[int, Json], question: str) -> Searched:
    """The features of an analysis that fit ``question``, ranked, each with the clauses that say so.

    ``info``: the environment whose words are understood; ``notes``: what people noted, by feature.
    """
    clauses = [
        [*(clauses_of(_UNNAMED, notes[j]) if j in notes else ()), *said]
        for j, said in enumerate(_said(found))
    ]
    result = search(clauses, info, question)
    return Searched(
        {hit.feature_idx: place for place, hit in enumerate(result.hits)},
        {hit.feature_idx: [asdict(reason) for reason in hit.reasons] for hit in result.hits},
        {
            "question": question,
            "read_as": [{"word": word, "means": list(means)} for word, means in result.read_as.items()],
            "unknown_words": list(result.unknown),
            "names": list(result.names),
            "also": list(result.also),
        },
    )


_UNNAMED: Json = {"when": {"text": None, "auroc": None}, "does": []}


@lru_cache(maxsize=4)
def _said(found: Stored) -> tuple[tuple[Clause, ...], ...]:
    """The clauses of every feature's own name, kept while the analysis is."""
    return tuple(tuple(clauses_of(name, None)) for name in found.about["names"])


def nothing_found(about: Json) -> str:
    """What to say when nothing fits, and which words would."""
    unknown = ", ".join(f"“{word}”" for word in about["unknown_words"])
    why = f"No name or note here says {unknown}." if unknown else "No feature says all of this."
    return f"{why} Words of this environment: {', '.join(about['names'])}. Also: {', '.join(about['also'])}."
