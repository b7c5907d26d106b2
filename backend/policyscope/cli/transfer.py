"""``policyscope workspace``: everything, or one model, as one file that can be opened elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from policyscope.api.schemas.transfer import CHECKS
from policyscope.cli.console import sentences
from policyscope.cli.output import json_option, show_json, write_file
from policyscope.cli.working import follow, model_named, reading, working
from policyscope.core.errors import InvalidInput
from policyscope.services.transfer import exporting, importing

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("workspace")
def workspace() -> None:
    """Take a workspace, or one model of it, to another machine."""


@workspace.command("export")
@click.option("--model", help="Only this model, with its SAEs, notes, collections, views and runs.")
@click.option("--output", type=FILE, help="File; workspace.zip here by default.")
def export(model: str | None, output: Path | None) -> None:
    """Write models, SAEs, notes, collections, views, runs, report cards and sweeps into one file.

    \b
    policyscope workspace export --output monday.zip
    policyscope workspace export --model m_1a2b3c4d5e6f
    """
    with sentences(), working() as ws:
        accepted = exporting.start(ws, None if model is None else model_named(ws, model))
        follow(ws, accepted["job_id"])
        write_file(output or Path("workspace.zip"), exporting.path(ws, accepted["export_id"]))


@workspace.command("import")
@click.argument("file", type=FILE)
@json_option
def import_(file: Path, as_json: bool) -> None:
    """Take in FILE; hashes are checked, nothing here is overwritten, what is here already is recognised.

    \b
    policyscope workspace import monday.zip
    """
    with reading() as ws:
        if not file.is_file():
            raise InvalidInput(f"There is no file {file}.")
        report = importing.read(ws, file, file.name, CHECKS)
    if as_json:
        show_json(report)
        return
    click.echo(report["sentence"])
    for model in report["models"]:
        click.echo(f"  {model['id']}  {model['name']}{'' if model['new'] else '  (here already)'}")
    for model_id in report["analysed"]:
        click.echo(f"  its features were analysed there; `policyscope analyse {model_id}` does it again here")
    for was, here in report["renamed"].items():
        click.echo(f"  {was} is {here} here")
