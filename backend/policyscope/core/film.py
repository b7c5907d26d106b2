"""Pictures of recorded episodes side by side, with labels and signals drawn in: the frames of a video.

Shadows and reflections are off unless asked for: in software they take most of the time of a frame.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from policyscope.core.envs import HARD_STABLE, get_env, make_env
from policyscope.core.envs.bodies import has_body
from policyscope.core.envs.portrait import draw_phase_portrait

Picture = NDArray[np.uint8]
Array = NDArray[Any]

FPS = 30
STEPS_PER_SECOND = 30  # of environments without physical time
SHADOW_MAP = 1024
PAPER, INK, FAINT, GRID = (250, 250, 248), (27, 29, 32), (102, 108, 116), (214, 214, 208)


@dataclass(frozen=True, eq=False)
class Pane:
    """One arm of one seed. ``trace`` as recorded; ``colour``: RGB of the arm; ``fell``: at its last step."""

    name: str
    colour: tuple[int, int, int]
    trace: dict[str, Array]
    fell: bool

    @property
    def steps(self) -> int:
        return len(self.trace["rewards"])


@dataclass(frozen=True, eq=False)
class Film:
    """What to show. ``size``: pixels of a pane's side; ``speed``: 1 is real time."""

    env_id: str
    seed: int
    panes: Sequence[Pane]
    size: int = 480
    speed: float = 1.0
    shadows: bool = False
    feature: int | None = None

    @property
    def dt(self) -> float:
        """Seconds per step."""
        return get_env(self.env_id).dt or 1 / STEPS_PER_SECOND

    @property
    def steps(self) -> NDArray[np.int64]:
        """The step that each frame shows."""
        last = max(pane.steps for pane in self.panes) - 1
        frames = 1 + int(last * self.dt * FPS / self.speed)
        return np.minimum(last, np.round(np.arange(frames) * self.speed / (FPS * self.dt))).astype(np.int64)


def frames(film: Film) -> Iterator[Picture]:
    """The frames in order, each ``[height, panes * size, 3]`` with even sides.

    Raises whatever the renderer raises where pictures cannot be made; ask ``EnvInfo.render_note`` first.
    """
    cameras = [_camera(film, pane) for pane in film.panes]
    sheet = _Sheet(film)
    try:
        for step in film.steps.tolist():
            pictures = [
                camera(min(step, pane.steps - 1)) for camera, pane in zip(cameras, film.panes, strict=True)
            ]
            yield sheet.compose(step, pictures)
    finally:
        for camera in cameras:
            camera.close()


class _Camera(Protocol):
    def __call__(self, step: int) -> Picture:
        """The environment at ``step``; steps are asked for in ascending order."""

    def close(self) -> None: ...


def _camera(film: Film, pane: Pane) -> _Camera:
    if film.env_id == HARD_STABLE:
        return _Portrait(film, pane)
    if has_body(get_env(film.env_id).id):
        return _Bodies(film, pane)
    return _Restepped(film, pane)


class _Bodies:
    """A MuJoCo model put into the recorded positions; nothing is simulated again."""

    def __init__(self, film: Film, pane: Pane) -> None:
        import mujoco

        env = make_env(film.env_id)
        try:
            model = copy.copy(env.unwrapped.model)  # type: ignore[attr-defined]
        finally:
            env.close()
        model.vis.quality.shadowsize, model.vis.quality.offsamples = SHADOW_MAP, 0
        model.vis.global_.offwidth = model.vis.global_.offheight = film.size
        self._mujoco, self._model, self._data = mujoco, model, mujoco.MjData(model)
        self._renderer = mujoco.Renderer(model, film.size, film.size)
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = film.shadows
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = film.shadows
        cameras = [model.camera(index).name for index in range(model.ncam)]
        self._view = "track" if "track" in cameras else -1
        self._qpos = pane.trace["state"][:, : model.nq]

    def __call__(self, step: int) -> Picture:
        mujoco, data = self._mujoco, self._data
        data.qpos[:] = self._qpos[step]
        mujoco.mj_kinematics(self._model, data)
        mujoco.mj_comPos(self._model, data)
        mujoco.mj_camlight(self._model, data)
        self._renderer.update_scene(data, camera=self._view)
        picture: Picture = self._renderer.render()
        return picture

    def close(self) -> None:
        self._renderer.close()


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


class _Sheet:
    """The layout: a heading per pane, the pictures, and below each its feature and its actions over time."""

    def __init__(self, film: Film) -> None:
        self.film = film
        self.head, self.foot = _even(film.size * 0.13), _even(film.size * 0.17)
        self.margin = max(4, film.size // 40)
        self.width = _even(film.size * len(film.panes))
        self._returns = [np.cumsum(pane.trace["rewards"]) for pane in film.panes]
        self._plain = self._background()

    def compose(self, step: int, pictures: Sequence[Picture]) -> Picture:
        image = self._plain.copy()
        draw = ImageDraw.Draw(image)
        for index, (pane, picture) in enumerate(zip(self.film.panes, pictures, strict=True)):
            left, shown = index * self.film.size, min(step, pane.steps - 1)
            image.paste(Image.fromarray(picture), (left, self.head))
            self._heading(draw, left, pane, shown, float(self._returns[index][shown]), step >= pane.steps)
            self._bars(draw, left, pane.trace["actions"][shown])
            cursor = self._x(left, shown)
            top = self.head + self.film.size
            draw.line([(cursor, top + 2), (cursor, top + self.foot - 2)], fill=INK, width=1)
        return np.asarray(image)

    def _heading(
        self, draw: ImageDraw.ImageDraw, left: int, pane: Pane, step: int, total: float, over: bool
    ) -> None:
        large, small = _font(self.film.size // 22), _font(self.film.size // 30)
        x, y = left + self.margin, self.margin
        draw.text((x, y), pane.name, font=large, fill=pane.colour)
        end = "  fell" if over and pane.fell else ""
        text = f"return {total:,.0f}   {step * self.film.dt:.2f} s{end}"
        draw.text((x, y + self.film.size // 16), text, font=small, fill=FAINT)

    def _bars(self, draw: ImageDraw.ImageDraw, left: int, actions: Array) -> None:
        """One bar per action, from the middle up for positive, in the lower right corner of the picture."""
        values = np.atleast_1d(actions)
        if values.size < 2:
            return
        wide, tall = max(3, self.film.size // 60), self.film.size // 12
        right = left + self.film.size - self.margin
        middle = self.head + self.film.size - self.margin - tall
        box = [right - values.size * (wide + 2) - 5, middle - tall - 4, right + 4, middle + tall + 4]
        draw.rounded_rectangle(box, radius=4, fill=PAPER)
        for index, value in enumerate(np.clip(values, -1, 1)[::-1].tolist()):
            x = right - (index + 1) * (wide + 2)
            low, high = sorted((middle, middle - int(value * tall)))
            draw.rectangle([x, low, x + wide, high], fill=INK)

    def _background(self) -> Image.Image:
        image = Image.new("RGB", (self.width, self.head + self.film.size + self.foot), PAPER)
        draw = ImageDraw.Draw(image)
        most = max((float(np.abs(self._signal(pane)).max()) for pane in self.film.panes), default=0.0) or 1.0
        for index, pane in enumerate(self.film.panes):
            left, base = index * self.film.size, self.head + self.film.size + self.foot - self.margin
            draw.line([(left + self.margin, base), (left + self.film.size - self.margin, base)], fill=GRID)
            tall = self.foot - 2 * self.margin
            points = [
                (self._x(left, step), base - tall * value / most)
                for step, value in enumerate(self._signal(pane).tolist())
            ]
            if len(points) > 1:
                draw.line(points, fill=pane.colour, width=max(1, self.film.size // 240))
            label = f"feature {self.film.feature}" if self.film.feature is not None else "reward"
            spot = (left + self.margin, self.head + self.film.size + 2)
            draw.text(spot, label, font=_font(self.film.size // 36), fill=FAINT)
        return image

    def _signal(self, pane: Pane) -> Array:
        """The steered feature, or the reward where nothing is steered."""
        if self.film.feature is None:
            return np.maximum(pane.trace["rewards"], 0)
        features: Array = pane.trace["features"][:, 0]
        return features

    def _x(self, left: int, step: int) -> float:
        last = max(pane.steps for pane in self.film.panes) - 1
        return left + self.margin + (self.film.size - 2 * self.margin) * step / max(1, last)


def _even(pixels: float) -> int:
    """H.264 halves the colour planes, so sides must be even."""
    return 2 * round(pixels / 2)


@cache
def _font(size: int) -> Any:
    """pygame's font, which comes with gymnasium's drawings and knows α and the minus sign."""
    file = resources.files("pygame") / "freesansbold.ttf"
    return ImageFont.truetype(str(file), max(9, size))
