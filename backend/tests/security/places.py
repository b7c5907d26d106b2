"""One request for every place of the API that takes a text of the client's: in paths, queries, bodies, files.

The base is the Postman collection, which has an example of every operation and runs against a live server.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from policyscope.api.postman import STEPS, Step

Json = Any
UPLOADS = {
    "/upload": ("file", "name", "activation"),
    "/model/{{modelId}}/sae": ("file", "config"),
    "/model/{{modelId}}/vec_normalize": ("file",),
    "/workspace/import": ("file",),
}
EDGE = "edge-of-a-part"


@dataclass(frozen=True)
class Place:
    """``where``: a variable of the path, a name in the query, a path in the body, or a field of a form."""

    method: str
    path: str
    body: Json
    kind: str
    where: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.kind} {'.'.join(map(str, self.where))}"


def places(document: Mapping[str, Any]) -> list[Place]:
    """Every place, once."""
    found = {str(place): place for step in STEPS for place in _of_step(step, document)}
    for path, fields in UPLOADS.items():
        for field in fields:
            place = Place("POST", path, None, "form", (field,))
            found[str(place)] = place
    return list(found.values())


def _of_step(step: Step, document: Mapping[str, Any]) -> Iterator[Place]:
    path = step.path.partition("?")[0]
    for variable in re.findall(r"\{\{(\w+)\}\}", path):
        yield Place(step.method, step.path, step.body, "path", (variable,))
    operation = _operation(step.method, path, document)
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query" and "string" in json.dumps(parameter["schema"]):
            yield Place(step.method, step.path, step.body, "query", (parameter["name"],))
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if schema is not None and step.body is not None:
        for where in _texts(schema, step.body, document):
            yield Place(step.method, step.path, step.body, "body", where)


def _operation(method: str, path: str, document: Mapping[str, Any]) -> Json:
    wanted = re.sub(r"\{\{\w+\}\}", "{}", path)
    for known, item in document["paths"].items():
        if re.sub(r"\{\w+\}", "{}", known) == wanted and method.lower() in item:
            return item[method.lower()]
    raise LookupError(f"{method} {path}")


def _texts(
    schema: Json, body: Json, document: Mapping[str, Any], depth: int = 0
) -> Iterator[tuple[Any, ...]]:
    """Paths to every text that the schema of a body knows, and to those of the example below it."""
    schema = _resolved(schema, document)
    for name, field in schema.get("properties", {}).items():
        field = _resolved(field, document)
        if "string" in json.dumps(field.get("type", "")):
            yield (name,)
        if isinstance(body, dict) and depth < 2:
            inner = body.get(name)
            if field.get("type") == "array" and isinstance(inner, list) and inner:
                yield from (
                    (name, 0, *rest) for rest in _texts(field["items"], inner[0], document, depth + 1)
                )
            elif "properties" in field:
                known = inner if isinstance(inner, dict) else {}
                yield from ((name, *rest) for rest in _texts(field, known, document, depth + 1))


def _resolved(schema: Json, document: Mapping[str, Any]) -> Json:
    for option in schema.get("anyOf", schema.get("oneOf", [])):
        if "$ref" in option:
            schema = option
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


@dataclass(frozen=True)
class Wire:
    """A request as it is sent."""

    method: str
    target: str
    body: bytes | None = None
    content_type: str | None = None


def filled(place: Place, name: str, known: Mapping[str, Any], raw: bool = False) -> Wire:
    """The request with ``name`` at the place and the ``known`` values of variables elsewhere.

    ``raw``: in a path as it is, where HTTP can carry it, rather than percent-encoded.
    """
    path, _, query = place.path.partition("?")
    shown = name if raw and re.fullmatch(r"[!-~]+", name) and not set(name) & set("?#") else _quoted(name)
    values = {**known, **({place.where[0]: None} if place.kind == "path" else {})}

    def value(match: re.Match[str]) -> str:
        found = values[match[1]]
        return shown if found is None else str(found)

    target = re.sub(r"\{\{(\w+)\}\}", value, path)
    pairs = dict(pair.split("=") for pair in query.split("&")) if query else {}
    pairs = {key: re.sub(r"\{\{(\w+)\}\}", value, text) for key, text in pairs.items()}
    if place.kind == "query":
        pairs[place.where[0]] = _quoted(name)
    if pairs:
        target += "?" + "&".join(f"{key}={text}" for key, text in pairs.items())
    if place.kind == "form":
        return Wire(
            place.method, target, _form(place.where[0], name), f"multipart/form-data; boundary={EDGE}"
        )
    if place.body is None:
        return Wire(place.method, target)
    return Wire(place.method, target, _json(place, name, known), "application/json")


def _json(place: Place, name: str, known: Mapping[str, Any]) -> bytes:
    body = _known(copy.deepcopy(place.body), known)
    if place.kind == "body":
        inner = body
        for step in place.where[:-1]:
            inner = inner.setdefault(step, {}) if isinstance(inner, dict) else inner[step]
        inner[place.where[-1]] = name
    return json.dumps(body).encode()


def _known(value: Json, known: Mapping[str, Any]) -> Json:
    if isinstance(value, dict):
        return {key: _known(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [_known(inner, known) for inner in value]
    if isinstance(value, str) and (match := re.fullmatch(r"\{\{(\w+)\}\}", value)):
        return known[match[1]]
    return value


def _form(field: str, name: str) -> bytes:
    """A form whose field is called or filled with ``name``; quotes and line ends as browsers send them."""
    safe = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode("utf-8", "surrogatepass")
    text = field in ("name", "activation")
    parts = []
    if text or field == "config":
        parts.append(b'name="file"; filename="policy.pt"\r\n\r\nnot a policy')
    if text:
        parts.append(f'name="{field}"\r\n\r\n'.encode() + safe)
    else:
        parts.append(f'name="{field}"; filename="'.encode() + safe + b'"\r\n\r\nnot a policy')
    head = f"--{EDGE}\r\nContent-Disposition: form-data; ".encode()
    return b"".join(head + part + b"\r\n" for part in parts) + f"--{EDGE}--\r\n".encode()


def _quoted(name: str) -> str:
    return quote(name.encode("utf-8", "surrogatepass"), safe="")
