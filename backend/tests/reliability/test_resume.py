"""Test 14: a training or a scan that is killed half-way ends with the bytes of an undisturbed one."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest
from live_server import Server

FULL = pytest.mark.reliability
TRAINING = {
    "env": "Pendulum-v1", "tap_index": 3, "latent_mult": 4, "topk": 4, "num_traj": 6, "max_timesteps": 100,
    "eval_episodes": 2, "steps": 40_000, "batch": 256,
}  # fmt: skip
SCAN = {"env": "Pendulum-v1", "episodes": 150, "confirm_episodes": 10, "max_steps": 200, "again": True}


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def killed_midway(server: Server, job_id: str, share: float, stage: str) -> bool:
    """Kill the job's process at this share of the stage; whether it started again."""

    def far_enough(job) -> bool:
        assert job["state"] in ("queued", "running"), job
        progress = job["progress"]
        return stage in progress["message"] and progress["done"] >= share * progress["total"]

    server.until(job_id, far_enough)
    server.kill(server.children())
    job = server.end(job_id)
    assert job["state"] == "done", job
    return job["attempt"] == 2


@pytest.mark.parametrize("times", [pytest.param(1, id="short"), pytest.param(5, id="full", marks=FULL)])
def test_a_killed_training_ends_with_the_same_bytes(server, measured, times):
    """The directory's own name is part of what is written, so every training has the same one."""
    chance, model, target = random.Random(times), server.model(), server.root / "resumed"
    found, before = [], set(server.leftovers())  # what trainings cancelled by other tests may go on from
    for kill in (False, *[True] * times):
        body = {**TRAINING, "artifacts_dir": target.name, "overwrite": True}
        job_id = server.call("POST", f"/model/{model}/train_sae", body)["job_id"]
        if kill:
            assert killed_midway(server, job_id, 0.2 + 0.5 * chance.random(), "training the SAE")
        else:
            assert server.end(job_id)["state"] == "done"
        found.append(digests(target))
    same = sum(files == found[0] for files in found[1:])
    assert set(server.leftovers()) <= before
    figure = f"{same}/{times} the same sha256 in all {len(found[0])} files"
    measured(14, "training killed half-way", f"{times}/{times} the same", figure, same == times)


@pytest.mark.parametrize("times", [pytest.param(5, id="full", marks=FULL)])
def test_a_killed_scan_ends_with_the_same_bytes(server, measured, times):
    chance, model = random.Random(times), server.model()
    found = []
    for kill in (False, *[True] * times):
        accepted = server.call("POST", f"/model/{model}/scan", SCAN)
        if kill:
            assert killed_midway(server, accepted["job_id"], 0.3 + 0.5 * chance.random(), "scan")
        else:
            assert server.end(accepted["job_id"])["state"] == "done"
        files = digests(server.store / "runs" / accepted["run_id"])
        found.append(
            {name: sha for name, sha in files.items() if name != "manifest.json"}
        )  # it names the run
    same = sum(files == found[0] for files in found[1:])
    figure = f"{same}/{times} the same sha256"
    measured(14, "scan killed half-way", f"{times}/{times} the same", figure, same == times)
