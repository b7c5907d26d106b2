"""How large an SAE to try for a tap of some width, and how long to train it (method 2.9).

The row of 32 is measured on Walker2d, the others are extrapolated. ``k`` is bounded below by how many
directions of feedback the behaviour needs, not by the width, hence its slow growth.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """What to begin with: numbers of latents, of active latents, steps and vectors per step."""

    d_latent: tuple[int, ...]
    topk: tuple[int, ...]
    steps: int
    batch: int


_BY_WIDTH = (
    (32, Sizes((64,), (4, 8, 16), 12_000, 512)),
    (64, Sizes((256,), (8, 16, 24), 10_000, 1024)),
    (128, Sizes((512,), (8, 16, 32), 15_000, 1024)),
    (256, Sizes((512, 1024), (8, 24, 48), 20_000, 2048)),
)
_WIDER = Sizes((1024, 2048), (16, 32, 64), 30_000, 4096)


def sizes_for(width: int) -> Sizes:
    """Sizes for a tap of ``width`` units; narrow ones get two latents per unit and as many active as fit."""
    for most, sizes in _BY_WIDTH:
        if width <= most:
            return sizes if width > most // 2 else _narrow(width, sizes)
    return _WIDER


def _narrow(width: int, sizes: Sizes) -> Sizes:
    if width > 16:
        return sizes
    topk = tuple(sorted({max(1, width // 8), max(1, width // 4), max(1, width // 2)}))
    return Sizes((2 * width,), topk, sizes.steps, sizes.batch)
