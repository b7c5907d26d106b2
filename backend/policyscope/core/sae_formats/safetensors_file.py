"""Our own SAE as one safetensors file: the arrays of ``SAE`` and, in the header, what is not an array."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from safetensors.numpy import save as dump_safetensors

from policyscope.core.errors import UnsupportedFile
from policyscope.core.sae import ARRAYS, SAE
from policyscope.core.sae_formats.parts import Tensors, check_names

_KEY = "policyscope_sae"
_VALUES = ("k", "tap_index", "input_norm", "variant")


def recognises(metadata: Mapping[str, str]) -> bool:
    """Whether the header says that it is ours."""
    return _KEY in metadata


def read(tensors: Tensors, metadata: Mapping[str, str]) -> SAE:
    """The SAE. Raises UnsupportedFile when the header and the arrays are not what ``save`` writes."""
    check_names(tensors, ARRAYS[:-1], ARRAYS[-1:])
    try:
        values: dict[str, Any] = json.loads(metadata[_KEY])
        whole = {name: values[name] for name in ("k", "tap_index")}
        if set(values) != set(_VALUES) or not all(isinstance(v, int | None) for v in whole.values()):
            raise ValueError(values)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnsupportedFile(f"The header's {_KEY} is damaged; export the SAE again.") from error
    return SAE(**tensors, **values)


def save(sae: SAE) -> bytes:
    """The file; reading it gives an equal SAE."""
    values = json.dumps({name: getattr(sae, name) for name in _VALUES})
    return dump_safetensors(sae.arrays(), {_KEY: values})
