"""Pushing the tap along directions in the closed loop, features or not, on the same seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from policyscope.core.arms import Arm, ArmResult, Bools, RolloutSpec
from policyscope.core.blocks import F64
from policyscope.core.doses import Scales
from policyscope.core.envs import get_env, state_dim
from policyscope.core.interventions import FeatureEdit
from policyscope.core.measures import NEEDED, Episode, find_measure
from policyscope.core.policy import Policy
from policyscope.core.progress import Work
from policyscope.core.rollout import rollout
from policyscope.core.sae import SAE
from policyscope.core.traces import Trace

FROM_RESULT = ("return", "length")
BASELINE = "baseline"


@dataclass(frozen=True, eq=False)
class Push:
    """``x ← x + alpha · direction`` at every step; ``dose`` is its signed action displacement."""

    name: str
    direction: F64
    alpha: float
    dose: float


@dataclass(frozen=True, eq=False)
class Outcome:
    """Per seed: the measure (NaN where undefined), return, falls; ``push`` is None for the baseline."""

    push: Push | None
    values: F64
    returns: F64
    fell: Bools
    saturated_fraction: float

    @property
    def fall_rate(self) -> float:
        return float(self.fell.mean())


@dataclass(frozen=True)
class Trials:
    """Where pushes are tried. Steps are read as episodes end and not kept."""

    policy: Policy
    d_in: int
    tap_index: int
    env_id: str
    max_steps: int
    measure: str

    def play(self, pushes: Sequence[Push], seeds: Sequence[int]) -> Work[tuple[Outcome, ...]]:
        """The baseline, then one outcome per push, in order."""
        sae = dictionary_of([push.direction for push in pushes], self.d_in)
        edits = [FeatureEdit(index, "add", push.alpha) for index, push in enumerate(pushes)]
        names = [BASELINE, *(f"{index}" for index in range(len(pushes)))]
        arms = [Arm(BASELINE, self.policy)]
        arms += [Arm(name, self.policy, (edit,)) for name, edit in zip(names[1:], edits, strict=True)]
        found: dict[tuple[str, int], float] = {}

        def keep(arm: str, seed: int, trace: Trace) -> None:
            found[arm, seed] = self._read(trace)

        spec = RolloutSpec(self.env_id, tuple(seeds), self.max_steps, self.tap_index, record=self._signals)
        results = yield from rollout(arms, spec, sae, keep)
        return tuple(
            self._outcome(push, result, found) for push, result in zip([None, *pushes], results, strict=True)
        )

    @property
    def _signals(self) -> frozenset[str]:
        if self.measure in FROM_RESULT:
            return frozenset()
        return NEEDED if state_dim(self.env_id) else NEEDED - {"state"}

    def _read(self, trace: Trace) -> float:
        ended = bool(trace["terminated"].item()), bool(trace["fell"].item())
        value = find_measure(self.env_id, self.measure).compute(Episode(get_env(self.env_id), trace, *ended))
        return np.nan if value is None else value

    def _outcome(
        self, push: Push | None, result: ArmResult, found: Mapping[tuple[str, int], float]
    ) -> Outcome:
        columns = {"return": result.returns, "length": result.lengths.astype(np.float64)}
        values = columns.get(self.measure)
        if values is None:
            values = np.array([found[result.name, int(seed)] for seed in result.seeds])
        return Outcome(push, values, result.returns, result.fell, float(result.saturated_fraction.mean()))


def dictionary_of(directions: Sequence[F64], d_in: int) -> SAE:
    """Latents that never fire and decode to ``directions`` [d_in], so that any push is an edit."""
    columns = np.array(directions).reshape(-1, d_in)
    columns = columns if len(columns) else np.zeros((1, d_in))
    zeros = np.zeros_like(columns)
    return SAE(zeros, np.zeros(len(columns)), columns.T, np.zeros(d_in), k=1)


def pushes_along(scales: Scales, names: Sequence[str], directions: F64, doses: F64) -> list[Push | None]:
    """One push per row at its signed dose; None where no α gives that dose."""
    signs = np.sign(doses)
    alphas = scales.alphas(signs[:, None] * directions, np.abs(doses)) * signs
    return [
        Push(name, direction, float(alpha), float(dose)) if np.isfinite(alpha) else None
        for name, direction, alpha, dose in zip(names, directions, alphas, doses, strict=True)
    ]


def random_unit(d: int, count: int, seed: int = 0) -> F64:
    """Isotropic unit directions [count, d]; the opposite of each is as likely, so one sign is enough."""
    rows = np.random.default_rng([0xD05E, seed]).standard_normal((count, d))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def control_directions(scales: Scales, feature: F64, active: Bools) -> dict[str, F64]:
    """What a feature must beat besides random directions: simpler handles on the same tap.

    The neuron that moves the action most per SD of its own, the first principal axis, and the difference in
    means between states where the feature is ``active`` [N] and where not. Each points along the feature.
    """
    x = scales.activations
    spread = np.diag(x.std(axis=0))
    neuron = int(scales.displacement(0.1 * spread).argmax())
    centred = scales.states - scales.states.mean(axis=0)
    found = {
        f"neuron {neuron}": np.eye(x.shape[1])[neuron],
        "first principal axis": np.linalg.svd(centred, full_matrices=False)[2][0],
    }
    if 0 < int(active.sum()) < len(active):
        found["difference in means"] = x[active].mean(axis=0) - x[~active].mean(axis=0)
    return {name: row * (1.0 if row @ feature >= 0 else -1.0) for name, row in found.items()}
