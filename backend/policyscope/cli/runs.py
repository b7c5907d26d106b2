"""Runs and their videos on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from policyscope.api.schemas.interventions import UNITS
from policyscope.api.schemas.replays import VideoRequest
from policyscope.api.schemas.runs import RunRequest
from policyscope.cli.console import sentences
from policyscope.cli.edits import arms_of, dose_arms, start_of
from policyscope.cli.output import json_option, read_file, show_json, show_table, write_file
from policyscope.cli.working import announce, asked, follow, model_named, reading, working
from policyscope.services import runs, videos
from policyscope.store.records import Json

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("run")
@click.argument("model")
@click.option("--env", required=True, help="Environment id.")
@click.option("--episodes", type=int, help="Seeds per arm; 10 by default.")
@click.option(
    "--level",
    type=click.Choice(list(runs.LEVELS)),
    help="Instead of --episodes: preview 4, compare 16, confirm 32.",
)
@click.option("--seed", default=0, show_default=True, help="First seed.")
@click.option("--max_steps", type=int, help="Longest episode.")
@click.option("--arm", "named", multiple=True, help="NAME=FEATURE:OP[:VALUE[:UNIT]],…; repeatable.")
@click.option("--arms", "arms_file", type=FILE, help="JSON file with the arms of the API.")
@click.option("--feature", type=int, help="With --dose: one arm per dose of this feature.")
@click.option("--dose", "doses", type=float, multiple=True, help="How much is added; repeatable.")
@click.option(
    "--unit",
    default="action_displacement",
    show_default=True,
    type=click.Choice(UNITS),
    help="Unit of --dose.",
)
@click.option(
    "--start", help="Where episodes begin: reset:2 (twice the noise), cached, run:RUN:step=100, @FILE."
)
@click.option("--again", is_flag=True, help="Play it again even if the same was finished before.")
@json_option
def run(model: str, as_json: bool, **given: Any) -> None:
    """Play MODEL (an id, or a demo's name) under several arms on the same seeds, compared with the baseline.

    Without arms: the stored intervention and the edited weights, if any (`policyscope perturb set`).

    \b
    policyscope run MODEL --env Walker2d-v5 --level compare
    policyscope run MODEL --env Walker2d-v5 --feature 42 --dose -0.05 --dose 0.05
    policyscope run MODEL --env Walker2d-v5 --arm "push=42:add:2.0" --arm "without=7:ablate"
    policyscope run MODEL --env Walker2d-v5 --start cached
    """
    with sentences(), working() as ws:
        wanted = asked(RunRequest, _request(given))
        accepted = runs.start(ws, model_named(ws, model), wanted)
        announce(accepted)
        follow(ws, accepted["job_id"])
        show_run(runs.get(ws, accepted["run_id"]), as_json)


@click.command("runs")
@click.argument("run_id", required=False)
@click.option("--model", "model_id", help="Only runs of this model.")
@click.option("--csv", "as_csv", is_flag=True, help="Episodes of RUN_ID as CSV.")
@json_option
def list_runs(run_id: str | None, model_id: str | None, as_csv: bool, as_json: bool) -> None:
    """List the runs, newest first, or show one.

    \b
    policyscope runs --model MODEL
    policyscope runs RUN
    policyscope runs RUN --csv > episodes.csv
    """
    if as_csv and run_id is None:
        raise click.UsageError("--csv needs RUN_ID.")
    with reading() as ws:
        if as_csv:
            click.echo(runs.episodes_csv(ws, str(run_id)), nl=False)
        elif run_id is not None:
            show_run(runs.get(ws, run_id), as_json)
        else:
            _show_runs(runs.list_runs(ws, model_id), as_json)


@click.command("video")
@click.argument("run_id")
@click.option("--seed", type=int, help="A recorded seed; the first by default.")
@click.option("--arm", "arms", multiple=True, help="Arms side by side, at most four; all by default.")
@click.option(
    "--size",
    default="480",
    show_default=True,
    type=click.Choice([str(s) for s in videos.SIZES]),
    help="Pixels of each pane's side.",
)
@click.option("--speed", default=1.0, show_default=True, help="1 is real time.")
@click.option(
    "--format", default="mp4", show_default=True, type=click.Choice(list(videos.FORMATS)), help="File format."
)
@click.option("--shadows", is_flag=True, help="Shadows and reflections; several times slower.")
@click.option("--output", type=FILE, help="File; <run id>.<format> here by default.")
def video(run_id: str, output: Path | None, size: str, arms: tuple[str, ...], **given: Any) -> None:
    """Render a recorded seed of a run, its arms side by side.

    \b
    policyscope video RUN --output walk.mp4
    """
    with sentences(), working() as ws:
        wanted = asked(VideoRequest, {**given, "size": int(size), "arms": list(arms) or None})
        accepted = videos.start(ws, run_id, wanted)
        follow(ws, accepted["job_id"])
        made, _ = videos.path(ws, accepted["video_id"])
        write_file(output or Path(f"{run_id}.{wanted['format']}"), read_file(made))


def _request(given: Json) -> Json:
    feature, doses, unit = given.pop("feature"), given.pop("doses"), given.pop("unit")
    if (feature is None) != (not doses):
        raise click.UsageError("--feature and --dose go together.")
    arms = arms_of(given.pop("named"), given.pop("arms_file"))
    if feature is not None:
        arms += dose_arms(feature, doses, unit)
    start = start_of(given.pop("start"))
    return {**given, "arms": arms or None, "start": start}


def show_run(found: Json, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    click.echo(f"run {found['id']}  {found['state']}  {found['env']}, {found['episodes']} seeds")
    if found["sentence"]:
        click.echo(found["sentence"])
    if found["arms"]:
        show_table(("arm", "return", "steps", "fell", "clipped"), [_arm(arm) for arm in found["arms"]])
    for comparison in found["comparisons"]:
        click.echo(comparison["sentence"])


def _arm(arm: Json) -> tuple[Any, ...]:
    means = (arm["returns"]["mean"], arm["lengths"]["mean"])
    return (arm["name"], *means, arm["fall_rate"], arm["saturated_fraction"])


def _show_runs(found: list[Json], as_json: bool) -> None:
    if as_json:
        show_json({"runs": found})
        return
    names = ("id", "kind", "model_id", "env", "episodes", "state", "created_at")
    head = ("run", "kind", "model", "environment", "seeds", "state", "created")
    show_table(head, [[run[name] for name in names] for run in found])


COMMANDS = (run, list_runs, video)
