"""Names and units of the gymnasium MuJoCo family's observations and actions, in their order.

Sources: the environments' own tables and model files; orders are checked against them by test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from policyscope.core.envs.info import Channel

Named = tuple[str, str]  # name, unit

WALKER_JOINTS = ("right thigh", "right leg", "right foot", "left thigh", "left leg", "left foot")
HOPPER_JOINTS = ("thigh", "leg", "foot")
CHEETAH_JOINTS = ("back thigh", "back shin", "back foot", "front thigh", "front shin", "front foot")
ANT_JOINTS = tuple(f"{joint} {leg}" for leg in (1, 2, 3, 4) for joint in ("hip", "ankle"))
ANT_ACTIONS = tuple(f"{joint} {leg}" for leg in (4, 1, 2, 3) for joint in ("hip", "ankle"))
ANT_LEGS = ("front left", "front right", "back left", "back right")
ANT_BODIES = ("torso", *(f"{leg} {part}" for leg in ANT_LEGS for part in ("base", "upper leg", "lower leg")))
HUMANOID_JOINTS = (
    *("abdomen z", "abdomen y", "abdomen x"),
    *(f"{side} {joint}" for side in ("right", "left") for joint in ("hip x", "hip z", "hip y", "knee")),
    *(f"{side} {joint}" for side in ("right", "left") for joint in ("shoulder 1", "shoulder 2", "elbow")),
)
HUMANOID_BODIES = (
    *("torso", "lower waist", "pelvis"),
    *(f"{side} {part}" for side in ("right", "left") for part in ("thigh", "shin", "foot")),
    *(f"{side} {part}" for side in ("right", "left") for part in ("upper arm", "lower arm")),
)
HUMANOID_GEARS = (100, 100, 100, *(100, 100, 300, 200) * 2, *(25, 25, 25) * 2)
PUSHER_JOINTS = (
    *("shoulder pan", "shoulder lift", "upper arm roll", "elbow flex"),
    *("forearm roll", "wrist flex", "wrist roll"),
)
INERTIA = (("Ixx", "Iyy", "Izz", "Ixy", "Ixz", "Iyz"), ("m·dx", "m·dy", "m·dz"))


def angles(joints: Iterable[str]) -> list[Named]:
    return [(f"{joint} angle", "rad") for joint in joints]


def rates(joints: Iterable[str]) -> list[Named]:
    return [(f"{joint} angular velocity", "rad/s") for joint in joints]


def vector(name: str, unit: str, axes: str = "xyz") -> list[Named]:
    return [(f"{name} {axis}", unit) for axis in axes]


def channels(names: Sequence[Named]) -> tuple[Channel, ...]:
    return tuple(Channel(index, name, unit) for index, (name, unit) in enumerate(names))


def torques(
    joints: Sequence[str], gears: Sequence[int], bound: float, unit: str = "N·m"
) -> tuple[Channel, ...]:
    """Motor commands: the control within ±bound times the motor's gear is the torque (or force)."""
    kind = "torque" if unit == "N·m" else "force"
    return tuple(
        Channel(index, f"{joint} {kind}", unit if gear == 1 else f"×{gear} {unit}", -bound, bound)
        for index, (joint, gear) in enumerate(zip(joints, gears, strict=True))
    )


def planar(joints: Sequence[str]) -> tuple[Channel, ...]:
    """Walker2d, Hopper, HalfCheetah: x left out, then heights, angles and their velocities."""
    names = [("torso height", "m"), ("torso pitch", "rad"), *angles(joints)]
    names += [("forward velocity", "m/s"), ("vertical velocity", "m/s"), ("torso pitch rate", "rad/s")]
    return channels([*names, *rates(joints)])


def _base() -> tuple[list[Named], list[Named]]:
    position = [("torso height", "m"), *vector("torso orientation quaternion", "1", "wxyz")]
    return position, [*vector("torso velocity", "m/s"), *vector("torso angular velocity", "rad/s")]


def _wrenches(bodies: Iterable[str]) -> list[Named]:
    """External contact force on each body; MuJoCo's spatial vectors have the rotation first."""
    return [
        channel
        for body in bodies
        for channel in (*vector(f"{body} contact torque", "N·m"), *vector(f"{body} contact force", "N"))
    ]


def ant(contact_forces: bool) -> tuple[Channel, ...]:
    position, velocity = _base()
    names = [*position, *angles(ANT_JOINTS), *velocity, *rates(ANT_JOINTS)]
    return channels([*names, *(_wrenches(ANT_BODIES) if contact_forces else ())])


def humanoid(world_and_root: bool) -> tuple[Channel, ...]:
    """``world_and_root``: v4 also lists the world body and the six unactuated degrees of freedom."""
    bodies = ("world", *HUMANOID_BODIES) if world_and_root else HUMANOID_BODIES
    position, velocity = _base()
    names = [*position, *angles(HUMANOID_JOINTS), *velocity, *rates(HUMANOID_JOINTS)]
    for body in bodies:
        names += [(f"{body} inertia {part}", "kg·m²") for part in INERTIA[0]]
        names += [(f"{body} inertia {part}", "kg·m") for part in INERTIA[1]] + [(f"{body} mass", "kg")]
    for body in bodies:
        names += vector(f"{body} spatial velocity: rotation", "rad/s")
        names += vector(f"{body} spatial velocity: translation", "m/s")
    if world_and_root:
        names += vector("root actuator force", "N") + vector("root actuator torque", "N·m")
    names += [(f"{joint} actuator torque", "N·m") for joint in HUMANOID_JOINTS]
    return channels([*names, *_wrenches(bodies)])


def humanoid_actions() -> tuple[Channel, ...]:
    swapped = ("abdomen y", "abdomen z", *HUMANOID_JOINTS[2:])
    return torques(swapped, HUMANOID_GEARS, 0.4)


def swimmer() -> tuple[Channel, ...]:
    joints = ("front joint", "back joint")
    names = [("front tip angle", "rad"), *angles(joints), *vector("front tip velocity", "m/s", "xy")]
    return channels([*names, ("front tip angular velocity", "rad/s"), *rates(joints)])


def inverted_pendulum() -> tuple[Channel, ...]:
    names = [("cart position", "m"), ("pole angle", "rad")]
    return channels([*names, ("cart velocity", "m/s"), ("pole angular velocity", "rad/s")])


def inverted_double_pendulum(constraint_forces: int) -> tuple[Channel, ...]:
    poles = ("lower pole", "upper pole")
    names = [("cart position", "m"), *[(f"{pole} angle sine", "1") for pole in poles]]
    names += [(f"{pole} angle cosine", "1") for pole in poles]
    names += [("cart velocity", "m/s"), *rates(poles)]
    constraints = [("cart constraint force", "N"), *[(f"{pole} constraint torque", "N·m") for pole in poles]]
    return channels(names + constraints[:constraint_forces])


def reacher(with_z: bool) -> tuple[Channel, ...]:
    joints = ("shoulder", "elbow")
    names = [(f"{joint} angle cosine", "1") for joint in joints]
    names += [(f"{joint} angle sine", "1") for joint in joints]
    names += [*vector("target position", "m", "xy"), *rates(joints)]
    return channels([*names, *vector("fingertip minus target", "m", "xyz" if with_z else "xy")])


def pusher() -> tuple[Channel, ...]:
    names = [*angles(PUSHER_JOINTS), *rates(PUSHER_JOINTS)]
    for what in ("fingertip", "object", "goal"):
        names += vector(f"{what} position", "m")
    return channels(names)
