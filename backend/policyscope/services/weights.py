"""Raw weights: look at them, edit them, undo. A model is its file plus an ordered list of edits."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from policyscope.core.errors import Conflict, InvalidInput, LimitExceeded, NotFound
from policyscope.core.weight_edits import WeightEdit
from policyscope.services import loaded
from policyscope.services.workspace import Workspace
from policyscope.store.records import MODEL, Json, ModelRow, require

MAX_EDITS = 1000
MAX_EDITED_CELLS = 20_000
OVERVIEW = 128
Edits = list[Json]


def layer_weights(
    ws: Workspace, model_id: str, key: str, row: int = 0, column: int = 0, size: int | None = None
) -> Json:
    """One tensor with edits applied: all of it, or the window of ``size`` × ``size`` cells that starts at
    ``row`` and ``column``, with an overview of the rest. Raises NotFound, naming the tensors there are,
    InvalidInput for a window that starts outside.
    """
    with ws.records.read() as session:
        model = require(session, ModelRow, model_id, MODEL)
    original = loaded.uploaded(ws.store, model_id)[1]
    if key not in original:
        raise NotFound(f"There is no tensor {key[:80]!r}; this model has {', '.join(original) or 'none'}.")
    values = loaded.edited_tensors(ws.store, model_id, model.edits)[key]
    start, window = _window(values, (row, column), size)
    changed = np.argwhere(values[window] != original[key][window])[:MAX_EDITED_CELLS] + start
    return {
        "key": key,
        "shape": list(values.shape),
        "values": values[window].tolist(),
        "start": start,
        "overview": None if size is None or values.ndim < 2 else overview(values),
        "edited": changed.tolist(),
        "stats": statistics(values),
    }


def _window(values: np.ndarray, place: tuple[int, int], size: int | None) -> tuple[list[int], Any]:
    """Where the window starts, and the slices that cut it out; a vector has columns only."""
    start = list(place)[-values.ndim :]
    for name, at, length in zip(("row", "column")[-values.ndim :], start, values.shape, strict=True):
        if at >= length:
            message = f"{name} is {at}; this tensor has {length}, so 0 to {length - 1} are allowed."
            raise InvalidInput(message, fields={name: message})
    return start, tuple(slice(at, None if size is None else at + size) for at in start)


def overview(matrix: np.ndarray) -> Json:
    """A matrix in blocks, at most OVERVIEW a side, each shown by its entry of the greatest size."""
    block = [-(-length // OVERVIEW) for length in matrix.shape]
    rows, columns = (-(-length // part) for length, part in zip(matrix.shape, block, strict=True))
    padded = np.zeros((rows * block[0], columns * block[1]), dtype=matrix.dtype)
    padded[: matrix.shape[0], : matrix.shape[1]] = matrix
    blocks = padded.reshape(rows, block[0], columns, block[1]).swapaxes(1, 2).reshape(rows, columns, -1)
    largest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[..., None], axis=2)[..., 0]
    return {"block": block, "values": [[float(f"{value:.3g}") for value in row] for row in largest.tolist()]}


def statistics(values: np.ndarray) -> Json:
    wide = values.astype(np.float64)
    return {
        "mean": float(wide.mean()),
        "std": float(wide.std()),
        "min": float(wide.min()),
        "max": float(wide.max()),
    }


def perturb(ws: Workspace, model_id: str, edit: Mapping[str, Any]) -> Json:
    """Append an edit: scale, add_noise (with a recorded seed) or set a whole tensor, or edit_at one cell.

    Raises InvalidInput for a key or cell that does not exist or a value that cannot be used.
    """
    made = dict(edit)
    if made.get("op") == "add_noise" and made.get("seed") is None:
        made["seed"] = secrets.randbelow(2**31)
    new = WeightEdit.from_json(made).to_json()
    return _update(ws, model_id, lambda edits: [*edits, new])


def undo(ws: Workspace, model_id: str) -> Json:
    """Drop the last edit. Raises Conflict when there is none."""

    def drop_last(edits: Edits) -> Edits:
        if not edits:
            raise Conflict("There is no weight edit to undo.")
        return edits[:-1]

    return _update(ws, model_id, drop_last)


def reset(ws: Workspace, model_id: str) -> Json:
    """Drop all edits."""
    return _update(ws, model_id, lambda _: [])


def list_edits(ws: Workspace, model_id: str) -> list[Json]:
    with ws.records.read() as session:
        return _numbered(require(session, ModelRow, model_id, MODEL).edits)


def _update(ws: Workspace, model_id: str, change: Callable[[Edits], Edits]) -> Json:
    """Replace the list of edits; what it makes of the weights is tried before it is stored."""
    with ws.records.write() as session:
        row = require(session, ModelRow, model_id, MODEL)
        edits = change(row.edits)
        if len(edits) > MAX_EDITS:
            raise LimitExceeded(f"A model has at most {MAX_EDITS:,} weight edits. Undo some or reset.")
        if loaded.uploaded(ws.store, model_id)[0].architecture_only:
            raise InvalidInput("This model is an architecture without weights, so there is nothing to edit.")
        policy = loaded.build_policy(ws.store, model_id, row.acting, edits)
        row.edits = edits
    return {
        "ok": True,
        "n_edits": len(edits),
        "edits": _numbered(edits),
        "weights_sha256": policy.fingerprint(),
    }


def _numbered(edits: Edits) -> list[Json]:
    blank = {"seed": None, "index": None}
    return [{"position": position, **blank, **edit} for position, edit in enumerate(edits)]
