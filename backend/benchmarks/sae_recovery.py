"""``python -m benchmarks.sae_recovery``: does each variant find planted directions as well as its library?

The same rows, steps, batch and learning rates for dictionary_learning's trainer and ours, several seeds each;
the best rate of each counts. Where a library needs a penalty to reach a number of active latents, several are
tried and the one whose L0 is nearest to k is taken; ours is then asked for the L0 that the library reached,
for only SAEs of one L0 can be compared. Figures go to SAE_RECOVERY.json, from which the page is written.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import report
from policyscope.core import planted
from policyscope.core.progress import drain
from policyscope.core.sae import Variant
from policyscope.core.sae_train import SaeTrainConfig, train_sae

HERE = Path(__file__).resolve().parent
WIDTH, LATENTS, K, STEPS, BATCH = 32, 64, 8, 3_000, 512
RATES, SEEDS = (1e-3, 3e-3), range(6)
LEAST, WITHIN = 0.9, 0.02
COMPARABLE = 0.15  # share by which the L0 of both may differ
PENALTIES: dict[str, tuple[float, ...]] = {
    "relu": (0.3, 0.6, 1.2),
    "gated": (0.4, 0.8, 1.6, 3.2),
    "jumprelu": (1.0, 10.0, 100.0),
}
TRAINERS = {
    "topk": ("top_k", "TopKTrainer"),
    "batchtopk": ("batch_top_k", "BatchTopKTrainer"),
    "jumprelu": ("jumprelu", "JumpReluTrainer"),
    "matryoshka": ("matryoshka_batch_top_k", "MatryoshkaBatchTopKTrainer"),
    "gated": ("gdm", "GatedSAETrainer"),
    "relu": ("standard", "StandardTrainer"),
}
Json = dict[str, Any]
Data = tuple[np.ndarray, np.ndarray, np.ndarray]


def data() -> Data:
    """True directions, training rows and held-out rows, scaled as in training."""
    directions, x = planted.known_dictionary(0, WIDTH)
    x = x - x.mean(axis=0)
    x *= np.sqrt(WIDTH / np.square(x).sum(axis=1).mean())
    cut = len(x) * 9 // 10
    return directions, x[:cut].astype(np.float32), x[cut:].astype(np.float32)


def ours(variant: Variant, rate: float, k: int, seed: int, known: Data) -> Json:
    """Share of the directions found, held-out FVU and L0."""
    directions, train, held_out = known
    config = SaeTrainConfig(
        LATENTS, k, STEPS, BATCH, rate, seed, device="cpu", early_decay=False, variant=variant
    )
    sae = drain(train_sae(train, held_out, config)).sae
    z = sae.encode(held_out)
    return _figures(directions, sae.w_dec.T, held_out, sae.decode(z), z)


def theirs(variant: str, rate: float, penalty: float | None, seed: int, known: Data) -> Json:
    """The same of dictionary_learning's trainer."""
    directions, train, held_out = known
    rows, rng = torch.from_numpy(train), np.random.default_rng(seed)
    trainer = _trainer(variant, rate, penalty, seed)
    per_pass = len(rows) // BATCH
    for step in range(STEPS):
        if step % per_pass == 0:
            order = torch.from_numpy(rng.permutation(len(rows)))
        place = step % per_pass * BATCH
        trainer.update(step, rows[order[place : place + BATCH]])
    with torch.no_grad():
        x = torch.from_numpy(held_out)
        z = trainer.ae.encode(x)
        decoder = trainer.ae.W_dec if hasattr(trainer.ae, "W_dec") else trainer.ae.decoder.weight.T
        return _figures(directions, decoder.numpy(), held_out, trainer.ae.decode(z).numpy(), z.numpy())


def _trainer(variant: str, rate: float, penalty: float | None, seed: int) -> Any:
    module, name = TRAINERS[variant]
    kind = getattr(importlib.import_module(f"dictionary_learning.trainers.{module}"), name)
    options: Json = {"lr": rate, "device": "cpu", "seed": seed}
    options |= {"warmup_steps": STEPS // 20, "decay_start": STEPS * 4 // 5}
    torch.manual_seed(seed)
    if variant == "jumprelu":
        options |= {"target_l0": float(K), "sparsity_penalty": penalty, "sparsity_warmup_steps": STEPS // 10}
    elif penalty is not None:
        options |= {"l1_penalty": penalty, "sparsity_warmup_steps": STEPS // 10}
    else:
        options |= {"k": K, "threshold_start_step": STEPS // 3}
    if variant == "matryoshka":
        options |= {"group_fractions": [1 / 16, 1 / 16, 1 / 8, 1 / 4, 1 / 2]}
    return kind(STEPS, WIDTH, LATENTS, layer=0, lm_name="none", **options)


def _figures(
    directions: np.ndarray, decoder: np.ndarray, x: np.ndarray, output: np.ndarray, z: np.ndarray
) -> Json:
    rows = decoder / np.maximum(np.linalg.norm(decoder, axis=1, keepdims=True), 1e-12)
    cosine = (directions @ rows.T).max(axis=1)
    fvu = float(np.square(x - output).sum() / np.square(x - x.mean(axis=0)).sum())
    return {
        "recovered": float((cosine >= LEAST).mean()),
        "cosine": float(cosine.mean()),
        "fvu": fvu,
        "l0": float((z > 0).sum(axis=1).mean()),
    }


def compare(variant: Variant, known: Data) -> Json:
    """Both at their best rate."""

    def penalty_at(rate: float) -> float | None:
        choices = PENALTIES.get(variant)
        if choices is None:
            return None
        l0 = {p: theirs(variant, rate, p, SEEDS[0], known)["l0"] for p in choices}
        return min(choices, key=lambda p: abs(l0[p] - K))

    def library(rate: float) -> Callable[[int], Json]:
        penalty = penalty_at(rate)
        return lambda seed: theirs(variant, rate, penalty, seed, known) | {"penalty": penalty}

    peer = _best({rate: library(rate) for rate in RATES})
    k = max(1, round(peer["l0"])) if variant in PENALTIES else K
    own = _best({rate: lambda seed, rate=rate: ours(variant, rate, k, seed, known) for rate in RATES})
    found = {"ours": own | {"k": k}, "theirs": peer}
    print(variant, found, file=sys.stderr, flush=True)
    return found


def _best(ways: dict[float, Callable[[int], Json]]) -> Json:
    """The rate that recovers best by both measures: means over seeds, and the cosine of every seed."""
    means = []
    for rate, train in ways.items():
        seen = [train(seed) for seed in SEEDS]
        mean = {
            name: float(np.mean([one[name] for one in seen])) for name in ("recovered", "cosine", "fvu", "l0")
        }
        more = {"rate": rate, "penalty": seen[0].get("penalty"), "cosines": [one["cosine"] for one in seen]}
        means.append(mean | more)
    return max(means, key=lambda mean: mean["cosine"] + mean["recovered"])


def page(found: Json) -> str:
    """The comparison as Markdown."""
    lines = [
        "| variant | k of ours | seeds | mean cosine, ours – library's | its spread over seeds "
        "| found (≥ 0.9) | FVU | L0 | within 2 % |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for variant, pair in found["variants"].items():
        one, other = pair["ours"], pair["theirs"]
        cells = [
            " – ".join(f"{side[name]:.3g}" for side in (one, other))
            for name in ("cosine", "recovered", "fvu", "l0")
        ]
        cells.insert(1, " – ".join(_spread(side) for side in (one, other)))
        cells = [variant, str(one["k"]), str(len(one["cosines"])), *cells, _verdict(one, other)]
        lines.append(f"| {' | '.join(cells)} |")
    head = (
        f"Written by `python -m benchmarks.sae_recovery` (part of `make bench-sae`). {found['machine']} "
        f"48 directions in {WIDTH} dimensions (`core/planted.py`), {LATENTS} latents, {STEPS:,} steps "
        f"of {BATCH}; k {K}, and for a variant with a penalty the L0 that the library's "
        "SAEs came nearest to it with. *Mean cosine*: of each direction with the best decoder row; "
        "spread: standard deviation over seeds."
    )
    return "\n\n".join(["# Recovery by variant, against dictionary_learning", head, "\n".join(lines)]) + "\n"


def _spread(side: Json) -> str:
    """Of the mean cosine over seeds."""
    return f"{np.std(side['cosines'], ddof=1):.2g}"


def _verdict(one: Json, other: Json) -> str:
    if abs(one["l0"] / other["l0"] - 1) > COMPARABLE:
        return "not comparable: other L0"
    near = all(one[name] >= other[name] - WITHIN for name in ("cosine", "recovered"))
    return "yes" if near else "**no**"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sae_recovery", description=__doc__)
    parser.add_argument("--variant", choices=list(TRAINERS), action="append", help="only this (repeatable)")
    parser.add_argument("--out", type=Path, default=HERE / "SAE_RECOVERY.json")
    options = parser.parse_args()
    if importlib.util.find_spec("dictionary_learning") is None:
        sys.exit("dictionary_learning is not installed: pip install -e 'backend[bench-sae]'")
    torch.set_num_threads(1)
    found: Json = json.loads(options.out.read_text()) if options.out.exists() else {"variants": {}}
    known = data()
    for variant in options.variant or TRAINERS:
        found["variants"][variant] = compare(variant, known)
        found["machine"] = report.machine(report.SAE_PACKAGES)
        options.out.write_text(json.dumps(found, indent=1) + "\n")
    options.out.with_suffix(".md").write_text(page(found))
    print(page(found))


if __name__ == "__main__":
    main()
