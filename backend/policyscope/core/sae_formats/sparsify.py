"""EleutherAI sparsify: ``cfg.json`` and ``sae.safetensors`` of a SparseCoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policyscope.core.errors import UnsupportedFile
from policyscope.core.sae import SAE
from policyscope.core.sae_formats.parts import Tensors, assemble, check_names, whole

WEIGHTS = "sae.safetensors"
_REFUSED = ("transcode", "skip_connection", "signed")


def read(config: Mapping[str, Any], tensors: Tensors) -> SAE:
    """The SAE of a folder. Raises UnsupportedFile for what is not a TopK autoencoder."""
    if config.get("activation", "topk") != "topk":
        raise UnsupportedFile(f"The sparsify activation is {config['activation']!r}; 'topk' can be read.")
    for name in _REFUSED:
        if config.get(name):
            raise UnsupportedFile(
                f"The sparsify setting {name} is on: this is not an autoencoder of non-negative latents."
            )
    check_names(tensors, ("encoder.weight", "encoder.bias", "W_dec", "b_dec"))
    return assemble(
        (tensors["encoder.weight"], tensors["encoder.bias"]),
        (tensors["W_dec"].T, tensors["b_dec"]),
        tensors["b_dec"],
        k=whole(config, "k"),
        variant="topk",
    )
