"""Measures that need nothing but observations, actions and rewards: every environment has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from policyscope.core.envs import Channel, EnvInfo
from policyscope.core.measures.episode import Episode, UndefinedError
from policyscope.core.measures.measure import Measure

MOST_CHANNELS = 32  # observations of larger environments are not listed one by one


def total_reward(episode: Episode) -> float:
    return float(episode.rewards.sum())


def reward_rate(episode: Episode) -> float:
    return float(episode.rewards.mean())


def length(episode: Episode) -> float:
    return float(episode.steps)


def switching(episode: Episode) -> float:
    """Discrete actions only."""
    if episode.steps < 2:
        raise UndefinedError("The episode lasted a single step.")
    return float((np.diff(episode.actions[:, 0]) != 0).mean())


def step_change(episode: Episode) -> float:
    """Jerkiness without physical time."""
    if episode.steps < 2:
        raise UndefinedError("The episode lasted a single step.")
    return float(np.sqrt(np.square(np.diff(episode.actions, axis=0)).mean()))


RETURN = (
    Measure("return", "Return", "reward", "higher", "Σ r_t", total_reward),
    Measure("reward_rate", "Reward per step", "reward/step", "higher", "mean of r_t", reward_rate),
    Measure("length", "Episode length", "steps", "neutral", "T", length),
)
SWITCHING = Measure(
    "switching", "Switching of the action", "fraction", "neutral", "P(a_t ≠ a_{t−1})", switching
)
STEP_CHANGE = Measure(
    "step_change", "Change of the action", "action", "lower", "RMS(a_t − a_{t−1})", step_change
)


def channel_measures(info: EnvInfo) -> Iterator[Measure]:
    """Mean and standard deviation of every observation and action, or the share of every choice."""
    if info.obs_dim <= MOST_CHANNELS:
        for channel in info.observations:
            yield from _mean_and_sd(channel, "obs", "observations")
    for channel in info.actions:
        if info.action_kind == "discrete":
            yield _share(channel)
        else:
            yield from _mean_and_sd(channel, "act", "actions")


def _mean_and_sd(channel: Channel, prefix: str, signal: str) -> Iterator[Measure]:
    index, key, title = channel.index, f"{prefix}_{channel.index}", channel.name.capitalize()

    def reduce(how: Callable[[np.ndarray], np.floating]) -> Callable[[Episode], float]:
        return lambda episode: float(how(getattr(episode, signal)[:, index]))

    yield Measure(
        f"{key}_mean", f"{title}, mean", channel.unit, "neutral", "mean over the episode", reduce(np.mean)
    )
    yield Measure(f"{key}_sd", f"{title}, SD", channel.unit, "neutral", "SD over the episode", reduce(np.std))


def _share(channel: Channel) -> Measure:
    index = channel.index
    return Measure(
        f"act_{index}_share",
        f"How often: {channel.name}",
        "fraction",
        "neutral",
        f"P(a_t = {index})",
        lambda episode: float((episode.actions[:, 0] == index).mean()),
    )
