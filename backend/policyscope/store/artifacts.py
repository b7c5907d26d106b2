"""Content on disk: written once, never changed in place, named by id, checked by SHA-256.

A write goes to a temporary directory, is fsynced, gets a manifest, and appears by one rename; so a directory
with its final name is complete, whatever was killed and whenever.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from policyscope.core.errors import NotFound
from policyscope.store.checkpoints import Checkpoints
from policyscope.store.paths import is_regular, read_regular
from policyscope.store.writing import storage_errors, sync_directory

MANIFEST = "manifest.json"
Content = bytes | Callable[[BinaryIO], None] | Path
"""Bytes, what writes them, or a file on the same file system that will not change, which is not copied."""
_NAME = re.compile(r"[a-z]{1,12}/[A-Za-z0-9_]{1,80}")
_NO_LIMIT = 1 << 62


def publish_directory(
    target: Path, files: Mapping[str, Content], temporary: Path, about: Mapping[str, Any] | None = None
) -> None:
    """Write ``files`` and a manifest as the new directory ``target``, all or nothing.

    ``temporary`` is a directory on the same file system. ``about`` is added to the manifest, whose ``files``
    maps each name to its SHA-256. An existing ``target`` is left as it is: same name, same content.
    Raises StorageFull when the disk cannot take it; nothing is left behind then.
    """
    scratch = temporary / f"{target.parent.name}-{target.name}-{secrets.token_hex(4)}"
    try:
        with storage_errors():
            scratch.mkdir(parents=True)
            hashes = {name: _write(scratch / name, content) for name, content in files.items()}
            _write(scratch / MANIFEST, _sealed({**(about or {}), "files": hashes}))
            sync_directory(scratch)
            target.parent.mkdir(parents=True, exist_ok=True)
            _rename(scratch, target)
            sync_directory(target.parent)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


class ArtifactStore:
    """The directory of everything policyscope keeps: ``<root>/<kind>/<id>/<file>``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._checked: set[tuple[str, int, int]] = set()

    def publish(
        self, name: str, files: Mapping[str, Content], about: Mapping[str, Any] | None = None
    ) -> None:
        """Store ``files`` under ``name`` ("models/m_1"), atomically. Raises StorageFull."""
        publish_directory(self._directory(name), files, self.temporary, about)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A directory on the store's file system for the time being."""
        directory = self.temporary / f"scratch-{secrets.token_hex(8)}"
        with storage_errors():
            directory.mkdir(parents=True)
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def has(self, name: str) -> bool:
        return is_regular(self._directory(name) / MANIFEST)

    def names(self, kind: str) -> list[str]:
        """All stored names of one kind, sorted."""
        directory = self.root / kind
        return sorted(f"{kind}/{entry.name}" for entry in directory.iterdir()) if directory.is_dir() else []

    def files(self, name: str) -> list[str]:
        """Names of the files stored under ``name``, sorted. Raises NotFound."""
        return sorted(self._manifest(name)["files"])

    def lists(self, name: str, file: str) -> bool:
        """Whether ``file`` is part of what is stored under ``name``."""
        return file in self._manifest(name)["files"]

    def path(self, name: str, file: str) -> Path:
        """Path of a stored file whose content has been checked against its SHA-256.

        Raises NotFound when it is missing or does not match (a damaged file must not pass for a result).
        """
        path = self._directory(name) / file
        expected = self._manifest(name)["files"].get(file)
        if expected is None or not is_regular(path):
            raise NotFound(f"The stored file {name}/{file} is missing.")
        status = path.stat()
        seen = (str(path), status.st_mtime_ns, status.st_size)
        if seen not in self._checked:
            _check_digest(path, expected, f"{name}/{file}")
            self._checked.add(seen)
        return path

    def read(self, name: str, file: str) -> bytes:
        """Bytes of a stored file, checked against its SHA-256 every time. Raises NotFound."""
        data = read_regular(self._directory(name) / file, _NO_LIMIT, f"The stored file {name}/{file}")
        shown = f"{name}/{file}"
        if file == MANIFEST:
            _unsealed(data, shown)
        elif hashlib.sha256(data).hexdigest() != self._manifest(name)["files"].get(file):
            raise _damaged(shown)
        return data

    def read_json(self, name: str, file: str) -> Any:
        return json.loads(self.read(name, file))

    def checkpoints(self, name: str) -> Checkpoints:
        """What the job that makes ``name`` has got so far."""
        return Checkpoints(self._work / self._directory(name).relative_to(self.root))

    def discard(self, name: str) -> None:
        """Remove ``name``, what an interrupted write of it left, and its checkpoints. Missing is fine."""
        directory = self._directory(name)
        if directory.exists():  # one rename, so that nobody sees half a directory
            grave = self.temporary / f"{name.replace('/', '-')}-{secrets.token_hex(4)}"
            grave.parent.mkdir(parents=True, exist_ok=True)
            os.rename(directory, grave)
        self.clear(name)
        self.checkpoints(name).discard()

    def clear(self, name: str) -> None:
        """Remove what interrupted writes of ``name`` left; its checkpoints stay."""
        for leftover in self.temporary.glob(f"{name.replace('/', '-')}-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def sweep(self, keep: Collection[str] = ()) -> None:
        """Remove what interrupted writes left, and all checkpoints but those of the names in ``keep``.

        Only for the one process that owns the store.
        """
        shutil.rmtree(self.temporary, ignore_errors=True)
        for directory in self._work.glob("*/*"):
            if f"{directory.parent.name}/{directory.name}" not in keep:
                shutil.rmtree(directory, ignore_errors=True)

    @property
    def _work(self) -> Path:
        return self.root / "work"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    def _directory(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise NotFound(f"Nothing is stored under {name!r}.")
        return self.root / name

    def _manifest(self, name: str) -> dict[str, Any]:
        data = read_regular(self._directory(name) / MANIFEST, 1 << 24, f"The stored {name}")
        return _unsealed(data, f"{name}/{MANIFEST}")


def _write(path: Path, content: Content) -> str:
    """Write and fsync one file; return its SHA-256 as read back from the bytes handed over."""
    if isinstance(content, Path):
        with suppress(OSError):  # a file system without links: copied then
            os.link(content, path)
            return _digest(path)
        content = partial(_copy, content)
    with path.open("xb") as file:
        if callable(content):
            content(file)
        else:
            file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return _digest(path)


def _copy(source: Path, target: BinaryIO) -> None:
    with source.open("rb") as file:
        shutil.copyfileobj(file, target, 1 << 20)


def _sealed(manifest: Mapping[str, Any]) -> bytes:
    """JSON whose first entry is the SHA-256 of everything after it."""
    rest = json.dumps(manifest, indent=1, allow_nan=False)[1:].encode()
    return _seal(rest) + rest


def _seal(rest: bytes) -> bytes:
    return b'{"sha256": "' + hashlib.sha256(rest).hexdigest().encode() + b'",'


def _unsealed(data: bytes, shown: str) -> dict[str, Any]:
    """The manifest. Raises NotFound when it is not as it was written."""
    rest = data[len(_seal(b"")) :]
    if not data.startswith((b"{\n", _seal(rest))):  # the former: written before manifests had a seal
        raise _damaged(shown)
    manifest: dict[str, Any] = json.loads(data)
    return manifest


def _rename(scratch: Path, target: Path) -> None:
    try:
        os.rename(scratch, target)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_digest(path: Path, expected: str, shown: str) -> None:
    if _digest(path) != expected:
        raise _damaged(shown)


def _damaged(shown: str) -> NotFound:
    return NotFound(
        f"The stored file {shown} is damaged: its SHA-256 differs from the manifest. Load or run it again.",
        code="damaged",
    )
