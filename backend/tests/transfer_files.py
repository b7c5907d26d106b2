"""Workspaces to import: made by the product, then changed as somebody who means harm would."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

INDEX = "workspace.json"
Json = dict[str, Any]


def parts_of(data: bytes) -> tuple[Json, dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(files.pop(INDEX)), files


def packed(index: Json, files: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    """The archive as it is told, whether it makes sense or not."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr(INDEX, json.dumps(index))
    return buffer.getvalue()


def hashed(index: Json, files: dict[str, bytes]) -> Json:
    """With the right hashes: a forger computes them too."""
    listed = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in files.items()
    }
    return {**index, "files": listed}


def forged(data: bytes, change: Callable[[Json, dict[str, bytes]], None]) -> bytes:
    """Changed, with hashes that fit."""
    index, files = parts_of(data)
    change(index, files)
    return packed(hashed(index, files), files)
