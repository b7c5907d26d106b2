"""What commands that use the artifacts root share: its workspace, a model by name, a job until it ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
from marshmallow import Schema, ValidationError

from policyscope.cli.console import INTERRUPTED, sentences
from policyscope.cli.progress import ProgressPrinter
from policyscope.cli.server import ask
from policyscope.config import load_settings
from policyscope.core.errors import Conflict, InvalidInput, PolicyscopeError
from policyscope.core.progress import Progress
from policyscope.jobs.table import ACTIVE
from policyscope.services import demos, models, saes
from policyscope.services.workspace import Workspace, open_workspace
from policyscope.store.records import Json

SERVED = "A server uses this artifacts root; it does the work."


@contextmanager
def reading() -> Iterator[Workspace]:
    """The artifacts root, for what needs no job; errors become sentences."""
    with sentences():
        ws = open_workspace(load_settings())
        try:
            yield ws
        finally:
            ws.close()


@contextmanager
def working() -> Iterator[Workspace]:
    """With its job engine running here, or in the server that already holds the artifacts root."""
    ws = open_workspace(load_settings())
    try:
        if not _take(ws):
            click.echo(SERVED, err=True)
        yield ws
    except KeyboardInterrupt:
        click.echo("policyscope: stopped; nothing was published.", err=True)
        sys.exit(INTERRUPTED)
    finally:
        ws.close()


def model_named(ws: Workspace, name: str) -> str:
    """A model's id, or a demo's or its directory's name: then a new model with the demo's SAE attached."""
    listed = demos.list_demos(ws)
    demo = next((demo for demo in listed if name in (demo["id"], demo["artifacts_dir"])), None)
    if demo is None:
        return str(models.get(ws, name)["id"])
    made = str(demos.create(ws, demo["id"])["id"])
    saes.attach(ws, made, demo["artifacts_dir"], demo["tap_index"])
    click.echo(f"model {made}", err=True)
    return made


def asked(schema: type[Schema], values: Mapping[str, Any]) -> Json:
    """A request as the API would accept it: the same limits, defaults and sentences. None means not given.

    Raises InvalidInput, naming the field.
    """
    given = {name: value for name, value in values.items() if value is not None}
    try:
        found: Json = schema().load(given)
    except ValidationError as error:
        raise InvalidInput(" ".join(_lines(error.messages_dict))) from error
    return found


def announce(accepted: Mapping[str, Any]) -> None:
    """What is known of a job before it starts: that it was done before, or how long it will take."""
    if accepted.get("reused"):
        click.echo("The same was finished before; this is it (--again plays it again).", err=True)
    elif accepted.get("estimate_s"):
        click.echo(f"About {accepted['estimate_s']:.0f} s, judged by earlier ones.", err=True)


def follow(ws: Workspace, job_id: str | None) -> None:
    """Show progress until the job ends; None is a job that was not needed.

    Raises PolicyscopeError when it failed. Ctrl-C cancels it, wherever it runs.
    """
    if job_id is None:
        return
    printer, job = ProgressPrinter(), ws.table.get(job_id)
    try:
        while job.state in ACTIVE:
            ws.table.wait(job_id, job.version, 0.5)
            job = ws.table.get(job_id)
            if job.progress["total"]:
                printer(Progress(**job.progress))
            if job.state == "queued" and not ws.engine.alive:
                _take(ws)
    except KeyboardInterrupt:
        printer.close()
        _cancel(ws, job_id)
        raise
    finally:
        printer.close()
    if job.state != "done":
        raise PolicyscopeError((job.error or {}).get("message", f"The job was {job.state}."))


def _take(ws: Workspace) -> bool:
    """Run jobs here, unless a server or another command does."""
    try:
        ws.engine.check_free()
        ws.engine.start()
    except Conflict:
        return False
    return True


def _cancel(ws: Workspace, job_id: str) -> None:
    if ws.engine.alive:
        ws.engine.cancel(job_id)
    elif not ws.table.cancel_queued(job_id):
        try:
            ask(ws.settings, "DELETE", f"/job/{job_id}")
        except PolicyscopeError as error:
            raise PolicyscopeError(f"Job {job_id} goes on in another process. {error.message}") from error


def _lines(messages: Mapping[Any, Any], path: str = "") -> Iterator[str]:
    for name, found in messages.items():
        where = f"{path}.{name}" if path else str(name)
        if isinstance(found, Mapping):
            yield from _lines(found, where)
        else:
            yield f"{where}: {' '.join(map(str, found))}"
