"""All that is known of an SAE's features without playing an episode: computed once, read many times.

Association with every target, exact ablation effects, output percentiles, how and when each feature fires,
its name, and which features are alike. The targets are every action, every observation, the reward and every
behaviour measure of the environment that the cached episodes define.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core import features, probes, wide_probes
from policyscope.core.activations import MOST_CELLS, ActivationData
from policyscope.core.activity import Activity, activity, badges
from policyscope.core.associations import Associations, associate, associate_episodes, episode_slices
from policyscope.core.blocks import F64
from policyscope.core.conditions import signals
from policyscope.core.envs import EnvInfo
from policyscope.core.latents import LatentColumns
from policyscope.core.measures import Episode, Measure, UndefinedError, measures_for
from policyscope.core.naming import moved_actions, name_of, whens
from policyscope.core.output_score import output_scores
from policyscope.core.phase import PhaseTuning, phase_tuning, stride_phase
from policyscope.core.policy import Policy
from policyscope.core.progress import Progress, Work
from policyscope.core.sae import SAE

Json = dict[str, Any]
LEAST_EPISODES = 8  # for a target with one value per episode
STRIDE_STEPS = 25  # the shift null's least offset where no rhythm is known
STAGES = ("features", "associations", "behaviour", "names")


@dataclass(frozen=True)
class Target:
    """What features are associated with. ``key``: ``action:0``, ``obs:3``, ``reward`` or ``measure:speed``.

    ``n``: values it was computed from; ``cv_r2``: of all features together on held-out episodes.
    """

    key: str
    title: str
    unit: str
    n: int
    cv_r2: float | None
    weight_lambda: float


@dataclass(frozen=True, eq=False)
class Analysis:
    """``associations`` [F, targets]; ``raw_weight`` [F, targets] is the guide's ridge. ``phase`` [N] or None.

    ``ablation_pooled`` [F]: RMS over all actions together in pooled SDs. ``episode_rows``: rows analysed.
    """

    table: features.FeatureTable
    targets: tuple[Target, ...]
    associations: Associations
    raw_weight: F64
    ablation_pooled: F64
    percentile: dict[str, F64]
    activity: Activity
    columns: LatentColumns
    phase: F64 | None
    tuning: PhaseTuning | None
    stride_rate: float | None
    names: tuple[Json, ...]
    badges: tuple[tuple[str, ...], ...]
    rows: int
    left_out: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Subject:
    """What is analysed. ``info``: None when the environment is not known; names and gait need it."""

    policy: Policy
    sae: SAE
    tap_index: int
    data: ActivationData
    info: EnvInfo | None

    def bounded(self) -> Subject:
        """With as many whole episodes as fit into memory with all their latents."""
        most = MOST_CELLS // max(self.sae.d_latent, self.sae.d_in)
        if len(self.data) <= most:
            return self
        ends = [rows.stop for rows in episode_slices(self.groups)]
        stop = max([end for end in ends if end <= most], default=most)
        return Subject(self.policy, self.sae, self.tap_index, self.data.take(np.arange(stop)), self.info)

    @property
    def groups(self) -> NDArray[np.integer]:
        """Episode numbers [N]; 20 contiguous blocks where none were recorded."""
        n = len(self.data)
        return self.data.episode if self.data.episode is not None else np.arange(n) * 20 // n

    def episodes(self) -> list[Episode]:
        """The cached episodes, empty where they were not recorded or the environment is another."""
        info, data = self.info, self.data
        if info is None or data.episode is None or info.obs_dim != data.observations.shape[1]:
            return []
        actions = self.policy(data.observations) if data.action is None else data.action
        if info.action_kind == "discrete" and data.action is None:
            actions = actions.argmax(axis=1)
        rewards = np.full(len(data), np.nan) if data.reward is None else data.reward
        parts = []
        for rows in episode_slices(data.episode):
            trace = {"observations": np.asarray(data.observations[rows], dtype=np.float64)}
            trace |= {"actions": np.asarray(actions[rows]), "rewards": np.asarray(rewards[rows])}
            ended = rows.stop - rows.start < info.max_episode_steps and info.terminates
            parts.append(Episode(info, trace, ended, ended and info.fall_rule == "terminated"))
        return parts


def analyse(subject: Subject) -> Work[Analysis]:
    """A few seconds for a hundred features. Raises ShapeMismatch when sizes disagree."""
    subject = subject.bounded()
    policy, sae, tap, data = subject.policy, subject.sae, subject.tap_index, subject.data
    yield _stage(0)
    table = features.analyse(policy, sae, tap, data)
    h = np.asarray(data.activations, dtype=np.float64)
    z = sae.encode(h)
    scores = output_scores(policy, sae, tap, h)
    episodes = subject.episodes()
    gait = _Gait.of(episodes)
    yield _stage(1)
    step = _step_targets(subject, z, gait)
    yield _stage(2)
    found = step.joined(_episode_targets(subject, episodes, z))
    yield _stage(3)
    acts = activity(z, subject.groups, gait.dt)
    columns = LatentColumns.of(z)
    conditions = whens(columns, signals(episodes, gait.phase), data.episode)
    actions = action_names(subject.info, table.act_dim)
    moves = moved_actions(policy, sae, tap, h, columns, table.ablation_mean, actions)
    tuning = phase_tuning(z, gait.phase) if gait.phase is not None else None
    return Analysis(
        table=table,
        targets=found.targets,
        associations=found.associations,
        raw_weight=found.raw_weight,
        ablation_pooled=table.ablation_rms
        / (float(np.sqrt(policy(data.observations).var(axis=0).sum())) or 1.0),
        percentile={str(null): values for null, values in scores.percentile.items()},
        activity=acts,
        columns=columns,
        phase=gait.phase,
        tuning=tuning,
        stride_rate=gait.rate,
        names=tuple(name_of(when, does).to_json() for when, does in zip(conditions, moves, strict=True)),
        badges=tuple(_badges(acts, tuning, j, gait.rate) for j in range(sae.d_latent)),
        rows=len(z),
        left_out=found.left_out,
    )


@dataclass(frozen=True, eq=False)
class _Gait:
    """Phase [N] of every row and median stride rate [Hz], None without a rhythm; ``dt`` in seconds."""

    phase: F64 | None
    rate: float | None
    dt: float | None

    @classmethod
    def of(cls, episodes: Sequence[Episode]) -> _Gait:
        if not episodes:
            return cls(None, None, None)
        return cls(stride_phase(episodes), _stride_rate(episodes), episodes[0].info.dt)

    @property
    def stride_steps(self) -> int:
        return round(1 / (self.rate * self.dt)) if self.rate and self.dt else STRIDE_STEPS


@dataclass(frozen=True, eq=False)
class _Associated:
    """Targets with their associations and the guide's weights [F, T]; ``left_out`` says what has no value."""

    targets: tuple[Target, ...]
    associations: Associations
    raw_weight: F64
    left_out: tuple[str, ...] = ()

    def joined(self, other: _Associated) -> _Associated:
        return _Associated(
            (*self.targets, *other.targets),
            self.associations.joined(other.associations),
            np.hstack([self.raw_weight, other.raw_weight]),
            (*self.left_out, *other.left_out),
        )


def action_names(info: EnvInfo | None, act_dim: int) -> list[str]:
    """Names of the actions, ``action[i]`` where the environment does not say."""
    if info is not None and info.act_dim == act_dim:
        return [channel.name for channel in info.actions]
    return [f"action[{index}]" for index in range(act_dim)]


def _badges(acts: Activity, tuning: PhaseTuning | None, j: int, rate: float | None) -> tuple[str, ...]:
    tile = ["phase tile"] if tuning is not None and tuning.is_tile(j) else []
    return (*badges(acts, j, rate), *tile)


def _stage(index: int) -> Progress:
    return Progress(index, len(STAGES), "stages", STAGES[index])


def _step_targets(subject: Subject, z: F64, gait: _Gait) -> _Associated:
    """Actions, observations and the reward: one value per step."""
    data, info, act_dim = subject.data, subject.info, subject.policy.spec.act_dim
    observations = np.asarray(data.observations, dtype=np.float64)
    columns = [subject.policy(data.observations), observations]
    keys = [f"action:{i}" for i in range(act_dim)] + [f"obs:{i}" for i in range(observations.shape[1])]
    units = [c.unit for c in info.actions] if info and info.act_dim == act_dim else [""] * act_dim
    labels = list(zip(action_names(info, act_dim), units, strict=True))
    if info is not None and info.obs_dim == observations.shape[1]:
        labels += [(c.name, c.unit) for c in info.observations]
    else:
        labels += [(f"observation[{i}]", "") for i in range(observations.shape[1])]
    if data.reward is not None:
        columns.append(np.asarray(data.reward, dtype=np.float64)[:, None])
        keys, labels = [*keys, "reward"], [*labels, ("reward", "per step")]
    y = np.hstack(columns)
    found = associate(z, y, data.episode, gait.stride_steps)
    weight, penalty = _raw_weights(z, y)
    return _Associated(_targets(keys, labels, len(z), found, penalty), found, weight)


def _raw_weights(z: F64, y: F64) -> tuple[F64, float]:
    if wide_probes.is_wide(z.shape[1]):
        rows = wide_probes.fitted_rows(len(z))
        raw = wide_probes.raw_ridge(z[rows], y[rows], features.RELATIVE_LAMBDA)
        return raw.weights, raw.penalty
    m = probes.moments(z, y)
    penalty = probes.penalty_for(m, features.RELATIVE_LAMBDA)
    return probes.solve(m, penalty)[0], penalty


def _targets(
    keys: Sequence[str], labels: Sequence[tuple[str, str]], n: int, found: Associations, penalty: float
) -> tuple[Target, ...]:
    scores = [float(r2) if np.isfinite(r2) else None for r2 in found.cv_r2]
    return tuple(
        Target(key, title, unit, n, r2, penalty)
        for key, (title, unit), r2 in zip(keys, labels, scores, strict=True)
    )


def _episode_targets(subject: Subject, episodes: Sequence[Episode], z: F64) -> _Associated:
    """Behaviour measures: one value per episode, associated with the mean latents of the episodes."""
    means = np.array([z[rows].mean(axis=0) for rows in episode_slices(subject.groups)])
    found = _Associated((), Associations.none(z.shape[1]), np.zeros((z.shape[1], 0)))
    for measure in measures_for(subject.info.id) if episodes and subject.info else ():
        values, reason = _values(measure, episodes)
        known = np.isfinite(values)
        if known.sum() < LEAST_EPISODES or np.ptp(values[known]) == 0:
            why = f"{measure.title}: {reason or 'the same in every episode, or in too few.'}"
            found = replace(found, left_out=(*found.left_out, why))
            continue
        y = values[known][:, None]
        one = associate_episodes(means[known], y)
        weight, penalty = _raw_weights(means[known], y)
        targets = _targets([f"measure:{measure.key}"], [(measure.title, measure.unit)], len(y), one, penalty)
        found = found.joined(_Associated(targets, one, weight))
    return found


def _values(measure: Measure, episodes: Sequence[Episode]) -> tuple[F64, str | None]:
    readings = [measure.read(episode) for episode in episodes]
    reasons = [reading.reason for reading in readings if reading.reason]
    values = np.array([np.nan if r.value is None else r.value for r in readings])
    return values, max(set(reasons), key=reasons.count) if reasons else None


def _stride_rate(episodes: Sequence[Episode]) -> float | None:
    rates = []
    for episode in episodes:
        try:
            rates.append(episode.stride_frequency)
        except UndefinedError:
            continue
    return float(np.median(rates)) if rates else None
