"""SAE files: one module per format, each ``content -> SAE``."""

from __future__ import annotations

from policyscope.core.errors import InvalidInput, UnsupportedFile
from policyscope.core.sae import SAE
from policyscope.core.sae_formats import original
from policyscope.core.sae_formats.original import save as save_sae
from policyscope.core.torch_tensors import load_tensors

__all__ = ["open_sae", "save_sae"]


def open_sae(data: bytes, filename: str) -> SAE:
    """Read an SAE file such as ``walker_sae.pt``; ``filename`` is used in messages only.

    Raises UnsupportedFile, which names what was found, or InvalidInput when the values contradict each other.
    """
    try:
        return original.read(load_tensors(data))
    except UnsupportedFile as error:
        raise UnsupportedFile(f"{filename}: {error.message}") from error
    except InvalidInput as error:
        raise type(error)(f"{filename}: {error.message}") from error
