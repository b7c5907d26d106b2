"""``policyscope make-artifacts``, which is also the guide's ``bc_sae_walker_demo.py``."""

from __future__ import annotations

from typing import Any

import click

from policyscope.cli.console import foreground
from policyscope.config import load_settings
from policyscope.services.pipeline import CLONE_CHOICES, VARIANT_CHOICES, PipelineConfig, build_artifacts

DEFAULTS = PipelineConfig(env="", artifacts_dir="")


def _option(name: str, help: str, **kwargs: Any) -> Any:
    default = getattr(DEFAULTS, name)
    kwargs.setdefault("type", type(default) if default is not None else None)
    return click.option(
        f"--{name}", name, default=default, show_default=default is not None, help=help, **kwargs
    )


@click.command("make-artifacts")
@click.option(
    "--env",
    required=True,
    help="Environment id, for example Walker2d-v5 or hard_stable (`policyscope envs`).",
)
@click.option("--artifacts_dir", required=True, help="Directory to write, relative to the artifacts root.")
@_option("policy", "Policy file (.pt) or stable-baselines3 zip; hard_stable brings its own expert.", type=str)
@_option("activation", "Activation function of the policy, where the file does not record it.", type=str)
@_option("hidden_size", "Width of the hidden layers of the cloned policy.")
@_option("tap_index", "Module whose output the SAE reads: net[tap_index].")
@_option("latent_mult", "Features of the SAE, as a multiple of the tap's width.")
@_option("variant", "How the SAE decides which features are active.", type=click.Choice(VARIANT_CHOICES))
@_option("topk", "Features active at a time; on average, in every variant but topk.")
@_option(
    "clone",
    "Clone the policy into an MLP of --hidden_size: auto = only if it is not one already.",
    type=click.Choice(CLONE_CHOICES),
)
@_option("num_traj", "Episodes to roll out.")
@_option("max_timesteps", "Steps per episode at most; the environment's own limit by default.", type=int)
@_option("noise_scale", "Exploration noise in part of the episodes, as a share of half the action range.")
@_option("noisy_share", "Share of the episodes with exploration noise.")
@_option("pushed_share", "Share that begins mid-way with a random push on every velocity.")
@_option("push_scale", "Strength of the pushes, in spreads of each velocity.")
@_option("reset_share", "Share that begins with a wider reset.")
@_option("reset_scale", "By how much wider.")
@_option("epochs", "Epochs of behaviour cloning.")
@_option("steps", "Training steps of the SAE.")
@_option("batch", "Batch size of the SAE's training.")
@_option("lr", "Learning rate of the SAE; by its number of features when left out.", type=float)
@_option("cache_samples", "Samples to keep in cached_obs.pt and tapped_activations.pt (whole episodes).")
@_option("eval_episodes", "Episodes of the closed-loop measurement.")
@_option("seed", "Seed of everything.")
@_option("device", "cpu, cuda, or auto.", type=click.Choice(["auto", "cpu", "cuda"]))
@click.option("--resume", is_flag=True, help="Continue what an interrupted command left.")
@click.option("--overwrite", is_flag=True, help="Replace artifacts that the directory already holds.")
def make_artifacts(resume: bool, overwrite: bool, **values: Any) -> None:
    """Make SAE artifacts for a policy.

    Rolls the policy out, clones it into a small MLP where needed, collects observations and activations at
    the tap, trains an SAE on them, measures it in the closed loop, and publishes the directory at once.

    \b
    policyscope make-artifacts --env Walker2d-v5 --policy imitator.pt --artifacts_dir artifacts_w32
    """
    settings = load_settings()
    with foreground() as run:
        result = run(
            build_artifacts(settings.artifacts, PipelineConfig(**values), resume=resume, overwrite=overwrite)
        )
    click.echo(result.summary())
