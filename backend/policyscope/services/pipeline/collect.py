"""Roll a policy out and keep aligned observations and activations, with the episode and step of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from policyscope.core.arms import Arm, ArmResult, RolloutSpec
from policyscope.core.envs import EnvInfo, check_reset_noise, get_env, state_dim, velocity_part
from policyscope.core.errors import InvalidInput
from policyscope.core.progress import Work, staged
from policyscope.core.rollout import rollout

NOISY_SHARE = 0.6
"""Share of episodes with exploration noise. A clean policy stays on one orbit, since resets barely vary, and
an SAE that never saw a disturbance loses the feedback that keeps the robot up."""
KINDS = ("clean", "noisy", "pushed", "reset")
PUSH_STREAM = 0x9054
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Mix:
    """Shares of the episodes that are disturbed, and how strongly; the rest is the policy left alone.

    ``noisy``: action noise at every step. ``pushed``: begins at a state of an undisturbed episode whose
    velocities were kicked by ``push_scale`` of their own spread. ``reset``: the reset noise times
    ``reset_scale``. Raises InvalidInput.
    """

    noisy: float = NOISY_SHARE
    pushed: float = 0.0
    reset: float = 0.0
    push_scale: float = 0.3
    reset_scale: float = 10.0

    def __post_init__(self) -> None:
        shares = (self.noisy, self.pushed, self.reset)
        if min(shares) < 0 or sum(shares) > 1 + 1e-9:
            listed = ", ".join(f"{share:g}" for share in shares)
            raise InvalidInput(
                f"The shares of noisy, pushed and reset episodes are {listed}; each must be 0 or more and "
                "their sum at most 1. What is left are undisturbed episodes."
            )
        if self.push_scale <= 0 or self.reset_scale <= 0:
            raise InvalidInput("push_scale and reset_scale must be above 0.")

    def check(self, info: EnvInfo) -> None:
        """Raise InvalidInput where the environment cannot be disturbed so."""
        if self.pushed:
            velocity_part(info.id)
        if self.reset:
            check_reset_noise(info.id)

    def counts(self, episodes: int, *, noise: bool) -> dict[str, int]:
        """Episodes of each kind; at least one stays undisturbed where pushes need its states."""
        found = {
            "noisy": round(episodes * self.noisy) if noise else 0,
            "pushed": round(episodes * self.pushed),
            "reset": round(episodes * self.reset),
        }
        most = episodes - (1 if found["pushed"] else 0)
        for name in found:
            found[name] = min(found[name], most)
            most -= found[name]
        return {"clean": episodes - sum(found.values()), **found}


@dataclass(frozen=True)
class CollectPlan:
    """How many episodes, how long, how disturbed. ``noise`` is a standard deviation in action units."""

    env_id: str
    episodes: int
    max_steps: int | None
    noise: float
    seed: int
    mix: Mix = field(default_factory=Mix)


@dataclass(frozen=True, eq=False)
class _Episode:
    """``place`` in [0, 1) mixes the kinds evenly; ``number`` within its kind; ``parent``: whose state it
    began with, as (kind, number)."""

    place: float
    kind: str
    number: int
    trace: Mapping[str, np.ndarray]
    parent: tuple[str, int]


def noise_in_action_units(info: EnvInfo, noise_scale: float) -> float:
    """``noise_scale`` times half the action range (mean over dimensions); absolute where unbounded.

    0 for discrete actions, which know no noise.
    """
    if info.action_kind == "discrete":
        return 0.0
    halves = [(c.high - c.low) / 2 for c in info.actions if c.low is not None and c.high is not None]
    return noise_scale * float(np.mean(halves)) if halves else noise_scale


def episode_seeds(plan: CollectPlan) -> dict[str, tuple[int, ...]]:
    """Seeds of the episodes of each kind: disjoint, and the same for the same plan."""
    counts = plan.mix.counts(plan.episodes, noise=plan.noise > 0)
    after = 1_000_000 * (plan.seed + 1)
    found = {}
    for kind in (*KINDS[1:], "clean"):
        found[kind] = tuple(range(after, after + counts[kind]))
        after += counts[kind]
    return {kind: found[kind] for kind in KINDS}


def collect(arm: Arm, plan: CollectPlan, tap_index: int | None) -> Work[Arrays]:
    """Roll ``arm`` out and return aligned arrays.

    ``observations [N, obs]``, ``rewards [N]``, ``episode [N]``, ``step [N]``, ``noisy [N]``, ``kind [N]`` (of
    ``KINDS``), ``group [N]`` (episodes that must not be split between training and test), and with a tap
    ``activations [N, d_in]`` and ``state [N, state_dim]`` where the simulator has one. Episodes come in an
    order that mixes the kinds evenly.
    """
    record = {"observations", "rewards"} | ({"activations"} if tap_index is not None else set())
    if (tap_index is not None or plan.mix.pushed) and state_dim(plan.env_id):
        record.add("state")
    episodes: list[_Episode] = []
    for kind, seeds in episode_seeds(plan).items():
        if seeds:
            spec = RolloutSpec(plan.env_id, seeds, plan.max_steps, tap_index, frozenset(record))
            played, parents = _of_kind(kind, spec, plan, episodes)
            acting = replace(arm, action_noise=plan.noise if kind == "noisy" else 0.0)
            (result,) = yield from staged(rollout([acting], played, None), f"{kind} episodes")
            episodes += _placed(result, kind, parents)
    return _joined(sorted(episodes, key=lambda episode: episode.place))


def _of_kind(
    kind: str, spec: RolloutSpec, plan: CollectPlan, before: Sequence[_Episode]
) -> tuple[RolloutSpec, list[tuple[str, int]]]:
    """What to play, and which episode each one must stay together with."""
    own = [(kind, number) for number in range(len(spec.seeds))]
    if kind == "reset":
        return replace(spec, noise_scale=plan.mix.reset_scale), own
    if kind != "pushed":
        return spec, own
    clean = [episode for episode in before if episode.kind == "clean"]
    states, parents = _pushed_states(plan, clean, spec.seeds)
    return replace(spec, start_states=states), [(clean[at].kind, clean[at].number) for at in parents]


def _pushed_states(
    plan: CollectPlan, clean: Sequence[_Episode], seeds: Sequence[int]
) -> tuple[Any, list[int]]:
    """A kicked state [seeds, state_dim] for every seed, and which of ``clean`` it is from."""
    velocities = velocity_part(plan.env_id)
    spread = np.concatenate([episode.trace["state"][:, velocities] for episode in clean]).std(axis=0)
    states, parents = [], []
    for seed in seeds:
        rng = np.random.default_rng([PUSH_STREAM, seed])
        at = int(rng.integers(len(clean)))
        trace = clean[at].trace["state"]
        state = trace[rng.integers(len(trace))].copy()
        state[velocities] += plan.mix.push_scale * spread * rng.standard_normal(len(spread))
        states.append(state)
        parents.append(at)
    return np.array(states), parents


def _placed(result: ArmResult, kind: str, parents: Sequence[tuple[str, int]]) -> list[_Episode]:
    """Episodes with a position in [0, 1), so that sorting several lists mixes them evenly."""
    count = len(result.traces)
    return [_Episode((i + 0.5) / count, kind, i, trace, parents[i]) for i, trace in enumerate(result.traces)]


def _joined(episodes: Sequence[_Episode]) -> Arrays:
    lengths = [len(episode.trace["observations"]) for episode in episodes]
    number_of = {(episode.kind, episode.number): i for i, episode in enumerate(episodes)}
    joined = {
        name: np.concatenate([episode.trace[name] for episode in episodes]) for name in episodes[0].trace
    }
    joined["episode"] = np.repeat(np.arange(len(episodes), dtype=np.int32), lengths)
    joined["step"] = np.concatenate([np.arange(n, dtype=np.int32) for n in lengths])
    joined["kind"] = np.repeat(np.array([KINDS.index(e.kind) for e in episodes], dtype=np.int8), lengths)
    joined["noisy"] = joined["kind"] == KINDS.index("noisy")
    joined["group"] = np.repeat(np.array([number_of[e.parent] for e in episodes], dtype=np.int32), lengths)
    return joined


def appended(first: Arrays, more: Arrays) -> Arrays:
    """Two collections as one: the episodes of ``more`` follow, with numbers of their own.

    Raises InvalidInput when they do not hold the same arrays.
    """
    if set(first) != set(more) or any(first[n].shape[1:] != more[n].shape[1:] for n in first):
        raise InvalidInput("The two data sets do not hold the same arrays, so they cannot be one.")
    after = int(first["episode"].max()) + 1
    shifted = {name: more[name] + after for name in ("episode", "group")}
    return {name: np.concatenate([first[name], shifted.get(name, more[name])]) for name in first}


def whole_episodes(data: Arrays, samples: int) -> Arrays:
    """The first episodes of ``data`` that fit into ``samples`` samples (at least one)."""
    ends = np.flatnonzero(np.diff(data["episode"], append=-1)) + 1
    fitting = ends[ends <= samples]
    stop = int(fitting[-1]) if len(fitting) else int(ends[0])
    return {name: array[:stop] for name, array in data.items()}


def described(data: Arrays, env_id: str) -> dict[str, Any]:
    """What a collection holds, in plain values: rows, episodes of each kind, names of the columns."""
    info = get_env(env_id)
    ends = np.flatnonzero(np.diff(data["episode"], append=-1))
    kinds = np.bincount(data["kind"][ends], minlength=len(KINDS))
    return {
        "samples": len(data["episode"]),
        "episodes": {kind: int(count) for kind, count in zip(KINDS, kinds, strict=True)},
        "observation_names": [channel.name for channel in info.observations],
        "action_names": [channel.name for channel in info.actions],
        "state": "state" in data,
    }
