"""What is known about an environment without building it: sizes, names, units, limits."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from policyscope.core.envs.rendering import Renderer, why_not

ActionKind = Literal["continuous", "discrete"]
FallRule = Literal["terminated", "crash_reward", "pitch", "none"]


@dataclass(frozen=True)
class Channel:
    """One number of an observation or an action; ``low``/``high`` are None where unbounded.

    For a discrete environment a channel is one of the actions that argmax chooses from.
    """

    index: int
    name: str
    unit: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class EnvInfo:
    """An environment of the allow-list.

    ``dt``: seconds per step (None without physical time). ``terminates``: the episode can end before
    ``max_episode_steps``. ``fall_rule`` says when an episode counts as fallen: ``terminated`` (any early
    end is a failure), ``crash_reward`` (early end with the crash penalty of -100; reaching the goal also
    ends the episode), ``pitch`` (upside down for half a second; the episode goes on), ``none``.
    """

    id: str
    title: str
    observations: tuple[Channel, ...]
    actions: tuple[Channel, ...]
    action_kind: ActionKind
    max_episode_steps: int
    dt: float | None
    terminates: bool
    fall_rule: FallRule
    renderer: Renderer = "mujoco"
    aliases: tuple[str, ...] = ()

    @property
    def obs_dim(self) -> int:
        return len(self.observations)

    @property
    def act_dim(self) -> int:
        """Numbers a policy must output; with discrete actions, the number of choices."""
        return len(self.actions)

    @property
    def falls(self) -> bool:
        """Whether an episode can count as fallen at all."""
        return self.fall_rule != "none"

    @property
    def renderable(self) -> bool:
        """Whether pictures can be made on this machine. The first question takes about a second."""
        return self.render_note is None

    @property
    def render_note(self) -> str | None:
        """What is missing for pictures, and the remedy; None when they work."""
        return why_not(self.renderer)

    def to_json(self) -> dict[str, Any]:
        derived = ("obs_dim", "act_dim", "falls", "renderable", "render_note")
        return {**asdict(self), **{name: getattr(self, name) for name in derived}}
