"""Fields and bases shared by all schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, fields, post_dump, validate

FEATURE_OPS = ("add", "scale", "clamp", "ablate", "swap")
FEATURE_MAX = 1_000_000
VALUE_MAX = 1e6
SEED_MAX = 2**31 - 1


class Real(fields.Float):
    """A JSON number. Text, booleans, NaN and infinities are refused."""

    def _validated(self, value: Any) -> float:
        if isinstance(value, str):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Request(Schema):
    """What a client sends. Unknown fields are an error, so that a misspelt one is not silently ignored."""

    class Meta:
        unknown = RAISE


class Answer(Schema):
    """What the server sends. Every required field must be there: a missing one is a bug of ours."""

    class Meta:
        unknown = EXCLUDE

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Of a mapping only its keys: a field called ``values`` that is not there is not the method."""
        if isinstance(obj, Mapping):
            return obj.get(attr, default)
        return super().get_attribute(obj, attr, default)

    @post_dump
    def all_there(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        wanted = (field.data_key or name for name, field in self.dump_fields.items() if field.required)
        missing = [name for name in wanted if name not in data]
        if missing:
            raise RuntimeError(f"{type(self).__name__} lacks {missing}")
        return data


def described(text: str, **more: Any) -> dict[str, Any]:
    """Metadata that appears in the OpenAPI document."""
    return {"description": text, **more}


def text(description: str, *, none: bool = False, **more: Any) -> fields.String:
    return fields.String(required=True, allow_none=none, metadata=described(description, **more))


def whole(description: str, *, none: bool = False) -> fields.Integer:
    return fields.Integer(required=True, allow_none=none, strict=True, metadata=described(description))


def real(description: str, *, none: bool = True) -> Real:
    """A number; null where it is not defined (JSON has no NaN)."""
    return Real(required=True, allow_none=none, metadata=described(description))


def yes(description: str, *, none: bool = False) -> fields.Boolean:
    return fields.Boolean(required=True, allow_none=none, metadata=described(description))


def one_of(names: tuple[str, ...], description: str) -> fields.String:
    return fields.String(required=True, validate=validate.OneOf(names), metadata=described(description))


def nested(schema: type[Schema], description: str = "", *, none: bool = False) -> fields.Nested:
    return fields.Nested(schema, required=True, allow_none=none, metadata=described(description))


def many(schema: type[Schema], description: str = "") -> fields.List:
    return fields.List(fields.Nested(schema), required=True, metadata=described(description))


def texts(description: str) -> fields.List:
    return fields.List(fields.String(), required=True, metadata=described(description))


def wholes(description: str) -> fields.List:
    return fields.List(fields.Integer(strict=True), required=True, metadata=described(description))


def interval(description: str) -> fields.List:
    """Lower and upper end of an interval; null when it is not defined."""
    return fields.List(
        Real(allow_none=True),
        required=True,
        allow_none=True,
        validate=validate.Length(equal=2),
        metadata=described(description),
    )


def anything(description: str) -> fields.Dict:
    return fields.Dict(keys=fields.String(), required=True, metadata=described(description))


def name_field(description: str, longest: int = 120, *, required: bool = False) -> fields.String:
    """A name that a person gives: one line, not empty."""
    checks = [validate.Length(1, longest), validate.Regexp(r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
    return fields.String(required=required, validate=checks, metadata=described(description))


class Ok(Answer):
    ok = yes("Always true.")


class ErrorDetail(Answer):
    code = text("A stable word for programs, such as not_found.")
    message = text("A sentence for people: what was received, what is allowed, the remedy.")
    fields_ = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        data_key="fields",
        attribute="fields",
        metadata=described("Sentences by the name of the input field they are about."),
    )


class ErrorBody(Answer):
    """The one body of every failure."""

    error = nested(ErrorDetail)


def error_body(code: str, message: str, by_field: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "fields": dict(by_field or {})}}
