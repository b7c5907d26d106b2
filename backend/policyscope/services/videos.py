"""Videos of a run: recorded steps rendered to a file by a job. Nothing is simulated again in MuJoCo."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from policyscope.core.envs import get_env
from policyscope.core.envs.bodies import has_body
from policyscope.core.errors import InvalidInput, NotFound
from policyscope.core.film import FPS, Film, Pane
from policyscope.core.processors import processors
from policyscope.core.progress import Progress, Work
from policyscope.services import recording, replays
from policyscope.services.drawing_processes import drawn
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import Json, new_id

FORMATS = {"mp4": "video/mp4", "webm": "video/webm", "gif": "image/gif"}
CODECS = {"mp4": "libx264", "webm": "libvpx", "gif": "gif"}
SETTINGS: Mapping[str, tuple[str, ...]] = {
    "mp4": ("-movflags", "+faststart", "-crf", "23", "-sws_flags", "fast_bilinear"),
    "webm": ("-deadline", "realtime", "-cpu-used", "5", "-b:v", "3M"),
}
GIF = "split[a][b];[a]{}[p];[b][p]paletteuse={}"
"""256 colours taken from the pictures: ffmpeg's own need noise all over, which is four times the size."""
FROM_FIRST_FRAME = ("trim=end_frame=1,palettegen", "dither=bayer:bayer_scale=5:diff_mode=rectangle")
FROM_EACH_FRAME = ("palettegen=stats_mode=single", "new=1:dither=none")
"""Whole frames: where only the changed part is written, what stands still is read with the wrong palette."""
SIZES = (240, 480, 720)
COLOURS = {"neg": (47, 112, 207), "base": (86, 92, 100), "pos": (217, 105, 12), "ink": (72, 77, 84)}
ORDER = ("neg", "base", "ink", "pos")
PRESET = "superfast"
MAX_PANES = 4
_ID = re.compile(r"v_[0-9a-f]+")


def start(ws: Workspace, run_id: str, wanted: Json) -> Json:
    """Queue a video of one recorded seed and return the ids.

    ``wanted``: seed and arms (None = the first recorded, all), size, speed, format, shadows. Raises NotFound
    for what was not recorded, InvalidInput for more than four arms or where pictures cannot be made.
    """
    scene = replays.scene(ws, run_id)
    run = replays.finished(ws, run_id)
    _check_renderer(run["env"])
    seed = scene["seeds"][0] if wanted["seed"] is None else wanted["seed"]
    names = wanted["arms"] or [arm["name"] for arm in run["arms"]]
    if len(names) > MAX_PANES:
        message = f"{len(names)} arms do not fit side by side; choose at most {MAX_PANES} of them."
        raise InvalidInput(message, fields={"arms": message})
    replays.check_recorded(run_id, scene["seeds"], [arm["name"] for arm in run["arms"]], names, seed)
    video_id = new_id("v")
    spec: Json = {
        "output": f"videos/{video_id}",
        "run_id": run_id,
        "env": run["env"],
        "seed": seed,
        "feature": scene["features"][0] if scene["features"] else None,
        "panes": [_pane(run, name, seed) for name in names],
        **{key: wanted[key] for key in ("size", "speed", "format", "shadows")},
    }
    with ws.records.write() as session:
        job = ws.engine.submit(session, "video", spec, output=spec["output"], result={"video_id": video_id})
    ws.engine.wake()
    return {"job_id": job.id, "video_id": video_id, "state": job.state}


def perform(store: ArtifactStore, spec: Mapping[str, Any]) -> Work[None]:
    """The kind ``video``; ``spec`` is what ``start`` froze."""
    traces = [
        recording.recorded(store, spec["run_id"], pane["number"], spec["seed"]) for pane in spec["panes"]
    ]
    panes = [
        Pane(_title(pane), COLOURS[pane["tone"]], trace, pane["fell"])
        for pane, trace in sorted(
            zip(spec["panes"], traces, strict=True), key=lambda pair: ORDER.index(pair[0]["tone"])
        )
    ]
    film = Film(
        spec["env"], spec["seed"], panes, spec["size"], spec["speed"], spec["shadows"], spec["feature"]
    )
    return _write(store, spec, film)


def path(ws: Workspace, video_id: str) -> tuple[Path, str]:
    """The file and its media type. Raises NotFound."""
    name = f"videos/{video_id}"
    if not _ID.fullmatch(video_id) or not ws.store.has(name):
        raise NotFound(f"There is no video with id {video_id[:60]!r}.")
    kind = next(kind for kind in FORMATS if ws.store.lists(name, f"video.{kind}"))
    return ws.store.path(name, f"video.{kind}"), FORMATS[kind]


def _write(store: ArtifactStore, spec: Mapping[str, Any], film: Film) -> Work[None]:
    with tempfile.TemporaryDirectory(prefix="policyscope-") as folder:
        target = Path(folder) / f"video.{spec['format']}"
        yield from encode(film, target)
        content = target.read_bytes()
    store.publish(spec["output"], {target.name: content}, {"kind": "video", "spec": dict(spec)})


def encode(film: Film, target: Path) -> Work[None]:
    """Draw the film into a file, whose name says the format; for a process that has drawn nothing before."""
    total = len(film.steps)
    with (
        Encoder(target, steady=has_body(get_env(film.env_id).id)) as encoder,
        closing(drawn(film, processors())) as pictures,
    ):
        for done, picture in enumerate(pictures, 1):
            encoder.write(picture)
            yield Progress(done, total, "frames")


class Encoder:
    """moviepy's ffmpeg, opened when the size of the first frame is known.

    ``steady``: the first frame has every colour, as where bodies only move.
    """

    def __init__(self, target: Path, steady: bool = False) -> None:
        self._target, self._kind = target, target.suffix[1:]
        palette = GIF.format(*(FROM_FIRST_FRAME if steady else FROM_EACH_FRAME))
        self._settings = SETTINGS.get(self._kind, ("-vf", palette))
        self._writer: Any = None

    def __enter__(self) -> Encoder:
        return self

    def write(self, picture: Any) -> None:
        if self._writer is None:
            from moviepy.video.io.ffmpeg_writer import FFMPEG_VideoWriter

            height, width = picture.shape[:2]
            self._writer = FFMPEG_VideoWriter(
                str(self._target),
                (width, height),
                FPS,
                codec=CODECS[self._kind],
                preset=PRESET,
                threads=max(1, processors() // 2),  # the others draw
                ffmpeg_params=list(self._settings),
            )
        self._writer.write_frame(np.ascontiguousarray(picture))

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()


def _check_renderer(env_id: str) -> None:
    note = get_env(env_id).render_note
    if note is not None:
        raise InvalidInput(f"Videos cannot be made on this machine. {note}", code="no_renderer")


def _pane(run: Json, name: str, seed: int) -> Json:
    number = next(index for index, arm in enumerate(run["arms"]) if arm["name"] == name)
    arm = run["arms"][number]
    episode = next(episode for episode in arm["episodes"] if episode["seed"] == seed)
    added = sum(edit["value"] or 0.0 for edit in arm["edits"] if edit["op"] == "add")
    tone = "base" if name == "baseline" else "pos" if added > 0 else "neg" if added < 0 else "ink"
    return {"name": name, "number": number, "tone": tone, "fell": episode["fell"], "edits": arm["edits"]}


def _title(pane: Mapping[str, Any]) -> str:
    adds: Sequence[Mapping[str, Any]] = [edit for edit in pane["edits"] if edit["op"] == "add"]
    if len(adds) != 1:
        return str(pane["name"])
    return f"{pane['name']}: α {adds[0]['value']:+g} on feature {adds[0]['feature_idx']}".replace("-", "−")
