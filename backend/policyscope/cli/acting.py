"""How a model acts around its layers, on the command line: shown, corrected, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from policyscope.api.schemas.acting import SCALINGS, SQUASHES, ActingChange
from policyscope.cli.edits import json_file
from policyscope.cli.output import json_option, read_file, show_json, show_table
from policyscope.cli.working import asked, reading
from policyscope.core.errors import InvalidInput
from policyscope.services import acting as service
from policyscope.store.records import Json

NO_OBSERVATION = "none"
ROWS = ("squash", "action scaling", "observation")


@click.group("acting")
def acting() -> None:
    """Show or correct how a model squashes and scales actions and normalises observations."""


@acting.command("show")
@click.argument("model")
@json_option
def show(model: str, as_json: bool) -> None:
    """How MODEL acts now, beside what its file says.

    \b
    policyscope acting show MODEL
    """
    with reading() as ws:
        _show(service.get(ws, model), as_json)


@acting.command("set")
@click.argument("model")
@click.option("--squash", type=click.Choice(SQUASHES), help="After the last layer; clip is to ±1.")
@click.option(
    "--action_scaling",
    type=click.Choice(SCALINGS),
    help="Of squashed actions: to the environment's action box, not at all, or to --action_range.",
)
@click.option(
    "--action_range",
    "ranges",
    type=(float, float),
    multiple=True,
    metavar="LOW HIGH",
    help="Lowest and highest value of an action; once per action, in their order.",
)
@click.option(
    "--observation",
    metavar="@FILE|none",
    help="Normalisation of observations: JSON with mean, scale and clip, or none.",
)
@json_option
def change(model: str, as_json: bool, **given: Any) -> None:
    """Correct how MODEL acts; what is not given stays. Later runs are of the corrected policy.

    \b
    policyscope acting set MODEL --squash clip
    policyscope acting set MODEL --action_range -2 2 --action_range -0.4 0.4
    policyscope acting set MODEL --observation @statistics.json
    """
    with reading() as ws:
        _show(service.change(ws, model, service.from_request(_request(**given))), as_json)


@acting.command("vec-normalize")
@click.argument("model")
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def vec_normalize(model: str, path: Path, as_json: bool) -> None:
    """Normalise the observations of MODEL by a VecNormalize file of Stable-Baselines3.

    \b
    policyscope acting vec-normalize MODEL vec_normalize.pkl
    """
    with reading() as ws:
        _show(service.attach_normalisation(ws, model, read_file(path), path.name), as_json)


@acting.command("reset")
@click.argument("model")
@json_option
def reset(model: str, as_json: bool) -> None:
    """Let MODEL act as its file says.

    \b
    policyscope acting reset MODEL
    """
    with reading() as ws:
        _show(service.reset(ws, model), as_json)


def _request(
    squash: str | None,
    action_scaling: str | None,
    ranges: tuple[tuple[float, float], ...],
    observation: str | None,
) -> Json:
    """The body of the API's request; a range says by itself what is scaled to. Raises InvalidInput."""
    values: Json = {"squash": squash, "action_scaling": action_scaling}
    if ranges:
        low, high = (list(ends) for ends in zip(*ranges, strict=True))
        values |= {"action_scaling": action_scaling or "range", "action_low": low, "action_high": high}
    if observation and observation != NO_OBSERVATION:
        values["observation"] = _statistics(observation)
    found = asked(ActingChange, values) | ({"observation": None} if observation == NO_OBSERVATION else {})
    if not found:
        raise InvalidInput("Give --squash, --action_scaling, --action_range or --observation.")
    return found


def _statistics(text: str) -> Any:
    if not text.startswith("@"):
        raise InvalidInput(f"{text!r} is no normalisation: give @FILE with its JSON, or none.")
    return json_file(Path(text[1:]))


def _show(described: Json, as_json: bool) -> None:
    if as_json:
        show_json(described)
        return
    columns = [_cells(each) for each in (described, described["uploaded"])]
    show_table(("", "now", "in the file"), zip(ROWS, *columns, strict=True))


def _cells(acting: Json) -> tuple[str, ...]:
    scaling, observation = acting["action_scaling"], acting["observation"]
    if scaling == "range":
        pairs = zip(acting["action_low"], acting["action_high"], strict=True)
        scaling = ", ".join(f"{low:g} … {high:g}" for low, high in pairs)
    if observation is not None:
        clip = "" if observation["clip"] is None else f", limited to ±{observation['clip']:g}"
        observation = f"normalised by {len(observation['mean'])} means and scales{clip}"
    return acting["squash"], scaling, observation or "as it is"
