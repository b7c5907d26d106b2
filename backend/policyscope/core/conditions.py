"""Named signals that a feature's "when" may speak of: what the policy sees, what it just did, and the gait.

Observations by name, right-left differences, the previous action, feet on the floor with their touch-downs
and lift-offs, the stride's phase and the time since the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policyscope.core.blocks import F64
from policyscope.core.measures import Episode, UndefinedError

EVENT_STEPS = 2
MOST_OBSERVATIONS = 64
ENOUGH_PHASE = 0.8  # of the rows must have a phase for it to be spoken of


@dataclass(frozen=True, eq=False)
class Signal:
    """``values`` [N]; ``true``/``false`` word a yes-or-no signal.

    ``turn``: added to a phase when it is worded, so that a window may lie across 0.
    """

    name: str
    unit: str
    values: F64
    true: str = ""
    false: str = ""
    turn: float | None = None

    def words(self, low: float | None, high: float | None) -> str:
        """The condition ``low < signal <= high`` in words; None is an open end."""
        if self.true:
            return self.true if low is not None else self.false
        if self.turn is not None:
            start, stop = ((end + self.turn) % 1.0 for end in (low or 0.0, 1.0 if high is None else high))
            return f"stride phase {start:.2f} to {stop if stop else 1.0:.2f}"
        unit = f" {self.unit}" if self.unit and self.unit not in ("1", "scaled") else ""
        if low is not None and high is not None:
            return f"{self.name} {_number(low)} to {_number(high)}{unit}"
        if low is not None:
            return f"{self.name} above {_number(low)}{unit}"
        return f"{self.name} below {_number(high or 0.0)}{unit}"


def signals(episodes: Sequence[Episode], phase: F64 | None) -> tuple[Signal, ...]:
    """Of all rows of ``episodes`` in turn; ``phase`` [N] of the stride, None without one."""
    if not episodes:
        return ()
    found = [*_observations(episodes), *_previous_actions(episodes), *_contacts(episodes)]
    info = episodes[0].info
    if info.dt is not None:
        seconds = np.concatenate([np.arange(e.steps) * e.dt for e in episodes])
        found.append(Signal("time since the start", "s", seconds))
    if phase is not None and np.isfinite(phase).mean() >= ENOUGH_PHASE:
        known = np.where(np.isfinite(phase), phase, 0.0)
        found += [
            Signal("stride phase", "", known, turn=0.0),
            Signal("stride phase", "", (known + 0.5) % 1.0, turn=0.5),
        ]
    return tuple(signal for signal in found if np.ptp(signal.values) > 0)


def _observations(episodes: Sequence[Episode]) -> Iterator[Signal]:
    channels = episodes[0].info.observations[:MOST_OBSERVATIONS]
    values = np.concatenate([e.observations for e in episodes])
    column = {channel.name: channel.index for channel in channels}
    for channel in channels:
        yield Signal(channel.name, channel.unit, values[:, channel.index])
    for name, index in column.items():
        other = column.get(name.replace("right", "left", 1)) if "right" in name else None
        if other is not None:
            difference = values[:, index] - values[:, other]
            yield Signal(name.replace("right", "right−left", 1), channels[index].unit, difference)


def _previous_actions(episodes: Sequence[Episode]) -> Iterator[Signal]:
    info = episodes[0].info
    if info.action_kind == "discrete":
        return
    before = np.concatenate([np.vstack([e.actions[:1] * 0, e.actions[:-1]]) for e in episodes])
    for channel in info.actions:
        yield Signal(f"previous {channel.name}", channel.unit, before[:, channel.index])


def _contacts(episodes: Sequence[Episode]) -> Iterator[Signal]:
    try:
        touching = [e.contacts for e in episodes]
    except UndefinedError:
        return
    for index, leg in enumerate(episodes[0].anatomy.legs):
        on = [columns[:, index] for columns in touching]
        name = f"{leg.name} foot"
        yield _yes(f"{name} on the floor", on, f"{name} in the air")
        for word, sign in (("touch-down", 1), ("lift-off", -1)):
            events = [np.diff(c.astype(np.int8), prepend=c[:1].astype(np.int8)) == sign for c in on]
            yield _yes(f"at {name} {word}", [_near(e) for e in events], f"away from {name} {word}")


def _yes(true: str, parts: Sequence[NDArray[np.bool_]], false: str) -> Signal:
    return Signal(true, "", np.concatenate(parts).astype(np.float64), true=true, false=false)


def _near(events: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Within two steps of an event."""
    return np.convolve(events, np.ones(2 * EVENT_STEPS + 1), "same") > 0


def _number(value: float) -> str:
    return f"{value:.2g}".replace("-", "−")
