"""Studies and evidence bundles on the command line: the same services as the API."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from marshmallow import Schema

from policyscope.api.schemas.effects import CalibrateRequest, DoseResponseRequest, ScanRequest
from policyscope.cli.console import foreground, sentences
from policyscope.cli.output import show_json, write_file
from policyscope.cli.working import announce, asked, follow, model_named, reading, working
from policyscope.services import runs
from policyscope.services.effects import bundle, calibration, dose_response, scan, studies

SHARED = (
    click.argument("model"),
    click.option("--env", required=True, help="Environment id."),
    click.option("--seed", default=0, show_default=True, help="First seed."),
    click.option("--max_steps", type=int, help="Longest episode."),
    click.option("--again", is_flag=True, help="Play it again even if it was finished before."),
    click.option("--json", "as_json", is_flag=True, help="Print all numbers as JSON."),
)


def _study(command: Callable[..., None]) -> Callable[..., None]:
    """MODEL and the options that every study has."""
    for decorate in reversed(SHARED):
        command = decorate(command)
    return command


def _perform(
    model: str, study: tuple[type[Schema], Callable[..., Any]], given: dict[str, Any], as_json: bool
) -> None:
    """Start a study as the API would: the same limits, by its schema."""
    schema, start = study
    with sentences(), working() as ws:
        accepted = start(ws, model_named(ws, model), asked(schema, given))
        announce(accepted)
        follow(ws, accepted["job_id"])
        run_id = accepted["run_id"]
        if as_json:
            show_json(studies.effects(ws, run_id))
            return
        click.echo(f"run {run_id}")
        click.echo(runs.get(ws, run_id)["sentence"])


@click.command("scan")
@_study
@click.option("--measure", help="Behaviour measure; speed where a body walks, else return.")
@click.option("--dose", default=0.05, show_default=True, help="Action displacement of every push.")
@click.option("--features", type=int, help="Only the first so many of the offline ranking.")
@click.option("--episodes", default=16, show_default=True, help="Seeds.")
@click.option("--winners", default=5, show_default=True, help="Candidates to try again.")
@click.option("--confirm_episodes", default=32, show_default=True, help="Fresh seeds to try them on.")
def scan_command(model: str, as_json: bool, **request: Any) -> None:
    """Push every alive feature of MODEL (an id, or a demo's name) both ways and confirm what stands out.

    \b
    policyscope scan walker2d_w32 --env Walker2d-v5
    """
    _perform(model, (ScanRequest, scan.start), request, as_json)


@click.command("dose-response")
@_study
@click.option("--feature", "feature_idx", type=int, required=True, help="Feature.")
@click.option("--measure", help="Behaviour measure; speed where a body walks, else return.")
@click.option(
    "--dose", "doses", type=float, multiple=True, default=(0.01, 0.02, 0.05, 0.10, 0.15), help="Sizes."
)
@click.option("--random_directions", default=20, show_default=True, help="Random directions beside it.")
@click.option("--episodes", default=16, show_default=True, help="Seeds.")
def dose_response_command(model: str, as_json: bool, doses: tuple[float, ...], **request: Any) -> None:
    """One feature of MODEL (an id, or a demo's name) at many doses, beside what it must beat.

    \b
    policyscope dose-response MODEL --env Walker2d-v5 --feature 42
    """
    _perform(model, (DoseResponseRequest, dose_response.start), {**request, "doses": list(doses)}, as_json)


@click.command("calibrate")
@_study
@click.option("--feature", "features", type=int, multiple=True, required=True, help="Feature; repeatable.")
@click.option("--measure", required=True, help="Behaviour measure to change.")
@click.option("--change", type=float, required=True, help="By how much: 0.1 is 10 % more.")
@click.option("--absolute", is_flag=True, help="The change is in the measure's unit.")
@click.option("--episodes", default=8, show_default=True, help="Seeds of the search.")
@click.option("--confirm_episodes", default=20, show_default=True, help="Fresh seeds of the confirmation.")
def calibrate_command(model: str, as_json: bool, features: tuple[int, ...], **given: Any) -> None:
    """Find the dose of features of MODEL that changes a measure by a wanted amount, and confirm it.

    \b
    policyscope calibrate MODEL --env Walker2d-v5 --feature 42 --measure speed --change 0.05
    """
    change, absolute, measure = (given.pop(name) for name in ("change", "absolute", "measure"))
    target = {"measure": measure, "change": change, "relative": not absolute}
    parts = [{"feature_idx": feature, "weight": 1.0} for feature in features]
    _perform(
        model, (CalibrateRequest, calibration.start), {**given, "features": parts, "target": target}, as_json
    )


@click.group("export")
def export() -> None:
    """Write what is stored to a file."""


@export.command("run")
@click.argument("run_id")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File; <run id>.zip here.")
def export_run(run_id: str, output: Path | None) -> None:
    """Write the evidence bundle of a run: everything to compute it again.

    \b
    policyscope export run RUN --output evidence.zip
    """
    with reading() as ws:
        write_file(output or Path(f"{run_id}.zip"), bundle.export(ws, run_id))


@click.command("verify")
@click.argument("path", type=click.Path(path_type=Path))
def verify(path: Path) -> None:
    """Play the run of an evidence bundle again; exit status 0 when every number is identical, else 1.

    \b
    policyscope verify evidence.zip
    """
    with foreground() as run:
        found = run(bundle.verify(path))
    for line in (*found["versions"], *found["differences"]):
        click.echo(line)
    click.echo(found["sentence"])
    same = f"identical: {', '.join(found['compared'])}"
    other = f"not identical: {len(found['differences'])} differences shown"
    click.echo(same if found["identical"] else other)
    sys.exit(0 if found["identical"] else 1)


COMMANDS = (scan_command, dose_response_command, calibrate_command, export, verify)
