"""The processes of a cluster: a scheduler, and workers that come back when it was away."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress

import dask
from distributed import Scheduler, Worker

from policyscope.config import Settings, Tls, processors
from policyscope.jobs.cluster import security_of
from policyscope.jobs.cluster_host import Host

log = logging.getLogger(__name__)
RETRY_SECONDS = 2.0
DASK = {
    # a job whose worker died is queued again by the server, which counts attempts; Dask must not do it too
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.worker-ttl": "30 s",
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.profile.enabled": False,
    "distributed.comm.timeouts.connect": "5 s",
    # Dask opens a port for pages even without its dashboard: with nothing behind it, on this machine only
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
PAGES = "127.0.0.1:0"


async def serve_scheduler(host: str, port: int, tls: Tls | None, ready: Callable[[str], None]) -> None:
    """Until SIGTERM or SIGINT. No pages: they would answer anybody."""
    stop = _on_signals()
    protocol = "tcp" if tls is None else "tls"
    with dask.config.set(DASK):
        security = security_of(tls)
        async with Scheduler(
            host=host,
            port=port,
            protocol=protocol,
            security=security,
            dashboard=False,
            dashboard_address=PAGES,
        ) as scheduler:
            ready(scheduler.address)
            await stop.wait()


async def serve_worker(settings: Settings, ready: Callable[[str], None]) -> None:
    """Until SIGTERM or SIGINT; a scheduler that goes away is waited for."""
    stop = _on_signals()
    with dask.config.set(DASK):
        while not stop.is_set():
            try:
                await _one_life(settings, ready, stop)
            except (OSError, TimeoutError) as error:
                log.warning("the scheduler at %s does not answer (%s)", settings.scheduler, error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), RETRY_SECONDS)


async def _one_life(settings: Settings, ready: Callable[[str], None], stop: asyncio.Event) -> None:
    host = Host(settings.store, processors(), settings.concurrent_jobs)
    async with Worker(
        settings.scheduler,
        host=_reachable_at(settings.scheduler),
        nthreads=settings.concurrent_jobs,
        security=security_of(settings.tls),
        plugins=(host,),
        dashboard=False,
        dashboard_address=PAGES,
        memory_limit=0,
        death_timeout=10,
    ) as worker:
        ready(worker.address)
        ends = [asyncio.ensure_future(worker.finished()), asyncio.ensure_future(stop.wait())]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()


def _reachable_at(scheduler: str | None) -> str | None:
    """Where a worker listens: what comes by plain tcp:// is run unasked, so never beyond this machine.

    None is every address, which TLS guards.
    """
    scheme, _, place = str(scheduler).partition("://")
    return place.rpartition(":")[0].strip("[]") if scheme == "tcp" else None


def _on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
