"""The cached data of a tap: what the policy saw, and what the tap held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core import safetensors_bytes
from policyscope.core.array_files import read_arrays
from policyscope.core.buffers import Buffer
from policyscope.core.errors import InvalidInput, LimitExceeded, ShapeMismatch, UnsupportedFile
from policyscope.core.rows import blocks, gathered
from policyscope.core.torch_tensors import MAX_BYTES

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

ARRAYS = ("observations", "activations", "episode", "step", "action", "reward")
BLOCKS_WITHOUT_EPISODES = 20
EPISODE_ARRAYS = {"episode": ("iu", 1), "step": ("iu", 1), "action": ("fiu", 2), "reward": ("f", 1)}
"""Kinds of numbers, and the most dimensions, of what is known of each row beside its observation."""
MOST_CELLS = 60_000_000
"""Rows × columns held at once where something needs all of them."""


@dataclass(frozen=True, eq=False)
class ActivationData:
    """Aligned rows. ``observations`` [N, obs_dim], ``activations`` [N, d_tap]; the rest [N] or [N, act_dim].

    ``episode`` and ``step`` are None for data that was collected elsewhere. Arrays may be files mapped into
    memory. ``checked``: the values are known to be finite, and are not all read again to see it. Raises
    InvalidInput when values are not finite, ShapeMismatch when the numbers of rows differ.
    """

    observations: Floats
    activations: Floats
    episode: Ints | None = None
    step: Ints | None = None
    action: Floats | None = None
    reward: Floats | None = None
    checked: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        check = check_form if self.checked else check_matrix
        check(self.observations, "the observations")
        check(self.activations, "the activations")
        for name in ARRAYS[1:]:
            array = getattr(self, name)
            if array is not None and len(array) != len(self.observations):
                raise ShapeMismatch(
                    f"The cached data do not line up: {len(self.observations)} rows of observations "
                    f"and {len(array)} of {name}."
                )

    def __len__(self) -> int:
        return len(self.observations)

    def take(self, rows: Ints) -> ActivationData:
        """The rows at these indices."""
        arrays: dict[str, Any] = {name: getattr(self, name) for name in ARRAYS}
        taken: dict[str, Any] = {name: None if a is None else gathered(a, rows) for name, a in arrays.items()}
        return ActivationData(**taken, checked=True)

    def bounded(self, width: int = 1) -> ActivationData:
        """As many rows, evenly spaced, as can be held together with ``width`` numbers about each."""
        return self.spread(MOST_CELLS // max(width, self.activations.shape[1], self.observations.shape[1]))

    def spread(self, most: int) -> ActivationData:
        """At most ``most`` rows, evenly spaced: the same rows every time."""
        return self if len(self) <= most else self.take(spread_rows(len(self), most))


def read_tensor(data: bytes, what: str) -> Floats:
    """The one 2-D float tensor of a file such as ``cached_obs.pt``; ``what`` names it in messages.

    Torch files, ``.npy``, ``.npz`` and safetensors are told apart by their content.

    Raises UnsupportedFile when the file holds something else, InvalidInput when values are not finite.
    """
    array = read_table(data, what)
    check_matrix(array, what)
    return array


def read_table(data: Buffer, what: str, max_bytes: int = MAX_BYTES) -> Floats:
    """As ``read_tensor``, but a view of ``data`` where it can be, whose values have not been looked at."""
    try:
        array = read_arrays(data, max_bytes)
    except UnsupportedFile as error:
        raise UnsupportedFile(f"{what}: {error.message}") from error
    if isinstance(array, dict) and len(array) == 1:
        array = next(iter(array.values()))
    if not isinstance(array, np.ndarray):
        raise UnsupportedFile(f"{what} holds a {type(array).__name__}; one tensor [N, columns] is needed.")
    check_form(array, what)
    return array


def read_episodes(data: bytes, what: str) -> dict[str, np.ndarray]:
    """Those of episode, step, action and reward that a safetensors file holds; ``what`` names it in messages.

    Raises UnsupportedFile when it is no safetensors file, and what ``check_episodes`` raises.
    """
    try:
        arrays, _ = safetensors_bytes.parse(data)
    except (UnsupportedFile, LimitExceeded) as error:
        raise type(error)(f"{what}: {error.message}") from error
    found = {name: arrays[name] for name in EPISODE_ARRAYS if name in arrays}
    check_episodes(found, what)
    return found


def check_episodes(arrays: Mapping[str, np.ndarray], what: str) -> None:
    """Raise InvalidInput unless ``episode`` and ``step`` [N] are whole and ``reward`` [N] and ``action``
    ([N] or [N, act_dim]) finite numbers."""
    for name, array in arrays.items():
        kinds, dimensions = EPISODE_ARRAYS.get(name, ("", 0))
        if array.dtype.kind not in kinds or not 1 <= array.ndim <= dimensions:
            raise InvalidInput(
                f"{what}: {name} holds {array.dtype} numbers of shape {list(array.shape)}; episode and step "
                "[N] must be whole numbers, reward [N] floats, action [N, columns] numbers."
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise InvalidInput(f"{what}: {name} holds numbers that are not finite.")


def check_matrix(array: np.ndarray, what: str) -> None:
    """Raise InvalidInput unless ``array`` is a non-empty finite 2-D array of floats."""
    check_form(array, what)
    check_finite(((part.start, array[part]) for part in blocks(array)), what)


def check_form(array: np.ndarray, what: str) -> None:
    """Raise InvalidInput unless ``array`` is a non-empty 2-D array of floats."""
    if array.dtype.kind != "f":
        raise InvalidInput(f"{what} holds {array.dtype} numbers; floats are needed.")
    if array.ndim != 2 or 0 in array.shape:
        raise InvalidInput(
            f"{what} has shape {list(array.shape)}; [N, columns] with at least one row is needed."
        )


def check_finite(parts: Iterable[tuple[int, np.ndarray]], what: str) -> None:
    """Raise InvalidInput unless all numbers of ``parts`` are finite; each comes with its first row."""
    for start, part in parts:
        finite = np.isfinite(part)
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            raise InvalidInput(
                f"{what} holds values that are NaN or infinite, the first at row {start + row}, "
                f"column {column}. Collect the data again."
            )


def spread_rows(n: int, most: int) -> NDArray[np.intp]:
    """``most`` of ``n`` indices, evenly spaced, or all of them."""
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).astype(np.intp)


def split_rows(
    n: int, episode: Ints | None, fractions: tuple[float, float, float] = (0.8, 0.1, 0.1), seed: int = 0
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Row indices for training, validation and test, each in order.

    Whole episodes go to one part, because neighbouring steps are near-duplicates; without episode numbers, or
    with fewer than three, the rows are cut into 20 contiguous blocks instead. A part with a fraction above 0
    gets at least one.
    """
    groups = np.zeros(n, dtype=np.intp) if episode is None else np.unique(episode, return_inverse=True)[1]
    if groups.max(initial=0) < 2:
        groups = np.arange(n) * BLOCKS_WITHOUT_EPISODES // max(n, 1)
    names = np.unique(groups)
    if len(names) < 3:
        raise InvalidInput(f"{n} rows are too few to be split into training, validation and test data.")
    order = np.random.default_rng(seed).permutation(names)
    held_out = [max(1, round(fraction * len(names))) if fraction > 0 else 0 for fraction in fractions[1:]]
    validation, test = order[: held_out[0]], order[held_out[0] : sum(held_out)]
    in_validation, in_test = np.isin(groups, validation), np.isin(groups, test)
    return np.flatnonzero(~(in_validation | in_test)), np.flatnonzero(in_validation), np.flatnonzero(in_test)
