"""Sweeps of SAEs on the command line: the same services as the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from policyscope.api.schemas.sweeps import SweepRequest
from policyscope.cli.console import sentences
from policyscope.cli.output import json_option, show_json, show_table, write_file
from policyscope.cli.working import announce, asked, follow, model_named, reading, working
from policyscope.core.transcoder import KINDS
from policyscope.services.pipeline import VARIANT_CHOICES
from policyscope.services.sweeps import plan
from policyscope.services.sweeps import reading as made
from policyscope.store.records import Json

COLUMNS = ("variant", "d_latent", "k", "l0", "fvu", "feedback_fvu", "return_recovered")
CHOICES = (*VARIANT_CHOICES, *KINDS)
BY_WIDTH = "repeatable; by the width of the tap when left out."


@click.command("sweep")
@click.argument("model")
@click.option("--env", required=True, help="Environment id.")
@click.option("--tap_index", required=True, type=int, help="Module whose output the SAEs read.")
@click.option("--output_tap", type=int, help="Module whose output transcoders make of that.")
@click.option("--variant", multiple=True, type=click.Choice(CHOICES), help="Repeatable; topk.")
@click.option("--d_latent", multiple=True, type=int, help=f"Number of latents; {BY_WIDTH}")
@click.option("--topk", multiple=True, type=int, help=f"Latents active at a time; {BY_WIDTH}")
@click.option("--seeds_of_each", type=int, help="Training seeds of each configuration (3).")
@click.option("--seed", type=int, help="First training seed, and seed of the data (0).")
@click.option("--steps", type=int, help="Training steps of each; by the width of the tap when left out.")
@click.option("--batch", type=int, help="Vectors of one step; by the width of the tap when left out.")
@click.option("--lr", type=float, help="Learning rate; by the number of latents when left out.")
@click.option("--num_traj", type=int, help="Episodes to collect (100), 0 with --data_from for none.")
@click.option("--data_from", metavar="SWEEP", help="Sweep whose episodes come first.")
@click.option("--max_timesteps", type=int, help="Longest episode; the environment's limit by default.")
@click.option("--noise_scale", type=float, help="Action noise of noisy episodes, of half the range (0.15).")
@click.option("--noisy_share", type=float, help="Share of the episodes with action noise (0.6).")
@click.option("--pushed_share", type=float, help="Share that begins mid-way with a push (0).")
@click.option("--push_scale", type=float, help="Strength of pushes, in spreads of each velocity (0.3).")
@click.option("--reset_share", type=float, help="Share that begins with a wider reset (0).")
@click.option("--reset_scale", type=float, help="By how much wider (10).")
@click.option("--eval_episodes", type=int, help="Episodes in which every SAE is played (20).")
@click.option("--cache_samples", type=int, help="Samples kept beside the SAEs (30,000).")
@click.option("--use", is_flag=True, help="Attach the recommended SAE to the model.")
@json_option
def sweep_command(model: str, use: bool, as_json: bool, **given: Any) -> None:
    """Train a grid of SAEs for MODEL (an id, or a demo's name); which is the smallest that keeps behaviour?

    \b
    policyscope sweep walker2d_w32 --env Walker2d-v5 --tap_index 4 --topk 4 --topk 8 --topk 16
    """
    request = {name: list(v) if isinstance(v, tuple) else v for name, v in given.items()}
    with sentences(), working() as ws:
        wanted = asked(SweepRequest, {name: value for name, value in request.items() if value != []})
        accepted = plan.start(ws, model_named(ws, model), wanted)
        announce({"estimate_s": accepted["estimate_s"]})
        follow(ws, accepted["job_id"])
        found = made.get(ws, accepted["sweep_id"])
        if use:
            made.use(ws, found["sweep_id"], None)
    if as_json:
        show_json(found)
        return
    click.echo(f"sweep {found['sweep_id']}")
    _show(found)


@click.command("use-sweep")
@click.argument("sweep_id")
@click.option("--cell", type=int, help="Number of the SAE; the recommended one by default.")
def use_command(sweep_id: str, cell: int | None) -> None:
    """Attach one SAE of the sweep SWEEP_ID to its model.

    \b
    policyscope use-sweep w_0123456789abcdef --cell 4
    """
    with reading() as ws:
        info = made.use(ws, sweep_id, cell)
    click.echo(f"{info['artifacts_dir']} at tap {info['tap_index']}")


@click.command("save-sweep")
@click.argument("sweep_id")
@click.option("--cell", type=int, help="Number of the SAE; the recommended one by default.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File; named by the cell.")
def save_command(sweep_id: str, cell: int | None, output: Path | None) -> None:
    """Write one SAE or transcoder of the sweep SWEEP_ID as a safetensors file.

    \b
    policyscope save-sweep w_0123456789abcdef --cell 4
    """
    with reading() as ws:
        name, content = made.file_of(ws, sweep_id, cell)
        write_file(output or Path(name), content)


def _show(found: Json) -> None:
    head = [*COLUMNS, "interval", "added_falls", "passes", "cells"]
    lines = []
    for one in found["configurations"]:
        ends = "–" if one["interval"] is None else f"{one['interval'][0]:.3f} to {one['interval'][1]:.3f}"
        cells = " ".join(map(str, one["cells"]))
        passes = "yes" if one["passes"] else "no"
        lines.append([*(one[name] for name in COLUMNS), ends, one["added_falls"], passes, cells])
    show_table(head, lines)
    click.echo(found["sentence"])


COMMANDS = (sweep_command, use_command, save_command)
