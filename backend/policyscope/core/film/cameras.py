"""What looks at one arm: recorded steps as pictures.

Shadows and reflections are off unless asked for: in software they take most of the time of a frame.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np
from PIL import Image

from policyscope.core.envs import HARD_STABLE, get_env, make_env
from policyscope.core.envs.bodies import has_body
from policyscope.core.envs.portrait import draw_phase_portrait
from policyscope.core.film.plan import PAPER, Array, Film, Pane, Picture

SHADOW_MAP = 1024
FACETS = 12  # around a capsule; MuJoCo's 28 look the same at these sizes and take a tenth longer


def open_cameras(film: Film) -> list[Camera]:
    """One per pane. They show an episode's last step for as long as the others go on."""
    make: Callable[[Pane], Camera]
    if film.env_id == HARD_STABLE:
        make = partial(_Portrait, film)
    elif has_body(get_env(film.env_id).id):
        make = partial(_Bodies, _Studio(film))
    else:
        make = partial(_Restepped, film)
    return [_Still(make(pane), pane.steps - 1) for pane in film.panes]


class Camera(Protocol):
    def __call__(self, step: int) -> Picture:
        """The environment at ``step``; steps are asked for in ascending order."""

    def close(self) -> None: ...


class _Still:
    """Draws no picture twice: where an episode has ended, and where a video is slower than the steps."""

    def __init__(self, camera: Camera, last: int) -> None:
        self._camera, self._last = camera, last
        self._shown: tuple[int, Picture] | None = None

    def __call__(self, step: int) -> Picture:
        step = min(step, self._last)
        if self._shown is None or self._shown[0] != step:
            self._shown = step, self._camera(step)
        return self._shown[1]

    def close(self) -> None:
        self._camera.close()


class _Studio:
    """The MuJoCo model of a film and the one renderer that draws all of its panes."""

    def __init__(self, film: Film) -> None:
        import mujoco

        env = make_env(film.env_id)
        try:
            model = copy.copy(env.unwrapped.model)  # type: ignore[attr-defined]
        finally:
            env.close()
        quality = model.vis.quality
        quality.shadowsize, quality.offsamples = SHADOW_MAP, 0
        quality.numslices, quality.numstacks, quality.numquads = FACETS, FACETS // 2, 1
        model.vis.global_.offwidth = model.vis.global_.offheight = film.size
        self._mujoco, self._model, self._data = mujoco, model, mujoco.MjData(model)
        self._renderer = mujoco.Renderer(model, film.size, film.size)
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = film.shadows
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = film.shadows
        cameras = [model.camera(index).name for index in range(model.ncam)]
        self._view = "track" if "track" in cameras else -1

    def picture(self, state: Array) -> Picture:
        """The model put into the joint positions that ``state`` begins with; nothing is simulated again."""
        mujoco, data = self._mujoco, self._data
        data.qpos[:] = state[: self._model.nq]
        mujoco.mj_kinematics(self._model, data)
        mujoco.mj_comPos(self._model, data)
        mujoco.mj_camlight(self._model, data)
        self._renderer.update_scene(data, camera=self._view)
        picture: Picture = self._renderer.render()
        return picture

    def close(self) -> None:
        self._renderer.close()


class _Bodies:
    """One arm in the studio."""

    def __init__(self, studio: _Studio, pane: Pane) -> None:
        self._studio, self._states = studio, pane.trace["state"]

    def __call__(self, step: int) -> Picture:
        return self._studio.picture(self._states[step])

    def close(self) -> None:
        self._studio.close()


class _Portrait:
    """hard_stable: the path so far."""

    def __init__(self, film: Film, pane: Pane) -> None:
        self._trace, self._size = pane.trace, film.size
        reach = max(1.0, max(float(np.abs(other.trace["state"]).max()) for other in film.panes))
        self._extent = float(2.0 ** np.ceil(np.log2(reach)))

    def __call__(self, step: int) -> Picture:
        trail, action = self._trace["state"][: step + 1], self._trace["actions"][step]
        return draw_phase_portrait(trail, action, self._size, self._extent)

    def close(self) -> None:
        """Nothing to release."""


class _Restepped:
    """Box2D and classic control cannot be put into a state: the recorded actions are played once more."""

    def __init__(self, film: Film, pane: Pane) -> None:
        info = get_env(film.env_id)
        self._env = make_env(info.id, render_mode="rgb_array", max_episode_steps=-1)
        self._env.reset(seed=film.seed)
        self._actions = pane.trace["actions"]
        self._discrete, self._size, self._step = info.action_kind == "discrete", film.size, 0

    def __call__(self, step: int) -> Picture:
        while self._step < step:
            action = self._actions[self._step]
            self._env.step(int(action) if self._discrete else action)
            self._step += 1
        return _square(np.asarray(self._env.render()), self._size)

    def close(self) -> None:
        self._env.close()


def _square(picture: Picture, size: int) -> Picture:
    """Fitted into a square, the rest in paper."""
    image = Image.fromarray(picture)
    image.thumbnail((size, size))
    sheet = Image.new("RGB", (size, size), PAPER)
    sheet.paste(image, ((size - image.width) // 2, (size - image.height) // 2))
    return np.asarray(sheet)
