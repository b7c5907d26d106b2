"""``walker_sae.pt``: ``{"sae_state": {"encoder.weight", ...}, "d_in", "d_latent", "k", "tap_index"}``.

Absent biases mean zero. Whatever the training used to centre and scale its data is folded into the arrays.
Files of ours may add ``encoder.threshold`` [d_latent] to the state, and "variant" and "input_norm" beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from policyscope.core.errors import UnsupportedFile
from policyscope.core.inert_values import Inert
from policyscope.core.sae import SAE
from policyscope.core.torch_tensors import save_tensors

_NEEDED = ("encoder.weight", "decoder.weight")
_OPTIONAL = ("encoder.bias", "decoder.bias", "encoder.threshold")
_WORDS = ("variant", "input_norm")
_KEYS = '"sae_state", "d_in", "d_latent", "k" and "tap_index"'
_OTHER = {"remedy": "Choose the SAE's own file, such as walker_sae.pt. A policy is uploaded in step 1."}


def read(tree: object) -> SAE:
    """The SAE of a loaded file; raises UnsupportedFile or the errors of SAE."""
    if not isinstance(tree, Mapping):
        found = (
            f"a tensor of shape {list(tree.shape)}" if isinstance(tree, np.ndarray) else type(tree).__name__
        )
        raise UnsupportedFile(f"Found {found}; an SAE file is a dictionary with {_KEYS}.", fields=_OTHER)
    state = tree.get("sae_state")
    if isinstance(state, Inert):
        raise UnsupportedFile(f"sae_state is an object of the class {state.name}. Its code was not run.")
    if not isinstance(state, Mapping):
        raise UnsupportedFile(f"Found the keys {_listed(tree)}; an SAE file has {_KEYS}.", fields=_OTHER)
    _check_names(state)
    d_latent, d_in = state["encoder.weight"].shape
    sizes = {"d_in": d_in, "d_latent": d_latent}
    for name, size in sizes.items():
        if name in tree and _whole(tree, name) != size:
            raise UnsupportedFile(
                f"{name} is {tree[name]}, but encoder.weight has shape [{d_latent}, {d_in}]."
            )
    return SAE(
        w_enc=state["encoder.weight"],
        b_enc=state.get("encoder.bias", np.zeros(d_latent)),
        w_dec=state["decoder.weight"],
        b_dec=state.get("decoder.bias", np.zeros(d_in)),
        k=_whole(tree, "k"),
        tap_index=None if tree.get("tap_index") is None else _whole(tree, "tap_index"),
        threshold=state.get("encoder.threshold"),
        **{name: tree[name] for name in _WORDS if tree.get(name) is not None},
    )


def save(sae: SAE) -> bytes:
    """The file for ``sae``; ``open_sae`` gives back an equal SAE. Biases that are all zero are left out."""
    state = {"encoder.weight": sae.w_enc, "decoder.weight": sae.w_dec}
    biases = {"encoder.bias": sae.b_enc, "decoder.bias": sae.b_dec}
    state |= {name: bias for name, bias in biases.items() if np.any(bias)}
    if sae.threshold is not None:
        state["encoder.threshold"] = sae.threshold
    content: dict[str, Any] = {"sae_state": {name: array.astype(np.float32) for name, array in state.items()}}
    content |= {"d_in": sae.d_in, "d_latent": sae.d_latent, "k": sae.k, "tap_index": sae.tap_index}
    if (sae.variant, sae.input_norm) != ("topk", "none"):
        content |= {"variant": sae.variant, "input_norm": sae.input_norm}
    return save_tensors(content)


def _check_names(state: Mapping[str, Any]) -> None:
    missing = [name for name in _NEEDED if name not in state]
    unknown = [name for name in state if name not in _NEEDED + _OPTIONAL]
    if missing or unknown:
        wrong = (
            f"lacks {', '.join(missing)}"
            if missing
            else f"has {_listed(unknown)}, whose meaning is not known"
        )
        raise UnsupportedFile(
            f"sae_state {wrong}; it holds {' and '.join(_NEEDED)}, and may hold {' and '.join(_OPTIONAL)}."
        )
    for name, array in state.items():
        dimensions = 2 if name in _NEEDED else 1
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or array.ndim != dimensions:
            found = (
                f"{array.dtype} {list(array.shape)}"
                if isinstance(array, np.ndarray)
                else type(array).__name__
            )
            raise UnsupportedFile(f"{name} is {found}; a {dimensions}-D tensor of floats is needed.")


def _whole(tree: Mapping[str, Any], name: str) -> int:
    value = tree.get(name)
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "iu":
        value = int(value.item())
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnsupportedFile(f"{name} is {value!r}; a whole number is needed.")
    return value


def _listed(names: Mapping[str, Any] | list[str]) -> str:
    return ", ".join(str(name) for name in list(names)[:8]) or "none"
