"""Test 1: hostile files against both uploads and the reader of cached data."""

from __future__ import annotations

import contextlib
import io
import os
import time

import hostile
import pytest
import tiny

from policyscope.core.errors import InvalidInput, LimitExceeded, UnsupportedFile
from policyscope.services import quarantine

pytestmark = pytest.mark.security
EVERY = 4  # of the three containers of every gadget, the short form takes these


def resident(name: str = "VmRSS") -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(name))


@pytest.fixture
def canary(tmp_path):
    path = tmp_path / "executed"
    yield path
    assert not path.exists()


def chosen(canary, long):
    every = list(hostile.uploads(canary))
    gadgets = [upload for upload in every if upload[0].startswith(("pickle", "torch"))]
    others = [upload for upload in every if not upload[0].startswith(("pickle", "torch"))]
    return others + (gadgets if long else gadgets[::EVERY])


def ask(client, model_id, files):
    """Every endpoint and reader a file can be given to."""
    (name, data), *rest = files.items()
    parts = {"file": (io.BytesIO(data), name)}
    if rest:
        parts["config"] = (io.BytesIO(rest[0][1]), rest[0][0])
    yield client.http.post(f"/model/{model_id}/sae", data=parts)
    if not rest:
        yield client.http.post("/upload", data={"file": (io.BytesIO(data), name)})
        with contextlib.suppress(UnsupportedFile, InvalidInput, LimitExceeded):
            quarantine.open_tensor(data, name)


@pytest.mark.timeout(900)
def test_hostile_files_get_a_verdict_and_nothing_else(client, canary, long, record):
    model_id = client.model()
    uploads = chosen(canary, long)
    assert len(uploads) >= 60
    slowest, grown, accepted = (0.0, ""), 0, set()
    client.upload(tiny.policy_bytes())
    before, stored = resident(), len(client("GET", "/models")["models"])
    for name, files in uploads:
        began = time.monotonic()
        for response in ask(client, model_id, files):
            response.close()
            took, began = time.monotonic() - began, time.monotonic()
            slowest = max(slowest, (took, name))
            assert response.status_code in (201, 400, 413), (name, response.get_data(as_text=True))
            if response.status_code == 201:
                accepted.add(name)
            else:
                error = response.json["error"]
                assert error["code"] != "reader_failed", (name, error)
                assert str(canary.parent) not in error["message"]
        assert not canary.exists(), name
        grown = max(grown, resident() - before)
    assert accepted <= HARMLESS, accepted - HARMLESS
    assert len(client("GET", "/models")["models"]) - stored <= len(HARMLESS)
    record(f"1 {len(uploads)} hostile files, every upload", "0 executions", "0 executions")
    record("1 memory of the API", "+50 MB at most", f"+{grown / 1e6:.0f} MB")
    record("1 slowest verdict, warm", "2 s", f"{slowest[0]:.2f} s ({slowest[1]})")
    assert grown < 50 << 20
    assert slowest[0] < 2.0, slowest


HARMLESS = {
    "SB3 a pickle for kwargs",
    "SB3 base64 that is none",
    "SB3 data that is a number",
    "SB3 data with NaN",
    "SB3 gadget as variables",
    "SB3 pickles in data",
    "a zip and a pickle",
    "directory offset wrong",
}
"""Files whose hostile part is not in what is read: the rest of them is a policy as any other."""


def test_the_gadgets_are_armed(canary):
    """An unpickler would run them; in a process of its own, on a canary of its own."""
    import subprocess
    import sys

    import gadgets

    armed, folder = 0, canary.parent / "armed"
    folder.mkdir()
    for number, (_, data) in enumerate(gadgets.pickles(folder / "canary")):
        (folder / f"{number}.pkl").write_bytes(data)
    (folder / "canary.py").write_text(f"open({str(folder / 'canary')!r}, 'w').close()")
    script = (
        "import glob, os, pickle, sys, time\n"
        "for path in sorted(glob.glob('*.pkl')):\n"
        "    try: pickle.load(open(path, 'rb'))\n"
        "    except Exception: pass\n"
        "    time.sleep(0.05)\n"
        "    if os.path.exists('canary'): print(path); os.remove('canary')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    armed = len(done.stdout.split())
    assert armed >= 15, (armed, done.stdout, done.stderr[-800:])
