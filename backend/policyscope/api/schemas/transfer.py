"""Workspaces on their way out and in: what is asked for, the report, and the form of what an archive says."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from policyscope.api.schemas.base import (
    Answer,
    Request,
    described,
    many,
    name_field,
    nested,
    text,
    texts,
    whole,
    yes,
)
from policyscope.api.schemas.collections import EntryRequest, ViewRequest
from policyscope.api.schemas.effects import Effects
from policyscope.api.schemas.jobs import STATES
from policyscope.api.schemas.models import SOURCES
from policyscope.api.schemas.reports import Report
from policyscope.api.schemas.runs import Run
from policyscope.api.schemas.sweeps import Sweep
from policyscope.api.schemas.understanding import NoteRequest
from policyscope.api.schemas.uploads import FileField
from policyscope.core.errors import UnsupportedFile
from policyscope.services.transfer.made import REPORT, SWEEP
from policyscope.services.transfer.runs_in import Checks
from policyscope.store.records import Json

WORKSPACE_FILE = "A workspace that `policyscope workspace export` or this API wrote."


class ExportRequest(Request):
    model_id = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 60),
        metadata=described("Only this model, with all that belongs to it; everything by default."),
    )


class ExportAccepted(Answer):
    job_id = text("Job to follow.")
    export_id = text("The file to fetch when the job is done.")
    state = fields.String(required=True, validate=validate.OneOf(STATES), metadata=described("Of the job."))


class ImportRequest(Request):
    file = FileField(required=True, metadata=described(WORKSPACE_FILE, type="string", format="binary"))


class Counts(Answer):
    new = whole("Came in.")
    known = whole("Were here already, the same.")
    kept = whole("Stayed as they are here, though the file says something else.")


class CountsByKind(Answer):
    models = nested(Counts)
    saes = nested(Counts)
    runs = nested(Counts)
    reports = nested(Counts)
    sweeps = nested(Counts)
    notes = nested(Counts)
    collections = nested(Counts)
    views = nested(Counts)


class ImportedModel(Answer):
    id = text("Its id here.")
    name = text("Name.")
    new = yes("It came in; false when it was here already.")


class ImportReport(Answer):
    counts = nested(CountsByKind)
    models = many(ImportedModel)
    renamed = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata=described("Ids in the file that are in use here, and what they became."),
    )
    analysing = texts("Models whose features are analysed again here now, each by a job.")
    sentence = text("The same in words.")


def _id(prefix: str, *, none: bool = False) -> fields.String:
    return fields.String(
        required=True, allow_none=none, validate=validate.Regexp(rf"{prefix}_[0-9a-f]{{12}}\Z")
    )


def _list_of(schema: type[Schema], most: int) -> fields.List:
    return fields.List(fields.Nested(schema), required=True, validate=validate.Length(max=most))


def _objects(most: int, *, none: bool = False) -> fields.List:
    items = fields.Dict(keys=fields.String())
    return fields.List(items, required=True, allow_none=none, validate=validate.Length(max=most))


def _moment() -> fields.String:
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z\Z"
    return fields.String(required=True, validate=validate.Regexp(form))


class _Model(Request):
    id = _id("m")
    name = name_field("", required=True)
    filename = name_field("", 200, required=True)
    activation = fields.String(required=True, validate=validate.Length(1, 40))
    activation_source = fields.String(required=True, validate=validate.OneOf(SOURCES))
    edits = _objects(1000)
    acting = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    sae_id = _id("s", none=True)
    intervention = _objects(64, none=True)


class _Sae(Request):
    id = _id("s")
    model_id = _id("m")
    content = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{48}\Z"))
    tap_index = fields.Integer(required=True, strict=True, validate=validate.Range(0, 10_000))
    name = fields.String(required=True, validate=validate.Length(max=1024))
    requested = fields.Integer(required=True, strict=True, allow_none=True)
    env = fields.String(required=True, allow_none=True, validate=validate.Length(max=200))
    computed = fields.Boolean(required=True)


class _Note(NoteRequest):
    sae_id = _id("s")
    feature_idx = fields.Integer(required=True, strict=True, validate=validate.Range(0, 1_000_000))


class _Collection(Request):
    sae_id = _id("s")
    name = name_field("", required=True)
    bookmarks = fields.Boolean(required=True)
    features = fields.List(fields.Nested(EntryRequest), required=True, validate=validate.Length(max=2000))


class _View(ViewRequest):
    model_id = _id("m", none=True)


class _Run(Request):
    id = _id("r")
    model_id = _id("m")
    created_at = _moment()
    request = fields.Dict(keys=fields.String(), required=True)
    provenance = fields.Dict(keys=fields.String(), required=True)


class _Made(Request):
    id = _id("d")
    kind = fields.String(required=True, validate=validate.OneOf((REPORT, SWEEP)))
    model_id = _id("m")
    created_at = _moment()
    spec = fields.Dict(keys=fields.String(), required=True)


class _Index(Schema):
    class Meta:
        unknown = EXCLUDE

    models = _list_of(_Model, 1000)
    saes = _list_of(_Sae, 5000)
    notes = _list_of(_Note, 500_000)
    collections = _list_of(_Collection, 50_000)
    views = _list_of(_View, 1000)
    runs = _list_of(_Run, 5000)
    made = fields.List(fields.Nested(_Made), load_default=list, validate=validate.Length(max=5000))
    analysed = fields.List(_id("m"), load_default=list, validate=validate.Length(max=1000))


def _load(schema: Schema, value: Any, what: str) -> Json:
    try:
        found: Json = schema.load(value)
    except ValidationError as error:
        where, told = _first(error.messages)
        raise UnsupportedFile(f"{what} is not written as it should be: {where}: {told}") from error
    return found


def _first(messages: Any, path: str = "") -> tuple[str, str]:
    """The first complaint and where it is."""
    if isinstance(messages, dict):
        name, inner = next(iter(messages.items()))
        return _first(inner, f"{path}.{name}" if path else str(name))
    return path or "it", str(messages[0] if isinstance(messages, list) else messages)[:200]


CHECKS = Checks(
    index=lambda value: _load(_Index(), value, "The list of what the workspace holds"),
    run=lambda value: _load(Run(), value, "the run"),
    effects=lambda value: _load(Effects(), value, "the study"),
    report=lambda value: _load(Report(), value, "the report card"),
    sweep=lambda value: _load(Sweep(), value, "the sweep"),
)
