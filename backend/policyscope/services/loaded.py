"""Policies, SAEs and cached data from the store. Content never changes, so it is kept for the next call.

The server and the jobs' child processes both read through here; nothing in it needs torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from safetensors.numpy import load as parse_safetensors
from safetensors.numpy import save as dump_safetensors

from policyscope.core.acting import Acting
from policyscope.core.activations import ARRAYS as DATA_ARRAYS
from policyscope.core.activations import ActivationData
from policyscope.core.policy import Policy
from policyscope.core.policy_spec import PolicySpec
from policyscope.core.sae import SAE
from policyscope.core.sae import VALUES as SAE_VALUES
from policyscope.core.weight_edits import WeightEdit, apply_edits
from policyscope.services.cached_data import whole_file
from policyscope.store.artifacts import ArtifactStore, Content
from policyscope.store.records import ModelRow

Tensors = Mapping[str, np.ndarray]
ACTING_FILE = "acting.json"


def model_name(model_id: str) -> str:
    return f"models/{model_id}"


def model_files(data: bytes, spec: PolicySpec, tensors: Tensors) -> dict[str, Content]:
    """What is stored of a model: the bytes as uploaded, and what was read from them."""
    whole = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    return {
        "original": data,
        "spec.json": json.dumps(spec.to_json(), allow_nan=False).encode(),
        "policy.safetensors": dump_safetensors(whole),
    }


@lru_cache(maxsize=32)
def uploaded(store: ArtifactStore, model_id: str) -> tuple[PolicySpec, Tensors]:
    """Spec and tensors as uploaded, before edits. Raises NotFound."""
    name = model_name(model_id)
    spec = PolicySpec.from_json(store.read_json(name, "spec.json"))
    stored = parse_safetensors(store.read(name, "policy.safetensors"))
    for array in stored.values():
        array.setflags(write=False)
    # safetensors sorts by name; people expect the order of the network
    names = [*spec.tensor_shapes(), *stored]
    return spec, {name: stored[name] for name in names if name in stored}


def current_spec(store: ArtifactStore, row: ModelRow) -> PolicySpec:
    """The spec as uploaded, with the activation function and the corrections now in force."""
    source: Any = row.activation_source
    return _acting(store, row.id, row.acting).with_activation(row.activation, source)


def edited_tensors(store: ArtifactStore, model_id: str, edits: Sequence[Mapping[str, Any]]) -> Tensors:
    """Tensors with ``edits`` (their JSON) applied in order."""
    return _edited(store, model_id, json.dumps(list(edits), sort_keys=True))


def build_policy(
    store: ArtifactStore, model_id: str, acting: str, edits: Sequence[Mapping[str, Any]]
) -> Policy:
    """The runnable policy of a model that acts so (``ModelRow.acting``) and has these edits."""
    return _policy(store, model_id, acting, json.dumps(list(edits), sort_keys=True))


def correction_name(correction: str) -> str:
    return f"acting/{correction}"


def _acting(store: ArtifactStore, model_id: str, acting: str) -> PolicySpec:
    spec = uploaded(store, model_id)[0]
    correction = acting.partition("+")[2]
    if not correction:
        return spec
    return Acting.from_json(store.read_json(correction_name(correction), ACTING_FILE)).applied(spec)


@lru_cache(maxsize=16)
def _edited(store: ArtifactStore, model_id: str, edits: str) -> Tensors:
    tensors = uploaded(store, model_id)[1]
    return apply_edits(tensors, [WeightEdit.from_json(edit) for edit in json.loads(edits)])


@lru_cache(maxsize=16)
def _policy(store: ArtifactStore, model_id: str, acting: str, edits: str) -> Policy:
    spec, activation = _acting(store, model_id, acting), acting.partition("+")[0]
    if activation != spec.activation:
        spec = spec.with_activation(activation, "user")
    return Policy(spec, _edited(store, model_id, edits))


def forget_models() -> None:
    """Keep nothing of models: an id may come back with an imported workspace as another model."""
    for kept in (uploaded, _edited, _policy):
        kept.cache_clear()


def sae_files(sae: SAE, data: ActivationData | None) -> dict[str, Content]:
    """What is stored of an SAE: its arrays, and the cached data as files that can be mapped into memory."""
    about = {**sae.values(), "data": data is not None}
    files: dict[str, Content] = {
        "sae.safetensors": dump_safetensors(sae.arrays()),
        "sae.json": json.dumps(about).encode(),
    }
    return files | (data_files(data) if data is not None else {})


def data_files(data: ActivationData) -> dict[str, Content]:
    """Cached data as files that can be mapped into memory."""
    arrays = {name: getattr(data, name) for name in DATA_ARRAYS}
    return {
        f"{name}.npy": whole_file(array) or _npy(array) for name, array in arrays.items() if array is not None
    }


def _npy(array: np.ndarray) -> Content:
    return lambda file: np.save(file, array, allow_pickle=False)


@lru_cache(maxsize=8)
def stored_sae(store: ArtifactStore, content: str) -> SAE:
    """The SAE of this content hash. Raises NotFound."""
    about = store.read_json(f"saes/{content}", "sae.json")
    arrays: dict[str, Any] = parse_safetensors(store.read(f"saes/{content}", "sae.safetensors"))
    values: dict[str, Any] = {name: about[name] for name in SAE_VALUES if name in about}
    return SAE(**arrays, **values)


@lru_cache(maxsize=4)
def stored_data(store: ArtifactStore, content: str) -> ActivationData | None:
    """Its cached data, mapped into memory; None when there were none."""
    name = f"saes/{content}"
    if not store.read_json(name, "sae.json")["data"]:
        return None
    return data_in(store, name)


def data_in(store: ArtifactStore, name: str) -> ActivationData:
    """The cached data stored under ``name`` as ``data_files`` writes them."""
    names = [array for array in DATA_ARRAYS if store.lists(name, f"{array}.npy")]
    arrays: dict[str, Any] = {
        array: np.load(store.path(name, f"{array}.npy"), mmap_mode="r", allow_pickle=False) for array in names
    }
    return ActivationData(**arrays, checked=True)
