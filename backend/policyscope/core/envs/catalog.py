"""The allow-list: every environment policyscope runs, as data. Checked against the real ones by test."""

from __future__ import annotations

import math
from functools import cache

from policyscope.core.envs import mujoco_channels as mj
from policyscope.core.envs.info import Channel, EnvInfo, FallRule
from policyscope.core.envs.mujoco_channels import vector

Bound = tuple[str, str, float | None]  # name, unit, limit of |value|


def _mujoco(
    name: str,
    channels: tuple[tuple[Channel, ...], tuple[Channel, ...]],
    dt: float,
    fall_rule: FallRule,
    steps: int = 1000,
) -> EnvInfo:
    title = f"{name.removesuffix('-v4').removesuffix('-v5')} (MuJoCo, {name[-2:]})"
    return EnvInfo(
        name,
        title,
        *channels,
        "continuous",
        steps,
        dt,
        terminates=fall_rule == "terminated",
        fall_rule=fall_rule,
    )


def _walkers(version: int) -> list[EnvInfo]:
    walker = (mj.planar(mj.WALKER_JOINTS), mj.torques(mj.WALKER_JOINTS, [100] * 6, 1.0))
    hopper = (mj.planar(mj.HOPPER_JOINTS), mj.torques(mj.HOPPER_JOINTS, [200] * 3, 1.0))
    cheetah = (mj.planar(mj.CHEETAH_JOINTS), mj.torques(mj.CHEETAH_JOINTS, [120, 90, 60, 120, 60, 30], 1.0))
    ant = (mj.ant(contact_forces=version == 5), mj.torques(mj.ANT_ACTIONS, [150] * 8, 1.0))
    humanoid = (mj.humanoid(world_and_root=version == 4), mj.humanoid_actions())
    swimmer = (mj.swimmer(), mj.torques(("front joint", "back joint"), [150] * 2, 1.0))
    return [
        _mujoco(f"Walker2d-v{version}", walker, 0.008, "terminated"),
        _mujoco(f"HalfCheetah-v{version}", cheetah, 0.05, "pitch"),
        _mujoco(f"Hopper-v{version}", hopper, 0.008, "terminated"),
        _mujoco(f"Ant-v{version}", ant, 0.05, "terminated"),
        _mujoco(f"Swimmer-v{version}", swimmer, 0.04, "none"),
        _mujoco(f"Humanoid-v{version}", humanoid, 0.015, "terminated"),
        _mujoco(f"HumanoidStandup-v{version}", humanoid, 0.015, "none"),
    ]


def _arms_and_poles(version: int) -> list[EnvInfo]:
    cart = ("cart",)
    pole = (mj.inverted_pendulum(), mj.torques(cart, [100], 3.0, "N"))
    double = (mj.inverted_double_pendulum(1 if version == 5 else 3), mj.torques(cart, [500], 1.0, "N"))
    reacher = (mj.reacher(with_z=version == 4), mj.torques(("shoulder", "elbow"), [200] * 2, 1.0))
    entries = [
        _mujoco(f"InvertedPendulum-v{version}", pole, 0.04, "terminated"),
        _mujoco(f"InvertedDoublePendulum-v{version}", double, 0.05, "terminated"),
        _mujoco(f"Reacher-v{version}", reacher, 0.02, "none", steps=50),
    ]
    if version == 5:  # gymnasium refuses Pusher-v4 with MuJoCo 3 and later
        pusher = (mj.pusher(), mj.torques(mj.PUSHER_JOINTS, [1] * 7, 2.0))
        entries.append(_mujoco("Pusher-v5", pusher, 0.05, "none", steps=100))
    return entries


def _bounded(rows: list[Bound]) -> tuple[Channel, ...]:
    """Channels with symmetric bounds ±limit."""
    return tuple(
        Channel(index, name, unit, None if limit is None else -limit, limit)
        for index, (name, unit, limit) in enumerate(rows)
    )


def _choices(*names: str) -> tuple[Channel, ...]:
    return tuple(Channel(index, name, "choice") for index, name in enumerate(names))


def _bipedal_walker() -> EnvInfo:
    rows: list[Bound] = [
        ("hull angle", "rad", math.pi),
        ("hull angular velocity", "scaled", 5.0),
    ]
    rows += [("horizontal velocity", "scaled", 5.0), ("vertical velocity", "scaled", 5.0)]
    lower: dict[int, float] = {}
    for leg in ("leg 1", "leg 2"):
        rows += [(f"{leg} hip angle", "rad", math.pi), (f"{leg} hip speed", "scaled", 5.0)]
        rows += [(f"{leg} knee angle + 1", "rad", math.pi), (f"{leg} knee speed", "scaled", 5.0)]
        lower[len(rows)] = 0.0
        rows.append((f"{leg} ground contact", "0 or 1", 5.0))
    rows += [(f"lidar {ray}", "fraction of range", 1.0) for ray in range(10)]
    actions = _bounded(
        [(f"{leg} {joint} torque", "×80 N·m", 1.0) for leg in ("leg 1", "leg 2") for joint in ("hip", "knee")]
    )
    return EnvInfo(
        "BipedalWalker-v3",
        "BipedalWalker (Box2D)",
        tuple(Channel(c.index, c.name, c.unit, lower.get(c.index, c.low), c.high) for c in _bounded(rows)),
        actions,
        "continuous",
        1600,
        0.02,
        terminates=True,
        fall_rule="crash_reward",
        renderer="pygame",
    )


def _lander(env_id: str, continuous: bool) -> EnvInfo:
    rows: list[Bound] = [("horizontal position", "half screens", 2.5)]
    rows += [("height above the pad", "half screens", 2.5)]
    rows += [("horizontal velocity", "scaled", 10.0), ("vertical velocity", "scaled", 10.0)]
    rows += [("angle", "rad", 2 * math.pi), ("angular velocity", "scaled", 10.0)]
    legs = tuple(
        Channel(6 + i, f"{side} leg contact", "0 or 1", 0.0, 1.0) for i, side in enumerate(("left", "right"))
    )
    engines = _bounded([("main engine throttle", "1", 1.0), ("side engines throttle", "1", 1.0)])
    return EnvInfo(
        env_id,
        f"LunarLander, {'continuous' if continuous else 'discrete'} (Box2D)",
        (*_bounded(rows), *legs),
        engines if continuous else _choices("no engine", "left engine", "main engine", "right engine"),
        "continuous" if continuous else "discrete",
        1000,
        0.02,
        terminates=True,
        fall_rule="crash_reward",
        renderer="pygame",
    )


def _classic() -> list[EnvInfo]:
    cart: list[Bound] = [("cart position", "m", 4.8), ("cart velocity", "m/s", None)]
    pole: list[Bound] = [("pole angle", "rad", 0.41887902), ("pole angular velocity", "rad/s", None)]
    swing: list[Bound] = [
        ("angle cosine", "1", 1.0),
        ("angle sine", "1", 1.0),
        ("angular velocity", "rad/s", 8.0),
    ]
    cartpole = EnvInfo(
        "CartPole-v1",
        "CartPole (classic control)",
        _bounded([*cart, *pole]),
        _choices("push left", "push right"),
        "discrete",
        500,
        0.02,
        terminates=True,
        fall_rule="terminated",
        renderer="pygame",
    )
    pendulum = EnvInfo(
        "Pendulum-v1",
        "Pendulum (classic control)",
        _bounded(swing),
        _bounded([("torque", "N·m", 2.0)]),
        "continuous",
        200,
        0.05,
        terminates=False,
        fall_rule="none",
        renderer="pygame",
    )
    return [cartpole, pendulum]


def _hard_stable() -> EnvInfo:
    rows = [*vector("x", "1", "12"), *vector("y", "1", "1234")]
    inputs = [
        *vector("u", "1", "12"),
        *[(f"u {index} (acts only through its size)", "1") for index in (3, 4, 5, 6)],
    ]
    return EnvInfo(
        "hard_stable",
        "hard_stable (a stable system that is hard to imitate)",
        mj.channels(rows),
        mj.channels(inputs),
        "continuous",
        300,
        None,
        terminates=False,
        fall_rule="none",
        renderer="drawing",
        aliases=("policyscope/HardStable-v0",),
    )


@cache
def catalog() -> tuple[EnvInfo, ...]:
    """Every entry, newest versions first."""
    entries = [_hard_stable()]
    for version in (5, 4):
        entries += _walkers(version) + _arms_and_poles(version)
    lunar = [_lander("LunarLander-v3", False), _lander("LunarLanderContinuous-v3", True)]
    return tuple([*entries, _bipedal_walker(), *lunar, *_classic()])
