"""Pictures of recorded episodes side by side, with labels and signals drawn in: the frames of a video."""

from __future__ import annotations

from collections.abc import Iterator

from policyscope.core.film.cameras import open_cameras
from policyscope.core.film.plan import FPS, Film, Pane, Picture
from policyscope.core.film.sheet import Sheet

__all__ = ["FPS", "Film", "Pane", "Picture", "frames"]


def frames(film: Film, first: int = 0, every: int = 1) -> Iterator[Picture]:
    """The frames in order, each ``[height, panes * size, 3]`` with even sides; a share of them on request.

    A frame is the same whoever draws it, so that several processes may share a film. Raises whatever the
    renderer raises where pictures cannot be made; ask ``EnvInfo.render_note`` first.
    """
    cameras = open_cameras(film)
    sheet = Sheet(film)
    try:
        for step in film.steps[first::every].tolist():
            yield sheet.compose(step, [camera(step) for camera in cameras])
    finally:
        for camera in cameras:
            camera.close()
