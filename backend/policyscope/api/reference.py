"""The API reference page, in Markdown, from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
INTRODUCTION = """# API reference

Generated from the schemas that validate every request (`make types` writes it again). All bodies are JSON
unless it says otherwise; times are ISO-8601 in UTC; numbers that are not defined are `null`.

Every failure has one body: `{"error": {"code": "…", "message": "…", "fields": {"name": "…"}}}`.

| status | when |
|---|---|
| 400 | a value cannot be used (the message says what is allowed), or the body is not JSON |
| 401, 403 | the token is missing; the host or origin is not allowed |
| 404 | what is named does not exist |
| 409 | not possible in the present state |
| 413, 415 | the body is too large; it is of another type |
| 422 | the body does not have the right shape: a field is missing, unknown or of another type |
| 429, 503 | the queue is full; too many event streams are open (`Retry-After` says when to try again) |
| 507 | the disk is full |
"""


def page(document: Json) -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for tag in document["tags"]:
        parts.append(f"## {tag['name'].capitalize()}\n\n{tag['description']}\n")
        parts.extend(_operations(document, tag["name"]))
    parts.append("## Shapes\n")
    for name, schema in sorted(document["components"]["schemas"].items()):
        parts.append(f"### {name}\n\n{_fields(schema)}")
    return "\n".join(parts)


def _operations(document: Json, tag: str) -> Iterator[str]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters" and tag in operation["tags"]:
                yield _operation(method, path, operation)


def _operation(method: str, path: str, operation: Json) -> str:
    lines = [f"### `{method.upper()} {path}`\n", operation["summary"]]
    if "description" in operation:
        lines.append("\n" + operation["description"])
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query":
            lines.append(f"\n- query `{parameter['name']}`: {parameter.get('description', '')}")
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        note = "" if kind == "application/json" else f" ({kind})"
        lines.append(f"\n- request: {_type(media['schema'])}{note}")
    for status, response in operation["responses"].items():
        for kind, media in response.get("content", {}).items():
            note = "" if kind == "application/json" else f" ({kind})"
            lines.append(f"- answer {status}: {_type(media['schema'])}{note}")
    return "\n".join(lines) + "\n"


def _fields(schema: Json) -> str:
    required = schema.get("required", [])
    rows = ["| field | type | |", "|---|---|---|"]
    for name, field in schema.get("properties", {}).items():
        words = [field.get("description", ""), _limits(field), "" if name in required else "Optional."]
        rows.append(f"| `{name}` | {_type(field)} | {' '.join(word for word in words if word)} |")
    return "\n".join(rows) + "\n"


def _limits(field: Json) -> str:
    words = []
    if "enum" in field:
        words.append("One of " + ", ".join(f"`{value}`" for value in field["enum"]) + ".")
    if "minimum" in field and "maximum" in field:
        words.append(f"From {field['minimum']:g} to {field['maximum']:g}.")
    elif "minimum" in field:
        words.append(f"At least {field['minimum']:g}.")
    if field.get("default") is not None:
        words.append(f"Default `{field['default']}`.")
    return " ".join(words)


def _type(field: Json) -> str:
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(_type(option) for option in field["anyOf"])
    kind = field.get("type", "any")
    if kind == "array":
        return f"list of {_type(field.get('items', {}))}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
