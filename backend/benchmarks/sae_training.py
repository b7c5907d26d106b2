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
from benchmarks.sae_peers import OURS, TRAINERS, Reconstruct, Task, Trainer
from policyscope.core import planted
from policyscope.core.activations import read_tensor, split_rows

HERE = Path(__file__).resolve().parent
DEMO = HERE.parents[1] / "artifacts" / "walker2d_w32"
SIZES = {"32": (32, 128, 8), "64": (64, 512, 16), "512": (512, 4096, 32)}
BUDGETS = {"32": (2_000_000, 1024), "64": (262_144, 1024), "512": (131_072, 1024)}
OWN_BATCH = {"32": 512, "64": 256, "512": 768}
CPU_STEPS = {"32": 256, "64": 64, "512": 12}
TARGETS = {"32": 8.0, "64": 3.0, "512": 1.8}
RATES = {"512": (3e-3, 6e-3, 1e-2)}
"""For all trainers where a run takes long: sparsify falls apart at 0.03; 0.001 is far too low at 64 → 512."""
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
    return Task(
        rows[torch.from_numpy(train)],
        rows[torch.from_numpy(held_out)],
        features,
        k,
        batch,
        vectors,
        OWN_BATCH[size],
    )


def sweep(task: Task, trainer: Trainer, rates: tuple[float, ...]) -> Json:
    """Held-out FVU by learning rate, and the best."""
    found = {rate: _once(task, trainer, rate)[0] for rate in rates}
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
    kept: dict[str, Reconstruct] = {}  # judged afterwards: that is no part of training

    def contender(trainer: Trainer) -> Contender:
        def run() -> int:
            kept[trainer.name] = trainer.train(task, rates[trainer.name])
            return task.steps * task.batch

        return Contender(trainer.name, run)

    ways = [contender(trainer) for trainer in TRAINERS if trainer.name in rates]
    readings = measure(ways, repeats, _say)
    return {r.name: {"vectors_per_s": list(r.rates), "fvu": task.fvu(kept[r.name])} for r in readings}


def processor_time(task: Task, rates: dict[str, float], steps: int) -> Json:
    """Vectors per second of processor time, one thread each: what other programs do hardly matters to it.

    Ours over a whole training, start and checks included; the others over ``steps`` steps of it.
    """
    found: Json = {}
    for trainer in TRAINERS:
        if trainer.name in rates:
            some = task if trainer.name == OURS else task.cut(steps)
            trainer.train(task.cut(4), rates[trainer.name])
            begun = time.process_time()
            trainer.train(some, rates[trainer.name])
            found[trainer.name] = some.steps * some.batch / (time.process_time() - begun)
            _say(f"{trainer.name}: {found[trainer.name]:,.0f} vectors per CPU second")
    return found


def page(found: Json) -> str:
    """The measurements as Markdown."""
    parts = [
        "# Training an SAE, side by side",
        HEAD.format(machine=found.get("machine", report.machine(report.SAE_PACKAGES))),
    ]
    for size, (width, features, k) in SIZES.items():
        if size in found and OURS in found[size]["sweep"]:
            vectors, batch = BUDGETS[size]
            parts.append(
                f"## {width} → {features:,} latents, k {k}: {vectors:,} vectors, "
                f"batch {batch:,} (policyscope {OWN_BATCH[size]:,})"
            )
            parts += [_table(found[size]), _verdict(found[size], TARGETS[size])]
    return "\n\n".join(parts) + "\n"


HEAD = """Written by `make bench-sae`. {machine}

The same rows for all, centred and scaled; each at the best of its learning rates for this budget, all of
which are listed. *Vectors/s*: the whole training, from rows in memory to a finished SAE, two threads, in
turns; a dash where the machine was not quiet enough to take it. *Per CPU second*: one thread, processor time,
so other programs hardly matter; ours over the whole training, the others over its first steps.
32 wide: the demo policy's tap; 64 and 512: sparse sums of known directions with an orbit beneath."""


def _table(found: Json) -> str:
    lines = [
        "| trainer | vectors/s (median) | slowest – fastest | per CPU second | held-out FVU | rate "
        "| FVU at other rates |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for trainer in TRAINERS:
        tried = found["sweep"].get(trainer.name)
        if tried is None:
            lines.append(f"| {trainer.name} | not measured | | | | | |")
            continue
        one = found.get("rounds", {}).get(trainer.name)
        rates = one and one["vectors_per_s"]
        speed = f"{np.median(rates):,.0f} | {min(rates):,.0f} – {max(rates):,.0f}" if rates else "– | –"
        cpu = found.get("cpu", {}).get(trainer.name)
        others = ", ".join(f"{r:g}: {v:.4f}" for r, v in tried["rates"] if r != tried["best"])
        lines.append(
            f"| {trainer.name} | {speed} | {f'{cpu:,.0f}' if cpu else '–'} "
            f"| {_fvu(found, trainer.name):.4f} | {tried['best']:g} | {others} |"
        )
    return "\n".join(lines)


def _fvu(found: Json, name: str) -> float:
    tried = found["sweep"][name]
    return float(dict(tried["rates"])[tried["best"]])


def _verdict(found: Json, wanted: float) -> str:
    peers = [name for name in found["sweep"] if name != OURS]
    if not peers:
        return "No peer measured."
    best = min(_fvu(found, name) for name in peers)
    parts = [f"FVU {_fvu(found, OURS):.4f}; the best peer ends at {best:.4f}."]
    rows = []
    speeds = {name: one["vectors_per_s"] for name, one in found.get("rounds", {}).items()}
    for what, rates in (("vectors/s", speeds), ("vectors per CPU second", found.get("cpu", {}))):
        if OURS in rates and len(rates) > 1:
            fastest = max(set(rates) - {OURS}, key=lambda name: np.median(rates[name]))
            ratio = float(np.median(np.divide(rates[OURS], rates[fastest])))
            rows.append((f"{what} over the fastest peer ({fastest})", ratio, wanted))
    return "\n\n".join([report.targets_table(rows), *parts] if rows else parts)


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sae_training", description=__doc__)
    parser.add_argument("--size", choices=list(SIZES), action="append", help="only this width (repeatable)")
    parser.add_argument("--stage", choices=["sweep", "rounds", "cpu", "page"], help="only this stage")
    parser.add_argument("--only", action="append", help="only this trainer's sweep (repeatable)")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE / "SAE_TRAINING.json")
    options = parser.parse_args()
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
    torch.set_num_threads(THREADS)
    if options.stage in (None, "sweep"):  # not timed
        for trainer in present:
            if options.only is None or trainer.name in options.only:
                found["sweep"][trainer.name] = sweep(task, trainer, RATES.get(size, trainer.rates))
                yield
    rates = {t.name: found["sweep"][t.name]["best"] for t in present if t.name in found["sweep"]}
    if options.stage in (None, "cpu"):
        torch.set_num_threads(1)
        found["cpu"] = processor_time(task, rates, CPU_STEPS[size])
        yield
    if options.stage in (None, "rounds"):
        torch.set_num_threads(THREADS)
        found["rounds"] = rounds(task, rates, options.repeats)
        yield


if __name__ == "__main__":
    main()
