"""Zip files of strangers: what they unpack to is checked by their directory, before anything is unpacked.

Members are unpacked up to the size that the directory says and not further, whatever the stream goes on to.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.unpacking import allowance

MAX_MEMBERS = 5_000
DAMAGE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError)
"""What reading a member of a damaged zip file raises."""
_ENTRY = b"PK\x01\x02"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@contextmanager
def open_zip(data: bytes, max_bytes: int) -> Iterator[zipfile.ZipFile]:
    """The archive in ``data``, of which nothing is unpacked yet.

    Raises LimitExceeded when its members would unpack to more than ``max_bytes`` or than a file of this size
    may, UnsupportedFile when it, or what is read of it inside the ``with``, is damaged.
    """
    with _opened(data) as archive:
        members = archive.infolist()
        unpacked, allowed = sum(member.file_size for member in members), allowance(len(data), max_bytes)
        if unpacked > allowed:
            raise LimitExceeded(
                f"The file unpacks to {unpacked:,} bytes in {len(members):,} members; of a file of "
                f"{len(data):,} bytes at most {allowed:,} are unpacked."
            )
        if any(member.compress_type not in _METHODS for member in members):
            raise UnsupportedFile("This zip file is compressed by another method than deflate.")
        yield archive


def read_member(archive: zipfile.ZipFile, member: str | zipfile.ZipInfo) -> bytes:
    """The content of a member; raises KeyError when there is none of this name, or one of DAMAGE."""
    info = archive.getinfo(member) if isinstance(member, str) else member
    with archive.open(info) as stream:
        return stream.read(info.file_size)  # without a number, zipfile inflates first and cuts afterwards


def member_names(data: bytes) -> list[str]:
    """The names in the directory, in order. Raises UnsupportedFile or LimitExceeded."""
    with _opened(data) as archive:
        return archive.namelist()


@contextmanager
def _opened(data: bytes) -> Iterator[zipfile.ZipFile]:
    if data.count(_ENTRY) > MAX_MEMBERS:  # before zipfile makes an object of each
        raise LimitExceeded(f"This zip file has more than {MAX_MEMBERS:,} members.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive
    except (*DAMAGE, ValueError) as error:
        raise UnsupportedFile(f"This zip file is damaged: {str(error)[:200]}.") from error
