"""What an SAE's features are worth and what they mean, on the command line: the same services as the API."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from policyscope.api.schemas.clusters import CLUSTER_VIEWS, ClustersRequest
from policyscope.cli.console import sentences
from policyscope.cli.output import json_option, show_json, show_table
from policyscope.cli.working import asked, follow, model_named, working
from policyscope.services import (
    analyses,
    clusterings,
    dashboards,
    feature_notes,
    feature_search,
    feature_table,
    reports,
)
from policyscope.services.workspace import Workspace
from policyscope.store.records import Json

SORTS = (
    "ablation_effect",
    "weight",
    "standardized_weight",
    "density",
    "output_percentile",
    "auroc",
    "closed_loop",
    "feature_idx",
    "match",
)
SHOWN = ("density", "ablation_effect", "output_percentile", "standardized_weight", "weight")
OF_A_LINE = ("fvu", "action_fvu", "feedback_fvu", "return_recovered", "fall_rate")
PAGE = 500

model_argument = click.argument("model")


@click.command("report")
@model_argument
@click.option("--env", help="Environment id; that of the SAE by default.")
@click.option("--episodes", default=16, show_default=True, type=click.IntRange(2, 200), help="Seeds.")
@click.option("--max_steps", type=int, help="Longest episode.")
@click.option("--seed", default=0, show_default=True, help="First seed.")
@json_option
def report_command(model: str, as_json: bool, **wanted: Any) -> None:
    """Whether the SAE of MODEL (an id, or a demo's name) can stand in for what it explains.

    \b
    policyscope report walker2d_w32
    """
    with sentences(), working() as ws:
        found = model_named(ws, model)
        follow(ws, reports.start(ws, found, wanted)["job_id"])
        report = reports.newest(ws, found)
    if as_json:
        show_json(report)
        return
    click.echo(report["sentence"])
    for warning in report["warnings"]:
        click.echo(f"  {warning}")
    show_table(
        ["line", *OF_A_LINE],
        [[line["title"], *(line[name] for name in OF_A_LINE)] for line in report["lines"]],
    )


@click.command("features")
@model_argument
@click.option(
    "--target", default="action:0", show_default=True, help="action:0, obs:3, reward or measure:speed."
)
@click.option(
    "--sort_by",
    type=click.Choice(SORTS),
    help="Order: ablation_effect by default, match when something is searched for.",
)
@click.option("--search", help="What it responds to or does (right knee, stance), or words of notes.")
@click.option("--alive", is_flag=True, help="Leave out features that never fire.")
@click.option("--top", default=20, show_default=True, type=click.IntRange(1), help="How many to print.")
@click.option("--csv", "as_csv", is_flag=True, help="Print every column as CSV.")
@json_option
def features_command(model: str, top: int, as_csv: bool, as_json: bool, **wanted: Any) -> None:
    """The features of MODEL (an id, or a demo's name), strongest first.

    \b
    policyscope features walker2d_w32 --target measure:speed --top 10
    policyscope features walker2d_w32 --search "right knee"
    """
    wanted["sort_by"] = wanted["sort_by"] or ("match" if wanted["search"] else "ablation_effect")
    with sentences(), working() as ws:
        rows, searched = _features(ws, _analysed(ws, model), top, wanted)
    if as_json:
        show_json(rows)
    elif as_csv:
        _csv(rows)
    elif searched and not rows:
        click.echo(feature_search.nothing_found(searched))
    else:
        last = ["matches"] if searched else ["name"]
        lines = [[row["feature_idx"], *(row[name] for name in SHOWN), _said(row)] for row in rows]
        show_table(["feature", *SHOWN, *last], lines)


@click.command("feature")
@model_argument
@click.argument("feature_idx", type=click.IntRange(0))
@json_option
def feature_command(model: str, feature_idx: int, as_json: bool) -> None:
    """What feature FEATURE_IDX of MODEL responds to and does.

    \b
    policyscope feature m_1a2b3c4d5e6f 64
    """
    with sentences(), working() as ws:
        page = dashboards.read(ws, _analysed(ws, model), feature_idx)
    if as_json:
        show_json(page)
        return
    click.echo(f"feature {feature_idx}: {page['name']['text']}")
    click.echo(f"  {', '.join(page['badges']) or 'no badges'}; note: {page['note']['name'] or 'none'}")
    show_table(["measure", "value"], [[name, value] for name, value in page["statistics"].items()])
    actions = [[a["name"], a["ablation_effect"], a["ablation_mean"]] for a in page["actions"]]
    show_table(["action", "ablation effect", "mean"], actions)
    near = [
        [view, ", ".join(str(other["feature_idx"]) for other in others[:5])]
        for view, others in page["nearest"].items()
    ]
    show_table(["nearest by", "features"], near)


@click.command("clusters")
@model_argument
@click.option(
    "--view",
    default="combined",
    show_default=True,
    type=click.Choice(CLUSTER_VIEWS),
    help="What makes features alike; custom takes your own weights.",
)
@click.option("--decoder", type=float, help="custom: weight of the decoder cosine.")
@click.option("--coactivation", type=float, help="custom: weight of co-activation.")
@click.option("--function", type=float, help="custom: weight of the cosine of effects.")
@click.option("--map", type=click.Choice(("pca", "umap")), help="Map in the JSON; umap is not to scale.")
@json_option
def clusters_command(model: str, as_json: bool, **given: Any) -> None:
    """Groups of like features of MODEL, and whether they are more than chance.

    \b
    policyscope clusters walker2d_w32 --view function
    policyscope clusters walker2d_w32 --view custom --decoder 1 --coactivation 0 --function 1
    """
    with sentences(), working() as ws:
        wanted = asked(ClustersRequest, given)
        model_id = _analysed(ws, model)
        follow(ws, clusterings.start(ws, model_id, wanted)["job_id"])
        found = clusterings.read(ws, model_id, wanted)
    if as_json:
        show_json(found)
        return
    click.echo(found["verdict"])
    lines = [
        [c["cluster"], c["size"], c["silhouette"], " ".join(map(str, c["features"][:12])), c["name"]]
        for c in found["clusters"]
    ]
    show_table(["cluster", "size", "silhouette", "features", "name of the strongest"], lines)


@click.command("note")
@model_argument
@click.argument("feature_idx", type=click.IntRange(0))
@click.option("--name", help="Your name for it.")
@click.option("--text", default="", help="What you noted.")
@click.option("--tag", "tags", multiple=True, help="Repeatable.")
def note_command(model: str, feature_idx: int, name: str | None, text: str, tags: tuple[str, ...]) -> None:
    """Replace your own name, note and tags of a feature of MODEL (an id).

    \b
    policyscope note m_1a2b3c4d5e6f 64 --name slows --tag speed
    """
    with sentences(), working() as ws:
        note = feature_notes.put(ws, model_named(ws, model), feature_idx, name, text, tags)
    show_json(note)


def _analysed(ws: Workspace, name: str) -> str:
    """The model's id, once its features are analysed."""
    model_id = model_named(ws, name)
    follow(ws, analyses.start(ws, model_id)["job_id"])
    return model_id


def _said(row: Json) -> str:
    """Its name, or why it fits the search: "does: raises right leg torque"."""
    if row["match"] is None:
        return str(row["name"])
    return "; ".join(f"{reason['kind']}: {reason['text']}" for reason in row["match"])


def _features(
    ws: Workspace, model_id: str, top: int, wanted: Mapping[str, Any]
) -> tuple[list[Json], Json | None]:
    """Rows, and how a search was understood."""
    rest = dict.fromkeys(("order", "min_density", "max_q", "min_percentile", "badge", "tag"))
    rows: list[Json] = []
    searched: Json | None = None
    for page in range(1, -(-top // PAGE) + 1):
        table = feature_table.read(
            ws, model_id, {**rest, **wanted, "page": page, "page_size": min(top, PAGE)}
        )
        rows, searched = rows + table["features"], table["search"]
        if page >= table["pages"]:
            break
    return rows[:top], searched


def _csv(rows: Sequence[Json]) -> None:
    plain = [
        {
            name: v
            for name, v in {**row, "match": row["match"] and _said(row)}.items()
            if not isinstance(v, dict)
        }
        for row in rows
    ]
    writer = csv.DictWriter(sys.stdout, list(plain[0]) if plain else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: "; ".join(v) if isinstance(v, list) else v for k, v in row.items()} for row in plain)


COMMANDS = (report_command, features_command, feature_command, clusters_command, note_command)
