"""Test 7: where the token might show, and who can reach the server with the settings as they come."""

from __future__ import annotations

import re
from pathlib import Path

from forms import both
from live_server import Server
from test_gate_matrix import RAW, exchange
from watched_server import TOKEN

DOCS = Path(__file__).parents[2] / "docs"
LISTEN = "0A"
FORMS = (
    {},
    {"Authorization": f"Bearer {TOKEN}x"},
    {"Authorization": f"Basic {TOKEN}"},
    {"Authorization": f"Bearer {TOKEN}", "Host": "evil.example"},
    {"Authorization": f"Bearer {TOKEN}", "Origin": "http://evil.example"},
    {"Authorization": f"Bearer {TOKEN}", "X-Request-ID": "12345678"},
    {"Cookie": f"token={TOKEN}"},
)


def use(server):
    """Everything that might write something down: work, refusals, broken requests, jobs that fail."""
    model = server.call("POST", "/demo/tiny")["id"]
    server.call("POST", f"/model/{model}/load_sae", {"artifacts_dir": "pendulum"})
    run = server.call("POST", f"/model/{model}/run", {"env": "Pendulum-v1", "episodes": 2, "max_steps": 10})
    bodies = [server.end(run["job_id"])]
    for headers in FORMS:
        for method, path, body in (
            ("GET", f"/models?token={TOKEN}", None), ("GET", "/job/j_000000000000", None),
            ("POST", f"/model/{model}/load_sae", {"artifacts_dir": "not there"}),
            ("POST", f"/model/{model}/sae_perturb", {"wrong": 1}), ("GET", "/openapi.json", None),
            ("GET", f"/run/{run['run_id']}", None), ("GET", "/metrics", None), ("DELETE", "/models", None),
        ):  # fmt: skip
            bodies.append(server.ask(method, path, body, headers))
    here = f"{server.host}:{server.port}".encode()
    for text in RAW.values():
        bodies.append(exchange(server, text.replace(b"HERE", here).replace(b"TOKEN", TOKEN.encode())))
    return bodies


def holding(server, bodies):
    """Everything that holds the token, by where it is."""
    found = {f"answer {i}" for i, body in enumerate(bodies) if TOKEN in str(body)}
    files = [path for path in server.root.rglob("*") if path.is_file() and path.stat().st_size < 1 << 28]
    files += [server.opened, *DOCS.glob("*.json"), *DOCS.rglob("*.md")]
    found |= {str(path) for path in files if TOKEN.encode() in path.read_bytes()}
    commands = {Path(f"/proc/{process}/cmdline") for process in server.processes()}
    return found | {str(path) for path in commands if TOKEN.encode() in read(path)}


def read(path):
    try:
        return path.read_bytes()
    except OSError:  # the process has ended
        return b""


def test_the_token_is_nowhere(server, record):
    bodies = use(server)
    found = holding(server, bodies)
    record(
        f"7 the token in the log, {len(bodies)} answers, records, documents and commands",
        "0",
        str(len(found)),
    )
    assert not found
    log = (server.root / "server.log").read_text()
    assert "/load_sae 404" in log, "requests are logged"
    assert "with the token of POLICYSCOPE_TOKEN" in log, "not printed where it is kept"
    assert len(server.processes()) >= 3


def test_the_search_would_find_it(server, tmp_path):
    (server.root / "leak").write_text(f"Bearer {TOKEN}")
    try:
        assert holding(server, [b"", TOKEN]) == {"answer 1", str(server.root / "leak")}
    finally:
        (server.root / "leak").unlink()
    of_server = Path(f"/proc/{next(iter(server.workers()))}/environ")
    assert TOKEN.encode() in of_server.read_bytes(), "processes can be read at all"


def listening(processes):
    """(address, port) of every TCP socket that one of the processes listens on."""
    owned = set()
    for process in processes:
        for link in Path(f"/proc/{process}/fd").iterdir():
            try:
                owned |= set(re.findall(r"socket:\[(\d+)\]", str(link.readlink())))
            except OSError:
                continue
    return {place for table in ("tcp", "tcp6") for inode, place in sockets(table) if inode in owned}


def sockets(table):
    """(inode, (address, port)) of everything that listens."""
    for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == LISTEN:
            address, _, port = words[1].partition(":")
            yield words[9], (spelled(address), int(port, 16))


def spelled(address):
    """The kernel's hexadecimal words, least significant byte first, as an address."""
    if len(address) == 8:
        return ".".join(str(byte) for byte in reversed(bytes.fromhex(address)))
    words = [bytes.fromhex(address[i : i + 8])[::-1].hex() for i in range(0, 32, 8)]
    return ":".join(re.findall("....", "".join(words)))


def is_loopback(address):
    return address.startswith("127.") or address == "0000:0000:0000:0000:0000:0000:0000:0001"


def test_addresses_are_read_right():
    assert spelled("0100007F") == "127.0.0.1"
    assert spelled("00000000") == "0.0.0.0"
    assert not is_loopback(spelled("00000000"))
    assert is_loopback(spelled("00000000000000000000000001000000"))
    assert not is_loopback(spelled("00000000000000000000000000000000"))


@both
def test_nobody_elsewhere_can_connect(server, tmp_path, full, record):
    """With the settings as they come, while a job runs; in the short form the server that is there anyway."""
    if not full:
        check_listeners(server)
        return
    with Server(tmp_path / "artifacts", 2) as plain:
        job = plain.submit(200)["job_id"]
        plain.until(job, lambda job: job["state"] == "running")
        plain.model()
        places = check_listeners(plain)
        record("7 listeners beyond loopback, of the server and its children", "0", f"0 of {len(places)}")


def check_listeners(server):
    places = listening(server.processes())
    assert (server.host, server.port) in places
    assert {place for place in places if not is_loopback(place[0])} == set()
    return places


def test_a_terminal_gets_the_address_with_the_token(monkeypatch):
    from policyscope.cli import basics

    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert basics._fragment("abc") == "#token=abc"
    assert basics._fragment(None) == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    assert "abc" not in basics._fragment("abc")
