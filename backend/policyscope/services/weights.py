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
Edits = list[Json]


def layer_weights(ws: Workspace, model_id: str, key: str) -> Json:
    """One tensor with edits applied. Raises NotFound, naming the tensors there are."""
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
    original = loaded.uploaded(ws.store, model_id)[1]
    if key not in original:
        raise NotFound(f"There is no tensor {key[:80]!r}; this model has {', '.join(original) or 'none'}.")
    values = loaded.edited_tensors(ws.store, model_id, row.edits)[key]
    changed = np.argwhere(values != original[key])[:MAX_EDITED_CELLS]
    return {
        "key": key,
        "shape": list(values.shape),
        "values": values.tolist(),
        "edited": changed.tolist(),
        "stats": statistics(values),
    }


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
