"""``python -m benchmarks.sae_training``: vectors/s and held-out FVU of training a TopK SAE, against peers.

What was measured lies in SAE_TRAINING.json, so that one size or one stage can be measured again; the page
SAE_TRAINING.md is written from it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file

from benchmarks import report
from benchmarks.harness import Contender, measure
from benchmarks.sae_peers import OURS, TRAINERS, Task, Trainer
from policyscope.core import planted
from policyscope.core.activations import read_tensor, split_rows

HERE = Path(__file__).resolve().parent
DEMO = HERE.parents[1] / "artifacts" / "walker2d_w32"
SIZES = {"32": (32, 128, 8), "64": (64, 512, 16), "512": (512, 4096, 32)}
BUDGETS = {"32": (2_000_000, 1024), "64": (262_144, 1024), "512": (65_536, 1024)}
TARGETS = {"32": 8.0, "64": 3.0, "512": 1.8}
THREADS = 2
Json = dict[str, Any]


def task_of(size: str) -> Task:
    """The demo policy's tap at 32; a known dictionary (see ``core/planted``) where no policy is at hand."""
    width, features, k = SIZES[size]
    if size == "32":
        x = read_tensor((DEMO / "tapped_activations.pt").read_bytes(), "tapped_activations.pt")
        train, held_out, _ = split_rows(len(x), load_file(DEMO / "episodes.safetensors")["episode"])
    else:
        x = planted.known_dictionary(0, width, 4 * width, 150_000 if width < 100 else 30_000)[1]
        train, held_out = np.arange(len(x) * 9 // 10), np.arange(len(x) * 9 // 10, len(x))
    x = np.asarray(x, dtype=np.float64)
    x -= x[train].mean(axis=0)
    x *= np.sqrt(width / np.square(x[train]).sum(axis=1).mean())
    rows = torch.from_numpy(x.astype(np.float32))
    vectors, batch = BUDGETS[size]
    return Task(rows[torch.from_numpy(train)], rows[torch.from_numpy(held_out)], features, k, batch, vectors)


def sweep(task: Task, trainer: Trainer) -> Json:
    """Held-out FVU by learning rate, and the best."""
    found = {rate: _once(task, trainer, rate)[0] for rate in trainer.rates}
    best = min(found, key=lambda rate: found[rate])
    return {"rates": [[rate, value] for rate, value in found.items()], "best": best}


def _once(task: Task, trainer: Trainer, rate: float) -> tuple[float, float]:
    begun = time.perf_counter()
    reconstruct = trainer.train(task, rate)
    seconds = time.perf_counter() - begun
    value = task.fvu(reconstruct)
    _say(f"{trainer.name} {rate:g}: FVU {value:.5f}, {task.steps * task.batch / seconds:,.0f} vectors/s")
    return value, seconds


def rounds(task: Task, rates: dict[str, float], repeats: int) -> Json:
    """Vectors/s in every round, in turns, and the FVU each ends with."""
    values: dict[str, float] = {}

    def contender(trainer: Trainer) -> Contender:
        def run() -> int:
            reconstruct = trainer.train(task, rates[trainer.name])
            values[trainer.name] = task.fvu(reconstruct)
            return task.steps * task.batch

        return Contender(trainer.name, run)

    ways = [contender(trainer) for trainer in TRAINERS if trainer.name in rates]
    readings = measure(ways, repeats, _say)
    return {r.name: {"vectors_per_s": list(r.rates), "fvu": values[r.name]} for r in readings}


def page(found: Json) -> str:
    """The measurements as Markdown."""
    parts = [
        "# Training an SAE, side by side",
        HEAD.format(machine=found.get("machine", report.machine(report.SAE_PACKAGES))),
    ]
    for size, (width, features, k) in SIZES.items():
        if size in found and "rounds" in found[size]:
            vectors, batch = BUDGETS[size]
            parts.append(f"## {width} → {features:,} latents, k {k}: {vectors:,} vectors, batch {batch:,}")
            parts.append(_table(found[size]))
            parts.append(_verdict(found[size]["rounds"], TARGETS[size]))
    return "\n\n".join(parts) + "\n"


HEAD = """Written by `make bench-sae`. {machine}

The same rows for all, centred and scaled; each at the best of its learning rates for this budget, all of
which are listed. Two threads, in turns; a rate is the whole training, from rows in memory to a finished SAE.
32 wide: the demo policy's tap; 64 and 512: sparse sums of known directions with an orbit beneath."""


def _table(found: Json) -> str:
    lines = [
        "| trainer | vectors/s (median) | slowest – fastest | held-out FVU | rate | FVU at other rates |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for trainer in TRAINERS:
        if trainer.name not in found["rounds"]:
            lines.append(f"| {trainer.name} | not installed | | | | |")
            continue
        one, tried = found["rounds"][trainer.name], found["sweep"][trainer.name]
        rates = one["vectors_per_s"]
        others = ", ".join(f"{r:g}: {v:.4f}" for r, v in tried["rates"] if r != tried["best"])
        lines.append(
            f"| {trainer.name} | {np.median(rates):,.0f} | {min(rates):,.0f} – {max(rates):,.0f} "
            f"| {one['fvu']:.4f} | {tried['best']:g} | {others} |"
        )
    return "\n".join(lines)


def _verdict(found: Json, wanted: float) -> str:
    peers = [name for name in found if name != OURS]
    fastest = max(peers, key=lambda name: np.median(found[name]["vectors_per_s"]))
    ratio = float(np.median(np.divide(found[OURS]["vectors_per_s"], found[fastest]["vectors_per_s"])))
    best = min(found[name]["fvu"] for name in peers)
    text = (
        f"FVU {found[OURS]['fvu']:.4f}; the fastest peer ends at {found[fastest]['fvu']:.4f}, "
        f"the best at {best:.4f}."
    )
    return (
        report.targets_table([(f"vectors/s over the fastest peer ({fastest})", ratio, wanted)])
        + "\n\n"
        + text
    )


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sae_training", description=__doc__)
    parser.add_argument("--size", choices=list(SIZES), action="append", help="only this width (repeatable)")
    parser.add_argument("--stage", choices=["sweep", "rounds", "page"], help="only this stage")
    parser.add_argument("--only", action="append", help="only this trainer's sweep (repeatable)")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE / "SAE_TRAINING.json")
    options = parser.parse_args()
    torch.set_num_threads(1 if options.stage == "sweep" else THREADS)  # a sweep is not timed
    found: Json = json.loads(options.out.read_text()) if options.out.exists() else {}
    for size in options.size or SIZES:
        if options.stage != "page":
            found["machine"] = (
                f"{report.machine(report.SAE_PACKAGES)} Load average when it began: {os.getloadavg()[0]:.1f}."
            )
            for _ in _measure(size, found.setdefault(size, {"sweep": {}}), options):
                options.out.write_text(json.dumps(found, indent=1) + "\n")
    options.out.with_suffix(".md").write_text(page(found))
    print(page(found))


def _measure(size: str, found: Json, options: argparse.Namespace) -> Iterator[None]:
    """Fills ``found``; yields whenever there is something to keep."""
    task = task_of(size)
    present = [trainer for trainer in TRAINERS if trainer.installed]
    if options.stage in (None, "sweep"):
        for trainer in present:
            if options.only is None or trainer.name in options.only:
                found["sweep"][trainer.name] = sweep(task, trainer)
                yield
    if options.stage in (None, "rounds"):
        rates = {t.name: found["sweep"][t.name]["best"] for t in present if t.name in found["sweep"]}
        found["rounds"] = rounds(task, rates, options.repeats)
        yield


if __name__ == "__main__":
    main()
