"""What a user can choose about making artifacts, checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, get_args

from policyscope.core.errors import InvalidInput
from policyscope.core.sae import Variant
from policyscope.services.pipeline.collect import NOISY_SHARE, Mix

CLONE_CHOICES = ("always", "auto", "never")
VARIANT_CHOICES: tuple[str, ...] = get_args(Variant)

_AT_LEAST = {
    "hidden_size": 1,
    "latent_mult": 1,
    "topk": 1,
    "steps": 1,
    "batch": 2,
    "num_traj": 2,
    "epochs": 1,
    "eval_episodes": 2,
    "cache_samples": 64,
}


@dataclass(frozen=True)
class PipelineConfig:
    """One frozen description of the whole pipeline; stored in the manifest it produces.

    ``policy`` is a path to a ``.pt`` policy or a stable-baselines3 zip; ``None`` means the environment's
    own expert. ``noise_scale`` is the standard deviation of the exploration noise in part of the episodes, as
    a fraction of half the action range (absolute where the range is unbounded); the shares and scales of
    disturbed episodes are those of ``Mix``. ``lr`` ``None`` means the
    rule ``clip(2e-4 / sqrt(d_latent / 16384), 3e-4, 3e-3)``.
    """

    env: str
    artifacts_dir: str
    policy: str | None = None
    hidden_size: int = 32
    tap_index: int = 4
    latent_mult: int = 4
    variant: str = "topk"
    topk: int = 16
    clone: str = "auto"
    activation: str | None = None
    steps: int = 12_000
    batch: int = 512
    lr: float | None = None
    num_traj: int = 100
    max_timesteps: int | None = None
    noise_scale: float = 0.15
    noisy_share: float = NOISY_SHARE
    pushed_share: float = 0.0
    push_scale: float = 0.3
    reset_share: float = 0.0
    reset_scale: float = 10.0
    epochs: int = 60
    eval_episodes: int = 20
    cache_samples: int = 30_000
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        for name, least in _AT_LEAST.items():
            value = getattr(self, name)
            if value < least:
                raise InvalidInput(
                    f"--{name} is {value}; it must be at least {least}.", fields={name: f"at least {least}"}
                )
        if self.clone not in CLONE_CHOICES:
            raise InvalidInput(f"--clone is {self.clone!r}; choose one of {', '.join(CLONE_CHOICES)}.")
        if self.variant not in VARIANT_CHOICES:
            raise InvalidInput(f"--variant is {self.variant!r}; choose one of {', '.join(VARIANT_CHOICES)}.")
        if not 0 <= self.noise_scale <= 1:
            raise InvalidInput(f"--noise_scale is {self.noise_scale}; it must lie between 0 and 1.")
        self.mix()
        if self.lr is not None and not 0 < self.lr < 1:
            raise InvalidInput(f"--lr is {self.lr}; it must lie between 0 and 1.")
        if self.max_timesteps is not None and self.max_timesteps < 2:
            raise InvalidInput(f"--max_timesteps is {self.max_timesteps}; it must be at least 2.")
        if self.tap_index < 0:
            raise InvalidInput(f"--tap_index is {self.tap_index}; it counts modules from 0.")

    def mix(self) -> Mix:
        """How much of the data is disturbed."""
        return Mix(self.noisy_share, self.pushed_share, self.reset_share, self.push_scale, self.reset_scale)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the manifest."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> PipelineConfig:
        """Inverse of :meth:`to_json`; unknown names are ignored so that an older manifest still reads."""
        known = {f.name for f in fields(PipelineConfig)}
        return PipelineConfig(**{k: v for k, v in data.items() if k in known})
