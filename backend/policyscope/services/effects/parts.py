"""Long lists of pushes are played in parts, each kept when it is done, so that a killed scan goes on.

Episodes do not depend on what is played beside them, so the parts give the same bytes as one piece.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from safetensors.numpy import load, save

from policyscope.core.progress import Progress, Work
from policyscope.core.trials import Outcome, Push, Trials
from policyscope.store.checkpoints import Checkpoints

EPISODES = 1_024  # of one part: enough to fill the rows of a batch several times
_ARRAYS = ("values", "returns", "fell", "saturated_fraction")


def play(
    trials: Trials, pushes: Sequence[Push], seeds: Sequence[int], kept: Checkpoints, name: str
) -> Work[tuple[Outcome, ...]]:
    """Like ``trials.play``, with a checkpoint in ``kept`` after each part."""
    parts = _cut(pushes, seeds)
    arms, before = len(pushes) + len(parts), 0
    outcomes: list[Outcome] = []
    for number, part in enumerate(parts):
        file = f"{name}-{number}"
        saved = kept.load(file)
        if saved is None:
            found = yield from _counted(trials.play(part, seeds), before, len(part) + 1, arms)
            kept.save(file, _written(found))
        else:
            found = _read(saved, part)
        outcomes += found if number == 0 else found[1:]
        before += len(part) + 1
    return tuple(outcomes)


def play_one(
    trials: Trials, pushes: Sequence[Push], seeds: Sequence[int], kept: Checkpoints, name: str, number: int
) -> Work[None]:
    """Leave the checkpoint of part ``number`` of what ``play`` would play, if there is such a part."""
    parts = _cut(pushes, seeds)
    file = f"{name}-{number}"
    if number < len(parts) and kept.load(file) is None:
        found = yield from trials.play(parts[number], seeds)
        kept.save(file, _written(found))


def count(pushes: int, seeds: int) -> int:
    """How many parts ``pushes`` make at most."""
    return -(-pushes // _size(seeds)) or 1


def _size(seeds: int) -> int:
    return max(1, EPISODES // seeds)


def _cut(pushes: Sequence[Push], seeds: Sequence[int]) -> list[Sequence[Push]]:
    size = _size(len(seeds))
    return [pushes[first : first + size] for first in range(0, len(pushes), size)] or [pushes]


def _counted(work: Work[tuple[Outcome, ...]], before: int, mine: int, arms: int) -> Work[tuple[Outcome, ...]]:
    """``work`` on ``mine`` arms, after ``before`` of ``arms``, counted over all."""
    try:
        while True:
            step = next(work)
            of_one = step.total // mine
            yield Progress(before * of_one + step.done, arms * of_one, step.unit, step.message, step.metrics)
    except StopIteration as stop:
        found: tuple[Outcome, ...] = stop.value
        return found
    finally:
        work.close()


def _written(outcomes: Sequence[Outcome]) -> bytes:
    return save({name: np.array([getattr(found, name) for found in outcomes]) for name in _ARRAYS})


def _read(data: bytes, pushes: Sequence[Push]) -> tuple[Outcome, ...]:
    columns = load(data)
    rows = zip(*(columns[name] for name in _ARRAYS), strict=True)
    return tuple(
        Outcome(push, values, returns, fell, float(saturated))
        for push, (values, returns, fell, saturated) in zip([None, *pushes], rows, strict=True)
    )
