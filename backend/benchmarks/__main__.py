"""``python -m benchmarks``: measure everything side by side and write RESULTS.md."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks import arms, interpretation, report, rollouts, streamed
from benchmarks.harness import Reading, measure
from benchmarks.subject import Subject, load_subject

HERE = Path(__file__).resolve().parent
POLICY = HERE.parents[1] / "artifacts" / "walker2d_w32" / "imitator.pt"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--policy", type=Path, default=POLICY, help="a Walker2d-v5 policy that walks (.pt)")
    parser.add_argument("--activation", help="its activation, when the file does not record it")
    parser.add_argument("--repeats", type=int, default=7, help="rounds that the medians are taken over")
    parser.add_argument("--out", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    load_before = os.getloadavg()[0]
    subject = load_subject(options.policy, options.activation)
    sections = [_rollouts(subject, options.repeats), _interpretation(options.repeats)]
    idle = f"Load average when it began: {load_before:.1f}."
    text = "\n\n".join(
        ["# Benchmarks", "Written by `make bench`. " + report.machine() + " " + idle, *sections]
    )
    options.out.write_text(text + "\n")
    print(text)


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


ROLLOUTS = """Walker2d-v5, policy {policy}, one feature pushed at the last hidden layer. All ways in one
process, in turns; a ratio is the median over rounds of the ratio within a round. *Physics alone* replays the
same actions from the same starts with nothing else to do: the limit."""


def _rollouts(subject: Subject, repeats: int) -> str:
    readings = measure(rollouts.contenders(subject), repeats, _say)
    cost = arms.cost_of_arms(subject, repeats, _say)
    widths = [m.out_features for m in subject.policy.spec.modules if m.kind == "linear"]
    parts = [
        "## Rollouts",
        ROLLOUTS.format(policy=" → ".join(map(str, [subject.policy.spec.obs_dim, *widths]))),
        report.rates_table(readings, rollouts.NAIVE, "steps/s"),
        f"Arms × {arms.SEEDS} seeds × {arms.STEPS} steps, each arm with its own edit:",
        report.arms_table(cost),
        report.targets_table(_targets({reading.name: reading for reading in readings}, cost)),
    ]
    return "\n\n".join(parts)


def _targets(readings: Mapping[str, Reading], cost: Mapping[int, float]) -> list[tuple[str, float, float]]:
    ours = {rows: readings[rollouts.ours_name(rows)] for rows in rollouts.OUR_ROWS}
    limit, naive = readings[rollouts.LIMIT], readings[rollouts.NAIVE]
    rows = max(ours, key=lambda rows: ours[rows].median)
    targets = [(f"{rows} rows / physics alone", reading.over(limit), 0.85) for rows, reading in ours.items()]
    targets.append((f"{rows} rows / naive loop", ours[rows].over(naive), 3.5))
    if rollouts.ENVPOOL in readings:
        targets.append((f"{rows} rows / EnvPool", ours[rows].over(readings[rollouts.ENVPOOL]), 1.15))
    return [*targets, ("cost per step at 8 arms / at 64 arms", cost[8] / cost[64], 0.9)]


def _interpretation(repeats: int) -> str:
    ways, difference = interpretation.contenders()
    readings = {reading.name: reading for reading in measure(ways, repeats, _say)}
    ratio = readings[interpretation.OURS].over(readings[interpretation.LOOP])
    parts = [
        "## Interpretation",
        f"Ridge of {interpretation.TARGETS} actions on {interpretation.FEATURES} features, "
        f"{interpretation.ROWS:,} samples; largest difference between the weights {difference:.1e}.",
        report.rates_table(list(readings.values()), interpretation.LOOP, "fits/s"),
        report.targets_table([("all actions / scikit-learn, one action at a time", ratio, 10)]),
        _streamed(streamed.measure()),
    ]
    return "\n\n".join(parts)


def _streamed(found: streamed.Streamed) -> str:
    return (
        f"The same of {streamed.TARGETS} actions on {streamed.FEATURES:,} features, {streamed.ROWS:,} "
        f"samples with {streamed.ACTIVE} active each, as it streams in: {found.ours:.1f} s, holding at most "
        f"{found.memory / 2**30:.2f} GiB. scikit-learn (sparse_cg to 1e-10, on the whole in memory as a "
        f"sparse matrix): {found.theirs:.1f} s, {found.theirs / found.ours:.1f} times as long. Largest "
        f"difference "
        f"between the weights {found.difference:.1e}."
    )


if __name__ == "__main__":
    main()
