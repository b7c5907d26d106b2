"""Where torch computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from policyscope.core.errors import InvalidInput

if TYPE_CHECKING:
    import torch

SMALL_PARAMETERS = 100_000
DEVICES = ("auto", "cpu", "cuda")


def pick_device(name: str) -> torch.device:
    """``auto`` is CUDA when present. Raises InvalidInput for an unknown name or CUDA that is not there."""
    import torch

    if name not in DEVICES:
        raise InvalidInput(f"device is {name!r}; use one of {', '.join(DEVICES)}.")
    if name == "cuda" and not torch.cuda.is_available():
        raise InvalidInput("device is 'cuda', but no CUDA device is present; use 'auto' or 'cpu'.")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def set_torch_threads(threads: int) -> None:
    """CPU threads of this process from now on; the last bits of large products depend on their number."""
    import torch

    torch.set_num_threads(threads)


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """So many CPU threads for a while; it is a setting of the whole process and is put back at the end."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def threads_for(parameters: int) -> AbstractContextManager[None]:
    """One CPU thread for a small network, so that its many short operations do not wait for each other.

    Measured at 32 -> 128 latents on two busy cores: 0.7 M vectors/s with one thread, 0.1 M with two.
    """
    import torch

    return torch_threads(1 if parameters < SMALL_PARAMETERS else torch.get_num_threads())
