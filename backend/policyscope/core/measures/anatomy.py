"""Where the legs, feet and joints of each walking body are found in observations and model files.

Sources: the model files and observation tables of gymnasium (v4 and v5 share joints and geometry), and
bipedal_walker.py for the scales of the Box2D walker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Rhythm = Literal["difference", "first", "height", "principal"]


@dataclass(frozen=True)
class Leg:
    """``thigh``: name of the joint whose angle swings once a stride; ``joints``: all joints of the leg.

    ``feet``: geoms of the model file that touch the floor; ``contact``: the observation channel that says so.
    """

    name: str
    thigh: str
    joints: tuple[str, ...]
    feet: tuple[str, ...] = ()
    contact: str | None = None


@dataclass(frozen=True)
class Anatomy:
    """``rhythm`` is the signal of the stride: the first leg's thigh angle less the second's, the first leg's,
    the torso's height, or the first principal component of all leg joints.

    ``right``/``left``: indices of the legs that symmetry compares, empty where the body has no sides.
    ``planar``: moves in the x-z plane.
    """

    legs: tuple[Leg, ...]
    rhythm: Rhythm
    planar: bool
    steps_per_stride: int | None = None
    right: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    torso: str = "torso"


def _walker_leg(side: str, geom: str) -> Leg:
    return Leg(side, f"{side} thigh", tuple(f"{side} {part}" for part in ("thigh", "leg", "foot")), (geom,))


def _cheetah_leg(end: str, geom: str) -> Leg:
    return Leg(end, f"{end} thigh", tuple(f"{end} {part}" for part in ("thigh", "shin", "foot")), (geom,))


def _ant_leg(number: int, name: str, geom: str) -> Leg:
    return Leg(name, f"hip {number}", (f"hip {number}", f"ankle {number}"), (geom,))


def _human_leg(side: str) -> Leg:
    joints = tuple(f"{side} {joint}" for joint in ("hip x", "hip z", "hip y", "knee"))
    return Leg(side, f"{side} hip y", joints, (f"{side}_foot",))


def _box_leg(number: int) -> Leg:
    name = f"leg {number}"
    return Leg(name, f"{name} hip", (f"{name} hip",), contact=f"{name} ground contact")


ANATOMIES: Mapping[str, Anatomy] = MappingProxyType(
    {
        "Walker2d": Anatomy(
            (_walker_leg("right", "foot_geom"), _walker_leg("left", "foot_left_geom")),
            "difference",
            planar=True,
            steps_per_stride=2,
            right=(0,),
            left=(1,),
        ),
        "Hopper": Anatomy(
            (Leg("leg", "thigh", ("thigh", "leg", "foot"), ("foot_geom",)),),
            "height",
            planar=True,
            steps_per_stride=1,
        ),
        "HalfCheetah": Anatomy(
            (_cheetah_leg("back", "bfoot"), _cheetah_leg("front", "ffoot")), "first", planar=True
        ),
        "Ant": Anatomy(
            (
                _ant_leg(1, "front left", "left_ankle_geom"),
                _ant_leg(2, "front right", "right_ankle_geom"),
                _ant_leg(3, "back left", "third_ankle_geom"),
                _ant_leg(4, "back right", "fourth_ankle_geom"),
            ),
            "principal",
            planar=False,
            right=(1, 3),
            left=(0, 2),
        ),
        "Humanoid": Anatomy(
            (_human_leg("right"), _human_leg("left")),
            "difference",
            planar=False,
            steps_per_stride=2,
            right=(0,),
            left=(1,),
        ),
        "BipedalWalker": Anatomy(
            (_box_leg(1), _box_leg(2)),
            "difference",
            planar=True,
            steps_per_stride=2,
            right=(0,),
            left=(1,),
            torso="hull",
        ),
    }
)
"""Environment name without its version -> anatomy."""

BOX2D_VELOCITY = MappingProxyType(
    {"horizontal velocity": 50 / (0.3 * 600 / 30), "vertical velocity": 50 / (0.3 * 400 / 30)}
)
"""Metres per second for one unit of BipedalWalker's scaled velocities: FPS / (0.3 · viewport / SCALE)."""


def anatomy_of(env_id: str) -> Anatomy | None:
    """The anatomy of a walking environment, None for any other."""
    return ANATOMIES.get(env_id.partition("-")[0])
