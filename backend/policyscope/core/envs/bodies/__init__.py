"""The gymnasium MuJoCo family, one class per body: what each adds to the physics."""

from collections.abc import Mapping
from types import MappingProxyType

from policyscope.core.envs.bodies.body import Body, Fields, Pick
from policyscope.core.envs.bodies.planar import Hopper, Planar, Swimmer, Upright
from policyscope.core.envs.bodies.poles import InvertedDoublePendulum, InvertedPendulum
from policyscope.core.envs.bodies.reaching import Pusher, Reacher
from policyscope.core.envs.bodies.spatial import Ant, Humanoid, HumanoidStandup

BODIES: Mapping[str, type[Body]] = MappingProxyType(
    {
        "Walker2d": Upright,
        "Hopper": Hopper,
        "HalfCheetah": Planar,
        "Swimmer": Swimmer,
        "Ant": Ant,
        "Humanoid": Humanoid,
        "HumanoidStandup": HumanoidStandup,
        "InvertedPendulum": InvertedPendulum,
        "InvertedDoublePendulum": InvertedDoublePendulum,
        "Reacher": Reacher,
        "Pusher": Pusher,
    }
)
"""Environment name without its version -> body."""


def has_body(env_id: str) -> bool:
    """Whether this is one of the MuJoCo family."""
    return env_id.partition("-")[0] in BODIES


__all__ = ["BODIES", "Body", "Fields", "Pick", "has_body"]
