"""A transcoder as one safetensors file: its arrays and, in the header, what is not an array."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from safetensors.numpy import save as dump_safetensors

from policyscope.core.errors import UnsupportedFile
from policyscope.core.sae_formats.parts import check_names
from policyscope.core.safetensors_bytes import parse
from policyscope.core.transcoder import ARRAYS, VALUES, Transcoder

_KEY = "policyscope_transcoder"


def recognises(metadata: Mapping[str, str]) -> bool:
    """Whether the header says that it is one."""
    return _KEY in metadata


def open_transcoder(data: bytes) -> Transcoder:
    """Inverse of ``save``. Raises UnsupportedFile, or the errors of Transcoder."""
    tensors, metadata = parse(data)
    if not recognises(metadata):
        raise UnsupportedFile("This is no transcoder of ours: the header of its file does not say so.")
    check_names(tensors, ARRAYS[:-1], ARRAYS[-1:])
    fields: dict[str, Any] = {**tensors, **_values(metadata)}
    return Transcoder(**fields)


def refuse(metadata: Mapping[str, str]) -> UnsupportedFile:
    """The error where an SAE is needed."""
    values = _values(metadata)
    return UnsupportedFile(
        f"This is a transcoder from tap {values['tap_index']} to tap {values['output_tap']}, not an SAE: it "
        "does not reconstruct what it reads. Choose an SAE of one tap."
    )


def save(transcoder: Transcoder) -> bytes:
    """The file; reading it gives an equal transcoder."""
    return dump_safetensors(transcoder.arrays(), {_KEY: json.dumps(transcoder.values())})


def _values(metadata: Mapping[str, str]) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(metadata[_KEY])
        if set(values) != set(VALUES) or not all(type(value) is int for value in values.values()):
            raise ValueError(values)
    except (ValueError, TypeError, RecursionError) as error:
        raise UnsupportedFile(f"The header's {_KEY} is damaged; save the transcoder again.") from error
    return values
