"""What a run is made of: arms, seeds, and the numbers that come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policyscope.core.action_box import Acts
from policyscope.core.envs import EnvInfo, check_fit, check_reset_noise, get_env, start_dims
from policyscope.core.errors import InvalidInput
from policyscope.core.interventions import FeatureEdit
from policyscope.core.manifold import Manifold
from policyscope.core.sae import SAE
from policyscope.core.traces import RECORDABLE, Trace

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

LARGEST_IN_STATE = 1e6  # beyond 1e10 MuJoCo resets the row and says so in a file
TAP_SIGNALS = frozenset({"activations", "features", "off_manifold"})


@dataclass(frozen=True)
class Arm:
    """One condition: who acts, with which latent edits at the tap, with how much action noise.

    ``action_noise``: standard deviation, in units of the action, of Gaussian noise that depends only on the
    seed and the step, so that arms share it.
    """

    name: str
    policy: Acts
    edits: tuple[FeatureEdit, ...] = ()
    action_noise: float = 0.0


@dataclass(frozen=True)
class RolloutSpec:
    """What to play. ``max_steps``: None, or more than the environment's own limit, means that limit.

    ``record``: which of observations, activations (at the tap, before edits), features (the SAE's reading of
    those activations, for the indices in ``features``), off_manifold (distance of the edited activation from
    ``manifold``), actions, rewards and state to keep for every step;
    ``record_only`` restricts that to some (arm name, seed) pairs. ``noise_scale`` widens the reset noise;
    ``start_states`` [seeds, state_dim] gives the simulator state to start each seed from.
    Contact forces are no part of a state: where they are observed, the first observation shows none.
    ``rows``: how many episodes run at once (fewer when the recordings would need too much memory).
    """

    env_id: str
    seeds: tuple[int, ...]
    max_steps: int | None = None
    tap_index: int | None = None
    record: frozenset[str] = frozenset()
    record_only: frozenset[tuple[str, int]] | None = None
    features: tuple[int, ...] = ()
    manifold: Manifold | None = None
    noise_scale: float = 1.0
    start_states: F64 | None = None
    rows: int = 256

    @property
    def horizon(self) -> int:
        """Steps after which an episode is stopped."""
        limit = get_env(self.env_id).max_episode_steps
        return limit if self.max_steps is None else min(self.max_steps, limit)

    def records(self, arm: str, seed: int) -> bool:
        """Whether this episode's steps are kept."""
        return bool(self.record) and (self.record_only is None or (arm, seed) in self.record_only)


@dataclass(frozen=True)
class ArmResult:
    """Per-episode numbers of one arm, in the order of ``seeds``.

    ``truncated``: the step limit stopped the episode. ``saturated_fraction``: how much of the action was cut
    off at the action box. ``traces``: the recorded arrays of each episode, empty where nothing was kept.
    """

    name: str
    seeds: I64
    returns: F64
    lengths: I64
    terminated: Bools
    truncated: Bools
    fell: Bools
    saturated_fraction: F64
    traces: tuple[Trace, ...] = ()

    @classmethod
    def blank(cls, name: str, seeds: Sequence[int]) -> ArmResult:
        """Arrays to be filled in as episodes end."""
        count = len(seeds)
        terminated, truncated, fell = np.zeros((3, count), dtype=np.bool_)
        returns, saturated = np.zeros((2, count))
        lengths = np.zeros(count, dtype=np.int64)
        return cls(name, np.array(seeds), returns, lengths, terminated, truncated, fell, saturated)


def check_run(arms: Sequence[Arm], spec: RolloutSpec, sae: SAE | None) -> None:
    """Raise InvalidInput or ShapeMismatch when arms, seeds, environment and SAE do not fit together."""
    info = get_env(spec.env_id)
    names = [arm.name for arm in arms]
    if not arms or len(set(names)) != len(names):
        raise InvalidInput(f"A run needs at least one arm, each with its own name; got {names}.")
    if not spec.seeds or len(set(spec.seeds)) != len(spec.seeds) or min(spec.seeds) < 0:
        raise InvalidInput("A run needs at least one seed; seeds are different whole numbers from 0 up.")
    if spec.rows < 1 or (spec.max_steps is not None and spec.max_steps < 1):
        raise InvalidInput(f"max_steps ({spec.max_steps}) and rows ({spec.rows}) must be at least 1.")
    if not spec.record <= RECORDABLE:
        raise InvalidInput(
            f"Cannot record {sorted(spec.record - RECORDABLE)}; choose from {sorted(RECORDABLE)}."
        )
    if spec.record & TAP_SIGNALS and spec.tap_index is None:
        raise InvalidInput("Recording activations, features or off_manifold needs a tap_index.")
    if "off_manifold" in spec.record and spec.manifold is None:
        raise InvalidInput("Recording off_manifold needs the manifold of the policy's own activations.")
    if "features" in spec.record:
        _check_features(spec, sae)
    _check_starts(spec)
    for arm in arms:
        _check_arm(arm, spec, sae, info)


def _check_starts(spec: RolloutSpec) -> None:
    """Raise InvalidInput unless the reset noise can be what it is to be, and start states are usable."""
    if spec.noise_scale != 1.0:
        check_reset_noise(spec.env_id)
    if spec.start_states is None:
        return
    states, wanted = spec.start_states, start_dims(spec.env_id)
    if not wanted[0]:
        raise InvalidInput(f"Episodes of {spec.env_id} can only start from its own reset.")
    if len(states) != len(spec.seeds):
        raise InvalidInput(
            f"{len(states)} start states were given for {len(spec.seeds)} seeds; each episode needs its own."
        )
    if states.ndim != 2 or states.shape[1] not in wanted:
        raise InvalidInput(f"A start state of {spec.env_id} has {wanted[0]} numbers; got {states.shape[1:]}.")
    if not (np.abs(states) <= LARGEST_IN_STATE).all():
        raise InvalidInput(f"Numbers of a start state must lie within ±{LARGEST_IN_STATE:g}.")


def _check_features(spec: RolloutSpec, sae: SAE | None) -> None:
    if sae is None or not spec.features:
        raise InvalidInput("Recording features needs an SAE and the indices of the features to record.")
    for feature_idx in spec.features:
        sae.check_feature(feature_idx)


def _check_arm(arm: Arm, spec: RolloutSpec, sae: SAE | None, info: EnvInfo) -> None:
    if hasattr(arm.policy, "spec"):
        check_fit(arm.policy.spec, info)
    if arm.action_noise and info.action_kind == "discrete":
        raise InvalidInput(f"Action noise needs continuous actions; {info.id} has discrete ones.")
    if arm.edits and (sae is None or spec.tap_index is None):
        raise InvalidInput(
            f"Arm {arm.name!r} edits features, which needs an SAE and its tap. Load an SAE first."
        )
    if sae is not None:
        for edit in arm.edits:
            edit.check(sae, info.obs_dim)
    if (arm.edits or spec.record & TAP_SIGNALS) and not hasattr(arm.policy, "head"):
        raise InvalidInput(
            f"Arm {arm.name!r} has no layers to tap; only a policy network can be edited or recorded."
        )
