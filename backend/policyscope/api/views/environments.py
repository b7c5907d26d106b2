"""Health, environments and demos."""

from __future__ import annotations

from typing import Any

from policyscope import __version__
from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.behaviour import Measures
from policyscope.api.schemas.environments import Demos, Environments, Health
from policyscope.api.schemas.models import Model
from policyscope.services import demos as demo_service
from policyscope.services import environments as environment_service

health = Views("health", __name__, description="Whether the server is alive.")
environments = Views("environments", __name__, description="Where policies can run.")
demos = Views("demos", __name__, description="Policies with their SAEs, ready to be tried.")


@health.route("/healthz")
@health.response(200, Health)
def healthz() -> Any:
    """Alive? Needs no token."""
    return {"ok": True, "version": __version__}


@environments.route("/envs")
@environments.response(200, Environments)
def list_environments() -> Any:
    """List environments with the names and units of their observations and actions."""
    return {"envs": environment_service.list_environments()}


@environments.route("/env/<env_id>/measures")
@environments.response(200, Measures)
def list_measures(env_id: str) -> Any:
    """The behaviour measures of an environment: what studies can aim at and runs report."""
    return environment_service.list_measures(env_id)


@demos.route("/demos")
@demos.response(200, Demos)
def list_demos() -> Any:
    """List demos."""
    return {"demos": demo_service.list_demos(workspace())}


@demos.route("/demo/<demo_id>", methods=["POST"])
@demos.response(201, Model)
def create_from_demo(demo_id: str) -> Any:
    """Store a model from a demo's policy file."""
    return demo_service.create(workspace(), demo_id)
