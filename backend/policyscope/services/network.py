"""What is needed to draw a policy: modules, columns of units, and the strongest connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from policyscope.core.policy_spec import PolicySpec
from policyscope.services import loaded, weights
from policyscope.services.workspace import Workspace
from policyscope.store.records import MODEL, Json, ModelRow, require

STRONGEST = 200


def summary(ws: Workspace, model_id: str) -> Json:
    """Modules, parameters, layers and connections of a model, with its edits applied. Raises NotFound."""
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
    spec, original = loaded.current_spec(ws.store, row), loaded.uploaded(ws.store, model_id)[1]
    tensors = loaded.edited_tensors(ws.store, model_id, row.edits)
    return {
        "id": model_id,
        "modules": [_module(index, module) for index, module in enumerate(spec.modules)],
        "parameters": [_parameter(key, tensors[key], original[key]) for key in tensors],
        "layers": layers(spec),
        "connections": connections(spec, tensors),
    }


def layers(spec: PolicySpec) -> list[Json]:
    """Columns of the drawing: the observation, then the output of each linear module with its taps."""
    columns: list[Json] = [_column(0, "Observation", spec.obs_dim, None)]
    linear = [index for index, module in enumerate(spec.modules) if module.kind == "linear"]
    for index, module in enumerate(spec.modules):
        if module.kind == "linear":
            label = "Action" if index == linear[-1] else f"Hidden {len(columns)}"
            columns.append(_column(len(columns), label, module.out_features, index))
        columns[-1]["tap_indices"].append(index)
    return columns


def connections(spec: PolicySpec, tensors: Mapping[str, np.ndarray]) -> list[Json]:
    """One per linear module: its strongest weights, for lines between two columns."""
    linear = [module for module in spec.modules if module.kind == "linear"]
    return [
        {"from_layer": column, "to_layer": column + 1, **_edges(f"{module.key}.weight", tensors)}
        for column, module in enumerate(linear)
    ]


def _edges(key: str, tensors: Mapping[str, np.ndarray]) -> Json:
    if key not in tensors:
        return {"key": None, "max_abs": None, "edges": []}
    matrix = tensors[key]
    order = np.argsort(-np.abs(matrix), axis=None, kind="stable")[:STRONGEST]
    to, start = np.unravel_index(order, matrix.shape)
    edges = [[int(i), int(j), float(matrix[j, i])] for i, j in zip(start, to, strict=True)]
    return {"key": key, "max_abs": float(np.abs(matrix).max()), "edges": edges}


def _module(index: int, module: Any) -> Json:
    return {
        "index": index,
        "kind": module.kind,
        "label": module.label,
        "key": module.key,
        "activation": module.activation,
        "in_features": module.in_features,
        "out_features": module.out_features,
        "n_parameters": module.n_parameters(),
    }


def _parameter(key: str, values: np.ndarray, original: np.ndarray) -> Json:
    edited = not np.array_equal(values, original)
    return {
        "key": key,
        "shape": list(values.shape),
        "n": int(values.size),
        **weights.statistics(values),
        "edited": edited,
    }


def _column(index: int, label: str, size: int, module_index: int | None) -> Json:
    return {"index": index, "label": label, "size": size, "module_index": module_index, "tap_indices": []}
