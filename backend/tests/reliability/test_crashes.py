"""Test 13: any process may be killed at any moment; every job still ends, once."""

from __future__ import annotations

import random
import time

import pytest
from live_server import Server, patience

LEASE, GRACE, ORPHANS = 15.0, 30.0, 10.0
NOISE = 4  # the normal suite shares its processors: there all of it may take longer
VICTIMS = {
    "child": "the processes of jobs",
    "forker": "the process that starts them",
    "api": "the server's worker, which dispatches",
    "all": "everything",
}


class Round:
    """Jobs caught publishing, running and queued; then a kill."""

    def __init__(self, server: Server, chance: random.Random, noise: int) -> None:
        self.server, self.chance, self.noise = server, chance, noise
        work = ((0, 0.6 * noise), (150, 0), (2, 0), (0, 0.02))
        self.jobs = [server.submit(steps, seconds) for steps, seconds in work]
        self.slowest, self.orphans, self.twice = 0.0, 0, 0

    def play(self, victim: str) -> None:
        publishing, running = self.jobs[:2]
        pattern = f"tmp/{publishing['name'].replace('/', '-')}-*/token"
        for _ in patience(90):
            if list(self.server.store.glob(pattern)) and self._state(running) == "running":
                break
        else:
            raise AssertionError([self.server.job(job["job_id"]) for job in self.jobs])
        time.sleep(self.chance.random() * 0.7)
        self._kill(victim)
        start = time.monotonic()
        before = self._published()
        if victim == "all":
            self.server.start()
        elif victim == "api":
            self.server.until_ready()
        for job in self.jobs:
            ended = self.server.end(job["job_id"], (LEASE + GRACE) * self.noise)
            assert ended["state"] == "done", ended
        self.slowest = time.monotonic() - start
        after = self._published()
        assert len(after) == len(self.jobs)  # done means published
        self.twice = sum(after[name] != token for name, token in before.items())

    def _state(self, job: dict[str, str]) -> str:
        return str(self.server.job(job["job_id"])["state"])

    def _kill(self, victim: str) -> None:
        """Kill, and count what of the victim's own is alive ten seconds later."""
        everything = self.server.processes()
        victims = {
            "child": self.server.children,
            "forker": self.server.forkers,
            "api": self.server.workers,
            "all": lambda: list(everything),
        }[victim]()
        assert victims, f"no {victim} to kill"
        doomed = set(victims) | ({*self.server.children()} if victim != "all" else set())
        doomed |= set(self.server.forkers()) if victim == "api" else set()
        if victim == "all":
            self.server.kill_everything()
        else:
            self.server.kill(victims)
        for _ in patience(ORPHANS * self.noise):
            if not doomed & self.server.processes().keys():
                break
        self.orphans = len(doomed & self.server.processes().keys())

    def _published(self) -> dict[str, bytes]:
        files = {job["name"]: self.server.store / job["name"] / "token" for job in self.jobs}
        return {name: file.read_bytes() for name, file in files.items() if file.exists()}


FULL = [pytest.mark.reliability, pytest.mark.timeout(1200)]


@pytest.mark.parametrize(
    ("rounds", "victim", "noise"),
    [
        pytest.param(1, "all", NOISE, id="short"),
        *(pytest.param(20, name, 1, id=name, marks=FULL) for name in VICTIMS),
    ],
)
def test_every_job_outlives_every_kill(root, measured, rounds, victim, noise):
    chance = random.Random(rounds)
    played: list[Round] = []
    with Server(root) as server:
        for _ in range(rounds):
            played.append(Round(server, chance, noise))
            played[-1].play(victim)
        tokens = {file: file.read_bytes() for file in server.store.glob("runs/*/token")}
        time.sleep(1.0)
        late = sum(file.read_bytes() != token for file, token in tokens.items())
        leftovers = server.leftovers()
        attempts = max(job["attempt"] for job in server.call("GET", "/jobs")["jobs"])
    slowest = max(one.slowest for one in played)
    twice = sum(one.twice for one in played) + late
    orphans = sum(one.orphans for one in played)
    figure = (
        f"{len(played)} kills × 3 states: 0 lost, slowest end {slowest:.1f} s after the kill, {twice} twice, "
    )
    figure += f"{orphans} orphans, {len(leftovers)} files left, at most {attempts} attempts"
    met = slowest <= (LEASE + GRACE) * noise and not twice and not orphans and not leftovers
    measured(13, f"kill -9 of {VICTIMS[victim]}", "0 lost, 0 stuck, 0 twice, 0 orphans", figure, met)
