"""Models, their SAEs and the stored intervention on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from policyscope.api.schemas.features import SORTS, Interpret, Perturbation
from policyscope.cli.edits import edits_of
from policyscope.cli.effects import export
from policyscope.cli.output import json_option, read_file, show_json, show_table, write_file
from policyscope.cli.working import asked, model_named, reading
from policyscope.core.sae_formats import EXPORTS
from policyscope.services import features, models, sae_comparison, sae_library, saes
from policyscope.store.records import Json

FILE = click.Path(dir_okay=False, path_type=Path)
SIDE = ("tap_index", "d_latent", "fvu", "action_fvu", "feedback_fvu", "l0", "dead", "return_recovered")
PAIR = ("feature", "partner", "cosine", "correlation", "same")
ROW = ("weight", "standardized_weight", "marginal_r2", "density", "ablation_effect", "local_gain")


@click.command("upload")
@click.argument("path", metavar="FILE", type=FILE)
@click.option("--name", help="Name to show; the file's by default.")
@click.option("--activation", help="Activation function, where the file does not record it.")
@json_option
def upload(path: Path, name: str | None, activation: str | None, as_json: bool) -> None:
    """Store a policy file (.pt state dict, stable-baselines3 zip, …) as a model.

    \b
    policyscope upload imitator.pt --name "my walker"
    """
    with reading() as ws:
        _show_model(models.upload(ws, read_file(path), path.name, name, activation), as_json)


@click.command("models")
@json_option
def list_models(as_json: bool) -> None:
    """List the models, newest first.

    \b
    policyscope models
    """
    with reading() as ws:
        found = models.all_models(ws)
    if as_json:
        show_json({"models": found})
        return
    show_table(
        ("model", "name", "inputs", "actions", "SAE", "environments"),
        [
            (m["id"], m["name"], m["obs_dim"], m["act_dim"], (m["sae"] or {}).get("artifacts_dir"), _envs(m))
            for m in found
        ],
    )


@click.command("load-sae")
@click.argument("model")
@click.option("--artifacts_dir", help="Directory below the artifacts root.")
@click.option("--file", "paths", type=FILE, multiple=True, help="Instead: files of an SAE; repeatable.")
@click.option("--tap_index", type=int, help="Module whose output it reads; what the SAE says by default.")
@json_option
def load_sae(
    model: str, artifacts_dir: str | None, paths: tuple[Path, ...], tap_index: int | None, as_json: bool
) -> None:
    """Attach an SAE to MODEL and check its tap against the cached data.

    \b
    policyscope load-sae MODEL --artifacts_dir artifacts_w32 --tap_index 4
    policyscope load-sae MODEL --file walker_sae.pt
    """
    if bool(artifacts_dir) == bool(paths):
        raise click.UsageError("Give --artifacts_dir or --file.")
    with reading() as ws:
        if artifacts_dir:
            sae = saes.attach(ws, model, artifacts_dir, tap_index)
        else:
            files = {path.name: read_file(path) for path in paths}
            sae = sae_library.upload(ws, model, files, tap_index)
    if as_json:
        show_json(sae)
        return
    click.echo(
        f"SAE {sae['id']}: {sae['d_latent']} features on {sae['d_in']} units of tap {sae['tap_index']}"
    )
    click.echo(f"FVU {sae['fvu']:.4g}" if sae["fvu"] is not None else "no cached data to check it on")
    for warning in sae["warnings"]:
        click.echo(f"warning: {warning['message']}", err=True)


@click.command("compare-saes")
@click.argument("model")
@click.argument("first")
@click.argument("second")
@json_option
def compare_saes(model: str, first: str, second: str, as_json: bool) -> None:
    """Two SAEs of MODEL on the same states, and which features they share beyond chance.

    \b
    policyscope compare-saes MODEL s_3f9c0a1b2d4e s_0b7e11c2a9d4
    """
    with reading() as ws:
        found = sae_comparison.compare_two(ws, model_named(ws, model), first, second)
    if as_json:
        show_json(found)
        return
    show_table(("SAE", *SIDE), [(each["id"], *(each[name] for name in SIDE)) for each in found["saes"]])
    matching = found["matching"]
    if matching is None:
        click.echo("They read different taps, so their features are not matched.")
        return
    same = [match for match in matching["matches"] if match["same"]]
    click.echo(
        f"{len(same)} of {len(matching['matches'])} pairs are the same feature beyond chance "
        f"(cosine above {matching['chance_cosine']:.3f}, correlation of at least 0.8)"
    )
    show_table(PAIR, [tuple(match[name] for name in PAIR) for match in matching["matches"]])


@click.command("interpret")
@click.argument("model")
@click.option("--target_dim", default=0, show_default=True, help="Action dimension.")
@click.option("--top_k", default=10, show_default=True, help="How many.")
@click.option("--sort_by", default="abs_weight", show_default=True, type=click.Choice(SORTS), help="Order.")
@json_option
def interpret(model: str, as_json: bool, **wanted: Any) -> None:
    """The features of MODEL that go with an action, beside what each does to it.

    \b
    policyscope interpret MODEL --target_dim 0 --top_k 10
    """
    with reading() as ws:
        found = features.interpret(ws, model_named(ws, model), **asked(Interpret, wanted))
    if as_json:
        show_json(found)
        return
    click.echo(f"{found['target_name']}: R² {found['r2']:.3f} on its own data")
    show_table(("feature", *ROW), [(f["feature_idx"], *(f[name] for name in ROW)) for f in found["features"]])


@click.group("perturb")
def perturb() -> None:
    """Set, show or clear the intervention that the next run of a model plays."""


@perturb.command("set")
@click.argument("model")
@click.option("--feature", "feature_idx", type=int, help="Feature, with --alpha: the guide's form.")
@click.option("--alpha", type=float, help="α decoder directions are added at the tap.")
@click.option(
    "--edits", help="Instead: FEATURE:OP[:VALUE[:UNIT]], separated by commas; or a JSON file (@FILE)."
)
@json_option
def perturb_set(model: str, edits: str | None, as_json: bool, **guide: Any) -> None:
    """Store an intervention for the next run of MODEL.

    \b
    policyscope perturb set MODEL --feature 42 --alpha 2.0
    policyscope perturb set MODEL --edits 42:add:0.05:action_displacement,7:ablate
    """
    with reading() as ws:
        wanted = {**guide, "edits": edits_of(edits) if edits else None}
        stored = features.perturb(ws, model, asked(Perturbation, wanted)["edits"])["intervention"]
        _show_intervention(stored, as_json)


@perturb.command("show")
@click.argument("model")
@json_option
def perturb_show(model: str, as_json: bool) -> None:
    """What is stored for MODEL.

    \b
    policyscope perturb show MODEL
    """
    with reading() as ws:
        _show_intervention(features.intervention(ws, model)["intervention"], as_json)


@perturb.command("clear")
@click.argument("model")
@json_option
def perturb_clear(model: str, as_json: bool) -> None:
    """Forget what is stored for MODEL.

    \b
    policyscope perturb clear MODEL
    """
    with reading() as ws:
        _show_intervention(features.clear(ws, model)["intervention"], as_json)


@export.command("sae")
@click.argument("model")
@click.option(
    "--format", "form", default="safetensors", show_default=True, type=click.Choice(EXPORTS), help="Format."
)
@click.option("--output", type=FILE, help="File; a name of its own here by default.")
def export_sae(model: str, form: str, output: Path | None) -> None:
    """Write the SAE in use of MODEL to a file that other programs read.

    \b
    policyscope export sae MODEL --output sae.safetensors
    """
    with reading() as ws:
        name, content = sae_library.export(ws, model, form)
        write_file(output or Path(name), content)


def _show_model(model: Json, as_json: bool) -> None:
    if as_json:
        show_json(model)
        return
    click.echo(f"model {model['id']}  {model['name']} ({model['format']})")
    click.echo(f"{model['obs_dim']} observations, {model['act_dim']} actions; fits {_envs(model)}")
    for note in model["notes"]:
        click.echo(note, err=True)


def _envs(model: Json) -> str:
    return ", ".join(model["compatible_envs"]) or "no environment here"


def _show_intervention(stored: Json | None, as_json: bool) -> None:
    if as_json:
        show_json({"intervention": stored})
    elif stored is None:
        click.echo("No intervention is stored.")
    else:
        for edit in stored["edits"]:
            click.echo(json.dumps(edit))
        if stored["dose"]:
            click.echo(stored["dose"]["message"])


COMMANDS = (upload, list_models, load_sae, compare_saes, interpret, perturb)
