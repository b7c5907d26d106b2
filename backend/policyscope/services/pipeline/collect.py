"""Roll a policy out and keep aligned observations and activations, with the episode and step of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from policyscope.core.envs import EnvInfo
from policyscope.core.progress import Work, staged
from policyscope.core.rollout import Arm, ArmResult, RolloutSpec, rollout

NOISY_SHARE = 0.6
"""Share of episodes with exploration noise. A clean policy stays on one orbit, since resets barely vary, and
an SAE that never saw a disturbance loses the feedback that keeps the robot up."""


@dataclass(frozen=True)
class CollectPlan:
    """How many episodes, how long, how noisy. ``noise`` is a standard deviation in action units."""

    env_id: str
    episodes: int
    max_steps: int | None
    noise: float
    seed: int


def noise_in_action_units(info: EnvInfo, noise_scale: float) -> float:
    """``noise_scale`` times half the action range (mean over dimensions); absolute where unbounded."""
    halves = [(c.high - c.low) / 2 for c in info.actions if c.low is not None and c.high is not None]
    return noise_scale * float(np.mean(halves)) if halves else noise_scale


def episode_seeds(plan: CollectPlan) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Seeds of the clean and of the noisy episodes: disjoint, and the same for the same plan."""
    noisy = round(plan.episodes * NOISY_SHARE) if plan.noise > 0 else 0
    first = 1_000_000 * (plan.seed + 1)
    seeds = tuple(range(first, first + plan.episodes))
    return seeds[noisy:], seeds[:noisy]


def collect(arm: Arm, plan: CollectPlan, tap_index: int | None) -> Work[dict[str, np.ndarray]]:
    """Roll ``arm`` out and return aligned arrays.

    ``observations [N, obs]``, ``rewards [N]``, ``episode [N]``, ``step [N]``, ``noisy [N]``, and with a tap
    ``activations [N, d_in]``. Episodes come in an order that mixes clean and noisy ones evenly.
    """
    record = frozenset({"observations", "rewards"} | ({"activations"} if tap_index is not None else set()))
    clean, noisy = episode_seeds(plan)
    episodes: list[tuple[float, bool, dict[str, np.ndarray]]] = []
    for label, seeds, sigma in (("clean episodes", clean, 0.0), ("noisy episodes", noisy, plan.noise)):
        if not seeds:
            continue
        spec = RolloutSpec(plan.env_id, seeds, plan.max_steps, tap_index, record)
        (result,) = yield from staged(rollout([replace(arm, action_noise=sigma)], spec, None), label)
        episodes += _placed(result, noisy=sigma > 0)
    episodes.sort(key=lambda item: item[0])
    return _joined([(is_noisy, trace) for _, is_noisy, trace in episodes])


def _placed(result: ArmResult, *, noisy: bool) -> list[tuple[float, bool, dict[str, np.ndarray]]]:
    """Episodes with a position in [0, 1), so that sorting several lists mixes them evenly."""
    count = len(result.traces)
    return [((i + 0.5) / count, noisy, trace) for i, trace in enumerate(result.traces)]


def _joined(episodes: list[tuple[bool, dict[str, np.ndarray]]]) -> dict[str, np.ndarray]:
    lengths = [len(trace["observations"]) for _, trace in episodes]
    joined = {name: np.concatenate([trace[name] for _, trace in episodes]) for name in episodes[0][1]}
    joined["episode"] = np.repeat(np.arange(len(episodes), dtype=np.int32), lengths)
    joined["step"] = np.concatenate([np.arange(n, dtype=np.int32) for n in lengths])
    joined["noisy"] = np.repeat(np.array([noisy for noisy, _ in episodes]), lengths)
    return joined


def whole_episodes(data: dict[str, np.ndarray], samples: int) -> dict[str, np.ndarray]:
    """The first episodes of ``data`` that fit into ``samples`` samples (at least one)."""
    ends = np.flatnonzero(np.diff(data["episode"], append=-1)) + 1
    fitting = ends[ends <= samples]
    stop = int(fitting[-1]) if len(fitting) else int(ends[0])
    return {name: array[:stop] for name, array in data.items()}
