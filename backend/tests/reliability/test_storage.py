"""Tests 15 and 16: what is stored is whole, or it is known not to be; a full disk is said as such."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
import tiny
from http_client import Client

from policyscope.api.app import create_app
from policyscope.api.current import WORKSPACE
from policyscope.config import Settings, load_settings
from policyscope.core.errors import NotFound
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.checkpoints import Checkpoints

FULL = pytest.mark.reliability
BIG = 200_000


def _write_for_ever(root: Path) -> None:
    store, kept = ArtifactStore(root), Checkpoints(root / "work" / "runs" / "r_0")
    for number in range(1_000_000):
        letter = bytes([65 + number % 26])
        store.publish(f"runs/r_{number}", {"a": letter * 5_000, "b": letter * BIG}, {"n": number})
        kept.save("state", letter * BIG)


@pytest.mark.parametrize("kills", [pytest.param(10, id="short"), pytest.param(200, id="full", marks=FULL)])
def test_no_kill_leaves_half_an_artifact(tmp_path, measured, kills):
    context, chance = multiprocessing.get_context("fork"), random.Random(kills)
    corrupt = looked_at = interrupted = 0
    for number in range(kills):
        root = tmp_path / str(number)
        writer = context.Process(target=_write_for_ever, args=(root,))
        writer.start()
        while not (root / "work" / "runs" / "r_0" / "state").exists():
            time.sleep(0.001)
        time.sleep(chance.random() * 0.05)
        writer.kill()
        writer.join()
        store = ArtifactStore(root)
        for name in store.names("runs"):
            looked_at += 1
            small, big = store.read(name, "a"), store.read(name, "b")
            corrupt += len(small) != 5_000 or len(big) != BIG or set(small) != set(big)
        state = store.checkpoints("runs/r_0").load("state")
        corrupt += state is None or len(state) != BIG or len(set(state)) != 1
        interrupted += any(store.temporary.iterdir())
        shutil.rmtree(root)
    assert interrupted  # some kills really fell into a write
    figure = (
        f"{corrupt}/{kills} corrupt ({looked_at} artifacts read, {interrupted} kills inside a publication)"
    )
    measured(15, "kill -9 during artifact writes", f"0/{kills} corrupt", figure, corrupt == 0)


@pytest.mark.parametrize("flips", [pytest.param(40, id="short"), pytest.param(200, id="full", marks=FULL)])
def test_every_flipped_bit_is_found(tmp_path, measured, flips):
    store, chance = ArtifactStore(tmp_path), random.Random(flips)
    files = {"a.json": b'{"x": 1}', "b.bin": chance.randbytes(3_000), "c.txt": b"text" * 50}
    store.publish("runs/r_1", files, {"kind": "run", "spec": {"seed": 7, "name": "été"}})
    found = 0
    for number in range(flips):
        path = tmp_path / "runs" / "r_1" / [*files, "manifest.json"][number % (len(files) + 1)]
        whole = path.read_bytes()
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(bytes(damaged))
        try:
            for file in (*files, "manifest.json"):
                store.read("runs/r_1", file)
        except NotFound as error:
            found += error.code == "damaged"
        path.write_bytes(whole)
    assert store.read("runs/r_1", "c.txt") == files["c.txt"]
    measured(15, "flipped bits", f"{flips}/{flips} found", f"{found}/{flips} found", found == flips)


@pytest.fixture
def small_disk(tmp_path: Path):
    """A disk of 6 MB with an artifacts root on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], capture_output=True)
    if made.returncode:
        pytest.skip("only root can mount a small disk")
    try:
        tiny.write_directory(disk / "artifacts", "pendulum_w8")
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def _fill(disk: Path, leave: int) -> Path:
    filler = disk / "filler"
    free = shutil.disk_usage(disk).free
    filler.write_bytes(b"x" * max(0, free - leave))
    return filler


def _settings(disk: Path, database: Path) -> Settings:
    environ = {"POLICYSCOPE_ARTIFACTS": str(disk / "artifacts"), "DATABASE_URL": f"sqlite:///{database}"}
    return replace(load_settings(environ), concurrent_jobs=1)


@pytest.mark.parametrize("own_database", [False, True], ids=["database_elsewhere", "database_on_it"])
@pytest.mark.parametrize("rounds", [pytest.param(1, id="short"), pytest.param(5, id="full", marks=FULL)])
def test_a_full_disk_is_507_and_nothing_is_half_written(tmp_path, small_disk, measured, rounds, own_database):
    database = (small_disk if own_database else tmp_path) / "records.sqlite3"
    app = create_app(_settings(small_disk, database))
    store = app.extensions[WORKSPACE].store
    client = Client(app.test_client())
    answers, wrong = [], 0
    try:
        model = client.with_sae()
        for _ in range(rounds):
            before = sorted(store.root.glob("[mrs]*/*"))
            filler = _fill(small_disk, 0)
            error = client.upload(tiny.policy_bytes(1), expect=507)["error"]
            answers.append(error["code"])
            job = _run_on_full_disk(client, model)
            answers.append(job)
            wrong += sorted(store.root.glob("[mrs]*/*")) != before or any(store.temporary.glob("*"))
            os.unlink(filler)
            assert client("GET", f"/model/{client.model()}")["name"]
            wrong += client.run(model, again=True)["state"] != "done"
    finally:
        app.extensions[WORKSPACE].close()
    figure = f"{answers[:2]} each of {rounds} times, {wrong} left-overs or refusals afterwards"
    met = set(answers) == {"storage_full"} and wrong == 0
    where = "with the database on it" if own_database else "database elsewhere"
    measured(16, f"full disk, {where}", "507, nothing half-written, recovers", figure, met)


def _run_on_full_disk(client: Client, model: str) -> str:
    """The error code of a run: at once where the database cannot take the job, else of the job."""
    wanted = {"env": tiny.ENV, "episodes": 2, "max_steps": 20, "seed": 3, "again": True}
    accepted = client("POST", f"/model/{model}/run", wanted, expect=None)
    if "error" in accepted:
        return str(accepted["error"]["code"])
    job = client.finished(accepted["job_id"])
    assert job["state"] == "failed", job
    return str(job["error"]["code"])
