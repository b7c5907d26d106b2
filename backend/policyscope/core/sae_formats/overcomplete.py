"""overcomplete: a whole pickled module (``torch.save(sae)``), described and never run.

``k`` and the BatchTopK threshold are attributes of the object, so a state_dict alone is not enough.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from policyscope.core.errors import UnsupportedFile
from policyscope.core.inert_values import Inert, Name
from policyscope.core.policy_formats.module_tree import flatten
from policyscope.core.sae import SAE
from policyscope.core.sae_formats.parts import Tensors, assemble, check_names, whole

_KINDS = ("SAE", "TopKSAE", "BatchTopKSAE", "JumpSAE")
_WEIGHTS, _MULTIPLIER = "dictionary._weights", "dictionary.multiplier"
_ENCODER = ("encoder.final_block.0.weight", "encoder.final_block.0.bias")


def recognises(tree: object) -> bool:
    """Whether the file holds an object of this library."""
    return isinstance(tree, Inert) and tree.name.startswith("overcomplete.")


def read(module: Inert) -> SAE:
    """The SAE of a module. Raises UnsupportedFile for encoders that are more than one linear layer."""
    kind = module.name.rsplit(".", 1)[-1]
    if kind not in _KINDS:
        raise UnsupportedFile(f"This is overcomplete's {kind}; {', '.join(_KINDS)} can be read.")
    tensors, known = flatten(module)
    extra = ("thresholds",) if kind == "JumpSAE" else ()
    check_names(tensors, (*_ENCODER, _WEIGHTS, _MULTIPLIER, *extra))
    final = known.by_path.get("encoder.final_activation")
    if final is None or not final.class_name.endswith(".ReLU"):
        raise UnsupportedFile("The encoder does not end in a ReLU, so its latents may be negative.")
    rows = _dictionary(module, tensors)
    encoder = (tensors[_ENCODER[0]], tensors[_ENCODER[1]])
    decoder = (rows.T, np.zeros(rows.shape[1]))
    if kind == "SAE":
        return assemble(encoder, decoder, variant="relu")
    if kind == "JumpSAE":
        return assemble(encoder, decoder, threshold=np.exp(tensors["thresholds"]), variant="jumprelu")
    if kind == "TopKSAE":
        return assemble(
            encoder, decoder, k=whole({"top_k": module.attribute("top_k")}, "top_k"), variant="topk"
        )
    return assemble(encoder, decoder, threshold=_running(module), variant="batchtopk")


def _running(module: Inert) -> np.float32:
    """overcomplete keeps codes *at* the threshold too, hence the next number below it."""
    threshold = module.attribute("running_threshold")
    if not isinstance(threshold, np.ndarray) or threshold.size != 1:
        raise UnsupportedFile(
            "The BatchTopK running_threshold was never set, so this SAE cannot be used outside training."
        )
    return np.nextafter(np.float32(threshold.item()), np.float32(-np.inf))


def _dictionary(module: Inert, tensors: Tensors) -> np.ndarray:
    """Rows as the library uses them: normalised, times ``exp(multiplier)``."""
    children = module.attribute("_modules")
    layer = children.get("dictionary") if isinstance(children, dict) else None
    if not isinstance(layer, Inert):
        raise UnsupportedFile("The file says nothing of its dictionary layer.")
    fused: Any = layer.attribute("_fused_dictionary")
    if isinstance(fused, np.ndarray) and layer.attribute("training") is False:
        return fused
    rule: Any = layer.attribute("normalization")
    name = rule.name.rsplit(".", 1)[-1] if isinstance(rule, Name) else repr(rule)
    rows = np.asarray(tensors[_WEIGHTS], dtype=np.float64)
    if name == "normalize_l2":
        rows = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-8)
    elif name != "normalize_identity":
        raise UnsupportedFile(
            f"The dictionary's normalisation is {name}; call eval() before saving, which applies it."
        )
    return rows * np.exp(float(np.asarray(tensors[_MULTIPLIER]).item()))
