"""The demo bundle: policies with their SAEs, ready to be tried."""

from __future__ import annotations

import json
from typing import Any

from policyscope.core.errors import InvalidInput, NotFound
from policyscope.services import directories, models
from policyscope.services.workspace import Workspace
from policyscope.store.paths import is_regular, read_regular, resolve_inside
from policyscope.store.records import Json

LIST_FILE = "demo.json"
POLICY_LIMIT = 64 << 20
FIELDS = dict.fromkeys(("id", "title", "description", "env", "policy", "artifacts_dir"), str) | {
    "tap_index": int
}
SHOWN = ("id", "title", "description", "env", "artifacts_dir", "tap_index")


def list_demos(ws: Workspace) -> list[Json]:
    """What ``demo.json`` in the artifacts root lists; empty without one."""
    return [{**{name: demo[name] for name in SHOWN}, "available": _available(ws, demo)} for demo in _read(ws)]


def create(ws: Workspace, demo_id: str) -> Json:
    """Store a model from a demo's policy file. Raises NotFound."""
    demo = next((demo for demo in _read(ws) if demo["id"] == demo_id), None)
    if demo is None:
        raise NotFound(f"There is no demo called {demo_id[:60]!r}.")
    path = resolve_inside(ws.settings.artifacts, demo["policy"])
    data = read_regular(path, POLICY_LIMIT, demo["policy"])
    return models.upload(ws, data, path.name, demo["title"])


def _read(ws: Workspace) -> list[dict[str, Any]]:
    path = ws.settings.artifacts / LIST_FILE
    if not is_regular(path):
        return []
    try:
        demos: list[dict[str, Any]] = json.loads(read_regular(path, 1 << 20))["demos"]
        wrong = [demo for demo in demos if any(type(demo[name]) is not kind for name, kind in FIELDS.items())]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidInput(f"{LIST_FILE} in the artifacts root cannot be read.") from error
    if wrong:
        raise InvalidInput(f"A demo in {LIST_FILE} in the artifacts root has a field of another type.")
    return demos


def _available(ws: Workspace, demo: dict[str, Any]) -> bool:
    directory = resolve_inside(ws.settings.artifacts, demo["artifacts_dir"])
    policy = resolve_inside(ws.settings.artifacts, demo["policy"])
    return is_regular(policy) and all(is_regular(directory / file) for file in directories.NEEDED)
