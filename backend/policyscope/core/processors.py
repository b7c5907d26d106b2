"""How many processors this process may keep busy with work that gives the same bits on any number of them."""

from __future__ import annotations

_most = 0


def use_processors(most: int) -> None:
    """A setting of the whole process, like torch's number of threads; 0 means all of the machine."""
    global _most
    _most = most


def processors() -> int:
    """As set; 0 means one thread per processor of the machine."""
    return _most
