"""Where a pipeline keeps its half-finished work, and how the finished directory appears in one step.

A command writes everything under ``<artifacts root>/.partial/<name>/``, a job among its checkpoints; the
artifacts directory itself changes only by a rename at the very end, so an interruption leaves it as it was.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from policyscope.core.errors import Conflict, InvalidInput
from policyscope.services.pipeline.config import PipelineConfig
from policyscope.store.checkpoints import Checkpoints

PARTIAL, RECORD = ".partial", "config.json"
KEPT_KINDS = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
RESULT_FILES = ("imitator.pt", "walker_sae.pt", "cached_obs.pt", "tapped_activations.pt")


def partial_of(root: Path, config: PipelineConfig) -> Checkpoints:
    """Where a command keeps its partial work."""
    return Checkpoints(root / PARTIAL / config.artifacts_dir.replace("/", "__"))


class Scratch:
    """The partial results of one configuration. ``resume`` keeps what an interrupted attempt left."""

    def __init__(self, kept: Checkpoints, config: PipelineConfig, *, resume: bool) -> None:
        self._kept = kept
        if resume:
            self._check_same(config)
        else:
            kept.discard()
        self.write(RECORD, json.dumps(config.to_json(), indent=2).encode())

    @property
    def path(self) -> Path:
        return self._kept.directory

    def _check_same(self, config: PipelineConfig) -> None:
        record = self.read(RECORD)
        if record is None:
            raise InvalidInput(
                f"There is nothing to resume for {config.artifacts_dir}: no interrupted command left partial "
                "work. Run the same command without --resume."
            )
        before, now = json.loads(record), config.to_json()
        changed = sorted(name for name in now if before.get(name) != now[name])
        if changed:
            what = ", ".join(f"--{name} {before.get(name)} → {now[name]}" for name in changed)
            raise InvalidInput(
                f"The interrupted command had other settings ({what}). Resume with the same settings, "
                "or start afresh without --resume."
            )

    def write(self, name: str, data: bytes) -> None:
        """Write a file completely or not at all."""
        self._kept.save(name, data)

    def read(self, name: str) -> bytes | None:
        """The bytes of a file, or None when the stage has not come that far."""
        return self._kept.load(name)

    def write_arrays(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Store named arrays as safetensors."""
        self.write(name, save({k: np.asarray(v, order="C") for k, v in arrays.items()}))

    def read_arrays(self, name: str) -> dict[str, np.ndarray] | None:
        """Inverse of :meth:`write_arrays`; None when the stage has not come that far."""
        data = self.read(name)
        return None if data is None else dict(load(data))

    def discard(self) -> None:
        """Remove all partial work."""
        self._kept.discard()
        if self.path.parent.is_dir() and not any(self.path.parent.iterdir()):
            self.path.parent.rmdir()


def check_target(target: Path, shown: str, *, overwrite: bool) -> None:
    """Refuse a target that is a file, or already holds results, unless ``overwrite``."""
    if target.exists() and not target.is_dir():
        raise InvalidInput(f"{shown} is a file; name a directory.", code="path_not_allowed")
    held = [name for name in RESULT_FILES[1:] if (target / name).exists()]
    if held and not overwrite:
        raise Conflict(
            f"{shown} already holds {', '.join(held)}. Pass --overwrite to replace them, "
            "or choose another --artifacts_dir."
        )


def publish(scratch: Scratch, target: Path, files: Mapping[str, bytes]) -> None:
    """Make ``target`` hold ``files`` in one rename; other files, folders and links that were in it stay."""
    staging, replaced = scratch.path / "publish", scratch.path / "replaced"
    if replaced.exists() and not target.exists():  # killed between the two renames below
        replaced.rename(target)
    shutil.rmtree(staging, ignore_errors=True)
    if target.is_dir():
        shutil.copytree(target, staging, symlinks=True, ignore=_left_out(target, files), copy_function=_kept)
    staging.mkdir(exist_ok=True)
    for name, data in files.items():
        with (staging / name).open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        staging.rename(target)
        return
    shutil.rmtree(replaced, ignore_errors=True)
    target.rename(replaced)
    try:
        staging.rename(target)
    except OSError:
        replaced.rename(target)
        raise


def _left_out(target: Path, files: Mapping[str, bytes]) -> Callable[[str, list[str]], set[str]]:
    """What is replaced, and what is no file: a pipe or a device would be read without end."""

    def ignored(folder: str, names: list[str]) -> set[str]:
        place = Path(folder)
        plain = {name for name in names if stat.S_IFMT(os.lstat(place / name).st_mode) in KEPT_KINDS}
        return set(names) - plain | (set(files) if place == target else set())

    return ignored


def _kept(source: str, copy: str) -> None:
    """The same file under another name; a copy where the file system has no links."""
    try:
        os.link(source, copy)
    except OSError:
        shutil.copy2(source, copy)


def as_json(value: Any) -> bytes:
    """JSON text with a final newline; refuses NaN and Infinity."""
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()
