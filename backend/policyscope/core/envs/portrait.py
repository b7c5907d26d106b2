"""Pictures of environments without a body: the phase portrait, drawn without any display."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

F64 = NDArray[np.float64]

_PAPER, _GRID, _TRAIL, _POINT, _ARROW = "#ffffff", "#d9dce1", "#2563a8", "#12324f", "#c2410c"


def draw_phase_portrait(
    trail: F64, action: F64, size: int = 480, extent: float | None = None
) -> NDArray[np.uint8]:
    """The path of x, the current point and the action as an arrow, as an RGB picture ``[size, size, 3]``.

    ``trail``: ``[steps, 2]``, oldest first. ``action``: ``[2]``. ``extent``: half the width of the view in
    x; by default the smallest power of two (at least 1) that holds the trail, so that the scale seldom jumps.
    """
    half = extent if extent is not None else _extent(trail)
    image = Image.new("RGB", (size, size), _PAPER)
    draw = ImageDraw.Draw(image)
    middle = size / 2
    scale = middle * 0.92 / half
    draw.line([(0, middle), (size, middle)], fill=_GRID)
    draw.line([(middle, 0), (middle, size)], fill=_GRID)
    draw.text((6, 4), f"x1, x2 within ±{half:g}   step {len(trail) - 1}", fill=_POINT)
    path = [_pixel(x, middle, scale, size) for x in trail]
    if len(path) > 1:
        draw.line(path, fill=_TRAIL, width=2)
    tip = _pixel(trail[-1] + action, middle, scale, size)
    draw.line([path[-1], tip], fill=_ARROW, width=3)
    draw.circle(tip, 3, fill=_ARROW)
    draw.circle(path[-1], 5, fill=_POINT)
    return np.asarray(image, dtype=np.uint8)


def _extent(trail: F64) -> float:
    reach = max(1.0, float(np.abs(trail).max()))
    return float(2.0 ** np.ceil(np.log2(reach)))


def _pixel(x: F64, middle: float, scale: float, size: int) -> tuple[float, float]:
    """Pixel of a point of the plane, second coordinate up; far points are held just outside the picture."""
    column, row = np.clip([middle + scale * x[0], middle - scale * x[1]], -size, 2 * size)
    return float(column), float(row)
