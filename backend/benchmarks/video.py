"""``python -m benchmarks.video``: a video of three arms, drawn while stepping and drawn from a recording.

Writes VIDEO.md. Both ways simulate 3 × 300 steps, draw every step of every arm at 480 px and encode H.264
with the same settings; the recorded way also draws labels, the feature's trace and action bars.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch

from benchmarks import report
from benchmarks.harness import Contender, measure
from benchmarks.subject import EDIT, ENV, Subject, load_subject
from policyscope.config import processors, render_without_a_display
from policyscope.core.arms import Arm, RolloutSpec
from policyscope.core.envs import get_env
from policyscope.core.film import FPS, Film, Pane
from policyscope.core.interventions import FeatureEdit
from policyscope.core.processors import use_processors
from policyscope.core.progress import drain
from policyscope.core.rollout import rollout
from policyscope.jobs.launch import warm_up
from policyscope.services import videos

HERE = Path(__file__).resolve().parent
POLICY = HERE.parents[1] / "artifacts" / "walker2d_w32" / "imitator.pt"
STEPS, SIZE, SEED, SIGNS = 300, 480, 0, (-1, 0, 1)
LOCKSTEP = "lockstep: step, draw, step (gymnasium)"
ONE, REAL_TIME = "recorded, 1 process", "the same in real time"
RECORDED = frozenset({"state", "actions", "rewards", "features"})
COLOURS = [videos.COLOURS[tone] for tone in ("neg", "base", "pos")]

TEXT = """3 arms × 300 steps of Walker2d-v5 at 480 px, every step drawn, to an H.264 file; simulation,
drawing and encoding together, in turns; a ratio is the median over rounds of the ratio within a round.
*Lockstep* steps three gymnasium environments and draws each at once, as gymnasium draws by default.
*Recorded* simulates first and then draws from the recording without shadows and reflections; it also
draws labels, the feature's trace and the action bars. *In real time* is the video that the product makes at
speed 1: {frames} frames at {fps} a second show the same {seconds:.1f} seconds; its rate counts all steps,
shown or not."""

CPU = """Processor time of a whole video, which other work on the machine disturbs less than the clock, in the
median: {spent}."""
SPENT: dict[str, list[float]] = {}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.video", description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="rounds that the medians are taken over")
    parser.add_argument("--out", type=Path, default=HERE / "VIDEO.md")
    options = parser.parse_args()
    render_without_a_display()
    warm_up()
    load_before, most = os.getloadavg()[0], processors()
    many = f"recorded, {most} processes"
    every = get_env(ENV).dt * FPS  # type: ignore[operator]  # the speed at which each step is a frame
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "video.mp4"
        ways = [
            _contender(LOCKSTEP, lockstep, target),
            _contender(ONE, recorded, target, every, 1),
            _contender(many, recorded, target, every, most),
            _contender(REAL_TIME, recorded, target, 1.0, most),
        ]
        readings = measure(ways, options.repeats, lambda said: print(said, file=sys.stderr, flush=True))
    ratio, lean = readings[2].over(readings[0]), _spent(LOCKSTEP) / _spent(many)
    seconds = STEPS * every / FPS
    parts = [
        "# Video",
        f"Written by `make bench-video`. {report.machine(('mujoco', 'gymnasium', 'moviepy', 'numpy'))} "
        f"Load average when it began: {load_before:.1f}.",
        TEXT.format(frames=1 + int((STEPS - 1) * every), fps=FPS, seconds=seconds),
        report.rates_table(readings, LOCKSTEP, "steps/s"),
        CPU.format(spent="; ".join(f"{name} {_spent(name):.1f} s" for name in SPENT)),
        report.targets_table(
            [(f"{many} / lockstep", ratio, 8), ("processor time of lockstep / of the same", lean, 8)]
        ),
    ]
    text = "\n\n".join(parts)
    options.out.write_text(text + "\n")
    print(text)


def _contender(name: str, make: Callable[..., None], *arguments: object) -> Contender:
    """Runs in a process as a job's: forked from one that has everything imported."""

    def run() -> int:
        context = multiprocessing.get_context("forkserver")
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=_timed, args=(there, make, *arguments), daemon=True)
        process.start()
        process.join()
        if process.exitcode != 0:
            raise RuntimeError(f"The process of {name!r} ended with {process.exitcode}.")
        SPENT.setdefault(name, []).append(here.recv())
        return STEPS * len(SIGNS)

    return Contender(name, run)


def _timed(pipe: Connection, make: Callable[..., None], *arguments: object) -> None:
    make(*arguments)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    pipe.send(sum(each.ru_utime + each.ru_stime for each in used))


def _spent(name: str) -> float:
    return float(np.median(SPENT[name][1:]))  # the first was not measured


def lockstep(target: Path) -> None:
    """Three environments side by side, each drawn after every step."""
    subject = load_subject(POLICY, None)
    acts = [_actor(subject, sign) for sign in SIGNS]
    environments = [gym.make(ENV, render_mode="rgb_array") for _ in SIGNS]
    seen = [env.reset(seed=SEED)[0] for env in environments]
    with videos.Encoder(target) as encoder:
        for _ in range(STEPS):
            pictures = []
            for row, (env, act) in enumerate(zip(environments, acts, strict=True)):
                seen[row] = env.step(act(seen[row]))[0]
                pictures.append(env.render())
            encoder.write(np.concatenate(pictures, axis=1))
    for env in environments:
        env.close()


def _actor(subject: Subject, sign: int) -> Callable[[np.ndarray], np.ndarray]:
    network, push = subject.network(), torch.from_numpy(sign * subject.push.astype(np.float32))
    network[subject.tap_index].register_forward_hook(lambda _module, _inputs, output: output + push)

    def act(observation: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return network(torch.from_numpy(observation.astype(np.float32))).numpy().clip(-1, 1)

    return act


def recorded(target: Path, speed: float, most: int) -> None:
    """Simulate all arms at once, then draw and encode."""
    use_processors(most)
    subject = load_subject(POLICY, None)
    arms = [
        Arm(f"{sign:+d}", subject.policy, (FeatureEdit(EDIT.feature_idx, "add", sign * EDIT.value),))
        for sign in SIGNS
    ]
    spec = RolloutSpec(ENV, (SEED,), STEPS, subject.tap_index, record=RECORDED, features=(EDIT.feature_idx,))
    results = drain(rollout(arms, spec, subject.sae))
    panes = [
        Pane(result.name, colour, result.traces[0], bool(result.fell[0]))
        for result, colour in zip(results, COLOURS, strict=True)
    ]
    if min(pane.steps for pane in panes) < STEPS:
        raise RuntimeError("An arm fell: the two ways would not draw the same number of steps.")
    film = Film(ENV, SEED, panes, SIZE, speed, feature=EDIT.feature_idx)
    drain(videos.encode(film, target))


if __name__ == "__main__":
    main()
