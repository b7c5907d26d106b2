"""A progress bar on a terminal, a line per stage elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from policyscope.core.progress import Progress

BAR = 24
REDRAW_SECONDS = 0.1
LINE_SECONDS = 15.0
PACE_SECONDS = 2.0


class ProgressPrinter:
    """Call it with each :class:`Progress`; writes to ``stream`` (standard error by default)."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._stage, self._stage_started, self._drawn = "", time.monotonic(), 0.0
        self._stage_from = 0  # what was done already when the stage was first seen, by a checkpoint perhaps

    def __call__(self, step: Progress) -> None:
        now = time.monotonic()
        stage = step.message.partition(":")[0]
        changed = stage != self._stage
        if changed:
            self._finish_line()
            self._stage, self._stage_started, self._stage_from = stage, now, step.done
        due = now - self._drawn > (REDRAW_SECONDS if self._terminal else LINE_SECONDS)
        if changed or due or step.done >= step.total:
            self._draw(step, now)

    def close(self) -> None:
        """End the last line."""
        self._finish_line()

    def _draw(self, step: Progress, now: float) -> None:
        self._drawn = now
        share = step.done / step.total if step.total else 0.0
        numbers = "  ".join(f"{name} {value:.4g}" for name, value in step.metrics.items())
        count = f"{step.done:,}/{step.total:,} {step.unit}"
        text = f"{step.message or 'working'}  {count}  {numbers}{self._pace(step, now)}"
        if self._terminal:
            filled = round(BAR * min(share, 1.0))
            self._stream.write(f"\r\x1b[2K{'█' * filled}{'░' * (BAR - filled)} {text}")
        else:
            self._stream.write(text + "\n")
        self._stream.flush()

    def _pace(self, step: Progress, now: float) -> str:
        """Rate and time left, once they can be told."""
        spent, made = now - self._stage_started, step.done - self._stage_from
        if spent < PACE_SECONDS or made <= 0:
            return ""
        rate = made / spent
        left = f", about {(step.total - step.done) / rate:.0f} s left" if step.done < step.total else ""
        return f"  {rate:,.3g} {step.unit}/s{left}"

    def _finish_line(self) -> None:
        if self._terminal and self._stage:
            self._stream.write("\n")
            self._stream.flush()
