"""Feature edits and arms as they are typed: ``42:add:0.05:action_displacement,7:ablate``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from policyscope.cli.output import read_file
from policyscope.core.errors import InvalidInput
from policyscope.store.records import Json

FORM = "FEATURE:OP[:VALUE[:UNIT]], separated by commas, or @FILE with the JSON of the API"
START_FORM = "reset[:NOISE_SCALE], cached, run:RUN[:arm=ARM][:seed=SEED][:step=STEP], or @FILE with JSON"
NEEDS_NO_VALUE = 2


def edits_of(text: str) -> list[Json]:
    """The edits that ``text`` spells out, to be checked by the API's schema. Raises InvalidInput."""
    if text.startswith("@"):
        found = json_file(Path(text[1:]))
        return found if isinstance(found, list) else [found]
    return [_edit(part) for part in text.split(",")]


def arms_of(named: Sequence[str], file: Path | None) -> list[Json]:
    """Arms given as NAME=EDITS (no edits: the weights alone) and those of a JSON file."""
    arms: list[Json] = json_file(file) if file else []
    for text in named:
        name, _, edits = text.partition("=")
        arms.append({"name": name, "edits": edits_of(edits) if edits else []})
    return arms


def dose_arms(feature: int, doses: Sequence[float], unit: str) -> list[Json]:
    """One arm per dose: so much of one feature is added."""
    return [
        {
            "name": f"{dose:+g}".replace("-", "−"),
            "edits": [{"feature_idx": feature, "op": "add", "value": dose, "unit": unit}],
        }
        for dose in doses
    ]


def start_of(text: str | None) -> Json | None:
    """Where episodes begin, as typed, to be checked by the API's schema. Raises InvalidInput."""
    if text is None:
        return None
    if text.startswith("@"):
        given: Json = json_file(Path(text[1:]))
        return given
    kind, *words = text.split(":")
    try:
        if kind == "reset" and len(words) <= 1:
            return {"kind": kind, **({"noise_scale": float(words[0])} if words else {})}
        if kind == "run" and words:
            more = dict(word.split("=", 1) for word in words[1:])
            found: Json = {"kind": kind, "run_id": words[0], **more}
            return found | {name: int(more[name]) for name in ("seed", "step") if name in more}
        if kind == "cached" and not words:
            return {"kind": kind}
    except ValueError:
        pass
    raise InvalidInput(f"{text!r} is not a start. A start is {START_FORM}.")


def json_file(path: Path) -> Any:
    """Raises InvalidInput."""
    try:
        return json.loads(read_file(path))
    except ValueError as error:
        raise InvalidInput(f"{path} is not JSON: {error}.") from error


def _edit(part: str) -> Json:
    words = part.strip().split(":")
    try:
        if not NEEDS_NO_VALUE <= len(words) <= 4:
            raise ValueError
        edit: Json = {"feature_idx": int(words[0]), "op": words[1]}
        if len(words) > NEEDS_NO_VALUE:
            name, kind = ("other_idx", int) if words[1] == "swap" else ("value", float)
            edit[name] = kind(words[2])
    except ValueError:
        raise InvalidInput(f"{part!r} is not an edit. An edit is {FORM}.") from None
    return edit | ({"unit": words[3]} if len(words) == 4 else {})
