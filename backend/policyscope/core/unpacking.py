"""How much a file may unpack to: in proportion to itself, whatever its format.

Numbers hardly compress, so what unpacks to many times its size was made to fill a memory.
"""

from __future__ import annotations

SMALL = 32 << 20
LARGEST_RATIO = 8


def allowance(size: int, most: int) -> int:
    """Bytes that a file of ``size`` bytes may unpack to; never more than ``most``."""
    return min(most, max(SMALL, LARGEST_RATIO * size))
