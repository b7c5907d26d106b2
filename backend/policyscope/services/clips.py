"""Moments of the cached episodes to watch: what the body, the actions and a feature did around a row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core.analysis import Subject
from policyscope.core.associations import episode_slices
from policyscope.core.blocks import F64
from policyscope.core.envs.bodies import has_body
from policyscope.core.errors import InvalidInput
from policyscope.core.exemplars import Timeline
from policyscope.services import analyses, loaded, replays
from policyscope.services.analyses import Stored
from policyscope.services.workspace import Workspace

SECONDS = 0.5  # to each side of the moment
STEPS_WITHOUT_TIME = 25


def read(ws: Workspace, model_id: str, feature_idx: int, row: int) -> bytes:
    """Half a second to each side of cached row ``row``, packed like a replay with one arm.

    Raises what ``analyses.read`` raises, and InvalidInput for a feature or row that there is not.
    """
    found, key = analyses.read(ws, model_id)
    loaded.stored_sae(ws.store, key.spec["sae_content"]).check_feature(feature_idx)
    subject = analyses.subject_of(ws.store, key.spec)
    if row >= len(subject.data):
        message = f"row is {row}; the cached data have rows 0 to {len(subject.data) - 1}."
        raise InvalidInput(message, fields={"row": message})
    latent = found.columns.column(feature_idx)
    window = timeline(found, subject).window(row, latent[row])
    rows = slice(window.start, window.stop)
    reason = undrawn(subject)
    about = {
        "model_id": model_id,
        "env": subject.info.id if subject.info else None,
        "features": [feature_idx],
        "row": row,
        "episode": window.episode,
        "step": window.step,
        "first_step": window.first_step,
        "undrawn": reason,
    }
    arm = {"name": "cached episode", "return": None, "length": window.stop - window.start, "fell": False}
    return replays.pack(about, [(arm, _signals(subject, rows, latent, drawn=reason is None))])


def _signals(subject: Subject, rows: slice, latent: F64, drawn: bool) -> dict[str, NDArray[Any]]:
    """The steps of ``rows``, with poses where they can be ``drawn``."""
    trace = {"actions": actions_of(subject, rows), "features": latent[rows, None]}
    if subject.data.reward is not None:
        trace["rewards"] = np.asarray(subject.data.reward[rows], dtype=np.float64)
    if not drawn or subject.info is None:
        return trace
    seen = np.asarray(subject.data.observations[rows], dtype=np.float64)
    return replays.drawn(subject.info, {**trace, "observations": seen})


def undrawn(subject: Subject) -> str | None:
    """Why moments of these data cannot be drawn, in a sentence; None when they can."""
    info, data = subject.info, subject.data
    if info is None:
        return "The cached data do not say which environment they are from, so there is no body to draw."
    if data.episode is None:
        return (
            "The cached data do not say which rows follow each other (there is no episodes.safetensors), so "
            "nothing can be drawn in motion."
        )
    width = data.observations.shape[1]
    if width != info.obs_dim:
        return f"The cached observations have {width} numbers and {info.id} shows {info.obs_dim}: no poses."
    if has_body(info.id):
        from policyscope.core.measures import simulation

        try:
            simulation.state_from_observations(info.id, np.asarray(data.observations[:1], dtype=np.float64))
        except InvalidInput as error:
            return error.message
    return None


def actions_of(subject: Subject, rows: slice) -> F64:
    """Actions [T, act] as recorded, else as the policy answers to what it saw."""
    recorded = subject.data.action
    actions = subject.policy(subject.data.observations[rows]) if recorded is None else recorded[rows]
    return np.asarray(actions, dtype=np.float64).reshape(len(actions), -1)


def timeline(found: Stored, subject: Subject) -> Timeline:
    """Where the analysed rows lie in time, half a second to each side of a moment."""
    dt = subject.info.dt if subject.info else None
    rate = found.about["stride_rate"]
    step = subject.data.step
    if step is None:
        step = np.concatenate([np.arange(s.stop - s.start) for s in episode_slices(subject.groups)])
    half = max(1, round(SECONDS / dt)) if dt else STEPS_WITHOUT_TIME
    stride = max(1, round(1 / (rate * dt))) if dt and rate else half
    return Timeline(subject.groups, step, half, stride)
