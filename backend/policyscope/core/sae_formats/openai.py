"""OpenAI sparse_autoencoder: one state_dict with ``pre_bias``, ``latent_bias`` and the activation's name.

The library normalises each input by its own mean and deviation exactly when the activation is TopK.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policyscope.core.errors import UnsupportedFile
from policyscope.core.sae import SAE
from policyscope.core.sae_formats.parts import Tensors, assemble, check_names, whole

_NEEDED = ("pre_bias", "latent_bias", "encoder.weight")
_TIED = "decoder.linear.weight"
_UNUSED = (
    *("stats_last_nonzero", "latents_activation_frequency", "latents_mean_square"),
    *("activation", "activation_state_dict", "activation.k", "activation.postact_fn"),
)


def recognises(tree: Mapping[str, Any]) -> bool:
    """Whether the names are those of this library."""
    return "pre_bias" in tree and "latent_bias" in tree


def read(tensors: Tensors) -> SAE:
    """The SAE of a state_dict. Raises UnsupportedFile."""
    check_names(tensors, _NEEDED, ("decoder.weight", _TIED), _UNUSED)
    decoder = tensors["decoder.weight"] if "decoder.weight" in tensors else tensors["encoder.weight"].T
    parts = ((tensors["encoder.weight"], tensors["latent_bias"]), (decoder, tensors["pre_bias"]))
    activation = tensors.get("activation", "ReLU")
    if activation == "ReLU":
        return assemble(*parts, tensors["pre_bias"], variant="relu")
    settings = tensors.get("activation_state_dict")
    settings = settings if isinstance(settings, Mapping) else {}
    if activation != "TopK" or settings.get("postact_fn", "ReLU") != "ReLU":
        raise UnsupportedFile(
            f"The activation is {activation!r} with {settings.get('postact_fn')!r} after it; "
            "ReLU, and TopK followed by ReLU, can be read."
        )
    return assemble(
        *parts, tensors["pre_bias"], k=whole(settings, "k"), input_norm="layer_norm", variant="topk"
    )
