"""JSON in and out: one provider for all answers, one parser for all bodies."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import flask
from flask.json.provider import DefaultJSONProvider
from flask_smorest import Blueprint
from webargs.core import missing
from webargs.flaskparser import FlaskParser, is_json_request
from webargs.multidictproxy import MultiDictProxy
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from policyscope.store.records import finite


class FiniteJson(DefaultJSONProvider):
    """Non-finite numbers become null: browsers reject NaN and Infinity."""

    sort_keys = False

    def dumps(self, obj: Any, **options: Any) -> str:
        try:
            return super().dumps(obj, **options, allow_nan=False)
        except ValueError:
            return super().dumps(finite(obj), **options, allow_nan=False)


class Parser(FlaskParser):
    """Refuses bodies that are JSON only to Python: NaN, endless nesting, numbers of a million digits."""

    def _raw_load_json(self, req: flask.Request) -> Any:
        if not is_json_request(req):
            return missing
        data = req.get_data(cache=True)
        if req.content_length is None and len(data) >= (req.max_content_length or len(data) + 1):
            raise RequestEntityTooLarge  # a body that comes without its length is cut there in silence
        try:
            body = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
            if b"\\ud" in data.lower():  # half a character can be written in JSON, but nowhere else
                json.dumps(body, ensure_ascii=False).encode("utf-8")
            return body
        except (ValueError, RecursionError) as error:
            raise BadRequest("The body is not valid JSON.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


parser = Parser()


@parser.location_loader("upload")
def _load_upload(request: flask.Request, schema: Any) -> Any:
    """Files and text fields of a multipart form, together."""
    return MultiDictProxy(
        MultiDict([*request.files.items(multi=True), *request.form.items(multi=True)]), schema
    )


class Views(Blueprint):
    """A group of views with our parser; the name of a view is its operationId."""

    ARGUMENTS_PARSER = parser
    DEFAULT_LOCATION_CONTENT_TYPE_MAPPING = {  # noqa: RUF012 (flask-smorest reads it from the class)
        **Blueprint.DEFAULT_LOCATION_CONTENT_TYPE_MAPPING,
        "upload": "multipart/form-data",
    }

    def _store_endpoint_docs(
        self, endpoint: str, obj: Any, parameters: Any, tags: Any, **options: Any
    ) -> None:
        super()._store_endpoint_docs(endpoint, obj, parameters, tags, **options)
        for name, doc in self._docs[endpoint].items():
            if name != "parameters":
                doc.setdefault("manual_doc", {})["operationId"] = endpoint
