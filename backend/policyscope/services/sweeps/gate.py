"""The closed loop of every SAE of a sweep on the same seeds, in parts that are kept, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from policyscope.core import sweep
from policyscope.core.arms import ArmResult, RolloutSpec
from policyscope.core.blocks import F64
from policyscope.core.errors import InvalidInput
from policyscope.core.policy import Policy
from policyscope.core.progress import Progress, Work
from policyscope.core.rollout import rollout
from policyscope.core.sae import SAE
from policyscope.core.stability import compare_seeds
from policyscope.core.transcoder import Dictionary
from policyscope.store.checkpoints import Checkpoints
from policyscope.store.records import Json

EPISODES = 512  # of one part: enough to fill the rows of a batch twice
MEANS = ("fvu", "feedback_fvu", "action_fvu", "l0", "dead_features", "crowding")
Results = dict[str, sweep.Played]


def play(
    policy: Policy,
    tap_index: int,
    saes: Sequence[Dictionary],
    mean: F64,
    spec: RolloutSpec,
    kept: Checkpoints,
) -> Work[Results]:
    """Baseline, floor and every SAE (by its number), with a checkpoint in ``kept`` after each part.

    Episodes do not depend on what is played beside them, so parts give the same numbers as one piece.
    """
    size = max(1, EPISODES // len(spec.seeds))
    found: Results = {}
    total = (len(saes) + 2) * len(spec.seeds) * spec.horizon
    for part, first in enumerate(range(0, len(saes), size)):
        chosen = {str(n): saes[n] for n in range(first, min(first + size, len(saes)))}
        saved = kept.load(f"gate-{part}")
        if saved is None:
            arms = sweep.gate_arms(policy, tap_index, chosen, mean if part == 0 else None)
            behind = len(found) * len(spec.seeds) * spec.horizon
            results = yield from _shifted(rollout(arms, spec), behind, total)
            saved = save(_arrays(results))
            kept.save(f"gate-{part}", saved)
        found |= _read(saved)
    return found


def result(
    cells: Sequence[sweep.Cell],
    numbers: Sequence[Json],
    saes: Sequence[Dictionary],
    played: Mapping[str, sweep.Played],
    held_out: F64,
) -> Json:
    """Everything a sweep found, in plain values. ``numbers``: of each cell; ``held_out`` [n, d]: activations
    that no cell was trained on."""
    base, floor = played[sweep.BASELINE], played[sweep.FLOOR]
    rows = [
        {"number": n, **cell.to_json(), **numbers[n], "gate": sweep.judged(played[str(n)], base, floor)}
        for n, cell in enumerate(cells)
    ]
    by_configuration: dict[tuple[str, int, int], list[int]] = {}
    for n, cell in enumerate(cells):
        by_configuration.setdefault(cell.configuration, []).append(n)
    configurations = [
        {
            **dict(zip(("variant", "d_latent", "k"), configuration, strict=True)),
            "cells": members,
            **{name: _mean([rows[n][name] for n in members]) for name in MEANS},
            **sweep.pooled([played[str(n)] for n in members], base, floor),
            "stability": _stability([saes[n] for n in members], held_out),
        }
        for configuration, members in by_configuration.items()
    ]
    chosen = sweep.recommended(configurations, rows)
    return {
        "cells": rows,
        "configurations": configurations,
        "recommended": chosen,
        "sentence": sweep.sentence(configurations, rows, chosen),
        "baseline": {"return_mean": float(base.returns.mean()), "fall_rate": float(base.fell.mean())},
        "floor": {"return_mean": float(floor.returns.mean()), "fall_rate": float(floor.fell.mean())},
    }


def _stability(dictionaries: Sequence[Dictionary], held_out: F64) -> Json | None:
    """Whether training seeds find the same features; None for one seed, or where nothing fires. Also None for
    transcoders, whose directions belong to another tap than the activations of which the nulls are made."""
    saes = [one for one in dictionaries if isinstance(one, SAE)]
    if len(saes) < 2:
        return None
    try:
        found = compare_seeds(saes, held_out)
    except InvalidInput:  # an SAE without an active feature has nothing to compare
        return None
    return {
        "saes": found.seeds,
        "mmcs": found.mmcs,
        "pw_mcc": found.pw_mcc,
        "activation_mcc": found.activation_mcc,
        "nulls": [
            {"name": n, "mmcs": s.mmcs, "pw_mcc": s.pw_mcc, "corrected_pw_mcc": s.corrected_pw_mcc}
            for n, s in found.nulls.items()
        ],
        "stable_share": float(found.stable[found.alive].mean()),
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _shifted(work: Work[Any], behind: int, total: int) -> Work[Any]:
    try:
        while True:
            step = next(work)
            yield Progress(behind + step.done, total, step.unit, step.message)
    except StopIteration as stop:
        return stop.value
    finally:
        work.close()


def _arrays(results: Sequence[ArmResult]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for one in results:
        found |= {f"{one.name}/returns": one.returns, f"{one.name}/fell": one.fell}
        found[f"{one.name}/lengths"] = one.lengths.astype(np.float64)
    return found


def _read(data: bytes) -> Results:
    arrays = load(data)
    names = dict.fromkeys(name.partition("/")[0] for name in arrays)
    return {
        name: sweep.Played(*(arrays[f"{name}/{part}"] for part in ("returns", "fell", "lengths")))
        for name in names
    }
