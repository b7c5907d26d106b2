"""Where a pipeline keeps its half-finished work, and how the finished directory appears in one step.

Everything is written under ``<artifacts root>/.partial/<name>/``; the artifacts directory itself changes only
by a rename at the very end, so an interrupted command leaves it as it was.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save

from policyscope.core.errors import Conflict, InvalidInput
from policyscope.services.pipeline.config import PipelineConfig

PARTIAL = ".partial"
RESULT_FILES = ("imitator.pt", "walker_sae.pt", "cached_obs.pt", "tapped_activations.pt")


class Scratch:
    """The partial results of one configuration. ``resume`` keeps what an interrupted command left."""

    def __init__(self, root: Path, config: PipelineConfig, *, resume: bool) -> None:
        self.path = root / PARTIAL / config.artifacts_dir.replace("/", "__")
        record = self.path / "config.json"
        if resume:
            self._check_same(record, config)
        else:
            shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True, exist_ok=True)
        self.write(record.name, json.dumps(config.to_json(), indent=2).encode())

    def _check_same(self, record: Path, config: PipelineConfig) -> None:
        if not record.exists():
            raise InvalidInput(
                f"There is nothing to resume for {config.artifacts_dir}: no interrupted command left partial "
                "work. Run the same command without --resume."
            )
        before, now = json.loads(record.read_text()), config.to_json()
        changed = sorted(name for name in now if before.get(name) != now[name])
        if changed:
            what = ", ".join(f"--{name} {before.get(name)} → {now[name]}" for name in changed)
            raise InvalidInput(
                f"The interrupted command had other settings ({what}). Resume with the same settings, "
                "or start afresh without --resume."
            )

    def write(self, name: str, data: bytes) -> Path:
        """Write a file completely or not at all."""
        target = self.path / name
        temporary = target.with_name(f".{name}.writing")
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
        return target

    def has(self, name: str) -> bool:
        """Whether the file of a finished stage is there."""
        return (self.path / name).is_file()

    def read(self, name: str) -> bytes | None:
        """The bytes of a file, or None when the stage has not come that far."""
        return (self.path / name).read_bytes() if self.has(name) else None

    def write_arrays(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Store named arrays as safetensors."""
        self.write(name, save({k: np.asarray(v, order="C") for k, v in arrays.items()}))

    def read_arrays(self, name: str) -> dict[str, np.ndarray]:
        """Inverse of :meth:`write_arrays`."""
        return dict(load_file(self.path / name))

    def discard(self) -> None:
        """Remove all partial work."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self.path.parent.is_dir() and not any(self.path.parent.iterdir()):
            self.path.parent.rmdir()


def check_target(target: Path, shown: str, *, overwrite: bool) -> None:
    """Refuse a target that already holds results, unless ``overwrite``."""
    held = [name for name in RESULT_FILES[1:] if (target / name).exists()]
    if held and not overwrite:
        raise Conflict(
            f"{shown} already holds {', '.join(held)}. Pass --overwrite to replace them, "
            "or choose another --artifacts_dir."
        )


def publish(scratch: Scratch, target: Path, files: Mapping[str, bytes]) -> None:
    """Make ``target`` hold ``files`` in one rename; other files that were in it stay."""
    staging = scratch.path / "publish"
    shutil.rmtree(staging, ignore_errors=True)
    if target.is_dir():
        shutil.copytree(target, staging)
    staging.mkdir(exist_ok=True)
    for name, data in files.items():
        with (staging / name).open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    replaced = scratch.path / "replaced"
    if not target.exists():
        staging.rename(target)
        return
    target.rename(replaced)
    try:
        staging.rename(target)
    except OSError:
        replaced.rename(target)
        raise


def as_json(value: Any) -> bytes:
    """JSON text with a final newline; refuses NaN and Infinity."""
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()
