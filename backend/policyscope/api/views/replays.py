"""Replays of a run's episodes."""

from __future__ import annotations

import gzip
import hashlib
from typing import Any

from flask import Response, request, send_file

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.replays import (
    ClipQuery,
    EnvironmentScene,
    LayerQuery,
    ReplayQuery,
    Scene,
    VideoAccepted,
    VideoRequest,
)
from policyscope.api.views.runs import LOCATION
from policyscope.services import clips, layer_activity, videos
from policyscope.services import replays as service

replays = Views("replays", __name__, description="Episodes to watch: bodies, steps, signals.")


@replays.route("/run/<run_id>/scene")
@replays.response(200, Scene)
def get_scene(run_id: str) -> Any:
    """How to draw the run's environment, and which seeds were recorded."""
    return service.scene(workspace(), run_id)


@replays.route("/run/<run_id>/replay")
@replays.arguments(ReplayQuery, location="query")
@replays.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
def get_replay(query: dict[str, Any], run_id: str) -> Response:
    """Recorded steps of one seed: joint positions, contacts, actions, rewards, features.

    `PSR1`, the length of a JSON header (uint32, little-endian), the header, the numbers. Float32 numbers are
    stored channel by channel, and byte plane by byte plane. Ranges are served; whole answers are compressed.
    """
    return _binary(service.replay(workspace(), run_id, query["seed"], query["arms"]))


@replays.route("/run/<run_id>/activations")
@replays.arguments(LayerQuery, location="query")
@replays.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
def get_activations(query: dict[str, Any], run_id: str) -> Response:
    """Every unit of one layer at every recorded step of one seed, with each arm's edits.

    Packed like a replay; the signal is `units`. The header lists all layers, and those units of this one that
    never change (`dead`) or lie within 1 % of an asymptote of tanh or sigmoid in 95 % of steps (`saturated`).
    """
    return _binary(layer_activity.read(workspace(), run_id, query["seed"], query["arms"], query["layer"]))


@replays.route("/run/<run_id>/activations.csv")
@replays.arguments(LayerQuery, location="query")
@replays.response(200, {"type": "string"}, content_type="text/csv")
def get_activations_csv(query: dict[str, Any], run_id: str) -> Response:
    """One layer as a table: a line per arm and step, a column per unit."""
    text = layer_activity.table(workspace(), run_id, query["seed"], query["arms"], query["layer"])
    return Response(text, mimetype="text/csv")


@replays.route("/run/<run_id>/activations.npz")
@replays.arguments(ReplayQuery, location="query")
@replays.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
def get_activations_npz(query: dict[str, Any], run_id: str) -> Response:
    """All layers as float64 arrays `[steps, units]` named `<arm number>/<layer>`, and the arms' names."""
    data = layer_activity.npz(workspace(), run_id, query["seed"], query["arms"])
    return Response(data, mimetype="application/octet-stream")


@replays.route("/env/<env_id>/scene")
@replays.response(200, EnvironmentScene)
def get_environment_scene(env_id: str) -> Any:
    """How to draw an environment."""
    return service.environment_scene(env_id)


@replays.route("/model/<model_id>/feature/<int:feature_idx>/clip")
@replays.arguments(ClipQuery, location="query")
@replays.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
def get_clip(query: dict[str, Any], model_id: str, feature_idx: int) -> Response:
    """Half a second to each side of a cached moment; 409 before the analysis.

    Packed like a replay, with one arm: joint positions (or observations, for what has no body), contacts,
    actions, rewards and the feature. Poses follow from the cached observations, and the distance travelled
    from the velocity in them. Where that cannot be, `undrawn` in the header says why and poses are missing.
    """
    return _binary(clips.read(workspace(), model_id, feature_idx, query["row"]), keep=False)


@replays.route("/run/<run_id>/video", methods=["POST"])
@replays.arguments(VideoRequest)
@replays.response(202, VideoAccepted, headers=LOCATION)
def make_video(wanted: dict[str, Any], run_id: str) -> Any:
    """Render a recorded seed, all arms side by side; answers with a job to follow."""
    accepted = videos.start(workspace(), run_id, wanted)
    return accepted, 202, {"Location": f"/job/{accepted['job_id']}"}


@replays.route("/video/<video_id>")
@replays.response(200, {"type": "string", "format": "binary"}, content_type="video/mp4")
def get_video(video_id: str) -> Response:
    """The file; ranges are served, so that players can seek."""
    path, kind = videos.path(workspace(), video_id)
    return send_file(path, mimetype=kind, conditional=True, max_age=86_400)


def _binary(data: bytes, keep: bool = True) -> Response:
    """``keep``: never changes for the same address. Gzip unless a range is asked for."""
    zipped = "gzip" in request.accept_encodings and "Range" not in request.headers
    response = Response(gzip.compress(data, 6) if zipped else data, mimetype="application/octet-stream")
    if zipped:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.cache_control.private = True
    if keep:
        response.cache_control.max_age = 86_400
    else:
        response.cache_control.no_cache = True
    response.set_etag(hashlib.sha256(data).hexdigest()[:32] + ("-gzip" if zipped else ""))
    response.make_conditional(request, accept_ranges=True, complete_length=len(data))
    return response
