"""Zip files of strangers: what they unpack to is checked by their directory, before anything is unpacked.

Members are unpacked up to the size that the directory says and not further, whatever the stream goes on to.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from policyscope.core.buffers import Buffer, BufferFile
from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.unpacking import allowance

MAX_MEMBERS, LONGEST_DIRECTORY = 5_000, 64 << 20
DAMAGE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError)
"""What reading a member of a damaged zip file raises."""
_ENTRY = b"PK\x01\x02"
_HEADER, _LENGTHS = 30, struct.Struct("<HH")  # in front of a member, and at its end: of name and extra field
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@contextmanager
def open_zip(data: Buffer, max_bytes: int) -> Iterator[zipfile.ZipFile]:
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


def member_bytes(archive: zipfile.ZipFile, data: Buffer, name: str) -> Buffer:
    """As ``read_member``, but without a copy where the archive ``data`` holds the member as it is."""
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
        return read_member(archive, info)
    archive.open(info).close()  # checks the header in front of the member
    lengths = _LENGTHS.unpack_from(data, info.header_offset + _HEADER - _LENGTHS.size)
    start = info.header_offset + _HEADER + sum(lengths)
    part = memoryview(data)[start : start + info.file_size]
    if len(part) != info.compress_size or zlib.crc32(part) != info.CRC:
        raise zipfile.BadZipFile(f"{name[:60]!r} is not what the directory says")
    return part


def member_names(data: Buffer) -> list[str]:
    """The names in the directory, in order. Raises UnsupportedFile or LimitExceeded."""
    with _opened(data) as archive:
        return archive.namelist()


@contextmanager
def _opened(data: Buffer) -> Iterator[zipfile.ZipFile]:
    if bytes(data[-LONGEST_DIRECTORY:]).count(_ENTRY) > MAX_MEMBERS:  # before zipfile makes an object of each
        raise LimitExceeded(f"This zip file has more than {MAX_MEMBERS:,} members.")
    try:
        with zipfile.ZipFile(BufferFile(data)) as archive:
            yield archive
    except (*DAMAGE, ValueError) as error:
        raise UnsupportedFile(f"This zip file is damaged: {str(error)[:200]}.") from error
