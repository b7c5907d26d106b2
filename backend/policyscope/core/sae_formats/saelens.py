"""SAELens folders: ``cfg.json`` and ``sae_weights.safetensors`` (sae-lens 6), read and written.

Its BatchTopK and Matryoshka SAEs are saved for inference as JumpReLU with one threshold for all latents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors.numpy import save as dump_safetensors

from policyscope.core.errors import UnsupportedFile
from policyscope.core.input_norms import InputNorm
from policyscope.core.sae import SAE, Variant
from policyscope.core.sae_formats.parts import Tensors, assemble, check_names, whole

CONFIG, WEIGHTS = "cfg.json", "sae_weights.safetensors"
_PLAIN = ("W_enc", "b_enc", "W_dec", "b_dec")
_NEEDED = {
    "standard": _PLAIN,
    "topk": _PLAIN,
    "jumprelu": (*_PLAIN, "threshold"),
    "gated": ("W_enc", "W_dec", "b_dec", "b_gate", "b_mag", "r_mag"),
}
_NORMS: dict[str, InputNorm] = {
    "none": "none",
    "layer_norm": "layer_norm",
    "constant_norm_rescale": "unit_mean_square",
}
_TRAINED_AS: dict[str, Variant] = {"batchtopk": "batchtopk", "matryoshka_batchtopk": "matryoshka"}
_NOTES = "policyscope"  # what our own files keep beside SAELens' own metadata


def read(config: Mapping[str, Any], tensors: Tensors) -> SAE:
    """The SAE of a folder. Raises UnsupportedFile for an architecture or setting that is not known here."""
    architecture = config.get("architecture")
    if not isinstance(architecture, str) or architecture not in _NEEDED:
        raise UnsupportedFile(
            f"The SAELens architecture is {architecture!r}; {', '.join(_NEEDED)} can be read. "
            "A BatchTopK or Matryoshka training checkpoint becomes one with save_inference_model()."
        )
    norm = _check_settings(config)
    check_names(tensors, _NEEDED[architecture])
    pre_bias = tensors["b_dec"] if config.get("apply_b_dec_to_input", True) else None
    notes = _notes(config)
    common: dict[str, Any] = {"pre_bias": pre_bias, "input_norm": norm, "tap_index": notes.get("tap_index")}
    decoder = (tensors["W_dec"].T, tensors["b_dec"])
    if architecture == "gated":
        return _gated(tensors, decoder, common)
    encoder = (tensors["W_enc"].T, tensors["b_enc"])
    if architecture == "topk":
        k = whole(config, "k")
        if config.get("rescale_acts_by_decoder_norm"):
            encoder, decoder = _rescaled(encoder, decoder, tensors["W_dec"])
        return assemble(encoder, decoder, k=k, variant=notes.get("variant", "topk"), **common)
    if architecture == "standard":
        return assemble(encoder, decoder, variant="relu", **common)
    trained_as, expected = _training(config)
    return assemble(
        *(encoder, decoder),
        threshold=tensors["threshold"],
        k=notes.get("k", expected),
        variant=notes.get("variant", trained_as),
        **common,
    )


def files(sae: SAE) -> dict[str, bytes]:
    """The folder that SAELens loads with ``SAE.load_from_disk``; reading it back gives an equal SAE."""
    architecture = "jumprelu" if sae.threshold is not None else "topk"
    if sae.threshold is None and sae.k == sae.d_latent and sae.variant == "relu":
        architecture = "standard"
    config: dict[str, Any] = {
        "architecture": architecture,
        "d_in": sae.d_in,
        "d_sae": sae.d_latent,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": False,
        "normalize_activations": next(name for name, norm in _NORMS.items() if norm == sae.input_norm),
        "reshape_activations": "none",
        "metadata": {_NOTES: {"k": sae.k, "tap_index": sae.tap_index, "variant": sae.variant}},
    }
    if architecture == "topk":
        config |= {"k": sae.k, "rescale_acts_by_decoder_norm": False}
    tensors = {"W_enc": sae.w_enc.T, "b_enc": sae.b_enc, "W_dec": sae.w_dec.T, "b_dec": sae.b_dec}
    if sae.threshold is not None:
        tensors["threshold"] = sae.threshold
    arrays = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in tensors.items()}
    return {CONFIG: json.dumps(config, indent=2).encode(), WEIGHTS: dump_safetensors(arrays)}


def _gated(tensors: Tensors, decoder: tuple[Any, Any], common: dict[str, Any]) -> SAE:
    """``W_enc x + b_gate > 0`` with magnitude ``e^r W_enc x + b_mag`` as a threshold on the magnitude."""
    gain = np.exp(np.asarray(tensors["r_mag"], dtype=np.float64))
    weight = gain[:, None] * np.asarray(tensors["W_enc"], dtype=np.float64).T
    threshold = tensors["b_mag"] - gain * tensors["b_gate"]
    return assemble((weight, tensors["b_mag"]), decoder, threshold=threshold, variant="gated", **common)


def _rescaled(
    encoder: tuple[Any, Any], decoder: tuple[Any, Any], w_dec: np.ndarray
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Latents in units of their decoder's norm: the encoder is multiplied by it, the decoder divided."""
    norms = np.linalg.norm(np.asarray(w_dec, dtype=np.float64), axis=1)
    if np.any(norms == 0):
        raise UnsupportedFile(
            "A decoder row is zero, so rescaling by decoder norms has no meaning; remove that latent."
        )
    return (encoder[0] * norms[:, None], encoder[1] * norms), (decoder[0] / norms, decoder[1])


def _check_settings(config: Mapping[str, Any]) -> InputNorm:
    norm = config.get("normalize_activations", "none")
    if not isinstance(norm, str) or norm not in _NORMS:
        raise UnsupportedFile(
            f"normalize_activations is {norm!r}, whose constants are not in the file. Fold them into the "
            "weights first (fold_activation_norm_scaling_factor) and save again."
        )
    if config.get("reshape_activations", "none") != "none":
        raise UnsupportedFile(
            f"reshape_activations is {config['reshape_activations']!r}; only 'none' can be read."
        )
    activation = config.get("activation_fn", config.get("activation_fn_str", "relu"))
    if activation != "relu" or config.get("finetuning_scaling_factor"):
        raise UnsupportedFile(
            f"An SAE of an older SAELens with activation {activation!r} or a finetuning scaling factor; load "
            "it with sae-lens 6 and save it again."
        )
    return _NORMS[norm]


def _training(config: Mapping[str, Any]) -> tuple[Variant, int | None]:
    metadata = config.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    details = metadata.get("training_architecture_details")
    k = details.get("k") if isinstance(details, Mapping) else None
    name = _TRAINED_AS.get(str(metadata.get("training_architecture")), "jumprelu")
    return name, k if isinstance(k, int) and name != "jumprelu" else None


def _notes(config: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = config.get("metadata")
    notes = metadata.get(_NOTES) if isinstance(metadata, Mapping) else None
    if not isinstance(notes, Mapping):
        return {}
    for name in ("k", "tap_index"):
        if not isinstance(notes.get(name), int | None) or (notes.get(name) or 0) < 0:
            raise UnsupportedFile(f"{CONFIG}: {name} is {notes[name]!r}; a whole number is needed.")
    return {name: value for name, value in notes.items() if value is not None}
