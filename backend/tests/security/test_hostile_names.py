"""Test 5: hostile names at every place of the API and of the command line that takes one.

What counts is not only the answer: every Python process of the server writes down each file that it opens.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import places
import pytest
import traps
from click.testing import CliRunner
from forms import both
from watching import sitecustomize

from policyscope.api.app import bare_app, openapi_document
from policyscope.cli import main
from policyscope.config import load_settings

FEW = 3  # names at each place, in the short form
AT_ONCE = 0.1  # seconds


@pytest.fixture(scope="module")
def known(server):
    """Values of the variables of the collection: an analysed model, a finished run, a live session."""
    model = server.call("POST", "/demo/tiny")["id"]
    sae = server.call("POST", f"/model/{model}/load_sae", {"artifacts_dir": "pendulum"})
    analysis = server.call("POST", f"/model/{model}/analyse")["job_id"]
    body = {"env": "Pendulum-v1", "episodes": 2, "max_steps": 20}
    run = server.call("POST", f"/model/{model}/run", body)
    for job in (analysis, run["job_id"]):
        assert server.end(job)["state"] == "done"
    bookmarks = server.call("GET", f"/model/{model}/collections")["collections"][0]["id"]
    live = server.call("POST", "/live", {"model_id": model, "env": "Pendulum-v1"})["id"]
    return {
        "modelId": model, "saeId": sae["id"], "lastFeature": 3, "feature": 3, "tapIndex": sae["tap_index"],
        "env": "Pendulum-v1", "mujocoEnv": "Walker2d-v5", "artifactsDir": "pendulum", "demo": "tiny",
        "weightKey": "net.0.weight", "runId": run["run_id"], "startedRunId": run["run_id"],
        "jobId": run["job_id"], "studyJob": run["job_id"], "videoId": "v_000000000000",
        "sweepId": "w_000000000000", "liveId": live, "bookmarksId": bookmarks, "collectionId": bookmarks,
        "viewId": "v_000000000000",
    }  # fmt: skip


def every_place():
    return places.places(openapi_document(bare_app(load_settings({}))))


def chosen(number, place, full):
    """All names; in the short form all for directories, and elsewhere ever other ones."""
    if full or place.where[-1] == "artifacts_dir":
        return traps.NAMES
    return [traps.NAMES[(FEW * number + i) % len(traps.NAMES)] for i in range(FEW)]


@both
@pytest.mark.timeout(1200)
def test_no_name_leads_out(server, known, full, record):
    found = every_place()
    since, tried, statuses = server.opened.stat().st_size, 0, {}
    for number, place in enumerate(found):
        for name in chosen(number, place, full):
            for raw in (False, True) if place.kind == "path" else (False,):
                wire = places.filled(place, name, known, raw)
                status, answer = server.send(wire)
                told = (str(place), name[:60], status, answer[:300])
                assert status < 500, told
                assert traps.SECRET.encode() not in answer, told
                assert b"root:x:" not in answer, told
                assert str(server.folder).encode() not in answer, told
                assert b"X-Evil" not in answer.partition(b"[(")[2], told
                statuses[status] = statuses.get(status, 0) + 1
                tried += 1
    escaped = server.escapes(since)
    record(
        f"5 {len(traps.NAMES)} names at {len(found)} places, {tried} requests",
        "0 escapes",
        f"{len(escaped)} escapes; statuses {statuses}",
    )
    assert not escaped, escaped
    assert len(traps.NAMES) >= 40
    assert len(found) >= 100


def test_the_watching_sees_an_escape(server):
    """The same rules on a file that was really opened outside."""
    since = server.opened.stat().st_size
    with server.opened.open("a") as log:
        log.write(sitecustomize.target("open", str(server.root / "to_secret")) + "\n")
        log.write(sitecustomize.target("open", str(server.root / "to_secret"), "r", os.O_NOFOLLOW) + "\n")
    assert server.escapes(since) == {str(server.folder / "outside" / "secret")}
    opened = server.opened.read_text()
    assert str(server.root / "demo.json") in opened, "the server's own opens are seen"
    assert str(server.folder / "tmp") in opened or "store" in opened


def test_nothing_of_the_server_is_read_or_written_as_artifacts(server, known):
    """Training into the store would replace what the server keeps there."""
    before = sorted(path for path in server.store.rglob("*") if "tmp" not in path.parts)
    body = {"env": "Pendulum-v1", "tap_index": 1, "overwrite": True, "steps": 1, "num_traj": 2}
    for name in ("store", "store/models", "./store", "store_link", "store_link/models", ".partial", "STORE"):
        for path, wanted in (("load_sae", {}), ("train_sae", body)):
            address = f"/model/{known['modelId']}/{path}"
            answer = server.call("POST", address, {**wanted, "artifacts_dir": name}, expect=(400,))
            assert answer["error"]["code"] == "path_not_allowed", (name, path)
    assert sorted(path for path in server.store.rglob("*") if "tmp" not in path.parts) == before


@pytest.fixture(scope="module")
def untouched(server):
    """Special files in a folder of their own: trainings with hostile names replace those in the root."""
    traps.special_saes(server.root, "untouched/")
    return "untouched/"


@both
def test_special_files_are_answered_at_once(server, known, untouched, full, record):
    """The best of several: what is measured is whether anything waits, not how busy the machine is."""
    model = known["modelId"]
    slowest = (0.0, "")
    for name in ("pipe", "socket", "device", "directory_sae", "link_sae", "sparse_sae", *traps.FIFOS):
        ask = partial(server.ask, "POST", f"/model/{model}/load_sae", {"artifacts_dir": untouched + name})
        quickest, answers = attempts(ask, 10 if full else 3)
        used = name in traps.FIFOS[1:]  # its SAE is a file; what is a pipe counts as not there
        assert {status for status, _ in answers} <= ({200} if used else {400, 404, 413}), (name, answers)
        if not used:
            slowest = max(slowest, (quickest, name))
    for target in ("/pipe.js", "/demos", "/artifacts"):
        quickest, answers = attempts(partial(server.ask, "GET", target), 3)
        assert max(status for status, _ in answers) < 500
        slowest = max(slowest, (quickest, target)) if target == "/pipe.js" else slowest
    record("5 pipes, sockets and devices", "100 ms", f"{1000 * slowest[0]:.0f} ms ({slowest[1]})")
    assert slowest[0] < AT_ONCE, slowest


def attempts(ask, least):
    """Seconds of the quickest and all answers; ``least`` times and, while it was slow, up to thirty."""
    quickest, answers = float("inf"), []
    while len(answers) < (least if quickest < AT_ONCE else 30):
        began = time.monotonic()
        answers.append(ask())
        quickest = min(quickest, time.monotonic() - began)
    return quickest, answers


PAGES = (
    "/out/secret", "/secret.js", "/pipe.js", "/../outside/secret", "/assets/../../outside/secret",
    "/%2e%2e/outside/secret", "/assets/%2e%2e/%2e%2e/outside/secret", "/..%2foutside%2fsecret",
    "/%252e%252e/outside/secret", "/..%5coutside%5csecret", "/..;/outside/secret", "//etc/passwd",
    "/%2fetc%2fpasswd", "/assets//etc/passwd", "/.%00./secret", "/index.html%00.js", "/%c0%ae%c0%ae/secret",
    "/assets/....//....//outside/secret", "/./../outside/secret", "/proc/self/environ", "/out/",
)  # fmt: skip


def test_the_bundle_serves_its_own_files_only(server):
    since = server.opened.stat().st_size
    assert server.send(places.Wire("GET", "/assets/main.js"))[0] == 200
    for target in PAGES:
        for method in ("GET", "HEAD"):
            status, answer = server.send(places.Wire(method, target))
            assert status in (400, 404), (target, status)
            assert traps.SECRET.encode() not in answer, target
    assert not server.escapes(since)


OPENED: list[str] | None = None


def _note(event, arguments):
    if OPENED is not None and event == "open" and isinstance(arguments[0], str):
        OPENED.append(sitecustomize.target(event, *arguments))


sys.addaudithook(_note)


@both
def test_the_command_line_takes_no_name_that_leads_out(tmp_path, monkeypatch, full, record):
    global OPENED
    root = traps.build(tmp_path)
    monkeypatch.setenv("POLICYSCOPE_ARTIFACTS", str(root))
    monkeypatch.chdir(tmp_path)

    def call(*words):
        return CliRunner().invoke(main, list(words))

    model = call("upload", str(root / "pendulum" / "imitator.pt"), "--json")
    assert model.exit_code == 0, model.output
    model_id = model.stdout.partition('"id": "')[2].partition('"')[0]
    names = [name for name in traps.NAMES if "\0" not in name and "\ud800" not in name]
    tried, OPENED = 0, []
    for name in names if full else names[::4]:
        making = ("make-artifacts", "--env", "Pendulum-v1", "--policy", "missing.pt", "--artifacts_dir", name)
        for words in (
            ("load-sae", model_id, "--artifacts_dir", name), making, ("interpret", "--", name),
            ("export", "run", "--output", "x.zip", "--", name), ("report", "--", name),
        ):  # fmt: skip
            result = call(*words)
            assert result.exit_code in (0, 1, 2), (words, result.exception)
            assert isinstance(result.exception, SystemExit | None), (words, result.exception)
            assert traps.SECRET not in result.output, words
            tried += 1
    opened, OPENED = set(OPENED), None
    outside = {path for path in opened if path.startswith((str(tmp_path / "outside"), "/etc/passwd"))}
    record(f"5 {tried} commands with such names", "0 escapes", f"{len(outside)} escapes")
    assert not outside
    assert str(root / "pendulum" / "manifest.json") not in outside
    assert any(path.startswith(str(root)) for path in opened), "opens are seen"
    assert not list(Path(tempfile.gettempdir()).glob("outside*"))
