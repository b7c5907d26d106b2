"""Do policy files act here as in the library they come from? Against what the libraries computed themselves.

As for SAEs, the library ran in float64 as well as in float32: the first is what is compared, the second shows
how far the library itself is from it by rounding. Actions are in the units of the environment.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from policyscope.core.action_box import unscaled
from policyscope.core.envs import Channel, EnvInfo, get_env
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy, vec_normalize

FIXTURES = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "policies"
RECORDED, ABOUT, STATISTICS = "recorded.safetensors", "about.json", "vec_normalize.pkl"
LIMIT = 1e-6
OBSERVATIONS, WIDTH = 1000, 4


@dataclass(frozen=True)
class Parity:
    """Greatest absolute difference over all observations and actions, and whether the same are chosen.

    ``rounding``: the library in float32 against itself in float64.
    """

    name: str
    origin: str
    format: str
    difference: float
    rounding: float
    by_layout: bool

    @property
    def holds(self) -> bool:
        return self.difference <= LIMIT


def names() -> list[str]:
    return sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())


def observations() -> np.ndarray:
    """``[1000, 4]`` float32, as ``tools/record_policy_fixtures.py`` made them."""
    return np.random.default_rng(0).standard_normal((OBSERVATIONS, WIDTH)).astype(np.float32)


def policy_file(name: str) -> Path:
    """The file that a user would upload."""
    (found,) = (
        path for path in (FIXTURES / name).iterdir() if path.name not in (RECORDED, ABOUT, STATISTICS)
    )
    return found


def measure(name: str) -> Parity:
    """Act on the recorded observations."""
    path, about = policy_file(name), json.loads((FIXTURES / name / ABOUT).read_text())
    spec, tensors = open_policy(path.read_bytes(), path.name)
    statistics = path.with_name(STATISTICS)
    if statistics.exists():
        spec = replace(spec, observation=vec_normalize.read(statistics.read_bytes()))
    policy, recorded = Policy(spec, tensors), load_file(path.with_name(RECORDED))
    outputs = policy(observations())
    theirs = recorded["actions"]
    if about["discrete"] and theirs.ndim == 1:
        ours = outputs.argmax(axis=1)
    elif about["discrete"]:
        ours = outputs
    else:
        ours = _limited(unscaled(policy, outputs, _box(about)), theirs, about)
    return Parity(
        *(name, about["library"], spec.format),
        difference=float(np.abs(ours - theirs).max()),
        rounding=float(np.abs(recorded["actions_float32"] - theirs).max()),
        by_layout=about["by_layout"],
    )


def _box(about: dict[str, Any]) -> EnvInfo:
    """An environment with the fixture's action box; everything else of it is not looked at."""
    actions = tuple(
        Channel(i, f"action {i}", "", low, high)
        for i, (low, high) in enumerate(zip(about["low"], about["high"], strict=True))
    )
    return replace(get_env("Pendulum-v1"), actions=actions)


def _limited(ours: np.ndarray, theirs: np.ndarray, about: dict[str, Any]) -> np.ndarray:
    """The environment's own limits come last here; where the library limits too, that is compared."""
    limited = np.clip(theirs, about["low"], about["high"])
    return np.clip(ours, about["low"], about["high"]) if np.array_equal(limited, theirs) else ours


def table() -> str:
    """One line per file, as Markdown."""
    heads = ("policy file", "library", "read as", "max Δ action", "library's rounding", "≤ 1e-6")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for parity in map(measure, names()):
        made = " (file by layout)" if parity.by_layout else ""
        lines.append(
            f"| {parity.name} | {parity.origin}{made} | {parity.format} | {parity.difference:.1e} "
            f"| {parity.rounding:.1e} | {'yes' if parity.holds else '**no**'} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
