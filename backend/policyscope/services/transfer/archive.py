"""The file of a workspace: a zip without compression, with ``workspace.json`` and a hash of every other file.

Nothing is compressed, so that nothing can unpack to more than it is: cached data and recorded steps are
numbers, which hardly shrink anyway.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.zip_bytes import DAMAGE, MAX_MEMBERS, member_bytes, open_zip
from policyscope.store.records import Json
from policyscope.store.writing import storage_errors

FORMAT, INDEX = "policyscope-workspace/2", "workspace.json"
READ = ("policyscope-workspace/1", FORMAT)
MOST_BYTES = 64 << 30
MOST_INDEX = 64 << 20
BLOCK = 1 << 20
_NAME = re.compile(
    r"(models/m_[0-9a-f]{12}|runs/r_[0-9a-f]{12}|saes/[0-9a-f]{48}|made/d_[0-9a-f]{12})"
    r"/[a-z_]{1,40}(-[0-9]{1,4})?(\.[a-z]{2,11})?"
)
_STAMP = (1980, 1, 1, 0, 0, 0)  # the same content gives the same file


class Writer:
    """Puts files into a new archive, and last the index with their hashes."""

    def __init__(self, file: BinaryIO) -> None:
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self.files: dict[str, Json] = {}

    def add(self, name: str, content: bytes | Path) -> None:
        digest, size = hashlib.sha256(), 0
        with storage_errors(), self._archive.open(_info(name), "w", force_zip64=True) as target:
            for block in _blocks(content):
                digest.update(block)
                size += len(block)
                target.write(block)
        self.files[name] = {"sha256": digest.hexdigest(), "bytes": size}

    def finish(self, index: Json) -> None:
        whole = {"format": FORMAT, **index, "files": self.files}
        with storage_errors():
            self._archive.writestr(_info(INDEX), json.dumps(whole, indent=1, allow_nan=False))
            self._archive.close()


def _info(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, _STAMP)


def _blocks(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


@contextmanager
def opened(path: Path, shown: str) -> Iterator[tuple[Json, Mapping[str, memoryview]]]:
    """The index as it was written, and the files, each checked against the size and hash in the index.

    Raises UnsupportedFile or LimitExceeded for what no workspace is, or for one that was changed.
    """
    if path.stat().st_size == 0:
        raise _none(shown, "it is empty")
    with path.open("rb") as file:
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    try:
        with open_zip(data, MOST_BYTES) as archive:
            members = archive.infolist()
            _check_members(members, len(data), shown)
            contents = {member.filename: _stored(archive, data, member.filename) for member in members}
    except UnsupportedFile as error:
        raise error if error.message.startswith(shown) else _none(shown, error.message) from error
    except DAMAGE as error:
        raise _none(shown, f"the zip file is damaged: {str(error)[:160]}") from error
    index = _index(contents.pop(INDEX), shown)
    _check_hashes(index, contents, shown)
    yield index, contents


def _stored(archive: zipfile.ZipFile, data: memoryview, name: str) -> memoryview:
    return memoryview(member_bytes(archive, data, name))


def _check_members(members: list[zipfile.ZipInfo], size: int, shown: str) -> None:
    names = [member.filename for member in members]
    strange = [name for name in names if name != INDEX and not _NAME.fullmatch(name)]
    if strange:
        raise _none(shown, f"a workspace has no file called {strange[0][:80]!a}")
    if len(set(names)) != len(names):
        raise _none(shown, "a name comes twice")
    if INDEX not in names:
        raise _none(shown, f"it has no {INDEX}")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
            raise _none(
                shown, f"{member.filename} is compressed or encrypted, which no file of a workspace is"
            )
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
            raise _none(shown, f"{member.filename} is a link or a device, not a file")
    if sum(member.file_size for member in members) > size:
        raise _none(shown, "its files overlap")


def _index(data: memoryview, shown: str) -> Json:
    if len(data) > MOST_INDEX:
        raise LimitExceeded(f"{shown}: {INDEX} has {len(data):,} bytes; at most {MOST_INDEX:,} are read.")
    try:
        index = parse_json(data)
    except (ValueError, RecursionError) as error:
        raise _none(shown, f"{INDEX} cannot be read") from error
    if not isinstance(index, dict) or index.get("format") not in READ:
        told = index.get("format") if isinstance(index, dict) else None
        raise UnsupportedFile(
            f"{shown}: its format is {str(told)[:60]!r}; {' and '.join(READ)} are read here. "
            "Export it again with this version."
        )
    return index


def parse_json(data: memoryview) -> Any:
    """JSON without NaN and infinities. Raises ValueError or RecursionError."""
    return json.loads(bytes(data), parse_constant=_not_finite)


def _not_finite(word: str) -> Any:
    raise ValueError(word)


def _check_hashes(index: Json, contents: Mapping[str, memoryview], shown: str) -> None:
    listed = index.get("files")
    listed = listed if isinstance(listed, dict) else {}
    found = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in contents.items()
    }
    changed = sorted(name for name in found.keys() | listed.keys() if found.get(name) != listed.get(name))
    if changed:
        verb = "does" if len(changed) == 1 else "do"
        raise UnsupportedFile(
            f"{shown} was changed or cut short after it was made: {', '.join(map(ascii, changed[:3]))} "
            f"{verb} not match the sizes and hashes in {INDEX}. Nothing was taken in. Copy the file again, "
            "or export it again.",
            code="changed",
        )


def _none(shown: str, reason: str) -> UnsupportedFile:
    return UnsupportedFile(
        f"{shown} is not a workspace: {reason.removesuffix('.')}. Nothing was taken in. "
        "`policyscope workspace export` makes one."
    )


def check_count(files: int) -> None:
    """Raises LimitExceeded when an archive of so many files could not be read again."""
    if files >= MAX_MEMBERS:
        raise LimitExceeded(
            f"The workspace has {files:,} files; an archive holds {MAX_MEMBERS - 1:,}. Export one model at a "
            "time, or delete runs that are no longer needed."
        )
