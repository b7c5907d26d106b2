"""A film drawn by several processes, each every n-th frame, which arrive in order.

The processes are forked from the process of a job, which has drawn nothing itself yet: OpenGL does not
survive a fork. Pictures travel through shared memory, pipes say which are ready.
"""

from __future__ import annotations

import mmap
import os
import signal
import traceback
from collections.abc import Generator
from contextlib import ExitStack, suppress

import numpy as np

from policyscope.config import one_drawing_thread
from policyscope.core.film import Film, Picture, frames
from policyscope.jobs.parent import die_with_parent

AHEAD = 3  # frames a process may be ahead of the encoder
READY, FAILED, FREE = b".", b"!", b"+"
LONGEST_MESSAGE = 1 << 16


def drawn(film: Film, processes: int) -> Generator[Picture]:
    """All frames in order. Each is valid until the next is asked for."""
    processes = min(processes, len(film.steps))
    if processes <= 1:
        yield from frames(film)
        return
    with ExitStack() as stack:
        artists = [stack.enter_context(_Artist(film, first, processes)) for first in range(processes)]
        for number in range(len(film.steps)):
            artist = artists[number % processes]
            yield artist.take()
            artist.free()


class _Artist:
    """One process that draws, and the ring of pictures that it shares with this one."""

    def __init__(self, film: Film, first: int, every: int) -> None:
        self._shape = film.shape
        self._ring = mmap.mmap(-1, AHEAD * int(np.prod(self._shape)))
        self._ready, their_ready = os.pipe()
        their_free, self._free = os.pipe()
        self._taken = 0
        self._pid = os.fork()
        if self._pid == 0:
            self._draw(film, first, every, their_ready, their_free)
        os.close(their_ready)
        os.close(their_free)

    def __enter__(self) -> _Artist:
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._ready)
        os.close(self._free)

    def take(self) -> Picture:
        """The next picture, in place. Raises RuntimeError when the process failed or was ended."""
        word = os.read(self._ready, 1)
        if word != READY:
            said = os.read(self._ready, LONGEST_MESSAGE).decode(errors="replace") if word else ""
            raise RuntimeError(f"A process that draws frames ended early. {said}")
        self._taken += 1
        return self._slot(self._taken - 1)

    def free(self) -> None:
        """The picture last taken may be drawn over."""
        with suppress(BrokenPipeError):  # it has drawn its last and is gone
            os.write(self._free, FREE)

    def _slot(self, number: int) -> Picture:
        size = int(np.prod(self._shape))
        flat = np.frombuffer(self._ring, np.uint8, size, (number % AHEAD) * size)
        return flat.reshape(self._shape)

    def _draw(self, film: Film, first: int, every: int, ready: int, free: int) -> None:
        """Never returns: the process ends here, without the clean-up that belongs to the one it came from."""
        try:
            os.close(self._ready)
            os.close(self._free)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            die_with_parent()
            one_drawing_thread()
            for number, picture in enumerate(frames(film, first, every)):
                if number >= AHEAD and not os.read(free, 1):
                    break
                self._slot(number)[:] = picture
                os.write(ready, READY)
        except BaseException:
            os.write(ready, FAILED + traceback.format_exc().encode()[-LONGEST_MESSAGE + 1 :])
        finally:
            os._exit(0)
