"""Writing to a disk that may be full, so that what was written stays written."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from policyscope.core.errors import StorageFull

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn a full or read-only disk into StorageFull; torch.save reports it as RuntimeError."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise _full(str(error.strerror)) from error
    except RuntimeError as error:
        if "enforce fail" not in str(error) and "write" not in str(error).lower():
            raise
        raise _full("the file could not be written completely") from error


def sync_directory(path: Path) -> None:
    """Make the names in a directory as durable as the files are."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _full(reason: str) -> StorageFull:
    return StorageFull(f"The artifact store could not be written: {reason}. Free some space and try again.")
