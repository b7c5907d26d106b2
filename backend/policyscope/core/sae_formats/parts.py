"""What the readers share: named files, exact sets of tensors, and folding a pre-bias.

A tensor or a setting whose meaning is not known is refused: dropping a threshold gives wrong latents without
any error.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from policyscope.core.errors import UnsupportedFile
from policyscope.core.input_norms import InputNorm
from policyscope.core.sae import SAE, Variant

Tensors = Mapping[str, Any]


def check_names(
    tensors: Tensors, needed: Collection[str], optional: Collection[str] = (), unused: Collection[str] = ()
) -> None:
    """Raise UnsupportedFile unless exactly these tensors are there; ``unused`` ones never enter a result."""
    missing = [name for name in needed if name not in tensors]
    unknown = [str(name) for name in tensors if name not in {*needed, *optional, *unused}]
    if missing:
        raise UnsupportedFile(f"The SAE lacks {_listed(missing)}. It has {_listed(tensors)}.")
    if unknown:
        raise UnsupportedFile(
            f"The SAE has {_listed(unknown)}, whose meaning is not known here, so its latents could come out "
            f"wrong. Known are {_listed([*needed, *optional, *unused])}."
        )
    for name in {*needed, *optional} & set(tensors):
        if not isinstance(tensors[name], np.ndarray):
            raise UnsupportedFile(f"{name} is {type(tensors[name]).__name__}; a tensor is needed.")


def read_config(data: bytes, name: str) -> dict[str, Any]:
    """The JSON object of a configuration file. Raises UnsupportedFile."""
    try:
        config = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnsupportedFile(f"{name} is not JSON.") from error
    if not isinstance(config, dict):
        raise UnsupportedFile(f"{name} holds a {type(config).__name__}; an object is needed.")
    return config


def whole(config: Mapping[str, Any], name: str) -> int:
    """A whole number above 0, also where a tensor holds it. Raises UnsupportedFile."""
    value = config.get(name)
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "iu":
        value = int(value.item())
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UnsupportedFile(f"{name} is {value!r}; a whole number above 0 is needed.")
    return value


def assemble(
    encoder: tuple[Any, Any],
    decoder: tuple[Any, Any],
    pre_bias: Any = None,
    *,
    k: int | None = None,
    threshold: Any = None,
    input_norm: InputNorm = "none",
    variant: Variant,
    tap_index: int | None = None,
) -> SAE:
    """The SAE of ``encoder`` (weight [d_latent, d_in], bias) and ``decoder`` (weight [d_in, d_latent], bias).

    ``pre_bias`` [d_in] is subtracted before the encoder. ``threshold`` may be one number for all latents.
    """
    weight, bias = (np.asarray(array, dtype=np.float64) for array in encoder)
    if weight.ndim != 2 or bias.shape != weight.shape[:1]:
        raise UnsupportedFile(
            f"The encoder has shapes {list(weight.shape)} and {list(bias.shape)}; "
            "[d_latent, d_in] and [d_latent] are needed."
        )
    if pre_bias is not None:
        centre = np.asarray(pre_bias, dtype=np.float64)
        if centre.shape != weight.shape[1:]:
            raise UnsupportedFile(
                f"The pre-bias has shape {list(centre.shape)}; [{weight.shape[1]}] is needed."
            )
        bias = bias - weight @ centre
    if threshold is not None and np.ndim(threshold) == 0:
        threshold = np.full(len(weight), threshold)
    return SAE(
        *(weight, bias, *decoder),
        k=len(weight) if k is None else k,
        tap_index=tap_index,
        threshold=threshold,
        input_norm=input_norm,
        variant=variant,
    )


def _listed(names: Collection[Any]) -> str:
    shown = [str(name)[:60] for name in list(names)[:12]]
    return ", ".join(shown) + (f" and {len(names) - 12} more" if len(names) > 12 else "") or "nothing"
