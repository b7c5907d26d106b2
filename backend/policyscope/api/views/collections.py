"""Collections of features, and saved views."""

from __future__ import annotations

from typing import Any

from flask import Response

from policyscope.api.current import workspace
from policyscope.api.encoding import Views
from policyscope.api.schemas.base import Ok
from policyscope.api.schemas.collections import (
    Collection,
    CollectionChange,
    CollectionRequest,
    Collections,
    Entry,
    EntryNote,
    SavedViews,
    View,
    ViewChange,
    ViewRequest,
)
from policyscope.services import collections as service
from policyscope.services import views as saved

collections = Views("collections", __name__, description="Named lists of features, and named views.")


@collections.route("/model/<model_id>/collections")
@collections.response(200, Collections)
def list_collections(model_id: str) -> Any:
    """The collections of the model's SAE, bookmarks first."""
    return {"collections": service.all_of(workspace(), model_id)}


@collections.route("/model/<model_id>/collections", methods=["POST"])
@collections.arguments(CollectionRequest)
@collections.response(201, Collection)
def create_collection(wanted: dict[str, Any], model_id: str) -> Any:
    """Begin a collection; 409 when the name is taken."""
    return service.create(workspace(), model_id, wanted["name"], wanted["features"])


@collections.route("/model/<model_id>/collection/<collection_id>")
@collections.response(200, Collection)
def get_collection(model_id: str, collection_id: str) -> Any:
    """One collection; the id ``bookmarks`` names the built-in one."""
    return service.one(workspace(), model_id, collection_id)


@collections.route("/model/<model_id>/collection/<collection_id>", methods=["PATCH"])
@collections.arguments(CollectionChange)
@collections.response(200, Collection)
def rename_collection(wanted: dict[str, Any], model_id: str, collection_id: str) -> Any:
    """Rename a collection."""
    return service.rename(workspace(), model_id, collection_id, wanted["name"])


@collections.route("/model/<model_id>/collection/<collection_id>", methods=["DELETE"])
@collections.response(200, Ok)
def delete_collection(model_id: str, collection_id: str) -> Any:
    """Delete a collection; its features stay where they are."""
    service.delete(workspace(), model_id, collection_id)
    return {"ok": True}


@collections.route("/model/<model_id>/collection/<collection_id>/feature/<int:feature_idx>", methods=["PUT"])
@collections.arguments(EntryNote)
@collections.response(200, Entry)
def put_in_collection(wanted: dict[str, Any], model_id: str, collection_id: str, feature_idx: int) -> Any:
    """Add a feature to a collection, or change its note there."""
    return service.put(workspace(), model_id, collection_id, feature_idx, wanted["note"])


@collections.route(
    "/model/<model_id>/collection/<collection_id>/feature/<int:feature_idx>", methods=["DELETE"]
)
@collections.response(200, Ok)
def remove_from_collection(model_id: str, collection_id: str, feature_idx: int) -> Any:
    """Take a feature out of a collection."""
    service.remove(workspace(), model_id, collection_id, feature_idx)
    return {"ok": True}


@collections.route("/model/<model_id>/collection/<collection_id>/features.csv")
@collections.response(200, {"type": "string"}, content_type="text/csv")
def get_collection_csv(model_id: str, collection_id: str) -> Response:
    """A collection as a table: feature, name, effect, density, note."""
    found = service.table(workspace(), model_id, collection_id)
    name = {"Content-Disposition": 'attachment; filename="collection.csv"'}
    return Response(found, mimetype="text/csv", headers=name)


@collections.route("/views")
@collections.response(200, SavedViews)
def list_views() -> Any:
    """Saved views, newest first."""
    return {"views": saved.all_views(workspace())}


@collections.route("/views", methods=["POST"])
@collections.arguments(ViewRequest)
@collections.response(201, View)
def save_view(wanted: dict[str, Any]) -> Any:
    """Keep the address of a page under a name."""
    return saved.save(workspace(), wanted["name"], wanted["address"], wanted["model_id"])


@collections.route("/view/<view_id>", methods=["PATCH"])
@collections.arguments(ViewChange)
@collections.response(200, View)
def rename_view(wanted: dict[str, Any], view_id: str) -> Any:
    """Rename a saved view."""
    return saved.rename(workspace(), view_id, wanted["name"])


@collections.route("/view/<view_id>", methods=["DELETE"])
@collections.response(200, Ok)
def delete_view(view_id: str) -> Any:
    """Delete a saved view."""
    saved.delete(workspace(), view_id)
    return {"ok": True}
