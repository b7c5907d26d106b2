"""``policyscope jobs``: look after the jobs of the running server."""

from __future__ import annotations

import sys
import time
from typing import Any
from urllib.parse import quote

import click

from policyscope.cli.console import sentences
from policyscope.cli.output import json_option, show_json
from policyscope.cli.progress import ProgressPrinter
from policyscope.cli.server import ask
from policyscope.config import load_settings
from policyscope.core.progress import Progress
from policyscope.jobs.table import ACTIVE, STATES

POLL_SECONDS = 0.5
ANSWER = ("done", "total", "unit", "message", "metrics")


@click.group()
def jobs() -> None:
    """List, watch, cancel and retry the jobs of the running server."""


@jobs.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only jobs in this state.")
@json_option
def list_jobs(state: str | None, as_json: bool) -> None:
    """List the jobs, newest first.

    \b
    policyscope jobs list --state running
    """
    with sentences():
        found = ask(load_settings(), "GET", "/jobs" + (f"?state={state}" if state else ""))["jobs"]
    if as_json:
        show_json({"jobs": found})
        return
    click.echo(f"{'job':16} {'kind':10} {'state':12} {'progress':>10}  created")
    for job in found:
        click.echo(
            f"{job['id']:16} {job['kind']:10} {job['state']:12} {_share(job):>10}  {job['created_at']}"
        )


@jobs.command()
@click.argument("job_id")
def watch(job_id: str) -> None:
    """Follow a job to its end; exit status 1 when it did not end well.

    \b
    policyscope jobs watch JOB
    """
    settings, printer = load_settings(), ProgressPrinter()
    with sentences():
        try:
            while (job := ask(settings, "GET", _path(job_id)))["state"] in ACTIVE:
                printer(Progress(**{name: job["progress"][name] for name in ANSWER}))
                time.sleep(POLL_SECONDS)
        finally:
            printer.close()
    _echo(job)
    sys.exit(0 if job["state"] == "done" else 1)


@jobs.command()
@click.argument("job_id")
def cancel(job_id: str) -> None:
    """Stop a job.

    \b
    policyscope jobs cancel JOB
    """
    with sentences():
        _echo(ask(load_settings(), "DELETE", _path(job_id)))


@jobs.command()
@click.argument("job_id")
def retry(job_id: str) -> None:
    """Start a failed, cancelled or interrupted job again.

    \b
    policyscope jobs retry JOB
    """
    with sentences():
        _echo(ask(load_settings(), "POST", _path(job_id) + "/retry"))


def _path(job_id: str) -> str:
    return f"/job/{quote(job_id, safe='')}"


def _share(job: dict[str, Any]) -> str:
    done, total = job["progress"]["done"], job["progress"]["total"]
    return f"{100 * done / total:.0f} %" if total else ""


def _echo(job: dict[str, Any]) -> None:
    reason = f": {job['error']['message']}" if job["error"] else ""
    result = "".join(f"  {name} {value}" for name, value in (job["result"] or {}).items())
    click.echo(f"{job['id']} {job['state']}{reason}{result}")
