"""Timing contenders in turns, so that what else the machine does hits all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Contender:
    """``run`` does a fixed piece of work and returns how many units (steps, fits) it did."""

    name: str
    run: Callable[[], int]


@dataclass(frozen=True)
class Reading:
    """Units per second of one contender, round by round."""

    name: str
    rates: tuple[float, ...]

    @property
    def median(self) -> float:
        return float(np.median(self.rates))

    def over(self, other: Reading) -> float:
        """How many times as fast as ``other``: the median of the ratios within each round."""
        return float(np.median(np.divide(self.rates, other.rates)))


def measure(contenders: Sequence[Contender], repeats: int, report: Callable[[str], None]) -> list[Reading]:
    """Every contender once unmeasured, then ``repeats`` rounds in which each runs once."""
    for contender in contenders:
        contender.run()
    rates: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for turn in range(repeats):
        for contender in contenders:
            begun = time.perf_counter()
            units = contender.run()
            rates[contender.name].append(units / (time.perf_counter() - begun))
        report(f"round {turn + 1} of {repeats}")
    return [Reading(name, tuple(seen)) for name, seen in rates.items()]
