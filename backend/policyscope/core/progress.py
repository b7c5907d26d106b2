"""Long work is a generator that yields progress and returns its result.

The command line drives it with a bar, a job drives it in a child process, a test drains it. Cancelling is
to stop pulling (``close()``): ``finally`` blocks still run.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """One report: ``done`` of ``total`` ``unit``; ``metrics`` are numbers worth plotting."""

    done: int
    total: int
    unit: str
    message: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)


Work = Generator[Progress, None, T]


def drain(work: Work[T], report: Callable[[Progress], None] = lambda _: None) -> T:
    """Run ``work`` to its end, passing each progress to ``report``; return its result."""
    try:
        while True:
            report(next(work))
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        work.close()


def staged(work: Work[T], stage: str) -> Work[T]:
    """``work`` with ``stage`` put before every message, so that one bar can show several stages."""
    try:
        while True:
            step = next(work)
            message = f"{stage}: {step.message}" if step.message else stage
            yield Progress(step.done, step.total, step.unit, message, step.metrics)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        work.close()
