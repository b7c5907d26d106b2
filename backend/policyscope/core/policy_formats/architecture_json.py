"""``{"layers": [{"size": 4}, {"size": 32, "activation": "relu"}, ...]}``: a drawing without weights."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np

from policyscope.core.errors import UnsupportedFile
from policyscope.core.policy_spec import Module, PolicySpec

MAX_LAYERS = 200
MAX_SIZE = 100_000


def read(data: bytes) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """Sizes of the layers, the first being the observation; GELU between them unless a name is given."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnsupportedFile(f"The file begins like JSON and cannot be read as it: {error}.") from error
    layers = document.get("layers") if isinstance(document, dict) else None
    if not isinstance(layers, list) or not 2 <= len(layers) <= MAX_LAYERS:
        raise UnsupportedFile(f'JSON needs "layers", a list of 2 to {MAX_LAYERS} objects with a "size".')
    sizes = [_size(layer, i) for i, layer in enumerate(layers)]
    named = [str(layer["activation"]).lower() for layer in layers[1:-1] if layer.get("activation")]
    if len(set(named)) > 1:
        raise UnsupportedFile(f"One activation function for all hidden layers is supported; found {named}.")
    activation = named[0] if named else "gelu"
    spec = PolicySpec(
        modules=_modules(sizes, activation),
        format="architecture_json",
        activation=activation,
        activation_source="recorded" if named else "default",
        architecture_only=True,
        notes=("This file describes an architecture without weights: it can be drawn, but not run.",),
    )
    return spec, {}


def _size(layer: Any, position: int) -> int:
    size = layer.get("size") if isinstance(layer, dict) else None
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= MAX_SIZE:
        raise UnsupportedFile(
            f'Layer {position} needs a "size" from 1 to {MAX_SIZE:,}, whole; found {str(layer)[:80]}.'
        )
    return size


def _modules(sizes: list[int], activation: str) -> tuple[Module, ...]:
    modules: list[Module] = []
    for width_in, width_out in itertools.pairwise(sizes):
        if modules:
            modules.append(Module("activation", width_in, width_in, activation=activation))
        modules.append(Module("linear", width_in, width_out, key=f"net.{len(modules)}", has_bias=True))
    return tuple(modules)
