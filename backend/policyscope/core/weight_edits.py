"""Edits of raw weights: a list that is replayed on the original tensors, never a change in place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from policyscope.core.errors import InvalidInput

Operation = Literal["scale", "add_noise", "set", "edit_at"]


@dataclass(frozen=True)
class WeightEdit:
    """One change to the tensor ``key``.

    ``scale`` multiplies by ``value``; ``add_noise`` adds normal noise of standard deviation ``value`` drawn
    from ``seed``; ``set`` makes every cell ``value``; ``edit_at`` makes the cell at ``index`` ``value``.
    Raises InvalidInput when something is missing or not finite.
    """

    op: Operation
    key: str
    value: float
    seed: int | None = None
    index: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.op not in get_args(Operation):
            raise _invalid("op", f"op is {self.op!r}; use one of {', '.join(get_args(Operation))}.")
        if not math.isfinite(self.value):
            raise _invalid("value", f"value is {self.value}; a finite number is needed.")
        if self.op == "add_noise" and (self.seed is None or self.seed < 0):
            raise _invalid("seed", f"add_noise needs a seed of 0 or more; it is {self.seed}.")
        if self.op == "add_noise" and self.value < 0:
            raise _invalid("value", f"value is {self.value}; noise needs a standard deviation of 0 or more.")
        if self.op == "edit_at" and not self.index:
            raise _invalid("index", "edit_at needs the index of a cell, such as [0, 3].")

    def to_json(self) -> dict[str, Any]:
        """Plain values; fields that do not apply are left out."""
        described: dict[str, Any] = {"op": self.op, "key": self.key, "value": self.value}
        if self.seed is not None:
            described["seed"] = self.seed
        if self.index is not None:
            described["index"] = list(self.index)
        return described

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> WeightEdit:
        """Inverse of ``to_json``; raises InvalidInput."""
        try:
            index = data.get("index")
            return cls(
                op=data["op"],
                key=str(data["key"]),
                value=float(data["value"]),
                seed=None if data.get("seed") is None else int(data["seed"]),
                index=None if index is None else tuple(int(i) for i in index),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(f"The weight edit {dict(data)} cannot be read: {error}.") from error


def apply_edits(tensors: Mapping[str, np.ndarray], edits: Sequence[WeightEdit]) -> dict[str, np.ndarray]:
    """New float32 tensors with ``edits`` applied in order; ``tensors`` stays as it is.

    Raises InvalidInput for a key or a cell that does not exist, naming those that do, and when the result
    is not finite.
    """
    edited = dict(tensors)
    for edit in edits:
        if edit.key not in edited:
            raise _invalid("key", f"There is no tensor {edit.key!r}; this model has {', '.join(edited)}.")
        changed = _apply(edited[edit.key].astype(np.float64), edit)
        with np.errstate(over="ignore"):
            edited[edit.key] = changed.astype(np.float32)
        _check_usable(edit, edited[edit.key])
    return edited


def _apply(array: np.ndarray, edit: WeightEdit) -> np.ndarray:
    if edit.op == "scale":
        return array * edit.value
    if edit.op == "add_noise":
        return array + edit.value * np.random.default_rng(edit.seed).standard_normal(array.shape)
    if edit.op == "set":
        return np.full_like(array, edit.value)
    index = edit.index or ()
    if len(index) != array.ndim or not all(0 <= i < n for i, n in zip(index, array.shape, strict=True)):
        raise _invalid(
            "index",
            f"{edit.key} has shape {list(array.shape)}, so it has no cell at {list(index)}; count from 0.",
        )
    array[index] = edit.value
    return array


def _check_usable(edit: WeightEdit, array: np.ndarray) -> None:
    if not np.isfinite(array).all():
        raise _invalid(
            "value", f"{edit.op} with {edit.value} makes {edit.key} overflow; use a smaller value."
        )
    if edit.key.endswith("running_var") and np.any(array < 0):
        raise _invalid(
            "value", f"{edit.key} holds variances; {edit.op} with {edit.value} makes some negative."
        )


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(message, fields={field: message})
