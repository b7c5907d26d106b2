"""Which measures an environment has, and reading them all from recorded episodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core.envs import EnvInfo, get_env
from policyscope.core.errors import InvalidInput
from policyscope.core.measures import generic, motion
from policyscope.core.measures.anatomy import Anatomy, anatomy_of
from policyscope.core.measures.episode import Episode
from policyscope.core.measures.gait import gait_measures
from policyscope.core.measures.measure import Measure, Reading

NEEDED = frozenset({"observations", "actions", "rewards", "state"})
"""What a rollout should record; ``state`` makes distances exact and may be missing."""


@cache
def measures_for(env_id: str) -> tuple[Measure, ...]:
    """Every measure of this environment, in display order. Raises InvalidInput for an unknown id."""
    info = get_env(env_id)
    anatomy = anatomy_of(info.id)
    return tuple(_general(info) if anatomy is None else _walking(info, anatomy))


def find_measure(env_id: str, key: str) -> Measure:
    """The measure called ``key``; raises InvalidInput naming the allowed keys."""
    for measure in measures_for(env_id):
        if measure.key == key:
            return measure
    allowed = ", ".join(measure.key for measure in measures_for(env_id))
    message = f"There is no measure called {key!r} for {env_id}. Allowed: {allowed}."
    raise InvalidInput(message, fields={"measure": message})


def read_episode(
    env_id: str, trace: Mapping[str, NDArray[Any]], terminated: bool = False, fell: bool = False
) -> dict[str, Reading]:
    """Every measure of one episode, by key. ``trace``: see ``Episode``."""
    missing = [name for name in ("observations", "actions", "rewards") if name not in trace]
    if missing:
        raise InvalidInput(f"The episode was recorded without {' and '.join(missing)}; measures need them.")
    episode = Episode(get_env(env_id), trace, terminated, fell)
    return {measure.key: measure.read(episode) for measure in measures_for(env_id)}


def table(episodes: Sequence[Mapping[str, Reading]]) -> dict[str, NDArray[np.float64]]:
    """Values [episodes] of every measure, NaN where undefined; pairs of seeds stay aligned."""
    keys = episodes[0].keys() if episodes else ()
    return {
        key: np.array([np.nan if (value := e[key].value) is None else value for e in episodes])
        for key in keys
    }


def _walking(info: EnvInfo, anatomy: Anatomy) -> Iterator[Measure]:
    simulated = info.renderer == "mujoco"
    yield from generic.RETURN
    yield from motion.MOTION
    if simulated:
        yield from motion.HEIGHT
    yield from gait_measures(anatomy)
    yield from motion.EFFORT
    if simulated:
        yield from motion.WORK
    yield from motion.FALLS
    if info.fall_rule == "pitch":
        yield from motion.UPSIDE
    if not anatomy.planar:
        yield from motion.SPATIAL
    if simulated:
        yield from _reward_terms(info, anatomy)


def _reward_terms(info: EnvInfo, anatomy: Anatomy) -> Iterator[Measure]:
    yield motion.CONTROL_TERM
    if info.terminates:
        yield motion.ALIVE_TERM
    yield motion.FORWARD_TERM if anatomy.planar else motion.OTHER_TERM


def _general(info: EnvInfo) -> Iterator[Measure]:
    yield from generic.RETURN
    if info.action_kind == "discrete":
        yield generic.SWITCHING
    else:
        yield motion.EFFORT[0]
        yield motion.EFFORT[1] if info.dt else generic.STEP_CHANGE
    if info.falls:
        yield from motion.FALLS
    yield from generic.channel_measures(info)
