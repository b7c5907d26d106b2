"""One gate before every route. What it does not allow does not reach a view.

Host: DNS rebinding makes a foreign page same-origin with this server, but cannot forge the Host header.
Origin: a page elsewhere may send requests from the user's browser; only the listed origins may.
Token: optional on loopback, required (by the settings) elsewhere.
"""

from __future__ import annotations

import hmac
import re

from flask import Flask, Request, Response, request
from flask_cors import CORS
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, RequestEntityTooLarge, Unauthorized, UnsupportedMediaType

from policyscope.config import LOOPBACK, Settings

DEV_ORIGINS = ("http://localhost:5173", "http://127.0.0.1:5173")
PUBLIC = ("health.healthz", "site.page")
MULTIPART = ("models.upload", "models.attach_vec_normalize", "saes.upload_sae")
WHOLE = "transfer.import_workspace"
"""Takes a whole workspace, which goes to disk as it comes in."""
SMALL_BODY = 1 << 20
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?")
# A worker has the policy of its own script, not that of the page.
PAGES = ("text/html", "text/javascript", "application/javascript")
# 'wasm-unsafe-eval': live steering compiles MuJoCo's WebAssembly, in the page and in a worker.
# style-src 'unsafe-inline': Mantine writes the values of its style properties as inline styles.
CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
NOTHING = "default-src 'none'; frame-ancestors 'none'"
HARDENED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def register(app: Flask, settings: Settings) -> None:
    """Put the gate in front of ``app``; cross-origin answers go to the listed origins only."""
    named = {*LOOPBACK, *settings.allowed_hosts, settings.host} - {"0.0.0.0", "::"}
    hosts = {_bracket(name.lower()) for name in named}
    origins = {*DEV_ORIGINS, *settings.allowed_origins}

    def gate() -> None:
        if request.endpoint != "health.healthz":
            _check_host(request, hosts)
            _check_origin(request, origins)
        if request.endpoint not in PUBLIC and not _is_preflight(request):
            _check_token(request, settings.token)
        _check_body(request, settings)

    app.before_request(gate)
    app.after_request(_harden)
    CORS(
        app,
        origins=sorted(origins),
        expose_headers=["Location", "Retry-After"],
        max_age=600,
        always_send=False,
    )


def _check_host(request: Request, allowed: set[str]) -> None:
    match = _HOST.fullmatch(request.environ.get("HTTP_HOST", ""))
    if match is None or match[1].lower() not in allowed:
        raise Forbidden("This host name is not allowed. Add it to POLICYSCOPE_ALLOWED_HOSTS if it is yours.")


def _check_origin(request: Request, allowed: set[str]) -> None:
    """Requests of other programs carry no Origin; those of pages do, except for plain reads."""
    origin = request.headers.get("Origin")
    host = request.environ.get("HTTP_HOST", "")
    same = (f"http://{host}", f"https://{host}")
    foreign = origin not in allowed and origin not in same if origin is not None else _is_cross_site(request)
    if foreign:
        raise Forbidden("This origin is not allowed. Add it to POLICYSCOPE_ALLOWED_ORIGINS if it is yours.")


def _is_cross_site(request: Request) -> bool:
    return request.method in CHANGING and request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")


def _is_preflight(request: Request) -> bool:
    """Browsers send no token with these, and they change nothing; the origin has been checked."""
    return request.method == "OPTIONS" and "Origin" in request.headers


def _check_token(request: Request, token: str | None) -> None:
    if token is None:
        return
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise Unauthorized(
            "A token is needed: send it as 'Authorization: Bearer …'.",
            www_authenticate=WWWAuthenticate("bearer"),
        )


def _check_body(request: Request, settings: Settings) -> None:
    is_form = request.endpoint in (*MULTIPART, WHOLE)
    largest = settings.max_import_bytes if request.endpoint == WHOLE else settings.max_upload_bytes
    limit = largest if is_form else SMALL_BODY
    request.max_content_length = limit
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge
    has_body = request.method in CHANGING and (request.content_length or 0) > 0
    expected = "multipart/form-data" if is_form else "application/json"
    if has_body and request.mimetype != expected:
        raise UnsupportedMediaType(expected)


def _harden(response: Response) -> Response:
    response.headers.update(HARDENED)
    is_page = response.mimetype in PAGES
    response.headers["Content-Security-Policy"] = CONTENT_POLICY if is_page else NOTHING
    return response


def _bracket(name: str) -> str:
    return f"[{name}]" if ":" in name and not name.startswith("[") else name
