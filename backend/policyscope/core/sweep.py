"""Many SAEs of one tap, judged in the closed loop together, and which of them to keep (method 2.9).

Every SAE is an arm of one rollout on the same seeds, so differences between them are paired. A configuration
(variant, number of latents, k) passes when the lower 95 % bound of its return recovered, over its training
seeds and episodes, is at least 0.90 and it adds at most 5 points of falls. The one to keep is the passing
configuration with the smallest k, then the fewest latents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core import splice
from policyscope.core.arms import Arm
from policyscope.core.blocks import F64
from policyscope.core.errors import InvalidInput
from policyscope.core.percent import percent, points
from policyscope.core.policy import Policy
from policyscope.core.sae import Variant
from policyscope.core.statistics import wilson
from policyscope.core.transcoder import KINDS, Dictionary, Kind

LEAST_RECOVERED, MOST_ADDED_FALLS = 0.90, 0.05
BASELINE, FLOOR = "baseline", "mean ablation"
Json = dict[str, Any]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Cell:
    """One SAE to train."""

    variant: Variant | Kind
    d_latent: int
    k: int
    seed: int

    @property
    def configuration(self) -> tuple[str, int, int]:
        """What cells of other training seeds share."""
        return self.variant, self.d_latent, self.k

    @property
    def transcodes(self) -> bool:
        """It writes another tap than it reads."""
        return self.variant in KINDS

    def to_json(self) -> Json:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Played:
    """Per-episode numbers of one arm [n], on the seeds that all arms share."""

    returns: F64
    fell: Bools
    lengths: F64


def grid(
    variants: Sequence[Variant | Kind], d_latent: Sequence[int], topk: Sequence[int], seeds: Sequence[int]
) -> list[Cell]:
    """Every combination with k below the number of latents, smallest first. Raises InvalidInput for none."""
    cells = [
        Cell(variant, width, k, seed)
        for variant in dict.fromkeys(variants)
        for width in sorted(set(d_latent))
        for k in sorted(set(topk))
        for seed in seeds
        if k < width
    ]
    if not cells:
        raise InvalidInput(
            f"No k of {sorted(set(topk))} is below a number of latents of {sorted(set(d_latent))}; "
            "ask for a smaller k or for more latents.",
            fields={"topk": "below the number of latents"},
        )
    return cells


def gate_arms(policy: Policy, tap_index: int, saes: Mapping[str, Dictionary], mean: F64 | None) -> list[Arm]:
    """The tap replaced by what each SAE makes of it; with ``mean`` [d_in] also the baseline and the floor."""
    arms = []
    if mean is not None:
        ablated = splice.SplicedPolicy(policy, tap_index, lambda h: np.broadcast_to(mean, h.shape))
        arms = [Arm(BASELINE, policy), Arm(FLOOR, ablated)]
    return arms + [Arm(name, splice.acting_through(policy, tap_index, sae)) for name, sae in saes.items()]


def judged(played: Played, base: Played, floor: Played) -> Json:
    """What one SAE does to behaviour, in plain values."""
    recovered, interval = splice.recovered_fraction(base.returns, played.returns, floor.returns)
    falls, n = int(played.fell.sum()), len(played.fell)
    added = (falls - int(base.fell.sum())) / n
    return {
        "return_mean": float(played.returns.mean()),
        "return_recovered": recovered,
        "interval": None if interval is None else list(interval),
        "fall_rate": falls / n,
        "fall_ci": list(wilson(falls, n) or ()) or None,
        "added_falls": added,
        "mean_length": float(played.lengths.mean()),
        "passes": _passes(interval, added),
        "verdict": splice.verdict(recovered, added),
    }


def pooled(played: Sequence[Played], base: Played, floor: Played) -> Json:
    """A configuration over its training seeds: mean return recovered with an interval that resamples training
    seeds and episodes (two levels), and falls added."""
    returns = np.array([one.returns for one in played])
    recovered, interval = _two_levels(base.returns, returns, floor.returns)
    added = float(np.mean([one.fell.mean() for one in played]) - base.fell.mean())
    return {
        "return_recovered": recovered,
        "interval": None if interval is None else list(interval),
        "fall_rate": float(np.mean([one.fell.mean() for one in played])),
        "added_falls": added,
        "passes": _passes(interval, added),
        "verdict": splice.verdict(recovered, added),
    }


def _two_levels(
    base: F64, returns: F64, floor: F64, seed: int = 0
) -> tuple[float | None, tuple[float, float] | None]:
    """``returns`` [training seeds, episodes]; None unless the baseline clearly beats the floor."""
    rng = np.random.default_rng(seed)
    trained, n = returns.shape
    episodes = rng.integers(0, n, (splice.DRAWS, n))
    gap = (base - floor)[episodes].mean(axis=1)
    if np.quantile(gap, 0.025) <= 0:
        return None, None
    chosen = rng.integers(0, trained, (splice.DRAWS, trained))
    drawn = returns[chosen[:, :, None], episodes[:, None, :]].mean(axis=(1, 2))
    low, high = np.quantile((drawn - floor[episodes].mean(axis=1)) / gap, (0.025, 0.975))
    fraction = (returns.mean() - floor.mean()) / (base.mean() - floor.mean())
    return float(fraction), (float(low), float(high))


def _passes(interval: tuple[float, float] | None, added_falls: float) -> bool:
    return interval is not None and interval[0] >= LEAST_RECOVERED and added_falls <= MOST_ADDED_FALLS + 1e-9


def recommended(configurations: Iterable[Json], cells: Sequence[Json]) -> int | None:
    """Number of the cell to keep, or None.

    Of the passing configuration with the smallest k, then the fewest latents, then the most recovered: the
    training seed whose own lower bound is highest.
    """
    passing = [c for c in configurations if c["passes"]]
    if not passing:
        return None
    best = min(passing, key=lambda c: (c["k"], c["d_latent"], -c["return_recovered"]))
    return max(best["cells"], key=lambda number: (cells[number]["gate"]["interval"] or [0.0])[0])


def sentence(configurations: Sequence[Json], cells: Sequence[Json], chosen: int | None) -> str:
    """The result in words."""
    count = "The one configuration" if len(configurations) == 1 else f"{len(configurations)} configurations"
    rule = f"a lower bound of {percent(LEAST_RECOVERED)} of the return and at most 5 points more falls"
    measurable = [c for c in configurations if c["return_recovered"] is not None]
    if not measurable:
        return f"{splice.NOT_MEASURABLE.capitalize()}; so no SAE can be recommended by it."
    if chosen is None:
        best = max(measurable, key=lambda c: c["interval"][0])
        found = "does not pass" if len(configurations) == 1 else "were tried and none passes"
        return (
            f"{count} {found} ({rule}). The nearest is {_named(best)}: {_kept(best)}. None of these SAEs may "
            "stand in for the layer; pushes along their features remain valid, because they keep the error."
        )
    best = next(c for c in configurations if chosen in c["cells"])
    passing = sum(c["passes"] for c in configurations)
    smallest = (
        f"It is the only one of {len(configurations)} configurations that passes"
        if passing == 1
        else f"It has the smallest k of the {passing} of {len(configurations)} configurations that pass"
    )
    return f"Keep {_named(best)}, seed {cells[chosen]['seed']}: {_kept(best)}. {smallest} ({rule})."


def _named(configuration: Json) -> str:
    return f"k = {configuration['k']} of {configuration['d_latent']} latents ({configuration['variant']})"


def _kept(configuration: Json) -> str:
    low, high = configuration["interval"]
    seeds = len(configuration["cells"])
    over = f"{seeds} training seeds" if seeds > 1 else "one training seed"
    kept = percent(configuration["return_recovered"], 1)
    falls = points(configuration["added_falls"])
    return (
        f"acting through it keeps {kept} of the return (95 % interval "
        f"{percent(low, 1)} to {percent(high, 1)}, {over}), {falls} of falls"
    )


def decoder_crowding(sae: Dictionary) -> float:
    """Mean |cosine| of pairs of decoder directions: high where k is too small or too large for the data."""
    norms = sae.decoder_norms()
    rows = sae.w_dec.T[norms > 0] / norms[norms > 0, None]
    count = len(rows)
    if count < 2:
        return 0.0
    return float((np.abs(rows @ rows.T).sum() - count) / (count * (count - 1)))
