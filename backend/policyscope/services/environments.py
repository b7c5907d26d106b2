"""The environments policies can run in."""

from __future__ import annotations

from policyscope.core.envs import list_envs
from policyscope.store.records import Json


def list_environments() -> list[Json]:
    """Sizes, names, units and limits of each, and whether pictures can be made of it here."""
    return [info.to_json() for info in list_envs()]
