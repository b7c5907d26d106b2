"""What a job has got so far, so that a second attempt goes on where the first was killed.

Each file is replaced by one rename after an fsync and carries its own SHA-256: a kill leaves the older state
or the newer one, and a damaged file counts as none.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from pathlib import Path

from policyscope.store.paths import is_regular
from policyscope.store.writing import storage_errors, sync_directory

_DIGEST = 32


class Checkpoints:
    """Named bytes in one directory, which appears with the first of them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def save(self, name: str, data: bytes) -> None:
        """Replace ``name``, completely or not at all. Raises StorageFull."""
        writing = self.directory / f".{name}-{secrets.token_hex(4)}"
        try:
            with storage_errors():
                self.directory.mkdir(parents=True, exist_ok=True)
                with writing.open("xb") as file:
                    file.write(hashlib.sha256(data).digest())
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                writing.replace(self.directory / name)
                sync_directory(self.directory)
        finally:
            writing.unlink(missing_ok=True)

    def load(self, name: str) -> bytes | None:
        """What was last saved under ``name``; None when there is nothing, or nothing whole."""
        path = self.directory / name
        if not is_regular(path):
            return None
        whole = path.read_bytes()
        data = whole[_DIGEST:]
        return data if hashlib.sha256(data).digest() == whole[:_DIGEST] else None

    def discard(self) -> None:
        """Remove everything. Nothing there is fine."""
        shutil.rmtree(self.directory, ignore_errors=True)
