"""The routes, by resource. Each view parses, calls one service and returns what it gives."""

from policyscope.api.views import environments, features, jobs, models, replays, runs, saes, weights

ALL = (
    environments.health,
    environments.environments,
    environments.demos,
    models.models,
    weights.weights,
    saes.saes,
    features.features,
    runs.runs,
    replays.replays,
    jobs.jobs,
)
