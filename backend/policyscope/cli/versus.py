"""Two models side by side on the command line."""

from __future__ import annotations

from typing import Any

import click

from policyscope.api.schemas.model_comparison import CompareModelsRequest
from policyscope.cli.console import sentences
from policyscope.cli.output import json_option, show_json, show_table
from policyscope.cli.runs import show_run
from policyscope.cli.working import announce, asked, follow, model_named, working
from policyscope.services import model_comparison, runs
from policyscope.store.records import Json


@click.command("versus")
@click.argument("model")
@click.argument("other")
@click.option("--env", help="Play both here, on the same seeds; without it nothing is played.")
@click.option("--episodes", type=int, help="Seeds per model; 10 by default.")
@click.option(
    "--level",
    type=click.Choice(list(runs.LEVELS)),
    help="Instead of --episodes: preview 4, compare 16, confirm 32.",
)
@click.option("--seed", default=0, show_default=True, help="First seed.")
@click.option("--max_steps", type=int, help="Longest episode.")
@click.option("--again", is_flag=True, help="Play it again even if the same was finished before.")
@json_option
def versus(model: str, other: str, as_json: bool, **given: Any) -> None:
    """MODEL beside OTHER: layers, weights, actions on the same states, and with --env a run of both.

    The same model twice compares it with its edited weights.

    \b
    policyscope versus MODEL OTHER
    policyscope versus MODEL OTHER --env Walker2d-v5 --level compare
    """
    with sentences(), working() as ws:
        pair = model_named(ws, model), model_named(ws, other)
        found, run = model_comparison.compare_two(ws, *pair), None
        if given["env"] is not None:
            wanted = asked(CompareModelsRequest, {**given, "other": pair[1]})
            accepted = model_comparison.start(ws, pair[0], wanted.pop("other"), wanted)
            announce(accepted)
            follow(ws, accepted["job_id"])
            run = runs.get(ws, accepted["run_id"])
    if as_json:
        show_json({**found, "run": run})
        return
    _show(found)
    if run is not None:
        show_run(run, as_json=False)


def _show(found: Json) -> None:
    names = ("name", "activation", "parameters", "edits", "changed_weights")
    lines = [
        [*(each[name] for name in names), " → ".join(map(str, each["widths"]))] for each in found["models"]
    ]
    show_table([*names, "widths"], lines)
    if found["actions"] is not None:
        gaps = [[gap["name"], gap["rms"], gap["rms_sd"], gap["mean"]] for gap in found["actions"]["gaps"]]
        show_table(["action", "RMS difference", "in SD", "mean"], gaps)
    features = found["features"]
    if features["reason"] is None:
        alive = " and ".join(f"{count:g}" for count in features["alive"])
        click.echo(f"{features['shared']} features fire alike beyond chance; {alive} are alive.")
    else:
        click.echo(f"Features were not compared. {features['reason']}")


COMMANDS = (versus,)
