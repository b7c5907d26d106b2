"""What every use case works on: settings, the artifact store, the database and the job engine."""

from __future__ import annotations

from dataclasses import dataclass

from policyscope.config import Settings, processors
from policyscope.core.errors import InvalidInput, StorageFull
from policyscope.jobs.engine import Engine
from policyscope.jobs.launch import Launcher, LocalLauncher
from policyscope.jobs.limits import Limits
from policyscope.jobs.table import JobTable
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.migrate import migrate
from policyscope.store.records import Records


@dataclass(frozen=True)
class Workspace:
    settings: Settings
    store: ArtifactStore
    records: Records
    table: JobTable
    engine: Engine

    def close(self) -> None:
        self.engine.stop()
        self.records.close()


def open_workspace(settings: Settings) -> Workspace:
    """Make the directories, bring the database up to date. The engine is not started yet.

    Raises InvalidInput when the database cannot be used, StorageFull when the root cannot be written.
    """
    try:
        settings.store.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFull(
            f"The artifacts root {settings.artifacts} cannot be written ({error.strerror}). "
            "Set POLICYSCOPE_ARTIFACTS to a directory that can."
        ) from error
    store = ArtifactStore(settings.store)
    records = Records(settings.database_url)
    migrate(records.engine)
    table = JobTable(records, settings.queue_limit)
    engine = Engine(table, store, _launcher(settings, store))
    return Workspace(settings, store, records, table, engine)


def _launcher(settings: Settings, store: ArtifactStore) -> Launcher:
    limits = _limits(settings)
    if settings.scheduler is None:
        return LocalLauncher(store, settings.concurrent_jobs, limits)
    try:
        from policyscope.jobs.cluster import ClusterLauncher  # imports Dask, which most servers do without
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"POLICYSCOPE_SCHEDULER is {settings.scheduler}, and the package {error.name} is not installed. "
            "Install policyscope[cluster]."
        ) from error
    return ClusterLauncher(settings.scheduler, settings.tls, store, limits)


def _limits(settings: Settings) -> Limits:
    memory = settings.job_memory_gb
    return Limits(
        memory=None if memory is None else memory << 30,
        open_files=settings.job_open_files,
        niceness=settings.job_niceness,
        threads=settings.job_threads,
        processors=processors(),
    )
