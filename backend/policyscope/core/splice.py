"""Policies whose tap is overwritten, to measure what an SAE keeps of the closed loop.

Return recovered: ``RR = (J_sae - J_mean) / (J_base - J_mean)``, where J_sae runs with ``x <- x_hat`` at every
step and J_mean with ``x`` replaced by its mean. 1 means that nothing the behaviour needs was lost. FVU alone
hides closed-loop failure: an SAE that explains 99.5 % of the variance can make every episode fall.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core.arms import Arm, ArmResult, RolloutSpec
from policyscope.core.policy import Policy
from policyscope.core.progress import Work
from policyscope.core.rollout import rollout
from policyscope.core.sae import SAE
from policyscope.core.transcoder import Dictionary, written_tap

F64 = NDArray[np.float64]

DRAWS = 10_000
FAITHFUL, CAUTION, OPEN_LOOP = "faithful", "usable with caution", "open-loop only"
NOT_MEASURABLE = "not measurable here: replacing the tap by its mean does not clearly lower the return"


class SplicedPolicy:
    """``tail(replace(head(observations)))``, ``[batch, obs] -> [batch, act]``.

    ``replace`` makes the activations of ``output_tap``, by default ``tap_index`` itself, of those there.
    """

    def __init__(
        self, policy: Policy, tap_index: int, replace: Callable[[F64], F64], output_tap: int | None = None
    ) -> None:
        self.spec = policy.spec
        self._policy, self._tap, self._replace = policy, tap_index, replace
        self._output_tap = tap_index if output_tap is None else output_tap

    def __call__(self, observations: F64, /) -> F64:
        return self._policy.tail(self._replace(self._policy.head(observations, self._tap)), self._output_tap)


def acting_through(policy: Policy, tap_index: int, dictionary: Dictionary) -> SplicedPolicy:
    """The policy with an SAE in place of what it reads, or a transcoder in place of the modules it spans."""
    to = written_tap(dictionary, tap_index)
    return SplicedPolicy(policy, tap_index, dictionary.reconstruct, to)


@dataclass(frozen=True)
class ClosedLoop:
    """What replacing the tap does to behaviour. ``None`` where the baseline is not better than mean-ablation.

    Returns are means over the same ``episodes`` seeds; ``interval`` is the 95 % paired bootstrap interval of
    ``return_recovered``; fall rates are fractions of episodes.
    """

    episodes: int
    return_baseline: float
    return_reconstruction: float
    return_mean_ablation: float
    fall_rate_baseline: float
    fall_rate_reconstruction: float
    fall_rate_mean_ablation: float
    return_recovered: float | None
    interval: tuple[float, float] | None
    verdict: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def return_recovered(
    policy: Policy, sae: SAE, tap_index: int, mean_activation: F64, spec: RolloutSpec
) -> Work[ClosedLoop]:
    """Run baseline, reconstruction and mean-ablation on the same seeds; ``mean_activation`` is ``[d_in]``."""

    def ablate(h: F64) -> F64:
        return np.broadcast_to(mean_activation, h.shape)

    arms = (
        Arm("baseline", policy),
        Arm("reconstruction", acting_through(policy, tap_index, sae)),
        Arm("mean ablation", SplicedPolicy(policy, tap_index, ablate)),
    )
    return _measure(arms, spec)


def _measure(arms: Sequence[Arm], spec: RolloutSpec) -> Work[ClosedLoop]:
    base, sae, mean = yield from rollout(arms, spec, None)
    recovered, interval = recovered_fraction(base.returns, sae.returns, mean.returns)
    falls = [float(result.fell.mean()) for result in (base, sae, mean)]
    return ClosedLoop(
        episodes=len(base.seeds),
        return_baseline=_mean(base),
        return_reconstruction=_mean(sae),
        return_mean_ablation=_mean(mean),
        fall_rate_baseline=falls[0],
        fall_rate_reconstruction=falls[1],
        fall_rate_mean_ablation=falls[2],
        return_recovered=recovered,
        interval=interval,
        verdict=verdict(recovered, falls[1] - falls[0]),
    )


def _mean(result: ArmResult) -> float:
    return float(result.returns.mean())


def recovered_fraction(
    base: F64, sae: F64, mean: F64, seed: int = 0
) -> tuple[float | None, tuple[float, float] | None]:
    """RR and its 95 % interval from paired returns ``[n]``; None unless baseline clearly beats ablation."""
    picks = np.random.default_rng(seed).integers(0, len(base), (DRAWS, len(base)))
    gap = base[picks].mean(axis=1) - mean[picks].mean(axis=1)
    if np.quantile(gap, 0.025) <= 0:
        return None, None
    draws = (sae[picks].mean(axis=1) - mean[picks].mean(axis=1)) / gap
    low, high = np.quantile(draws, (0.025, 0.975))
    fraction = (sae.mean() - mean.mean()) / (base.mean() - mean.mean())
    return float(fraction), (float(low), float(high))


def verdict(recovered: float | None, added_falls: float) -> str:
    """The level in words: at least 0.95 without added falls, at least 0.8, or below."""
    if recovered is None:
        return NOT_MEASURABLE
    if recovered < 0.8:
        return OPEN_LOOP
    return FAITHFUL if recovered >= 0.95 and added_falls <= 0 else CAUTION
