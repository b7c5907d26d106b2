"""The measurements as Markdown, with the machine they were taken on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness import Reading

PACKAGES = ("numpy", "torch", "mujoco", "gymnasium", "stable-baselines3", "envpool", "scikit-learn")
SAE_PACKAGES = ("numpy", "torch", "numba", "dictionary-learning", "eai-sparsify", "sae-lens", "overcomplete")


def rates_table(readings: Sequence[Reading], reference: str, unit: str) -> str:
    """One row per contender: rate, spread, and ratio to ``reference``."""
    base = next(reading for reading in readings if reading.name == reference)
    lines = [
        f"| way | {unit} (median) | slowest – fastest | × {reference.split(':')[0]} |",
        "|---|---:|---:|---:|",
    ]
    for reading in readings:
        spread = f"{_rate(min(reading.rates))} – {_rate(max(reading.rates))}"
        lines.append(f"| {reading.name} | {_rate(reading.median)} | {spread} | {reading.over(base):.2f} |")
    return "\n".join(lines)


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def arms_table(cost: Mapping[int, float]) -> str:
    """Milliseconds per 1,000 steps by number of arms."""
    lines = ["| arms | ms per 1,000 steps |", "|---:|---:|"]
    return "\n".join([*lines, *(f"| {count} | {value:.1f} |" for count, value in cost.items())])


def targets_table(targets: Sequence[tuple[str, float, float]]) -> str:
    """(what, measured, wanted at least)."""
    lines = ["| target | measured | wanted | |", "|---|---:|---:|---|"]
    for what, measured, wanted in targets:
        lines.append(
            f"| {what} | {measured:.2f} | ≥ {wanted:g} | {'reached' if measured >= wanted else 'missed'} |"
        )
    return "\n".join(lines)


def machine(packages: Sequence[str] = PACKAGES) -> str:
    """Processor, versions, and how busy the machine was with other things."""
    model = next(
        (line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")),
        platform.processor(),
    )
    versions = ", ".join(f"{name} {_version(name)}" for name in packages)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}. {model}, {os.cpu_count()} processors, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {versions}."
    )


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"
