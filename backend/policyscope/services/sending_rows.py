"""How the rows of a large file leave the process that opened it: columns first, then block by block."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import numpy as np

from policyscope.core.buffers import Buffer
from policyscope.core.cached_files import open_recording
from policyscope.core.rows import Rows, blocks
from policyscope.services.reading_process import BLOCK


def messages(
    data: Buffer, filename: str, wanted: str, failure: Callable[[Exception], bytes]
) -> Iterator[bytes | memoryview]:
    """A JSON document with the columns; then, before each block, ``BLOCK``; ``failure`` whenever it fails."""
    try:
        found = open_recording(data, wanted, filename)
        columns = {name: (stored_as(table).str, list(table.shape)) for name, table in found.columns.items()}
        yield json.dumps({"result": {"columns": columns, "is_minari": found.is_minari}}).encode()
        for table in found.columns.values():
            for part in blocks(table):
                block = np.ascontiguousarray(table[part], dtype=stored_as(table))
                yield BLOCK
                yield block.data.cast("B")
    except Exception as error:
        yield failure(error)


def stored_as(table: Rows) -> np.dtype:
    """Half becomes float32, and all are in the order of this machine."""
    return np.dtype(np.float32) if table.dtype == np.float16 else table.dtype.newbyteorder("=")
