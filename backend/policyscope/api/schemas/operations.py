"""Readiness."""

from marshmallow import fields

from policyscope.api.schemas.base import Answer, described, yes


class Readiness(Answer):
    ok = yes("Everything is ready.")
    checks = fields.Dict(
        keys=fields.String(),
        values=fields.String(allow_none=True),
        required=True,
        metadata=described("For the database, the store and the engine: what is wrong, or null."),
    )
