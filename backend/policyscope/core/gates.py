"""When an edit acts: gates look at the state, schedules at the time.

A gate is 0 or 1 per row, a schedule a factor over time (in [−1, 1], except for a table); their product
multiplies the edit's difference, so an edit that does not act now changes no bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from policyscope.core.blocks import F64
from policyscope.core.envs import states_of_observations
from policyscope.core.errors import InvalidInput
from policyscope.core.measures import simulation
from policyscope.core.measures.anatomy import anatomy_of

PERIODIC = ("ramp", "pulse", "sine")
GateKind = Literal["active", "observation", "phase", "contact"]
Shape = Literal["constant", "ramp", "pulse", "sine", "table"]


@dataclass(frozen=True)
class Cycle:
    """The phase of a stride from one observation: the angle of (q, −dq/dt) in units of their spreads.

    ``q = obs[plus] − obs[minus]`` (``minus`` None: only the first), its rate likewise from ``rate_plus`` and
    ``rate_minus``. No memory is needed, so the phase of a row depends on nothing but what it sees.
    """

    plus: int
    minus: int | None
    rate_plus: int
    rate_minus: int | None
    centre: float
    spread: float
    rate_spread: float

    def phase(self, observations: F64) -> F64:
        """Phase [n] in [0, 1) of observations [n, obs]; 0 at the crest of q, ahead in time is larger."""
        q = (_channel(observations, self.plus, self.minus) - self.centre) / self.spread
        rate = _channel(observations, self.rate_plus, self.rate_minus) / self.rate_spread
        return np.arctan2(-rate, q) / (2 * np.pi) % 1.0


def fit_cycle(
    observations: F64, plus: int, minus: int | None, rate_plus: int, rate_minus: int | None
) -> Cycle:
    """The cycle of these channels, centred and scaled on ``observations`` [N, obs]."""
    q = _channel(observations, plus, minus)
    rate = _channel(observations, rate_plus, rate_minus)
    spread, rate_spread = float(q.std()) or 1.0, float(rate.std()) or 1.0
    return Cycle(plus, minus, rate_plus, rate_minus, float(q.mean()), spread, rate_spread)


@dataclass(frozen=True)
class Gate:
    """A condition on the state.

    active: latent ``feature_idx`` (None: the edited one) of the un-steered activation is above ``threshold``.
    observation: ``observation[index]`` is above ``above`` and below ``below`` (None: no bound).
    phase: the phase of ``cycle`` lies in [start, stop), which may wrap around 1.
    contact: the foot of leg ``foot`` is on the floor of ``env``, or in the air (``on_floor`` False).
    Raises InvalidInput when a field that the kind needs is missing.
    """

    kind: GateKind
    feature_idx: int | None = None
    threshold: float = 0.0
    index: int | None = None
    above: float | None = None
    below: float | None = None
    start: float = 0.0
    stop: float = 1.0
    cycle: Cycle | None = None
    foot: str | None = None
    on_floor: bool = True
    env: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(GateKind):
            raise _invalid("gate", f"The gate is {self.kind!r}; use one of {', '.join(get_args(GateKind))}.")
        if self.kind == "observation" and (self.index is None or (self.above is None and self.below is None)):
            raise _invalid("gate", "An observation gate needs index and at least one of above and below.")
        if self.kind == "phase" and not (0.0 <= self.start <= 1.0 and 0.0 <= self.stop <= 1.0):
            raise _invalid(
                "gate", f"A phase window lies within 0 to 1; got start {self.start}, stop {self.stop}."
            )

        if self.kind == "contact" and self.foot is None:
            raise _invalid("gate", "A contact gate needs foot, the name of a leg such as 'right'.")

    def is_open(self, z: F64 | None, observations: F64, edited: int) -> F64:
        """1.0 or 0.0 per row [n]; ``z`` [n, F] are latents before edits, ``edited`` the feature edited."""
        if self.kind == "active":
            assert z is not None
            feature = edited if self.feature_idx is None else self.feature_idx
            return (z[:, feature] > self.threshold).astype(np.float64)
        if self.kind == "observation":
            seen = observations[:, self.index]
            low = -np.inf if self.above is None else self.above
            high = np.inf if self.below is None else self.below
            return ((seen > low) & (seen < high)).astype(np.float64)
        if self.kind == "contact":
            return (self._touches(observations) == self.on_floor).astype(np.float64)
        if self.cycle is None:
            raise _invalid("gate", "A phase gate needs the cycle of its environment, which was not given.")
        phase = self.cycle.phase(observations)
        after, before = phase >= self.start, phase < self.stop
        inside = after & before if self.start <= self.stop else after | before
        return inside.astype(np.float64)

    def _touches(self, observations: F64) -> NDArray[np.bool_]:
        """Whether the foot is on the floor [n]: the pose is known from what the policy sees."""
        if self.env is None:
            raise _invalid("gate", "A contact gate needs its environment, which was not given.")
        geoms = feet_of(self.env, self.foot)
        qpos, _qvel = simulation.split_state(self.env, states_of_observations(self.env, observations))
        return np.asarray(simulation.near_floor(self.env, qpos, geoms).any(axis=1))

    def check(self, d_latent: int, obs_dim: int | None) -> None:
        """Raise InvalidInput when it looks at a latent or an observation that does not exist."""
        if self.feature_idx is not None and not 0 <= self.feature_idx < d_latent:
            raise _invalid(
                "gate", f"The gate looks at feature {self.feature_idx}; allowed are 0 to {d_latent - 1}."
            )
        if self.index is not None and obs_dim is not None and not 0 <= self.index < obs_dim:
            raise _invalid(
                "gate", f"The gate looks at observation {self.index}; allowed are 0 to {obs_dim - 1}."
            )

    def to_json(self) -> dict[str, Any]:
        """Only what differs from the defaults."""
        return _sparse(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Gate:
        cycle = value.get("cycle")
        return cls(**{**value, "cycle": Cycle(**cycle) if cycle else None})


@dataclass(frozen=True)
class Schedule:
    """A factor over time; times are in steps of the episode (may be fractions).

    Nothing acts before ``start`` or from ``stop`` on (None: to the end). constant: 1. ramp: from 0 to 1 over
    the first ``period`` steps, then 1. pulse: 1 during the first ``duty`` share of each period, else 0.
    sine: sin(2π t / period). table: ``values[t]``, any numbers, the last one until the end; it is how a dose
    that was moved by hand is played again. t counts from ``start``.
    """

    shape: Shape = "constant"
    start: float = 0.0
    stop: float | None = None
    period: float | None = None
    duty: float = 0.5
    values: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(map(float, self.values)))
        if self.shape not in get_args(Shape):
            raise _invalid(
                "schedule", f"The schedule is {self.shape!r}; use one of {', '.join(get_args(Shape))}."
            )
        if (self.shape == "table") != bool(self.values) or not all(map(math.isfinite, self.values)):
            raise _invalid("schedule", "A table needs values, finite numbers; no other shape has them.")
        if self.shape in PERIODIC and not (self.period and self.period > 0 and math.isfinite(self.period)):
            raise _invalid("schedule", f"A {self.shape} needs a period above 0; got {self.period}.")
        if self.start < 0 or (self.stop is not None and self.stop <= self.start):
            raise _invalid(
                "schedule", f"start ({self.start}) must be at least 0 and before stop ({self.stop})."
            )
        if not 0 < self.duty <= 1:
            raise _invalid("schedule", f"duty is {self.duty}; a share above 0 and up to 1 is needed.")

    @property
    def peak(self) -> float:
        """The largest factor by size, with its sign."""
        return max(self.values, key=abs, default=1.0)

    def factor(self, steps: F64) -> F64:
        """Factor [n] at ``steps`` [n] of the episode."""
        t = steps - self.start
        last = np.inf if self.stop is None else self.stop - self.start
        return np.where((t >= 0) & (t < last), self._shape(t), 0.0)

    def _shape(self, t: F64) -> F64:
        if self.shape == "table":
            return np.take(np.array(self.values), t.astype(np.intp), mode="clip")
        period = self.period or 1.0
        if self.shape == "ramp":
            return np.clip(t / period, 0.0, 1.0)
        if self.shape == "pulse":
            return ((t % period) < self.duty * period).astype(np.float64)
        return np.sin(2 * np.pi * t / period) if self.shape == "sine" else np.ones_like(t)

    def to_json(self) -> dict[str, Any]:
        """Only what differs from the defaults, and the shape."""
        return {"shape": self.shape, **_sparse(self)}


def feet_of(env_id: str, foot: str | None) -> tuple[str, ...]:
    """Geoms of the foot of the leg named ``foot``. Raises InvalidInput where there is no such foot."""
    anatomy = anatomy_of(env_id)
    feet = {leg.name: leg.feet for leg in anatomy.legs if leg.feet} if anatomy else {}
    if not feet:
        raise _invalid("gate", f"{env_id} has no feet whose contact is known; use an observation gate.")
    if foot not in feet:
        raise _invalid("gate", f"{env_id} has no foot {foot!r}; its feet are {', '.join(feet)}.")
    return feet[foot]


def _channel(observations: F64, plus: int, minus: int | None) -> F64:
    values = np.asarray(observations[:, plus], dtype=np.float64)
    return values if minus is None else values - observations[:, minus]


def _sparse(value: Any) -> dict[str, Any]:
    kept = {name: getattr(value, name) for name in value.__dataclass_fields__}
    changed = {name: item for name, item in kept.items() if item != value.__dataclass_fields__[name].default}
    return {name: _plain(item) for name, item in changed.items()}


def _plain(item: Any) -> Any:
    if isinstance(item, Cycle):
        return asdict(item)
    return list(item) if isinstance(item, tuple) else item


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(message, fields={field: message})
