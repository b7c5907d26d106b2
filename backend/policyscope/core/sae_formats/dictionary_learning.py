"""dictionary_learning: ``ae.pt`` (a state_dict) and ``config.json`` beside it.

TopK and BatchTopK have the same tensors, so their file alone does not say whether ``k`` or ``threshold``
decides; the configuration's ``dict_class`` does. Latents are those of the weights as saved, which
``AutoEncoder.from_pretrained`` rescales by decoder norms unless it is told not to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from policyscope.core.errors import UnsupportedFile
from policyscope.core.sae import SAE
from policyscope.core.sae_formats.parts import Tensors, assemble, check_names, whole

_LINEAR = ("encoder.weight", "encoder.bias", "decoder.weight")
_MATRICES = ("W_enc", "b_enc", "W_dec", "b_dec")
_TENSORS = {
    "AutoEncoder": (*_LINEAR, "bias"),
    "AutoEncoderNew": (*_LINEAR, "decoder.bias"),
    "GatedAutoEncoder": (
        "encoder.weight",
        "decoder.weight",
        "decoder_bias",
        "r_mag",
        "gate_bias",
        "mag_bias",
    ),
    "JumpReluAutoEncoder": (*_MATRICES, "threshold"),
    "AutoEncoderTopK": (*_LINEAR, "b_dec", "k", "threshold"),
    "BatchTopKSAE": (*_LINEAR, "b_dec", "k", "threshold"),
    "MatryoshkaBatchTopKSAE": (*_MATRICES, "k", "threshold", "group_sizes"),
}


def recognises(tree: Mapping[str, Any]) -> bool:
    """Whether the tensors are those of one of its classes."""
    return any(set(tree) == set(names) for names in _TENSORS.values())


def read(tensors: Tensors, config: Mapping[str, Any] | None) -> SAE:
    """The SAE of a state_dict; ``config`` is config.json. Raises UnsupportedFile."""
    name = _class_name(tensors, config)
    check_names(tensors, _TENSORS[name])
    if name in ("AutoEncoder", "AutoEncoderNew"):
        bias = tensors["bias" if name == "AutoEncoder" else "decoder.bias"]
        pre_bias = bias if name == "AutoEncoder" else None
        return assemble(_linear(tensors), (tensors["decoder.weight"], bias), pre_bias, variant="relu")
    if name == "GatedAutoEncoder":
        return _gated(tensors)
    if name == "JumpReluAutoEncoder":
        return assemble(*_matrices(tensors), threshold=tensors["threshold"], variant="jumprelu")
    k = whole(tensors, "k")
    if name == "MatryoshkaBatchTopKSAE":
        return assemble(
            *(*_matrices(tensors), tensors["b_dec"]),
            k=k,
            threshold=_reached(tensors),
            variant="matryoshka",
        )
    parts = (_linear(tensors), (tensors["decoder.weight"], tensors["b_dec"]), tensors["b_dec"])
    if name == "AutoEncoderTopK":
        return assemble(*parts, k=k, variant="topk")
    return assemble(*parts, k=k, threshold=_reached(tensors), variant="batchtopk")


def _class_name(tensors: Tensors, config: Mapping[str, Any] | None) -> str:
    trainer = (config or {}).get("trainer", config or {})
    said = trainer.get("dict_class") if isinstance(trainer, Mapping) else None
    if said is not None:
        if not isinstance(said, str) or said not in _TENSORS:
            raise UnsupportedFile(f"dict_class is {said!r}; {', '.join(_TENSORS)} can be read.")
        return said
    fitting = [name for name, names in _TENSORS.items() if set(names) == set(tensors)]
    if len(fitting) != 1:
        raise UnsupportedFile(
            f"These tensors fit {' and '.join(fitting) or 'no class'} of dictionary_learning, which give "
            "different latents. Send config.json (with dict_class) together with ae.pt."
        )
    return fitting[0]


def _linear(tensors: Tensors) -> tuple[Any, Any]:
    return tensors["encoder.weight"], tensors["encoder.bias"]


def _matrices(tensors: Tensors) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    return (tensors["W_enc"].T, tensors["b_enc"]), (tensors["W_dec"].T, tensors["b_dec"])


def _gated(tensors: Tensors) -> SAE:
    gain = np.exp(np.asarray(tensors["r_mag"], dtype=np.float64))
    weight = gain[:, None] * tensors["encoder.weight"]
    threshold = tensors["mag_bias"] - gain * tensors["gate_bias"]
    decoder = (tensors["decoder.weight"], tensors["decoder_bias"])
    return assemble((weight, tensors["mag_bias"]), decoder, decoder[1], threshold=threshold, variant="gated")


def _reached(tensors: Tensors) -> float:
    """The trained threshold; it starts at −1, which lets everything through."""
    threshold = float(np.asarray(tensors["threshold"]).reshape(-1)[0])
    if threshold < 0:
        raise UnsupportedFile(
            f"The BatchTopK threshold is {threshold}: it was never set in training, so the latents of this "
            "SAE outside its training batches are not defined. Train past threshold_start_step."
        )
    return threshold
