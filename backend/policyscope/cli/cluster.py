"""``policyscope cluster``: the scheduler and the workers that run the jobs of a server elsewhere."""

from __future__ import annotations

import asyncio
import logging

import click

from policyscope.cli.console import sentences
from policyscope.config import LOOPBACK, check_cluster_address, load_settings, single_threaded_arithmetic
from policyscope.core.errors import InvalidInput


@click.group()
def cluster() -> None:
    """Run the jobs of a server on other machines."""


@cluster.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8786, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 any.")
def scheduler(host: str, port: int) -> None:
    """Start the scheduler; servers and workers name it in POLICYSCOPE_SCHEDULER.

    \b
    policyscope cluster scheduler --host 0.0.0.0
    """
    with sentences():
        settings = load_settings()
        scheme = "tcp" if settings.tls is None and host in LOOPBACK else "tls"
        check_cluster_address("The scheduler's address", f"{scheme}://{host}:{port}", settings.tls)
        from policyscope.jobs.cluster_nodes import serve_scheduler

        _forever(serve_scheduler(host, port, settings.tls, lambda where: click.echo(f"scheduler at {where}")))


@cluster.command()
def worker() -> None:
    """Start a worker of the scheduler in POLICYSCOPE_SCHEDULER, with POLICYSCOPE_JOBS jobs at a time.

    The artifacts root (POLICYSCOPE_ARTIFACTS) must be the server's own directory.

    \b
    policyscope cluster worker
    """
    with sentences():
        settings = load_settings()
        if settings.scheduler is None:
            raise InvalidInput("POLICYSCOPE_SCHEDULER is not set; give the scheduler's tls://HOST:PORT.")
        single_threaded_arithmetic()
        from policyscope.jobs.cluster_nodes import serve_worker

        _forever(serve_worker(settings, lambda where: click.echo(f"worker at {where}")))


def _forever(node: object) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    assert asyncio.iscoroutine(node)
    asyncio.run(node)
