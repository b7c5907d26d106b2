"""The bytes of a file, in memory or mapped into it, as a file to be read without copying it first."""

from __future__ import annotations

import io
from typing import Any

Buffer = bytes | memoryview


class BufferFile(io.RawIOBase):
    """Reads from ``data``; what ``zipfile`` and ``h5py`` take for an open file."""

    def __init__(self, data: Buffer) -> None:
        self._view, self._at = memoryview(data).cast("B"), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        part = self._view[self._at : self._at + len(target)]
        target[: len(part)] = part
        self._at += len(part)
        return len(part)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._view)}[whence]
        self._at = max(0, start + offset)  # as io.BytesIO does
        return self._at

    def tell(self) -> int:
        return self._at
