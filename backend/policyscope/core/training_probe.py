"""What is measured of an SAE while it learns, beside its loss: held-out feedback, densities, closed loop.

A falling FVU does not say that behaviour survives, so feedback FVU is taken at every check and the return
recovered at a few of them, on seeds that neither the data nor the final gate use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from policyscope.core.activations import Floats, spread_rows
from policyscope.core.arms import Arm, ArmResult, RolloutSpec
from policyscope.core.blocks import F64
from policyscope.core.policy import Policy
from policyscope.core.progress import Work, drain
from policyscope.core.rollout import rollout
from policyscope.core.sae_metrics import Fidelity
from policyscope.core.splice import SplicedPolicy, acting_through
from policyscope.core.transcoder import Dictionary

STATES = 1_024
PLAYED_AT = (12, 25, 37)
"""Checks, of 50, at which episodes are played; the end is measured by the gate itself."""
DECADES = np.linspace(-4.0, 0.0, 13)


@dataclass(frozen=True)
class Reference:
    """Mean returns of the policy as it is and of its tap replaced by the mean, on the probe's seeds."""

    baseline: float
    floor: float


def reference(policy: Policy, tap_index: int, mean: F64, spec: RolloutSpec) -> Work[Reference]:
    """Play both; ``mean`` [d_in] is that of the activations."""
    floor = SplicedPolicy(policy, tap_index, lambda h: np.broadcast_to(mean, h.shape))
    base, low = yield from rollout([Arm("baseline", policy), Arm("mean ablation", floor)], spec)
    return Reference(float(base.returns.mean()), float(low.returns.mean()))


@dataclass(eq=False)
class TrainingProbe:
    """``probe(sae, check)`` gives feedback FVU and, at ``PLAYED_AT``, return recovered and fall rate.

    ``density``: counts of latents by log10 density in ``DECADES``, and how many are silent, after a check.
    """

    policy: Policy
    tap_index: int
    fidelity: Fidelity
    spec: RolloutSpec | None = None
    reference: Reference | None = None
    density: dict[str, list[int] | int] = field(default_factory=dict)

    @classmethod
    def on(
        cls,
        policy: Policy,
        tap_index: int,
        observations: Floats,
        spec: RolloutSpec | None = None,
        reference: Reference | None = None,
        output_tap: int | None = None,
    ) -> TrainingProbe:
        """``observations`` [n, obs]: held-out states; ``output_tap`` is that of transcoders."""
        rows = observations[spread_rows(len(observations), STATES)]
        fidelity = Fidelity.measure(policy, tap_index, rows, STATES, output_tap)
        return cls(policy, tap_index, fidelity, spec, reference)

    def __call__(self, sae: Dictionary, check: int) -> Mapping[str, float]:
        self.density = density_histogram(sae.encode(self.fidelity.h))
        feedback = self.fidelity.feedback_fvu(sae.reconstruct)
        found = {} if feedback is None else {"feedback_fvu": feedback}
        if check in PLAYED_AT and self.spec is not None and self.reference is not None:
            result = drain(self._play(sae, self.spec))[0]
            found["fall_rate"] = float(result.fell.mean())
            gap = self.reference.baseline - self.reference.floor
            if gap > 0:
                found["return_recovered"] = (float(result.returns.mean()) - self.reference.floor) / gap
        return found

    def _play(self, sae: Dictionary, spec: RolloutSpec) -> Work[tuple[ArmResult, ...]]:
        return rollout([Arm("sae", acting_through(self.policy, self.tap_index, sae))], spec)


def density_histogram(z: F64) -> dict[str, list[int] | int]:
    """``counts`` [12] of the latents of ``z`` [n, F] by log10 density, and those ``silent``."""
    density = (z > 0).mean(axis=0)
    active = np.maximum(np.log10(density[density > 0]), DECADES[0])
    counts = np.histogram(active, bins=DECADES)[0]
    return {"counts": [int(c) for c in counts], "silent": int((density == 0).sum())}
