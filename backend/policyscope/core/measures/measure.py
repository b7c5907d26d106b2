"""A behaviour measure: a number of one episode with its unit and formula, or why it has no value."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from policyscope.core.measures.episode import Episode, UndefinedError

Direction = Literal["higher", "lower", "neutral"]


@dataclass(frozen=True)
class Reading:
    """``value`` is None where the measure is undefined; then ``reason`` is a sentence."""

    value: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Measure:
    """``direction``: whether more is usually better, less, or neither. ``formula``: in words and symbols.

    ``rule`` computes the value from an episode or raises UndefinedError.
    """

    key: str
    title: str
    unit: str
    direction: Direction
    formula: str
    rule: Callable[[Episode], float]

    def read(self, episode: Episode) -> Reading:
        """The value, or the reason why there is none."""
        try:
            value = float(self.rule(episode))
        except UndefinedError as undefined:
            return Reading(None, str(undefined))
        if not math.isfinite(value):
            return Reading(None, "The recorded numbers are not finite.")
        return Reading(value)

    def compute(self, episode: Episode) -> float | None:
        """The value, None where it is undefined."""
        return self.read(episode).value

    def to_json(self) -> dict[str, Any]:
        """Everything but the rule."""
        return {
            "key": self.key,
            "title": self.title,
            "unit": self.unit,
            "direction": self.direction,
            "formula": self.formula,
        }
