"""What a video shows: arms of one seed side by side, at which size and speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core.envs import get_env

Picture = NDArray[np.uint8]
Array = NDArray[Any]

FPS = 30
STEPS_PER_SECOND = 30  # of environments without physical time
PAPER, INK, FAINT, GRID = (250, 250, 248), (27, 29, 32), (102, 108, 116), (214, 214, 208)


@dataclass(frozen=True, eq=False)
class Pane:
    """One arm of one seed. ``trace`` as recorded; ``colour``: RGB of the arm; ``fell``: at its last step."""

    name: str
    colour: tuple[int, int, int]
    trace: dict[str, Array]
    fell: bool

    @property
    def steps(self) -> int:
        return len(self.trace["rewards"])


@dataclass(frozen=True, eq=False)
class Film:
    """What to show. ``size``: pixels of a pane's side; ``speed``: 1 is real time."""

    env_id: str
    seed: int
    panes: Sequence[Pane]
    size: int = 480
    speed: float = 1.0
    shadows: bool = False
    feature: int | None = None

    @property
    def dt(self) -> float:
        """Seconds per step."""
        return get_env(self.env_id).dt or 1 / STEPS_PER_SECOND

    @property
    def head(self) -> int:
        """Pixels above the pictures."""
        return _even(self.size * 0.13)

    @property
    def foot(self) -> int:
        """Pixels below the pictures."""
        return _even(self.size * 0.17)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of a frame."""
        return self.head + self.size + self.foot, _even(self.size * len(self.panes)), 3

    @property
    def steps(self) -> NDArray[np.int64]:
        """The step that each frame shows."""
        last = max(pane.steps for pane in self.panes) - 1
        frames = 1 + int(last * self.dt * FPS / self.speed)
        return np.minimum(last, np.round(np.arange(frames) * self.speed / (FPS * self.dt))).astype(np.int64)


def _even(pixels: float) -> int:
    """H.264 halves the colour planes, so sides must be even."""
    return 2 * round(pixels / 2)
