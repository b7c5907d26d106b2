"""Test 8: bodies over the limit are refused while they come in, and leave nothing behind."""

from __future__ import annotations

import http.client
import re
from pathlib import Path

import pytest
from forms import both

from policyscope.api.gate import SMALL_BODY
from policyscope.config import Settings

LIMIT = Settings.max_upload_bytes
HUGE = 300 << 20
MOST_MEMORY = 20 << 20
PART = bytes(1 << 16)
EDGE = "edge"
HEAD = f'--{EDGE}\r\nContent-Disposition: form-data; name="file"; filename="p.pt"\r\n\r\n'.encode()
MULTIPART = f"multipart/form-data; boundary={EDGE}"


def parts(size):
    """A form whose whole body has ``size`` bytes."""
    tail = f"\r\n--{EDGE}--\r\n".encode()
    left = size - len(HEAD) - len(tail)
    yield HEAD
    while left > 0:
        yield PART[: min(left, len(PART))]
        left -= len(PART)
    yield tail


def send(server, path, size, content_type, chunked):
    """The status; None when the server hung up on the rest of the body before its answer could be read."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    try:
        connection.putrequest("POST", path)
        lengths = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(size)}
        for name, value in {**server.headers, "Content-Type": content_type, **lengths}.items():
            connection.putheader(name, value)
        try:
            body = parts(size) if content_type == MULTIPART else json_of(size)
            connection.endheaders(body, encode_chunked=chunked)
        except (BrokenPipeError, ConnectionResetError):
            pass  # answered before everything was sent
        try:
            return connection.getresponse().status
        except (ConnectionResetError, http.client.RemoteDisconnected):
            return None
    finally:
        connection.close()


def json_of(size):
    yield b'{"artifacts_dir": "'
    for _ in range(size // len(PART)):
        yield b"x" * len(PART)
    yield b'"}' + b" " * (size % len(PART))


def memory(server, what):
    """Bytes of a line of /proc/*/status of the process that answers; those beside it are still starting."""
    (process,) = server.workers()
    text = Path(f"/proc/{process}/status").read_text()
    return int(re.search(rf"{what}:\s+(\d+) kB", text)[1]) << 10


def forget_peak(server):
    (process,) = server.workers()
    Path(f"/proc/{process}/clear_refs").write_text("5")


def files(server):
    kept = [path for path in server.root.rglob("*") if path.is_file() and path.name != "server.log"]
    return {str(path) for path in (*kept, *(server.folder / "tmp").rglob("*"))}


@both
@pytest.mark.timeout(600)
def test_bodies_over_the_limit_cost_nothing(server, full, record):
    model = server.call("POST", "/demo/tiny")["id"]
    uploads = ("/upload", f"/model/{model}/sae", f"/model/{model}/vec_normalize")
    sizes = (LIMIT + 1, HUGE) if full else (LIMIT + 1,)
    tried = [
        (path, size, MULTIPART, chunked)
        for path in (uploads if full else uploads[:1])
        for size in sizes
        for chunked in (False, True)
    ]
    small = ("application/json", SMALL_BODY + 1)
    for size in (SMALL_BODY + 1, HUGE if full else LIMIT):
        tried += [(f"/model/{model}/load_sae", size, small[0], chunked) for chunked in (False, True)]
    send(server, "/upload", LIMIT + 1, MULTIPART, True)  # what is allocated once and kept
    before, kept = memory(server, "VmRSS"), files(server)
    forget_peak(server)
    for request in tried:
        assert send(server, *request) in (413, None), request
        assert files(server) == kept, request
    grown = memory(server, "VmHWM") - before
    record(
        f"8 {len(tried)} bodies of the limit + 1 byte and of {sizes[-1] >> 20} MB, whole and in chunks",
        "413; +20 MB at most; nothing left",
        f"413; +{grown / 1e6:.1f} MB; nothing left",
    )
    assert grown < MOST_MEMORY
    assert server.ask("GET", "/healthz")[0] == 200


def test_the_answer_is_413_when_it_can_be_read(server):
    """A client that waits for it before it sends the body, as curl does with large ones."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    connection.putrequest("POST", "/upload")
    for name, value in {**server.headers, "Content-Type": MULTIPART, "Content-Length": str(HUGE)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert b"request_entity_too_large" in answer.read()
    connection.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_below_the_limit_the_content_decides(server, chunked):
    assert send(server, "/upload", LIMIT - 1, MULTIPART, chunked) == 400
