"""From observations to actions for every active row: one head and one tail per policy and step.

Rows are grouped by policy object; latent edits are applied at the tap to each row's own activation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from policyscope.core.action_box import unscaled
from policyscope.core.arms import F64, I64, TAP_SIGNALS, Acts, Arm, RolloutSpec
from policyscope.core.envs import EnvInfo
from policyscope.core.errors import InvalidInput
from policyscope.core.interventions import FeatureEdit, RowEdits
from policyscope.core.manifold import Manifold
from policyscope.core.policy import Policy
from policyscope.core.sae import SAE

NOISE_STREAM = 0x5EED  # keeps the action noise of a seed apart from the environment's own draws


@dataclass(frozen=True)
class Decision:
    """float32 actions ``[n, act]`` in the box, or int64 choices ``[n]``; how many numbers were clipped.

    ``seen``: what is recorded of the tap, before edits ``activations`` [n, d] and ``features`` [n, chosen],
    after them ``off_manifold`` [n].
    """

    actions: NDArray[Any]
    saturated: I64
    seen: Mapping[str, F64]


@dataclass(frozen=True)
class _Group:
    """Active rows that share a policy: their positions among the active rows, and their edits."""

    policy: Acts
    tapped: bool
    positions: I64 | slice
    edits: RowEdits | None


def _identity(policy: Acts) -> str | int:
    """Equal for policies that act alike, so that arms with the same weights share one forward pass."""
    return policy.fingerprint() if isinstance(policy, Policy) else id(policy)


def recorded_tap_dim(arms: Sequence[Arm], spec: RolloutSpec) -> int:
    """Width of the recorded activations; 0 when nothing of the tap is recorded."""
    if not spec.record & TAP_SIGNALS:
        return 0
    return cast(Policy, arms[0].policy).tap_dim(cast(int, spec.tap_index))


class Pilot:
    """Holds who acts in each row. ``begin`` assigns an arm to a row, ``act`` decides for all active rows."""

    def __init__(self, arms: Sequence[Arm], info: EnvInfo, spec: RolloutSpec, sae: SAE | None) -> None:
        self._arms, self._info, self._tap, self._sae = tuple(arms), info, spec.tap_index, sae
        self._features = list(spec.features)
        self._recorded = spec.record & TAP_SIGNALS
        self._tap_dim = recorded_tap_dim(arms, spec)
        self._manifold = spec.manifold
        keys = [_identity(arm.policy) for arm in arms]
        distinct = {key: arm.policy for key, arm in zip(keys, arms, strict=True)}
        self._policies = list(distinct.values())
        self._policy_of_arm = np.array([list(distinct).index(key) for key in keys])
        edited_keys = {key for key, arm in zip(keys, arms, strict=True) if arm.edits}
        self._tapped = [bool(self._recorded) or key in edited_keys for key in distinct]
        edited = sae is not None and any(arm.edits for arm in arms)
        self._edits = RowEdits(cast(SAE, sae), [arm.edits for arm in arms]) if edited else None
        self._low = np.array([-np.inf if c.low is None else c.low for c in info.actions], dtype=np.float32)
        self._high = np.array([np.inf if c.high is None else c.high for c in info.actions], dtype=np.float32)
        self._arm_of_row: dict[int, int] = {}
        self._noise: dict[int, F64] = {}
        self._step = np.zeros(spec.rows, dtype=np.int64)  # of each row's episode
        self._plan: tuple[I64, list[_Group]] | None = None

    def begin(self, row: int, arm: int, seed: int, horizon: int) -> None:
        """Row ``row`` starts an episode of arm number ``arm`` with ``seed``."""
        self._arm_of_row[row] = arm
        self._plan = None
        self._noise.pop(row, None)
        self._step[row] = 0
        sigma = self._arms[arm].action_noise
        if sigma:
            rng = np.random.default_rng([NOISE_STREAM, seed])
            self._noise[row] = sigma * rng.standard_normal((horizon, self._info.act_dim))

    def steer(self, edits: Sequence[tuple[FeatureEdit, ...]]) -> None:
        """From the next decision on, give each arm these edits in place of its own.

        The run must record something of the tap: only then is every policy split there.
        """
        self._edits = RowEdits(cast(SAE, self._sae), edits)
        self._plan = None

    def act(self, observations: F64, active: I64) -> Decision:
        """Decide for ``active`` rows, whose current observations are ``[len(active), obs]``."""
        steps = self._step[active].astype(np.float64)
        groups = self._groups(active)
        if len(groups) == 1:
            before, after, outputs = self._run(groups[0], observations, steps)
        else:
            before, after, outputs = self._run_all(groups, observations, steps)
        if self._info.action_kind == "discrete":
            self._check_finite(outputs, active)
            actions, saturated = outputs.argmax(axis=1), np.zeros(len(active), dtype=np.int64)
        else:
            self._add_noise(outputs, active)
            actions, saturated = self._into_box(outputs, active)
        self._step[active] += 1
        return Decision(actions, saturated, self._seen(before, after))

    def _run_all(
        self, groups: Sequence[_Group], observations: F64, steps: F64
    ) -> tuple[F64 | None, F64 | None, F64]:
        outputs = np.empty((len(steps), self._info.act_dim))
        activations, steered = np.empty((2, len(steps), self._tap_dim))
        for group in groups:
            at = group.positions
            before, after, outputs[at] = self._run(group, observations[at], steps[at])
            if self._recorded and before is not None:
                activations[at], steered[at] = before, after
        return activations, steered, outputs

    def _seen(self, before: F64 | None, after: F64 | None) -> dict[str, F64]:
        """Of the activations before and after edits, which policies that are not tapped do not have."""
        if not self._recorded or before is None or after is None:
            return {}
        seen = {"activations": before} if "activations" in self._recorded else {}
        if "features" in self._recorded:
            seen["features"] = cast(SAE, self._sae).encode(before)[:, self._features]
        if "off_manifold" in self._recorded:
            seen["off_manifold"] = cast(Manifold, self._manifold).distance(after)
        return seen

    def _groups(self, active: I64) -> list[_Group]:
        """The groups, kept until a row changes hands. ``active`` is the same object between such changes."""
        if self._plan is not None and self._plan[0] is active:
            return self._plan[1]
        arms = np.array([self._arm_of_row[row] for row in active.tolist()])
        owners = self._policy_of_arm[arms]
        groups = []
        for index in np.unique(owners):
            positions = np.flatnonzero(owners == index)
            edits = None if self._edits is None else self._edits.take(arms[positions].tolist())
            whole = len(positions) == len(active)
            place = slice(None) if whole else positions
            groups.append(_Group(self._policies[index], self._tapped[index], place, edits))
        self._plan = (active, groups)
        return groups

    def _run(self, group: _Group, observations: F64, steps: F64) -> tuple[F64 | None, F64 | None, F64]:
        """Activation before and after edits (where the tap is used), and the output, unscaled to the box."""
        if not group.tapped:
            return None, None, unscaled(group.policy, group.policy(observations), self._info)
        policy, tap = cast(Policy, group.policy), cast(int, self._tap)
        h = policy.head(observations, tap)
        steered = h if group.edits is None else group.edits.apply(h, observations, steps)
        return h, steered, unscaled(policy, policy.tail(steered, tap), self._info)

    def _add_noise(self, outputs: F64, active: I64) -> None:
        if not self._noise:
            return
        for position, row in enumerate(active.tolist()):
            noise = self._noise.get(row)
            if noise is not None:
                outputs[position] += noise[self._step[row]]

    def _into_box(self, outputs: F64, active: I64) -> tuple[NDArray[np.float32], I64]:
        """Rounded to float32 and clipped to the action box; how many numbers of each row were clipped."""
        with np.errstate(over="ignore"):
            wanted = outputs.astype(np.float32)
        actions = np.minimum(np.maximum(wanted, self._low), self._high)
        self._check_finite(actions, active)
        return actions, (actions != wanted).sum(axis=1)

    def _check_finite(self, values: NDArray[Any], active: I64) -> None:
        if np.isfinite(values).all():
            return
        row = int(active[np.flatnonzero(~np.isfinite(values).all(axis=1))[0]])
        name = self._arms[self._arm_of_row[row]].name
        raise InvalidInput(
            f"Arm {name!r} produced an action that is not a finite number. Its weights or its edit are too "
            "large for the network; reduce the edit or undo the weight change."
        )
