"""Names that users give, turned into files below one root, or refused.

``Path.resolve`` follows symbolic links before the containment test, so a link that leads out is outside.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from policyscope.config import STORE
from policyscope.core.errors import InvalidInput, LimitExceeded, NotFound

MAX_NAME, MAX_PART_BYTES = 512, 255


def resolve_inside(root: Path, name: str) -> Path:
    """Return the real path of ``root/name``.

    Raises InvalidInput for a name that is empty, absolute, holds ``..`` or control characters, or leads out
    of ``root`` through a link. The path need not exist.
    """
    _check_name(name)
    try:
        base = root.resolve()
        path = (base / name).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise _outside(name, "cannot be used as a path") from error
    if path == base or not path.is_relative_to(base):
        raise _outside(name, "leads outside the artifacts root")
    return path


def resolve_directory(root: Path, name: str) -> Path:
    """``resolve_inside`` for a directory of artifacts, to be read or written.

    Raises InvalidInput also for what the server keeps below the root for itself, and for hidden names.
    """
    path = resolve_inside(root, name)
    first = path.relative_to(root.resolve()).parts[0]
    if first.casefold() == STORE or first.startswith("."):
        raise _outside(name, "belongs to the server")
    return path


def read_regular(path: Path, limit: int, shown: str | None = None) -> bytes:
    """Return the bytes of a regular file of at most ``limit`` bytes.

    Links and special files are refused without blocking. ``shown`` is the name used in messages.
    Raises NotFound, InvalidInput (not a regular file) or LimitExceeded.
    """
    with (
        open_regular(path, limit, shown) as (descriptor, size),
        open(descriptor, "rb", closefd=False) as file,
    ):
        return file.read(size)


@contextmanager
def open_regular(path: Path, limit: int, shown: str | None = None) -> Iterator[tuple[int, int]]:
    """An open regular file and its size, for reading; refused as ``read_regular`` refuses."""
    shown = shown or path.name
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"{shown} does not exist.") from error
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{shown} cannot be opened: it must be a regular file, not a link.") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise InvalidInput(f"{shown} is not a regular file, so it cannot be read.")
        if status.st_size > limit:
            raise LimitExceeded(f"{shown} has {status.st_size:,} bytes; at most {limit:,} are allowed.")
        yield descriptor, status.st_size
    finally:
        os.close(descriptor)


def is_regular(path: Path) -> bool:
    """Whether ``path`` itself (not what a link points to) is a regular file."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > MAX_NAME:
        raise _outside(name[:80], f"must have 1 to {MAX_NAME} characters")
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in name) or "\\" in name:
        raise _outside(name, "holds characters that a directory name cannot have")
    if any(len(part.encode("utf-8", "surrogatepass")) > MAX_PART_BYTES for part in name.split("/")):
        raise _outside(name[:80], f"has a part of more than {MAX_PART_BYTES} bytes")
    if name.startswith(("/", "~")) or ".." in name.split("/"):
        raise _outside(name, "must be relative to the artifacts root, without '..'")


def _outside(name: str, reason: str) -> InvalidInput:
    shown = name.encode("unicode_escape", "backslashreplace").decode("ascii")
    return InvalidInput(
        f"The path '{shown}' {reason}. Name a directory below the artifacts root, for example walker2d_w32.",
        code="path_not_allowed",
    )
