"""``policyscope collections``: named lists of features, each with a note."""

from __future__ import annotations

import click

from policyscope.api.schemas.collections import CollectionChange, CollectionRequest, EntryNote
from policyscope.cli.output import json_option, show_json, show_table
from policyscope.cli.working import asked, model_named, reading
from policyscope.services import collections as service
from policyscope.services.workspace import Workspace

model_argument = click.argument("model")
name_argument = click.argument("collection")


@click.group()
def collections() -> None:
    """Named lists of features of MODEL's SAE; `bookmarks` is always there."""


@collections.command("list")
@model_argument
@json_option
def list_collections(model: str, as_json: bool) -> None:
    """List the collections of MODEL with their features.

    \b
    policyscope collections list m_1a2b3c4d5e6f
    """
    with reading() as ws:
        found = service.all_of(ws, model_named(ws, model))
    if as_json:
        show_json({"collections": found})
        return
    lines = [
        (one["name"], entry["feature_idx"], entry["effect"], entry["name"], entry["note"])
        for one in found
        for entry in one["features"]
    ]
    show_table(("collection", "feature", "effect", "name", "note"), lines)


@collections.command("add")
@model_argument
@name_argument
@click.argument("features", type=click.IntRange(0), nargs=-1, required=True)
@click.option("--note", help="What is noted of them here.")
def add(model: str, collection: str, features: tuple[int, ...], note: str | None) -> None:
    """Put FEATURES into COLLECTION (its name or id), which is made if it is not there.

    \b
    policyscope collections add m_1a2b3c4d5e6f bookmarks 7
    policyscope collections add m_1a2b3c4d5e6f "right knee" 7 12 --note "brakes the swing"
    """
    with reading() as ws:
        model_id = model_named(ws, model)
        wanted = asked(EntryNote, {"note": note})
        found = _named(ws, model_id, collection)
        if found is None:
            name = asked(CollectionRequest, {"name": collection})["name"]
            found = str(service.create(ws, model_id, name, [])["id"])
        for feature in features:
            service.put(ws, model_id, found, feature, wanted["note"])
        _show(ws, model_id, found)


@collections.command("remove")
@model_argument
@name_argument
@click.argument("features", type=click.IntRange(0), nargs=-1, required=True)
def remove(model: str, collection: str, features: tuple[int, ...]) -> None:
    """Take FEATURES out of COLLECTION.

    \b
    policyscope collections remove m_1a2b3c4d5e6f "right knee" 12
    """
    with reading() as ws:
        model_id = model_named(ws, model)
        found = _named(ws, model_id, collection) or collection
        for feature in features:
            service.remove(ws, model_id, found, feature)
        _show(ws, model_id, found)


@collections.command("rename")
@model_argument
@name_argument
@click.argument("name")
def rename(model: str, collection: str, name: str) -> None:
    """Give COLLECTION another name.

    \b
    policyscope collections rename m_1a2b3c4d5e6f "right knee" "right leg"
    """
    with reading() as ws:
        model_id = model_named(ws, model)
        wanted = asked(CollectionChange, {"name": name})
        renamed = service.rename(ws, model_id, _named(ws, model_id, collection) or collection, wanted["name"])
        click.echo(f"{renamed['id']}  {renamed['name']}")


@collections.command("delete")
@model_argument
@name_argument
def delete(model: str, collection: str) -> None:
    """Delete COLLECTION; its features stay. Of the bookmarks, empty them.

    \b
    policyscope collections delete m_1a2b3c4d5e6f "right knee"
    """
    with reading() as ws:
        model_id = model_named(ws, model)
        service.delete(ws, model_id, _named(ws, model_id, collection) or collection)


@collections.command("export")
@model_argument
@name_argument
def export(model: str, collection: str) -> None:
    """Print COLLECTION as CSV.

    \b
    policyscope collections export m_1a2b3c4d5e6f bookmarks > bookmarks.csv
    """
    with reading() as ws:
        model_id = model_named(ws, model)
        click.echo(service.table(ws, model_id, _named(ws, model_id, collection) or collection), nl=False)


def _named(ws: Workspace, model_id: str, name: str) -> str | None:
    """The id of the collection with this name or id; None when there is none."""
    found = service.all_of(ws, model_id)
    return next((str(one["id"]) for one in found if name in (one["name"], one["id"])), None)


def _show(ws: Workspace, model_id: str, collection_id: str) -> None:
    one = service.one(ws, model_id, collection_id)
    held = ", ".join(str(entry["feature_idx"]) for entry in one["features"]) or "empty"
    click.echo(f"{one['id']}  {one['name']}: {held}")
