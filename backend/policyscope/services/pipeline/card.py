"""What lies beside the tensors: a manifest for programs and a model card for people, both measured."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from policyscope import __version__
from policyscope.core.percent import percent
from policyscope.core.policy import Policy
from policyscope.core.sae import SAE
from policyscope.services.pipeline.config import PipelineConfig

PACKAGES = ("torch", "numpy", "gymnasium", "mujoco")


def manifest(
    config: PipelineConfig, policy: Policy, sae: SAE, files: Mapping[str, bytes], described: str
) -> dict[str, Any]:
    """Everything needed to make the directory again, and the SHA-256 of every file in it."""
    return {
        "made_by": f"policyscope {__version__}",
        "env": config.env,
        "policy": described,
        "tap_index": config.tap_index,
        "activation": policy.spec.activation,
        "d_in": sae.d_in,
        "d_latent": sae.d_latent,
        "k": sae.k,
        "config": config.to_json(),
        "versions": {name: version(name) for name in PACKAGES},
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }


def model_card(manifest: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Markdown; every number comes from ``metrics``."""
    config, loop = manifest["config"], metrics["closed_loop"]
    return f"""# {config["artifacts_dir"]}

An SAE ({config["variant"]}) with {manifest["d_latent"]} features (k = {manifest["k"]}) on module
`net[{manifest["tap_index"]}]` of a policy for `{manifest["env"]}`, made by `{manifest["made_by"]}`.

**How.** Policy: {manifest["policy"]}. Activation function: {manifest["activation"]}.
{metrics["samples"]:,} states from {config["num_traj"]} episodes, {_noise(metrics, config)}.
The SAE was trained for {config["steps"]:,} steps of {config["batch"]} and tested on episodes it never saw.
`manifest.json` holds every setting and the SHA-256 of every file.

**How good, in the closed loop** ({loop["episodes"]} episodes, the same seeds in every row)

{_table(("", "return", "falls"), _loop_rows(metrics))}

Return recovered: **{_recovered(loop)}**. Verdict: **{loop["verdict"]}**.

**How good, on recorded states** (held-out episodes)

{_table(("measure", "value"), _offline_rows(metrics["held_out"]))}

`metrics.json` has all numbers, `loss_curves.json` the training curves.

**Limits.** One policy, one environment, one seed of the SAE. A feature here is a direction this SAE found;
whether it means anything is for a run against random directions to show.
"""


def _noise(metrics: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """How the data were disturbed."""
    parts = [_action_noise(metrics)]
    if config["pushed_share"]:
        parts.append(
            f"{percent(config['pushed_share'])} begun with a push of {config['push_scale']:g} spreads"
        )
    if config["reset_share"]:
        parts.append(
            f"{percent(config['reset_share'])} begun with a reset {config['reset_scale']:g} times as wide"
        )
    return ", ".join(parts)


def _action_noise(metrics: Mapping[str, Any]) -> str:
    if not metrics["noisy_share"]:
        return "none with action noise"
    share = f"{100 * metrics['noisy_share']:.0f} % of them"
    return f"{share} with action noise (standard deviation {metrics['action_noise']:.3g} in action units)"


def _loop_rows(metrics: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    loop, expert = metrics["closed_loop"], metrics.get("expert")
    rows = [] if expert is None else [("the expert that was cloned", expert["return"], expert["fall_rate"])]
    rows += [
        ("the policy itself (`imitator.pt`)", loop["return_baseline"], loop["fall_rate_baseline"]),
        (
            "tap replaced by the SAE's reconstruction",
            loop["return_reconstruction"],
            loop["fall_rate_reconstruction"],
        ),
        ("tap replaced by its mean", loop["return_mean_ablation"], loop["fall_rate_mean_ablation"]),
    ]
    return [(name, _number(value), f"{100 * falls:.0f} %") for name, value, falls in rows]


def _offline_rows(offline: Mapping[str, Any]) -> list[tuple[str, str]]:
    named = (("FVU", "fvu"), ("L0", "l0"), ("dead features", "dead_features"), ("action FVU", "action_fvu"))
    return [(title, _number(offline[key])) for title, key in named]


def _recovered(loop: Mapping[str, Any]) -> str:
    if loop["return_recovered"] is None:
        return "undefined"
    low, high = loop["interval"]
    return f"{loop['return_recovered']:.3f} (95 % interval {low:.3f} to {high:.3f})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
