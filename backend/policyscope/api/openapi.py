"""What is generated from the schemas: ``python -m policyscope.api.openapi`` writes backend/docs/."""

from __future__ import annotations

import json
from pathlib import Path

from policyscope.api.app import bare_app, openapi_document
from policyscope.api.postman import collection
from policyscope.api.reference import page
from policyscope.config import load_settings

DOCS = Path(__file__).resolve().parents[2] / "docs"


def generated() -> dict[str, str]:
    """File name -> content of the OpenAPI document, the reference page and the Postman collection."""
    document = openapi_document(bare_app(load_settings({})))
    return {
        "openapi.json": _pretty(document),
        "api.md": page(document),
        "policyscope.postman_collection.json": _pretty(collection(document)),
    }


def write(directory: Path = DOCS) -> list[Path]:
    """Write the generated files; return their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in generated().items():
        path = directory / name
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write()
