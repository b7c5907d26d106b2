"""Collections of features, and saved views."""

from marshmallow import fields, validate

from policyscope.api.schemas.base import (
    FEATURE_MAX,
    Answer,
    Request,
    described,
    many,
    name_field,
    real,
    text,
    whole,
    yes,
)

LONGEST_NOTE, LONGEST_ADDRESS = 2000, 8000


class EntryRequest(Request):
    feature_idx = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, FEATURE_MAX),
        metadata=described("Latent of the SAE.", example=7),
    )
    note = fields.String(
        load_default="",
        validate=validate.Length(max=LONGEST_NOTE),
        metadata=described("What is noted of the feature in this collection."),
    )


class CollectionRequest(Request):
    name = name_field("Name of the collection; each once per SAE.", required=True)
    features = fields.List(
        fields.Nested(EntryRequest),
        load_default=list,
        validate=validate.Length(max=2000),
        metadata=described("Features to begin with."),
    )


class CollectionChange(Request):
    name = name_field("A new name.", required=True)


class EntryNote(Request):
    note = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=LONGEST_NOTE),
        metadata=described("What is noted of it here; null leaves what was noted."),
    )


class Entry(Answer):
    feature_idx = whole("Latent of the SAE.")
    note = text("What is noted of it in this collection.")
    added_at = text("When it was added, ISO-8601.")


class ListedEntry(Entry):
    name = text("Your own name for it, else “when → does”; null before the analysis.", none=True)
    effect = real("RMS change of all actions when it is removed, in SDs; null before the analysis.")
    density = real("Share of samples on which it is active; null before the analysis.")


class Collection(Answer):
    id = text("Server-made id.")
    name = text("Name.")
    bookmarks = yes("The built-in collection of bookmarks.")
    created_at = text("ISO-8601; null for bookmarks before the first.", none=True)
    features = many(ListedEntry, "In the order in which they were added.")


class Collections(Answer):
    collections = many(Collection, "Bookmarks first, then by name.")


class ViewRequest(Request):
    name = name_field("Name of the view.", required=True)
    address = fields.String(
        required=True,
        validate=[validate.Length(0, LONGEST_ADDRESS), validate.Regexp(r"(\?[\x21-\x7e]*)?\Z")],
        metadata=described(
            "Query of the page's address, percent-encoded.", example="?model=m_1a2b3c4d5e6f&screen=features"
        ),
    )
    model_id = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 60),
        metadata=described("The model it shows: the view goes with it."),
    )


class ViewChange(Request):
    name = name_field("A new name.", required=True)


class View(Answer):
    id = text("Server-made id.")
    name = text("Name.")
    address = text("Query of the page's address.")
    model_id = text("The model it shows, if any.", none=True)
    created_at = text("ISO-8601, UTC.")


class SavedViews(Answer):
    views = many(View, "Newest first.")
