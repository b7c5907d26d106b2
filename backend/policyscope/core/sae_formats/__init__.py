"""SAE files: one module per format, each ``content -> SAE``.

A format is one file (``walker_sae.pt``, our safetensors, an OpenAI or overcomplete file) or a folder of two,
weights and configuration (SAELens, sparsify, dictionary_learning).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policyscope.core.errors import InvalidInput, UnsupportedFile
from policyscope.core.inert_values import Inert
from policyscope.core.sae import SAE
from policyscope.core.sae_formats import (
    dictionary_learning,
    openai,
    original,
    overcomplete,
    saelens,
    safetensors_file,
    sparsify,
    transcoder_file,
)
from policyscope.core.sae_formats.original import save as save_sae
from policyscope.core.sae_formats.parts import read_config
from policyscope.core.safetensors_bytes import looks_like_safetensors, parse
from policyscope.core.torch_tensors import load_archive

__all__ = ["EXPORTS", "export_sae", "open_sae", "open_sae_files", "save_sae"]

EXPORTS = ("original", "safetensors", "saelens")
_SAFETENSORS, _CONFIG = ".safetensors", ".json"


def open_sae(data: bytes, filename: str) -> SAE:
    """Read an SAE that is one file, such as ``walker_sae.pt``; ``filename`` is used in messages only.

    Raises UnsupportedFile, which names what was found, or InvalidInput when the values contradict each other.
    """
    return open_sae_files({filename: data})


def open_sae_files(files: Mapping[str, bytes]) -> SAE:
    """Read an SAE of one file of weights and at most one ``.json`` beside it, by file name.

    Raises UnsupportedFile, which names what was found, or InvalidInput when the values contradict each other.
    """
    weights = [name for name in files if not name.endswith(_CONFIG)]
    configs = [name for name in files if name.endswith(_CONFIG)]
    if len(weights) != 1 or len(configs) > 1:
        raise UnsupportedFile(
            f"Found {', '.join(files) or 'no file'}; send one file of weights, and its .json if it has one."
        )
    try:
        config = read_config(files[configs[0]], configs[0]) if configs else None
        data = files[weights[0]]
        return _from_safetensors(data, config) if looks_like_safetensors(data) else _from_torch(data, config)
    except UnsupportedFile as error:
        raise UnsupportedFile(f"{weights[0]}: {error.message}", fields=error.fields) from error
    except InvalidInput as error:
        raise type(error)(f"{weights[0]}: {error.message}") from error
    except (ValueError, IndexError) as error:  # numpy's words for shapes that contradict each other
        raise UnsupportedFile(
            f"{weights[0]}: its tensors do not fit together: {str(error)[:160]}."
        ) from error


def export_sae(sae: SAE, form: str) -> dict[str, bytes]:
    """The files of ``sae`` in one of EXPORTS; opening them gives an equal SAE. Raises InvalidInput."""
    if form == "saelens":
        return saelens.files(sae)
    if form == "safetensors":
        return {"sae.safetensors": safetensors_file.save(sae)}
    if form == "original":
        return {"walker_sae.pt": save_sae(sae)}
    message = f"format is {form!r}; use one of {', '.join(EXPORTS)}."
    raise InvalidInput(message, fields={"format": message})


def _from_safetensors(data: bytes, config: Mapping[str, Any] | None) -> SAE:
    tensors, metadata = parse(data)
    if transcoder_file.recognises(metadata):
        raise transcoder_file.refuse(metadata)
    if safetensors_file.recognises(metadata):
        return safetensors_file.read(tensors, metadata)
    if config is None:
        raise UnsupportedFile(
            "A safetensors file of SAELens or sparsify needs its cfg.json: without it nobody knows which "
            "latents are active. Send both files together."
        )
    return (saelens if "architecture" in config else sparsify).read(config, tensors)


def _from_torch(data: bytes, config: Mapping[str, Any] | None) -> SAE:
    tree = load_archive(data).tree
    if isinstance(tree, Inert):
        return _from_module(tree)
    if isinstance(tree, dict) and openai.recognises(tree):
        return openai.read(tree)
    if isinstance(tree, dict) and (dictionary_learning.recognises(tree) or config is not None):
        return dictionary_learning.read(tree, config)
    return original.read(tree)


def _from_module(tree: Inert) -> SAE:
    if overcomplete.recognises(tree):
        return overcomplete.read(tree)
    raise UnsupportedFile(
        f"This is a pickled {tree.name}, which is not opened. Of whole modules those of overcomplete can be "
        "read; save the state_dict of others with the library's own save function."
    )
