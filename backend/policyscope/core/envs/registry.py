"""The allow-list, looked up by id, and the only place that builds a gymnasium environment."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol

import gymnasium as gym

from policyscope.core.envs import hard_stable
from policyscope.core.envs.catalog import catalog
from policyscope.core.envs.info import EnvInfo
from policyscope.core.errors import InvalidInput, ShapeMismatch

_OWN = {"hard_stable": "policyscope.core.envs.hard_stable:HardStableEnv"}


class HasShape(Protocol):
    """What ``check_fit`` needs of a policy's spec."""

    @property
    def obs_dim(self) -> int: ...
    @property
    def act_dim(self) -> int: ...


@cache
def _by_id() -> dict[str, EnvInfo]:
    return {name: info for info in list_envs() for name in (info.id, *info.aliases)}


def list_envs() -> tuple[EnvInfo, ...]:
    """Every environment that can be run, in display order. Builds none of them."""
    return catalog()


def get_env(env_id: str) -> EnvInfo:
    """The environment called ``env_id`` (or by an alias). Raises InvalidInput naming the allowed ids."""
    info = _by_id().get(env_id)
    if info is None:
        allowed = ", ".join(info.id for info in list_envs())
        raise InvalidInput(
            f"There is no environment called {env_id!r}. Allowed: {allowed}.",
            fields={"env": f"{env_id!r} is not an allowed environment."},
        )
    return info


def make_env(env_id: str, render_mode: str | None = None, **kwargs: Any) -> gym.Env[Any, Any]:
    """Build an allow-listed environment with its own time limit; ``kwargs`` go to its constructor.

    Raises InvalidInput for any other id (gymnasium itself would import any module named in an id).
    """
    info = get_env(env_id)
    register()
    # the spec itself rather than its name: no warning that -v4 has a successor
    spec = gym.registry[info.id]
    with warnings.catch_warnings(), _quiet_model_compiler(info.renderer == "mujoco"):
        # Box2D's bindings warn while they load, and crash the interpreter where warnings are errors
        warnings.simplefilter("ignore", DeprecationWarning)
        return gym.make(spec, render_mode=render_mode, disable_env_checker=True, **kwargs)


@contextmanager
def _quiet_model_compiler(active: bool) -> Iterator[None]:
    """Keep MuJoCo from logging, to stderr and a file, that a bundled model uses an old attribute."""
    if not active:
        yield
        return
    import mujoco

    def hear(message: str) -> None:
        if "is deprecated" not in message:
            warnings.warn(message, RuntimeWarning, stacklevel=2)

    previous = mujoco.get_mju_user_warning()
    mujoco.set_mju_user_warning(hear)
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(previous)


def register() -> None:
    """Make our own environments known to gymnasium under their id and aliases; may be called again."""
    for env_id, entry_point in _OWN.items():
        info = get_env(env_id)
        for name in (info.id, *info.aliases):
            if name not in gym.registry:
                gym.register(name, entry_point=entry_point, max_episode_steps=info.max_episode_steps)


def fitting_envs(obs_dim: int, act_dim: int) -> tuple[EnvInfo, ...]:
    """The environments whose sizes are these."""
    return tuple(info for info in list_envs() if (info.obs_dim, info.act_dim) == (obs_dim, act_dim))


def check_fit(spec: HasShape, info: EnvInfo) -> None:
    """Raise ShapeMismatch, saying both shapes and what would fit, unless the policy fits the environment."""
    if (spec.obs_dim, spec.act_dim) == (info.obs_dim, info.act_dim):
        return
    fitting = [other.id for other in fitting_envs(spec.obs_dim, spec.act_dim)]
    raise ShapeMismatch(
        f"The policy maps {spec.obs_dim} observations to {spec.act_dim} actions, but {info.id} has "
        f"{info.obs_dim} observations and {info.act_dim} {_actions(info)}. "
        + (f"It fits {', '.join(fitting)}." if fitting else "It fits none of the environments known here."),
        fields={"env": f"{info.id} needs a policy of shape {info.obs_dim} → {info.act_dim}."},
    )


def _actions(info: EnvInfo) -> str:
    return "actions" if info.action_kind == "continuous" else "discrete actions (one output each)"


HARD_STABLE = hard_stable.ENV_ID
