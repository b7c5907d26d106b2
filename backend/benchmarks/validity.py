"""``python -m benchmarks.validity``: do the methods find what was planted, and nothing where nothing is?

Every figure is measured here and written to VALIDITY.md beside the bound that it must keep.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import report
from policyscope.core import features, planted, splice
from policyscope.core import statistics as st
from policyscope.core.arms import Arm, RolloutSpec
from policyscope.core.associations import shift_p_values
from policyscope.core.interventions import FeatureEdit
from policyscope.core.progress import drain
from policyscope.core.rollout import rollout
from policyscope.core.sae import SAE
from policyscope.core.sae_metrics import fvu
from policyscope.core.sae_train import SaeTrainConfig, train_sae

HERE = Path(__file__).resolve().parent
LEVEL = 0.05
PENDULUM = "InvertedPendulum-v5"


@dataclass(frozen=True)
class Figure:
    """``low``/``high``: the bound, None where open. ``note``: how it was measured."""

    name: str
    value: float
    low: float | None
    high: float | None
    note: str

    @property
    def kept(self) -> bool:
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)


def planted_ranks(seeds: int = 20) -> list[Figure]:
    """Share of the planted causes among the first three by exact effect, and by the guide's raw ridge."""
    hits, raw = [], []
    for seed in range(seeds):
        p = planted.planted_policy(seed)
        table = features.analyse(p.policy, p.sae, 0, p.data)
        for action, causes in enumerate(p.causes):
            for found, values in ((hits, table.ablation_effect), (raw, table.weight)):
                top = np.argsort(-np.abs(values[:, action]))[: len(causes)]
                found.append(len(set(causes) & set(top.tolist())) / len(causes))
    note = f"{seeds} policies, 4 actions with 3 causes each of 48 features, 12 decoys"
    return [
        Figure(
            "planted features in the top ranks, by ablation effect", float(np.mean(hits)), 0.99, None, note
        ),
        Figure(
            "the same by the guide's raw ridge weight (for comparison)", float(np.mean(raw)), None, None, note
        ),
    ]


def recovery(steps: int = 8_000, seed: int = 0) -> Figure:
    """Share of the true features that a trained SAE has found."""
    directions, x = planted.known_dictionary(seed)
    cut = len(x) * 9 // 10
    config = SaeTrainConfig(64, 8, steps, seed=seed, device="cpu")
    sae = drain(train_sae(x[:cut], x[cut:], config)).sae
    share = planted.recovered_share(sae, directions)
    fit = f"{steps:,} steps; FVU {fvu(x, sae.reconstruct(x)):.3f}"
    note = f"48 features in 32 dimensions, SAE with 64 latents and k = 8, {fit}"
    return Figure("true features recovered (decoder cosine ≥ 0.9)", share, 0.5, None, note)


def false_discoveries(repeats: int = 400) -> list[Figure]:
    """How often anything at all is found where there is nothing: that share is the false discovery rate."""
    return [_false_associations(repeats), _false_effects(repeats)]


def _false_associations(repeats: int) -> Figure:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 100)
    found = []
    for _ in range(repeats):
        z, y = planted.slow_signals(rng, 2_000, 40, 0.8), planted.slow_signals(rng, 2_000, 1, 0.8)
        p = shift_p_values(z, y, groups, 10, 500, rng)
        found.append((st.benjamini_hochberg(p[:, 0]) < LEVEL).any())
    note = f"shift null and BH, 40 slow features and a slow target, {repeats} data sets"
    return Figure(
        "false discovery rate of associations under the null", float(np.mean(found)), None, LEVEL, note
    )


def _false_effects(repeats: int) -> Figure:
    rng = np.random.default_rng(1)
    found = [
        (st.benjamini_hochberg([st.sign_flip_p(d) for d in rng.standard_normal((48, 16))]) < LEVEL).any()
        for _ in range(repeats)
    ]
    note = f"sign-flip test and BH, 48 arms of 16 pairs without effect, {repeats} scans"
    return Figure("false discovery rate of a scan under the null", float(np.mean(found)), None, LEVEL, note)


def coverage(repeats: int = 4_000) -> list[Figure]:
    """How often the 95 % bootstrap interval of a mean holds the truth."""
    rng = np.random.default_rng(2)
    found = []
    for n in (16, 32):
        draws = {
            "normal": rng.standard_normal((repeats, n)),
            "exponential": rng.exponential(1, (repeats, n)) - 1,
        }
        for name, samples in draws.items():
            intervals = [st.bootstrap_interval(row, draws=2_000, seed=i) for i, row in enumerate(samples)]
            share = float(np.mean([i is not None and i[0] <= 0 <= i[1] for i in intervals]))
            bound = (0.935, 0.965) if name == "normal" else (None, None)
            note = f"{repeats:,} samples" + ("" if name == "normal" else "; strongly skewed, no bound")
            found.append(Figure(f"coverage of 95 % intervals, n = {n}, {name} values", share, *bound, note))
    return found


def failing_sae(episodes: int = 16, steps: int = 300) -> list[Figure]:
    """An SAE of FVU 0.005 that loses what keeps the pendulum up."""
    seeds = tuple(range(episodes))
    gain = np.array(planted.BALANCING_GAIN)[:, None]
    record = RolloutSpec(PENDULUM, seeds, steps, record=frozenset({"observations"}))
    (balanced,) = drain(rollout([Arm("balancing", lambda obs: obs @ gain)], record))
    sample = np.concatenate([trace["observations"] for trace in balanced.traces])
    policy, sae, mean = planted.blind_sae(sample)
    h = policy.head(sample, 0)
    closed = drain(splice.return_recovered(policy, sae, 0, mean, RolloutSpec(PENDULUM, seeds, steps)))
    falls = f"falls {closed.fall_rate_reconstruction:.0%}"
    note = f"{PENDULUM}, {episodes} seeds; verdict “{closed.verdict}”, {falls}"
    recovered = -1.0 if closed.return_recovered is None else closed.return_recovered
    return [
        Figure("FVU of the failing SAE", fvu(h, sae.reconstruct(h)), 0.0045, 0.0055, note),
        Figure("its return recovered, shown as “open-loop only”", recovered, None, 0.8, note),
    ]


def rescaling() -> Figure:
    """Features whose rank by effect or association changes when z_j is multiplied by 100 and w_j divided."""
    p = planted.planted_policy(0)
    sae, scale = p.sae, np.where(np.arange(48) % 3 == 0, 100.0, 1.0)
    rows = scale[:, None]
    other = SAE(sae.w_enc * rows, sae.b_enc * scale, sae.w_dec / scale, sae.b_dec, sae.k, 0)
    moved = 0
    tables = [features.analyse(p.policy, one, 0, p.data) for one in (sae, other)]
    for action in range(4):
        effects = [np.round(t.ablation_effect[:, action], 6) for t in tables]
        weights = [np.round(t.standardized_weight[:, action], 6) for t in tables]
        for one, two in (effects, weights):
            moved += int(
                (np.argsort(-np.abs(one), kind="stable") != np.argsort(-np.abs(two), kind="stable")).sum()
            )
    return Figure("features whose rank changes when they are rescaled", moved, None, 0, "every third by 100")


def no_edit() -> Figure:
    """Steps in which adding 0 or scaling by 1 changes any bit of what is seen or done."""
    p = planted.planted_policy(0, features=24)
    rng = np.random.default_rng(3)
    first, second = rng.standard_normal((64, 17)) / 4, rng.standard_normal((6, 64)) / 8
    policy = planted.linear_policy(first, second)
    sae = SAE(p.sae.w_enc, p.sae.b_enc, p.sae.w_dec, p.sae.b_dec, p.sae.k, 0)
    arms = [Arm("baseline", policy)]
    arms += [Arm(op, policy, (FeatureEdit(3, op, value),)) for op, value in (("add", 0.0), ("scale", 1.0))]
    spec = RolloutSpec("Walker2d-v5", tuple(range(8)), 300, 0, frozenset({"observations", "actions"}))
    base, *others = drain(rollout(arms, spec, sae))
    changed = sum(
        int((one[name] != two[name]).any(axis=1).sum())
        for other in others
        for one, two in zip(base.traces, other.traces, strict=True)
        for name in ("observations", "actions")
    )
    note = f"Walker2d-v5, 8 seeds, {int(base.lengths.sum()):,} steps under each of two edits"
    return Figure("steps changed by α = 0", changed, None, 0, note)


MEASUREMENTS: tuple[Callable[[], Figure | list[Figure]], ...] = (
    planted_ranks, recovery, false_discoveries, coverage, failing_sae, rescaling, no_edit,
)  # fmt: skip


def page(figures: list[Figure]) -> str:
    """The measurements as Markdown."""
    lines = ["| figure | measured | bound | | how |", "|---|---:|---:|---|---|"]
    for f in figures:
        bounds = [f"≥ {f.low:g}" if f.low is not None else "", f"≤ {f.high:g}" if f.high is not None else ""]
        bound = ", ".join(b for b in bounds if b)
        verdict = ("kept" if f.kept else "**missed**") if bound else ""
        lines.append(f"| {f.name} | {f.value:.4g} | {bound or '—'} | {verdict} | {f.note} |")
    head = "Problems with known answers (`core/planted.py`). Written by `make bench-validity`. "
    return "\n".join(["# Validity", "", head + report.machine(), "", *lines, ""])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.validity", description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "VALIDITY.md")
    options = parser.parse_args()
    figures: list[Figure] = []
    for measurement in MEASUREMENTS:
        print(f"measuring {measurement.__name__} …", file=sys.stderr, flush=True)
        found = measurement()
        figures += found if isinstance(found, list) else [found]
    text = page(figures)
    options.out.write_text(text)
    print(text)
    return 0 if all(figure.kept for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
