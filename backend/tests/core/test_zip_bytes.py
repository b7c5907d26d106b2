"""Zip files of strangers: refused by their directory, and unpacked no further than it says."""

import io
import struct
import tracemalloc
import zipfile

import pytest

from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.unpacking import LARGEST_RATIO, SMALL, allowance
from policyscope.core.zip_bytes import MAX_MEMBERS, member_names, open_zip, read_member

MOST = 1 << 30


def zipped(content: bytes, method: int = zipfile.ZIP_DEFLATED, names: tuple[str, ...] = ("a",)) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name in names:
            archive.writestr(name, content)
    return buffer.getvalue()


def claiming(data: bytes, size: int) -> bytes:
    """The same zip with another unpacked size in the directory and before the member."""
    changed = bytearray(data)
    directory = data.index(b"PK\x01\x02")
    for place in (22, directory + 24):
        changed[place : place + 4] = struct.pack("<I", size)
    return bytes(changed)


def test_what_a_file_may_unpack_to_is_in_proportion_to_it():
    assert allowance(10, MOST) == SMALL
    assert allowance(SMALL, MOST) == LARGEST_RATIO * SMALL
    assert allowance(MOST, MOST) == MOST


def test_a_member_comes_back_whole():
    content = bytes(range(256)) * 4000
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with open_zip(zipped(content, method), MOST) as archive:
            assert read_member(archive, "a") == content


def test_too_much_is_refused_before_anything_is_unpacked():
    data = zipped(bytes(SMALL + 1))
    tracemalloc.start()
    with pytest.raises(LimitExceeded, match=f"at most {SMALL:,} are unpacked"), open_zip(data, MOST):
        pass
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_directory_that_lies_stops_the_unpacking_where_it_said():
    data = claiming(zipped(bytes(SMALL)), 10)
    tracemalloc.start()
    with open_zip(data, MOST) as archive, pytest.raises(zipfile.BadZipFile):
        read_member(archive, "a")
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_cannot_be_stopped_are_refused(method):
    with (
        pytest.raises(UnsupportedFile, match="another method than deflate"),
        open_zip(zipped(b"x", method), MOST),
    ):
        pass


def test_very_many_members_are_counted_before_they_are_read():
    names = tuple(map(str, range(MAX_MEMBERS + 1)))
    data = zipped(b"", zipfile.ZIP_STORED, names)
    for opened in (lambda: open_zip(data, MOST).__enter__(), lambda: member_names(data)):
        with pytest.raises(LimitExceeded, match="5,000 members"):
            opened()
    assert len(member_names(zipped(b"", zipfile.ZIP_STORED, names[:-1]))) == MAX_MEMBERS


@pytest.mark.parametrize("keep", [0, 4, 30, -4, -22])
def test_half_a_file_is_damage(keep):
    with pytest.raises(UnsupportedFile, match="damaged"):
        member_names(zipped(b"content")[:keep])
