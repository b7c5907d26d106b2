"""Test 6: every route × 7 methods × 8 sets of headers, with views that only say that they were reached."""

from __future__ import annotations

import itertools
import re
import socket
from dataclasses import replace

import pytest
from flask import request
from forms import both
from watched_server import TOKEN

from policyscope.api.app import bare_app
from policyscope.api.gate import CONTENT_POLICY, HARDENED, NOTHING, PUBLIC
from policyscope.config import load_settings
from policyscope.core.errors import InvalidInput

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
RIGHT = {"Authorization": f"Bearer {TOKEN}"}
BEYOND_LOOPBACK = (
    {},
    {"Authorization": f"Bearer {TOKEN[:-1]}"},
    {"Authorization": f"Basic {TOKEN}", "Cookie": f"token={TOKEN}"},
    {"Authorization": TOKEN, "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "localhost"},
    {**RIGHT, "Host": "evil.example"},
    {**RIGHT, "Host": "localhost.evil.example:5000"},
    {**RIGHT, "Origin": "http://evil.example"},
    {**RIGHT, "Origin": "null"},
)
ON_LOOPBACK = (
    {"Host": "evil.example"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "127.0.0.1:5000@evil.example"},
    {"Host": "0.0.0.0", "X-Forwarded-Host": "localhost"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://localhost:5173.evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://localhost:5173", "Authorization": "Bearer anything"},
)
"""No token is set there: the same machine is trusted, pages of other places in its browser are not."""


class ReachedError(Exception):
    """A view was reached."""


def guarded(settings):
    app = bare_app(settings)

    def reached(**_):
        raise ReachedError

    for endpoint in app.view_functions:
        app.view_functions[endpoint] = reached
    app.register_error_handler(ReachedError, lambda _: ("", 299))

    @app.after_request
    def say_where(response):
        response.headers["X-Endpoint"] = str(request.endpoint)
        return response

    return app


def routes(app):
    for rule in app.url_map.iter_rules():
        yield re.sub(r"<[^>]+>", "x", re.sub(r"<int:[^>]+>", "0", rule.rule))


def disguised(path):
    """The same address as a router might take it."""
    return (
        path,
        path + "/",
        "/" + path,
        path + "?token=" + TOKEN,
        path.replace("/", "/./", 1),
        path + ";x=1",
    )


@both
@pytest.mark.parametrize("bound", ["loopback", "beyond"])
def test_nothing_passes_the_gate_but_what_is_public(settings, bound, full, record):
    beyond = bound == "beyond"
    sets = BEYOND_LOOPBACK if beyond else ON_LOOPBACK
    app = guarded(replace(settings, host="0.0.0.0", token=TOKEN) if beyond else settings)
    client, tried, passed = app.test_client(), 0, set()
    for path, method, headers in itertools.product(routes(app), METHODS, sets):
        for target in disguised(path) if full else (path,):
            response = client.open(target, method=method, headers=headers)
            tried += 1
            if response.status_code < 400 and response.headers["X-Endpoint"] not in PUBLIC:
                passed.add((method, target, tuple(headers.items())))
            assert response.status_code in (200, 299, 401, 403, 404, 405), (method, target, headers)
    record(f"6 {tried} requests, {bound} loopback", "0 pass", f"{len(passed)} pass")
    assert not passed
    assert tried >= 70 * len(METHODS) * len(sets)


def test_the_matrix_can_fail(settings):
    app = guarded(replace(settings, token=TOKEN))
    client = app.test_client()

    def reached(headers):
        asked = ((method, path) for path in routes(app) for method in METHODS)
        answers = {(method, client.open(path, method=method, headers=headers)) for method, path in asked}
        return {
            (method, answer.headers["X-Endpoint"]) for method, answer in answers if answer.status_code == 299
        }

    allowed = reached(RIGHT)
    assert len({endpoint for _, endpoint in allowed} - set(PUBLIC)) >= 70
    assert len([method for method, _ in allowed if method == "DELETE"]) >= 6
    assert {endpoint for _, endpoint in reached({})} == set(PUBLIC)
    for path in ("/readyz", "/metrics", "/openapi.json"):
        assert client.get(path).status_code == 401, path


def test_an_address_beyond_loopback_needs_a_token():
    for host in ("0.0.0.0", "::", "192.0.2.7", "127.0.0.2", "example.org"):
        with pytest.raises(InvalidInput, match="POLICYSCOPE_TOKEN"):
            load_settings({"POLICYSCOPE_HOST": host})
        assert load_settings({"POLICYSCOPE_HOST": host, "POLICYSCOPE_TOKEN": "x"}).token == "x"


def test_every_answer_of_every_kind_is_hardened(settings):
    (settings.frontend / "assets").mkdir(parents=True)
    (settings.frontend / "index.html").write_text("<!doctype html>")
    (settings.frontend / "assets" / "worker.js").write_text("1")
    client = bare_app(settings).test_client()
    for path, policy in (
        ("/", CONTENT_POLICY), ("/assets/worker.js", CONTENT_POLICY), ("/healthz", NOTHING),
        ("/nothing", NOTHING), ("/model/x", NOTHING), ("/openapi.json", NOTHING),
    ):  # fmt: skip
        response = client.get(path, buffered=True)
        assert response.headers["Content-Security-Policy"] == policy, path
        for name, value in HARDENED.items():
            assert response.headers[name] == value, (path, name)
    assert "unsafe-eval'" not in CONTENT_POLICY.replace("'wasm-unsafe-eval'", "")
    assert "script-src 'self' 'wasm-unsafe-eval'" in CONTENT_POLICY
    assert "*" not in CONTENT_POLICY


RAW = {
    "no Host": b"GET /models HTTP/1.1\r\n\r\n",
    "HTTP/1.0 without Host": b"GET /models HTTP/1.0\r\n\r\n",
    "two Hosts": b"GET /models HTTP/1.1\r\nHost: HERE\r\nHost: evil.example\r\n\r\n",
    "an address for a target": b"GET http://evil.example/models HTTP/1.1\r\nHost: HERE\r\n\r\n",
    "a space before the colon": b"GET /models HTTP/1.1\r\nHost: HERE\r\nAuthorization : Bearer TOKEN\r\n\r\n",
    "no colon": b"GET /models HTTP/1.1\r\nHost: HERE\r\nAuthorization Bearer TOKEN\r\n\r\n",
    "a folded line": b"GET /models HTTP/1.1\r\nHost: HERE\r\nAuthorization:\r\n Bearer TOKEN\r\n\r\n",
    "two tokens": b"GET /models HTTP/1.1\r\nHost: HERE\r\nAuthorization: Bearer x\r\n"
    b"Authorization: Bearer TOKEN\r\n\r\n",
    "the token in the method": b"TOKEN /models HTTP/1.1\r\nHost: HERE\r\n\r\n",
    "the token for a version": b"GET /models TOKEN\r\nHost: HERE\r\n\r\n",
    "a length and chunks": b"POST /reset HTTP/1.1\r\nHost: HERE\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /models HTTP/1.1\r\nHost: HERE\r\n\r\n",
    "two lengths": b"POST /upload HTTP/1.1\r\nHost: HERE\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "an upgrade": b"GET /models HTTP/1.1\r\nHost: HERE\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    "HTTP/2 at once": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a proxy's line": b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\nGET /models HTTP/1.1\r\nHost: HERE\r\n\r\n",
    "another method": b"POST /models HTTP/1.1\r\nHost: HERE\r\nX-HTTP-Method-Override: GET\r\n"
    b"Content-Length: 0\r\n\r\n",
}


def exchange(server, request, patience=2.0):
    """Whatever comes back until the server closes or is silent for so many seconds."""
    with socket.create_connection((server.host, server.port), timeout=60) as connection:
        connection.sendall(request)
        connection.settimeout(patience)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
                if b"\r\n\r\n" in answer and b"Connection: close" not in answer:
                    connection.settimeout(0.3)
        except TimeoutError:
            pass
        return answer


def test_requests_that_are_hardly_http(server):
    here = f"{server.host}:{server.port}".encode()
    for name, text in RAW.items():
        answer = exchange(server, text.replace(b"HERE", here).replace(b"TOKEN", TOKEN.encode()))
        statuses = [int(line) for line in re.findall(rb"HTTP/1\.[01] (\d{3})", answer)]
        refused = all(400 <= status < 500 or status == 501 for status in statuses)
        assert refused, (name, answer[:300])
        assert b'"models"' not in answer, name
        assert TOKEN.encode() not in answer, name
    status, answer = server.ask("GET", "/models")
    assert status == 200, (answer, "with Host and token it answers")
    assert TOKEN not in (server.root / "server.log").read_text()
    wrong = {"Authorization": "Bearer x"}
    asked = {path: server.ask("GET", path, headers=wrong)[0] for path in ("/readyz", "/metrics", "/healthz")}
    assert asked == {"/readyz": 401, "/metrics": 401, "/healthz": 200}


def test_a_broken_chunk_is_the_clients_mistake(server):
    """And not a failure of the server, which would be logged with what was sent."""
    head = (
        f"POST /model/m_1/load_sae HTTP/1.1\r\nHost: {server.host}:{server.port}\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    ).encode()
    for chunks in (
        b"zz\r\nsecret-in-a-chunk",
        b"5\r\nsecret-in-a-chunk\r\n0\r\n\r\n",
        b"-1\r\nsecret-in-a-chunk\r\n",
    ):
        answer = exchange(server, head + chunks, patience=60.0)
        assert answer.startswith(b"HTTP/1.1 400"), answer[:200]
        assert b"secret-in-a-chunk" not in answer
    log = (server.root / "server.log").read_text()
    assert "secret-in-a-chunk" not in log
    assert "Traceback" not in log
