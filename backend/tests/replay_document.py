"""Reads the binary document of replays and clips, as a browser would."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np


def unpacked(data: bytes) -> dict[str, Any]:
    """The header, its signals with their ``values``."""
    assert data[:4] == b"PSR1"
    (length,) = struct.unpack("<I", data[4:8])
    header: dict[str, Any] = json.loads(data[8 : 8 + length])
    start = 8 + length
    for arm in header["arms"]:
        for signal in arm["signals"].values():
            shape = signal["shape"]
            count = int(np.prod(shape))
            if signal["type"] == "uint8":
                values = np.frombuffer(data, np.uint8, count, start + signal["offset"]).reshape(shape)
            else:
                planes = np.frombuffer(data, np.uint8, 4 * count, start + signal["offset"]).reshape(4, count)
                columns = np.ascontiguousarray(planes.T).view("<f4").reshape(-1, shape[0])
                values = columns.T.reshape(shape)
            signal["values"] = values
    return header
