"""What the process of one job may take, so that it can hurt neither the server nor the other jobs."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """``threads`` is for torch, whose sums depend on it: the same for every job and every attempt.

    ``processors`` is for what gives the same bits with any number: physics and video. ``memory`` counts what
    is really written to (RLIMIT_DATA, in bytes), not addresses that CUDA and torch only reserve.
    """

    memory: int | None = None
    open_files: int = 1024
    niceness: int = 5
    threads: int = 1
    processors: int = 1

    def apply(self) -> None:
        """Hold the present process to them."""
        _lower(resource.RLIMIT_CORE, 0)
        _lower(resource.RLIMIT_NOFILE, self.open_files)
        if self.memory is not None:
            _lower(resource.RLIMIT_DATA, self.memory)
        os.nice(self.niceness)


def _lower(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))
