"""Damage to real files: bytes turned, put in, left out, repeated; in a zip also behind a right checksum."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from hypothesis import strategies as st

Files = Mapping[str, bytes]

EDITS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "insert", "delete", "repeat", "overwrite", "cut"]),
        st.floats(0, 1),
        st.integers(1, 64),
        st.binary(min_size=1, max_size=9) | st.sampled_from([b"\xff" * 4, b"\x00" * 8, b"\x7f" * 8, b"."]),
    ),
    min_size=1,
    max_size=4,
)


def damaged(data: bytes, edits: list[tuple[str, float, int, bytes]]) -> bytes:
    for kind, where, size, raw in edits:
        at = int(where * len(data))
        before, after = data[:at], data[at:]
        changed = {
            "flip": lambda a=after, s=size: bytes([a[0] ^ (1 << s % 8)]) + a[1:] if a else a,
            "insert": lambda a=after, r=raw: r + a,
            "delete": lambda a=after, s=size: a[s:],
            "repeat": lambda a=after, s=size: a[:s] * 3 + a[s:],
            "overwrite": lambda a=after, r=raw: r + a[len(r) :],
            "cut": lambda: b"",
        }[kind]()
        data = before + changed
    return data


@st.composite
def with_damage(draw: st.DrawFn, data: bytes) -> bytes:
    """Damage anywhere; or, in a zip, inside one member whose checksum is made right again."""
    edits = draw(EDITS)
    if not data.startswith(b"PK") or draw(st.integers(0, 3)) == 0:
        return damaged(data, edits)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        names = source.namelist()
        pickles = [name for name in names if name.endswith((".pkl", "policy.pth", "data"))] or names
        chosen = draw(st.sampled_from(pickles if draw(st.booleans()) else names))
        for name in names:
            content = source.read(name)
            if name == chosen:
                content = draw(with_damage(content))
            target.writestr(name, content)
    return buffer.getvalue()


def real(files: list[Files]) -> st.SearchStrategy[Files]:
    """One of these uploads, with damage in one of its files."""

    @st.composite
    def uploads(draw: st.DrawFn) -> Files:
        whole = draw(st.sampled_from(files))
        broken = draw(st.sampled_from(sorted(whole)))
        return {name: draw(with_damage(data)) if name == broken else data for name, data in whole.items()}

    return uploads()
