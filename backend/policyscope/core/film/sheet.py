"""The layout of a frame: a heading per pane, the pictures, and below each its feature over time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from policyscope.core.envs import get_env
from policyscope.core.film.plan import FAINT, GRID, INK, PAPER, Array, Film, Pane, Picture

BOX_EDGE = 5


class Sheet:
    """Only what changes from frame to frame is drawn anew: text and bars on small pictures of their own."""

    def __init__(self, film: Film) -> None:
        self.film = film
        self.head, self.foot = film.head, film.foot
        self.margin = max(4, film.size // 40)
        self._returns = [np.cumsum(pane.trace["rewards"]) for pane in film.panes]
        self.bars, self._bar, self._reach = _bar_heights(film), max(3, film.size // 60), film.size // 12
        self._box = self._empty_box()
        self._plain = np.asarray(self._background())

    def compose(self, step: int, pictures: Sequence[Picture]) -> Picture:
        """The frame of ``step`` from one picture per pane."""
        page = self._plain.copy()
        below = self.head + self.film.size
        for index, (pane, picture) in enumerate(zip(self.film.panes, pictures, strict=True)):
            left, shown = index * self.film.size, min(step, pane.steps - 1)
            page[self.head : below, left : left + self.film.size] = picture
            total = float(self._returns[index][shown])
            self._draw_clock(page, left, shown, total, fell=step >= pane.steps and pane.fell)
            self._draw_bars(page, left, self.bars[index][shown])
            page[below + 2 : below + self.foot - 1, round(self._x(left, shown))] = INK
        return page

    def _draw_clock(self, page: Picture, left: int, step: int, total: float, *, fell: bool) -> None:
        top, left, right = self.margin + self.film.size // 16, left + self.margin, left + self.film.size
        text = f"return {total:,.0f}   {step * self.film.dt:.2f} s{'  fell' if fell else ''}"
        line = np.concatenate([_glyph(letter, self.film.size // 30) for letter in text], axis=1)
        line = line[: self.head - top, : right - left]
        page[top : top + line.shape[0], left : left + line.shape[1]] = line

    def _draw_bars(self, page: Picture, left: int, heights: Array) -> None:
        """One bar per action, from the middle up for positive, in the lower right corner of the picture."""
        tall, width = self._box.shape[:2]
        top = self.head + self.film.size - self.margin - tall
        start = left + self.film.size - self.margin - width
        page[top : top + tall, start : start + width] = self._box
        middle = top + tall - BOX_EDGE - self._reach
        start += (width - heights.size * (self._bar + 2) + 2) // 2
        for x, height in enumerate(heights.tolist()):
            low, high = sorted((middle, middle - round(height * self._reach)))
            bar = start + x * (self._bar + 2)
            page[low : high + 1, bar : bar + self._bar] = INK

    def _empty_box(self) -> Picture:
        """What the bars stand on."""
        size, font = self.film.size, _font(self.film.size // 40)
        bars = self.bars[0].shape[1] * (self._bar + 2)
        width = max(bars, int(font.getlength("action"))) + 2 * BOX_EDGE
        image = Image.new("RGB", (width, 2 * self._reach + size // 24 + 2 * BOX_EDGE), PAPER)
        draw = ImageDraw.Draw(image)
        draw.text((BOX_EDGE, BOX_EDGE // 2), "action", font=font, fill=FAINT)
        middle = image.height - BOX_EDGE - self._reach
        draw.line([(BOX_EDGE, middle), (width - BOX_EDGE, middle)], fill=GRID)
        return np.asarray(image)

    def _background(self) -> Image.Image:
        size, below = self.film.size, self.head + self.film.size
        image = Image.new("RGB", (self.film.shape[1], self.film.shape[0]), PAPER)
        draw = ImageDraw.Draw(image)
        most = max((float(np.abs(self._signal(pane)).max()) for pane in self.film.panes), default=0.0) or 1.0
        label = f"feature {self.film.feature}" if self.film.feature is not None else "reward"
        small = _font(size // 36)
        tall = self.foot - self.margin - small.size - 6  # below the label
        for index, pane in enumerate(self.film.panes):
            left, base = index * size, below + self.foot - self.margin
            name, font = _fitted(pane.name, size, size - 2 * self.margin)
            draw.text((left + self.margin, self.margin), name, font=font, fill=pane.colour)
            draw.line([(left + self.margin, base), (left + size - self.margin, base)], fill=GRID)
            points = [
                (self._x(left, step), base - tall * value / most)
                for step, value in enumerate(self._signal(pane).tolist())
            ]
            if len(points) > 1:
                draw.line(points, fill=pane.colour, width=max(1, size // 240))
            draw.text((left + self.margin, below + 2), label, font=small, fill=FAINT)
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


def _bar_heights(film: Film) -> list[Array]:
    """Per pane [steps, bars] from -1 to 1: shares of the action's bound, or of the largest where it has none;
    with discrete actions the one chosen.
    """
    info = get_env(film.env_id)
    taken = [pane.trace["actions"].reshape(pane.steps, -1) for pane in film.panes]
    if info.action_kind == "discrete":
        return [np.eye(info.act_dim)[actions[:, 0].astype(np.int64)] for actions in taken]
    most = np.max([np.abs(actions).max(axis=0) for actions in taken], axis=0)
    bounds = np.array(
        [seen if c.high is None else c.high for c, seen in zip(info.actions, most, strict=True)]
    )
    return [np.clip(actions / np.where(bounds > 0, bounds, 1.0), -1, 1) for actions in taken]


def _fitted(name: str, size: int, width: int) -> tuple[str, Any]:
    """The name in a font in which it stays in its pane: a smaller one if need be, then cut."""
    fonts = [_font(points) for points in range(size // 22, size // 32, -1)]
    for font in fonts:
        if font.getlength(name) <= width:
            return name, font
    while name and fonts[-1].getlength(f"{name}…") > width:
        name = name[:-1]
    return f"{name.rstrip()}…", fonts[-1]


@cache
def _glyph(letter: str, size: int) -> Picture:
    """One letter as wide as it runs: a line that changes with every frame is put together from these."""
    font = _font(size)
    ascent, descent = font.getmetrics()
    image = Image.new("RGB", (max(1, round(font.getlength(letter))), ascent + descent), PAPER)
    ImageDraw.Draw(image).text((0, 0), letter, font=font, fill=FAINT)
    return np.asarray(image)


@cache
def _font(size: int) -> Any:
    """pygame's font, which comes with gymnasium's drawings and knows α and the minus sign."""
    file = resources.files("pygame") / "freesansbold.ttf"
    return ImageFont.truetype(str(file), max(9, size))
