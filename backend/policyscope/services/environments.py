"""The environments policies can run in."""

from __future__ import annotations

from policyscope.core.envs import get_env, list_envs
from policyscope.core.envs.model_file import has_model_file
from policyscope.core.measures import measures_for
from policyscope.core.measures.anatomy import anatomy_of
from policyscope.services.effects.studies import default_measure
from policyscope.store.records import Json


def list_environments() -> list[Json]:
    """Sizes, names, units and limits of each, its feet, and whether pictures can be made of it here."""
    return [{**info.to_json(), "feet": _feet(info.id), "live": _live(info.id)} for info in list_envs()]


def _feet(env_id: str) -> list[str]:
    anatomy = anatomy_of(env_id)
    return [leg.name for leg in anatomy.legs if leg.feet or leg.contact] if anatomy else []


def _live(env_id: str) -> str:
    return "browser" if has_model_file(env_id) else "server"


def list_measures(env_id: str) -> Json:
    """The behaviour measures of an environment, and the one that studies use by default.

    Raises InvalidInput for an environment that is not one of ours.
    """
    info = get_env(env_id)
    return {
        "default": default_measure(info.id),
        "measures": [measure.to_json() for measure in measures_for(info.id)],
    }
