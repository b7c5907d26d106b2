"""All hostile uploads: name, and the files of one upload by their names."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import hostile
import hostile_arrays
import hostile_checkpoints
import hostile_graphs

Upload = tuple[str, dict[str, bytes]]


def uploads(canary: Path) -> Iterator[Upload]:
    """Opening one with an unpickler would leave ``canary`` behind."""
    yield from hostile.uploads(canary)
    for family in (hostile_graphs, hostile_arrays, hostile_checkpoints):
        for name, data in family.uploads(canary):
            yield name, {"hostile.pt": data}


def written(folder: Path, canary: Path, every: int) -> Iterator[Upload]:
    """Every so many of them, made by a process of its own: what making them costs is not the API's memory."""
    child = os.fork()
    if child == 0:
        try:
            _write(folder, canary, every)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    for path in sorted(folder.glob("*.json"), key=lambda path: int(path.stem)):
        name, files = json.loads(path.read_text())
        yield name, {file: (folder / kept).read_bytes() for file, kept in files.items()}


def _write(folder: Path, canary: Path, every: int) -> None:
    for number, (name, files) in enumerate(uploads(canary)):
        if number % every == 0:
            kept = {file: f"{number}.{place}" for place, file in enumerate(files)}
            for file, data in files.items():
                (folder / kept[file]).write_bytes(data)
            (folder / f"{number}.json").write_text(json.dumps([name, kept]))
