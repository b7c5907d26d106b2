"""The routes, by resource. Each view parses, calls one service and returns what it gives."""

from policyscope.api.views import (
    acting,
    effects,
    environments,
    features,
    jobs,
    live,
    operations,
    replays,
    reports,
    runs,
    sae_library,
    sweeps,
    training,
    understanding,
    weights,
)

ALL = (
    environments.health,
    environments.environments,
    environments.demos,
    acting.models,
    weights.weights,
    sae_library.saes,
    training.training,
    sweeps.sweeps,
    features.features,
    effects.effects,
    understanding.understanding,
    reports.reports,
    runs.runs,
    replays.replays,
    live.live,
    jobs.jobs,
    operations.operations,
)
