"""The report card of an SAE: what it keeps of the activations, of the action, of the feedback, and in the
closed loop, each number beside reference lines, and a verdict in words (method 3).

The lines replace the tap at every step, as the SAE does: PCA of the same rank, PCA of at most the same FVU,
white noise of the same FVU, TopK SAEs whose decoder stayed random or made of data points, as many neurons as
features are active, and the mean (the floor). Offline numbers
are taken on the baseline episodes that this report plays itself, which no SAE was trained on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from policyscope.core import splice, stability
from policyscope.core import statistics as st
from policyscope.core.activations import ActivationData, split_rows
from policyscope.core.arms import Arm, ArmResult, RolloutSpec
from policyscope.core.blocks import F64
from policyscope.core.percent import percent
from policyscope.core.policy import Policy
from policyscope.core.progress import Work, staged
from policyscope.core.rollout import rollout
from policyscope.core.sae import SAE
from policyscope.core.sae_metrics import FEEDBACK_GATE, fvu, reconstruction_report, sae_report

Json = dict[str, Any]
Replace = Callable[[F64], F64]

BASELINE, SAE_LINE, FLOOR, NOISE, RANDOM, POINTS, NEURONS = (
    "baseline", "sae", "mean_ablation", "white_noise", "random_decoder", "data_points", "neurons",
)  # fmt: skip
TITLES = {
    BASELINE: "Policy as it is",
    SAE_LINE: "SAE",
    "pca_same_rank": "PCA of the same rank",
    "pca_same_fvu": "PCA of at most the same FVU",
    NOISE: "White noise of the same FVU",
    RANDOM: "TopK SAE with a frozen random decoder",
    POINTS: "TopK SAE whose directions are data points",
    NEURONS: "Neurons farthest from their mean",
    FLOOR: "Mean of the activations",
}
CHALLENGERS = ("pca_same_rank", "pca_same_fvu", RANDOM, POINTS, NEURONS)
FIXED_STEPS = 3_000
SURVIVAL_POINTS = 51
DIVERGED = 1.0  # SDs of the state, from the paired baseline


@dataclass(frozen=True, eq=False)
class Question:
    """What is reported on. ``data``: cached activations, for the reference lines. ``others``: further SAEs of
    the same tap, for stability."""

    policy: Policy
    sae: SAE
    tap_index: int
    data: ActivationData
    spec: RolloutSpec
    others: tuple[SAE, ...] = ()


def report_card(question: Question) -> Work[Json]:
    """Plain values; None where something is not defined."""
    policy, tap, sae, data = question.policy, question.tap_index, question.sae, question.data
    cached = np.asarray(data.activations, dtype=np.float64)
    random = yield from staged(_fixed_decoder(question, cached, "random"), "training a random decoder")
    points = yield from staged(_fixed_decoder(question, cached, "data_points"), "training on data points")
    spec = replace(question.spec, tap_index=tap, record=frozenset({"observations"}))
    lines = _lines(sae, {RANDOM: random, POINTS: points}, cached, fvu(cached, sae.reconstruct(cached)))
    arms = [Arm(BASELINE, policy)]
    arms += [Arm(name, splice.SplicedPolicy(policy, tap, how)) for name, how in lines.items()]
    results = yield from staged(rollout(arms, spec), "playing with the tap replaced")
    played = {result.name: result for result in results}
    fresh = _observed(policy, tap, played[BASELINE])
    offline = {
        name: reconstruction_report(policy, tap, fresh, how, stateless=name != NOISE)
        for name, how in lines.items()
    }
    described = [_line(name, played, offline.get(name), spec) for name in TITLES if name in played]
    entry = next(line for line in described if line["name"] == SAE_LINE)
    ours = sae_report(policy, sae, tap, fresh)
    return {
        "lines": described,
        "survival_steps": _survival_steps(spec).tolist(),
        "sae": {**ours, "density_histogram": _density_histogram(sae, fresh)},
        "cached": reconstruction_report(policy, tap, data, sae.reconstruct),
        "fvu_under_splice": _fvu_under_splice(policy, tap, sae, played[SAE_LINE]),
        "verdict": entry["verdict"],
        "sentence": _sentence(entry, described[0], len(spec.seeds)),
        "warnings": _warnings(entry, described, ours),
        "stability": _stability(question, fresh),
    }


def active_at_once(sae: SAE, x: F64) -> int:
    """Features active in a row of activations [N, d_in], on average: ``k`` of a TopK SAE."""
    return max(1, round(np.count_nonzero(sae.encode(x)) / len(x)))


def white_noise(deviation: float) -> Replace:
    """Adds noise of this SD that depends only on the activation itself, so that a row repeats bit for bit."""

    def add(h: F64) -> F64:
        return h + deviation * np.array([_draw(row) for row in h]).reshape(h.shape)

    return add


def _draw(row: F64) -> F64:
    seed = hashlib.blake2b(np.ascontiguousarray(row).tobytes(), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(seed, "little")).standard_normal(len(row))


def principal(cached: F64, rank: int) -> Replace:
    """Projection onto the first ``rank`` principal components of ``cached`` [N, d]."""
    mean = cached.mean(axis=0)
    basis = np.linalg.eigh((cached - mean).T @ (cached - mean))[1][:, -rank:]
    return lambda h: mean + (h - mean) @ basis @ basis.T


def neurons(cached: F64, k: int) -> SAE:
    """The ``k`` neurons farthest from their mean in a row keep their value, the others get the mean."""
    mean, axes = cached.mean(axis=0), np.eye(cached.shape[1])
    both = np.vstack([axes, -axes])
    return SAE(both, -both @ mean, both.T, mean, min(k, len(both)))


def _lines(sae: SAE, fixed: Mapping[str, SAE], cached: F64, target: float) -> dict[str, Replace]:
    mean, width = cached.mean(axis=0), cached.shape[1]
    total = float(np.square(cached - mean).sum())
    left = np.cumsum(np.maximum(np.linalg.eigvalsh((cached - mean).T @ (cached - mean)), 0.0))[::-1] / total
    enough = next((rank for rank in range(1, width) if left[rank] <= target), width)
    return {
        SAE_LINE: sae.reconstruct,
        "pca_same_rank": principal(cached, min(active_at_once(sae, cached), width)),
        "pca_same_fvu": principal(cached, enough),
        NOISE: white_noise(float(np.sqrt(target * total / cached.size))),
        **{name: one.reconstruct for name, one in fixed.items()},
        NEURONS: neurons(cached, active_at_once(sae, cached)).reconstruct,
        FLOOR: lambda x: np.broadcast_to(mean, x.shape),
    }


def _fixed_decoder(question: Question, cached: F64, start: Literal["random", "data_points"]) -> Work[SAE]:
    # torch takes seconds to load, and only these lines need it
    from policyscope.core.sae_train import SaeTrainConfig, train_sae

    train, validation, _ = split_rows(len(cached), question.data.episode)
    sae = question.sae
    k = active_at_once(sae, cached)
    config = SaeTrainConfig(sae.d_latent, k, FIXED_STEPS, device="cpu", start=start, freeze_decoder=True)
    result = yield from train_sae(cached[train], cached[validation], config)
    return result.sae


def _observed(policy: Policy, tap: int, result: ArmResult) -> ActivationData:
    observations = np.concatenate([trace["observations"] for trace in result.traces])
    episode = np.repeat(np.arange(len(result.seeds)), result.lengths)
    return ActivationData(observations, policy.head(observations, tap), episode)


def _line(name: str, played: Mapping[str, ArmResult], offline: Json | None, spec: RolloutSpec) -> Json:
    base, floor, result = played[BASELINE], played[FLOOR], played[name]
    recovered, interval = splice.recovered_fraction(base.returns, result.returns, floor.returns)
    falls, n = int(result.fell.sum()), len(result.seeds)
    added = (falls - int(base.fell.sum())) / n
    return {
        "name": name,
        "title": TITLES[name],
        **(offline or dict.fromkeys(("fvu", "cosine", "action_fvu", "action_fvu_per_dim", "feedback_fvu"))),
        "return_mean": float(result.returns.mean()),
        "return_recovered": recovered,
        "interval": None if interval is None else list(interval),
        "fall_rate": falls / n,
        "fall_ci": list(st.wilson(falls, n) or ()) or None,
        "mean_length": float(result.lengths.mean()),
        "survival": _survival(result, _survival_steps(spec)),
        "divergence_step": None if name == BASELINE else _divergence(base, result),
        "verdict": None if name in (BASELINE, FLOOR) else splice.verdict(recovered, added),
    }


def _survival_steps(spec: RolloutSpec) -> Any:
    return np.unique(np.linspace(0, spec.horizon, SURVIVAL_POINTS).astype(int))


def _survival(result: ArmResult, steps: Any) -> list[float]:
    """Share of episodes not yet ended by the environment before each step."""
    ended = np.where(result.terminated & ~result.truncated, result.lengths, np.iinfo(np.int64).max)
    return [float((ended > step).mean()) for step in steps]


def _divergence(base: ArmResult, result: ArmResult) -> float | None:
    """Median first step at which the state is one SD away from the baseline's on the same seed; None if most
    episodes never get there."""
    spread = np.concatenate([trace["observations"] for trace in base.traces]).std(axis=0)
    spread[spread == 0] = 1.0
    first = []
    for one, other in zip(base.traces, result.traces, strict=True):
        n = min(len(one["observations"]), len(other["observations"]))
        apart = (one["observations"][:n] - other["observations"][:n]) / spread
        beyond = np.flatnonzero(np.sqrt(np.square(apart).mean(axis=1)) > DIVERGED)
        first.append(float(beyond[0]) if len(beyond) else np.inf)
    middle = float(np.median(first))
    return middle if np.isfinite(middle) else None


def _fvu_under_splice(policy: Policy, tap: int, sae: SAE, result: ArmResult) -> float | None:
    """On the states that the policy visits when it acts through the SAE."""
    h = policy.head(np.concatenate([trace["observations"] for trace in result.traces]), tap)
    return fvu(h, sae.reconstruct(h)) if np.ptp(h, axis=0).max() > 0 else None


def _density_histogram(sae: SAE, data: ActivationData) -> Json:
    """How many features have which density, in decades: edges of log10 and counts, with the silent apart."""
    density = (sae.encode(data.activations) > 0).mean(axis=0)
    counts, edges = np.histogram(np.log10(density[density > 0]), bins=20, range=(-5.0, 0.0))
    return {"edges": edges.tolist(), "counts": counts.tolist(), "silent": int((density == 0).sum())}


def _sentence(entry: Json, base: Json, episodes: int) -> str:
    if entry["return_recovered"] is None:
        return f"{splice.NOT_MEASURABLE.capitalize()}."
    low, high = entry["interval"]
    falls = f"{percent(entry['fall_rate'])} of episodes fall, {percent(base['fall_rate'])} without it"
    kept = percent(entry["return_recovered"], 1)
    return (
        f"{entry['verdict'].capitalize()}: acting through the SAE keeps {kept} of the return (95 % interval "
        f"{percent(low, 1)} to {percent(high, 1)}, {episodes} seeds); {falls}. "
        f"It explains {percent(1 - entry['fvu'], 2)} of the variance."
    )


def _warnings(entry: Json, lines: Sequence[Json], ours: Json) -> list[str]:
    found = []
    if entry["verdict"] == splice.OPEN_LOOP and entry["fvu"] < 0.05:
        found.append(
            "The variance explained is high and the behaviour is lost: do not judge this SAE by FVU."
        )
    if entry["feedback_fvu"] is not None and entry["feedback_fvu"] > FEEDBACK_GATE:
        found.append(
            f"Feedback FVU {entry['feedback_fvu']:.2f} is above {FEEDBACK_GATE:g}: small deviations get lost "
            "or answered the wrong way."
        )
    for line in lines:
        kept = line["return_recovered"] if line["name"] in CHALLENGERS else None
        if kept is not None and kept > (entry["return_recovered"] or 0.0) + 0.02:
            found.append(f"{line['title']} keeps more of the return ({percent(kept, 1)}).")
    if ours["dead_features"]:
        sure = "" if ours["dead_conclusive"] else ", on too few samples to call that dead"
        silent = ours["dead_features"]
        who = "1 feature never fires" if silent == 1 else f"{silent} features never fire"
        found.append(f"{who} here{sure}.")
    return found


def _stability(question: Question, fresh: ActivationData) -> Json | None:
    """Against other SAEs of the tap; None when there is no other, or nothing fires."""
    if not question.others:
        return None
    found = stability.compare_seeds(
        [question.sae, *question.others], np.asarray(fresh.activations, np.float64)
    )
    return {
        "saes": found.seeds,
        "mmcs": found.mmcs,
        "pw_mcc": found.pw_mcc,
        "activation_mcc": found.activation_mcc,
        "nulls": [
            {"name": n, "mmcs": s.mmcs, "pw_mcc": s.pw_mcc, "corrected_pw_mcc": s.corrected_pw_mcc}
            for n, s in found.nulls.items()
        ],
        "badges": [found.badge(j) for j in range(question.sae.d_latent)],
        "stable_share": float(found.stable[found.alive].mean()),
    }
