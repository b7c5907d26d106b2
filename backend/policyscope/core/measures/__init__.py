"""Behaviour measures: what a recorded episode looked like, in numbers with units and formulas."""

from policyscope.core.measures.catalog import NEEDED, find_measure, measures_for, read_episode, table
from policyscope.core.measures.episode import Episode, UndefinedError
from policyscope.core.measures.measure import Measure, Reading

__all__ = [
    "NEEDED",
    "Episode",
    "Measure",
    "Reading",
    "UndefinedError",
    "find_measure",
    "measures_for",
    "read_episode",
    "table",
]
