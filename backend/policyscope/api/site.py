"""The built frontend: its files, and its page for every address that is not the API's."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Flask, Response, request, send_from_directory

from policyscope.config import Settings
from policyscope.core.errors import InvalidInput, NotFound
from policyscope.store.paths import is_regular, resolve_inside

A_YEAR = 31_536_000
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Packed forms that the build writes beside its files (frontend/scripts/compress.mjs), the smallest first."""
NOT_BUILT = "The frontend is not built. Run 'make demo', or 'npm run build' in frontend/."


def register(app: Flask, settings: Settings) -> None:
    site = Blueprint("site", __name__)
    bundle = settings.frontend.resolve()

    @site.get("/", defaults={"name": "index.html"})
    @site.get("/<path:name>")
    def page(name: str) -> Response:
        """A file of the bundle; else, for a browser that opens or reloads an address, the page itself."""
        if _has(bundle, name):
            return _file(bundle, name)
        if name != "index.html" and "text/html" not in request.headers.get("Accept", ""):
            raise NotFound("There is nothing at this address.")
        if not is_regular(bundle / "index.html"):
            raise NotFound(NOT_BUILT, code="frontend_not_built")
        return _file(bundle, "index.html")

    app.register_blueprint(site)


def _has(bundle: Path, name: str) -> bool:
    """Whether the bundle itself has this file: nothing that is reached through a link."""
    try:
        return resolve_inside(bundle, name) == bundle / name and is_regular(bundle / name)
    except InvalidInput:
        return False


def _file(bundle: Path, name: str) -> Response:
    """Files under assets/ carry their hash in their name, so a browser may keep them."""
    immutable = name.startswith("assets/")
    encoding = _encoding(bundle, name)
    response = send_from_directory(
        str(bundle),
        name + ENCODINGS.get(encoding, ""),
        download_name=Path(name).name,
        max_age=A_YEAR if immutable else 0,
    )
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable" if immutable else "no-cache"
    response.vary.add("Accept-Encoding")
    if encoding in ENCODINGS:
        response.headers["Content-Encoding"] = encoding
    return response


def _encoding(bundle: Path, name: str) -> str:
    """What to send: the packed form that the browser prefers. A part of a file is a part of its own bytes."""
    if "Range" in request.headers:
        return "identity"
    accepted = request.accept_encodings
    there = [
        each for each in ENCODINGS if accepted.quality(each) > 0 and _has(bundle, name + ENCODINGS[each])
    ]
    return max(there, key=accepted.quality, default="identity")
