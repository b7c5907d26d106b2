"""Do SAE files act here as in the library they come from? Against what the libraries computed themselves.

The libraries ran in float64 as well as in float32: the first is what is compared, the second shows how far
the library itself is from it by rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from policyscope.core.sae_formats import open_sae_files

FIXTURES = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "sae"
RECORDED = "recorded.safetensors"
LIMIT = 1e-6


@dataclass(frozen=True)
class Parity:
    """Greatest absolute differences over all recorded inputs, and whether the same latents are active.

    ``rounding``: the library in float32 against itself in float64, of latents and reconstructions.
    """

    name: str
    variant: str
    encode: float
    decode: float
    rounding: float
    same_active: bool

    @property
    def holds(self) -> bool:
        return self.same_active and max(self.encode, self.decode) <= LIMIT


def names() -> list[str]:
    return sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())


def measure(name: str) -> Parity:
    """Encode the recorded inputs, decode the recorded latents."""
    directory = FIXTURES / name
    files = {path.name: path.read_bytes() for path in directory.iterdir() if path.name != RECORDED}
    recorded = load_file(directory / RECORDED)
    sae = open_sae_files(files)
    x, z = recorded["x"], recorded["z"]
    ours, output = sae.encode(x), sae.decode(z, x)
    return Parity(
        *(name, str(sae.variant)),
        encode=float(np.abs(ours - z).max()),
        decode=float(np.abs(output - recorded["reconstruction"]).max()),
        rounding=max(_apart(recorded, "z"), _apart(recorded, "reconstruction")),
        same_active=bool(np.array_equal(ours > 0, z > 0)),
    )


def _apart(recorded: Mapping[str, np.ndarray], name: str) -> float:
    return float(np.abs(recorded[f"{name}_float32"] - recorded[name]).max())


def table() -> str:
    """One line per file, as Markdown."""
    heads = ("SAE file", "variant", "max Δ latents", "max Δ reconstruction", "library's rounding", "≤ 1e-6")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for parity in map(measure, names()):
        verdict = "yes" if parity.holds else "**no**"
        lines.append(
            f"| {parity.name} | {parity.variant} | {parity.encode:.1e} | {parity.decode:.1e} "
            f"| {parity.rounding:.1e} | {verdict} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
