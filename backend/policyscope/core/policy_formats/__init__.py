"""Policy files: one module per format, each ``bytes -> (spec, tensors)``; this one looks at the content."""

from __future__ import annotations

import numpy as np

from policyscope.core.errors import UnsupportedFile
from policyscope.core.onnx_protobuf import looks_like_onnx
from policyscope.core.policy_formats import (
    architecture_json,
    archives,
    onnx_file,
    safetensors_file,
    sb3_zip,
    torch_state_dict,
)
from policyscope.core.policy_formats.torch_state_dict import save as save_policy
from policyscope.core.policy_spec import PolicySpec
from policyscope.core.safetensors_bytes import looks_like_safetensors
from policyscope.core.zip_bytes import member_names

__all__ = ["SUPPORTED", "open_policy", "save_policy"]

SUPPORTED = (
    "Supported are a .pt or .safetensors file with the state_dict of a chain of Linear, BatchNorm1d and "
    "LayerNorm layers, an .onnx file of such a chain, "
    "a Stable-Baselines3 .zip (PPO, A2C, SAC, TD3, DDPG, DQN, TQC with an MLP policy), "
    "a checkpoint of CleanRL, skrl or rl_games, a zipped checkpoint of RLlib, "
    'and a .json architecture such as {"layers": [{"size": 4}, {"size": 2}]}.'
)

_SIGNATURES = (
    (b"\x89HDF", "an HDF5 file (Keras)"),
    (b"\x93NUMPY", "a numpy array"),
    (b"\x1f\x8b", "a gzip file"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
)


def open_policy(data: bytes, filename: str) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """Read a policy file by its content; ``filename`` is used in messages only.

    Returns the spec and its tensors (float32, named as in the file). Raises UnsupportedFile, which names what
    was found and what is supported, or LimitExceeded.
    """
    try:
        return _open(data)
    except UnsupportedFile as error:
        raise UnsupportedFile(f"{filename}: {error.message} {SUPPORTED}", fields=error.fields) from error


def _open(data: bytes) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    if not data:
        raise UnsupportedFile("The file is empty.")
    if data.startswith(b"PK"):
        return _open_zip(data)
    if data.lstrip()[:1] in (b"{", b"["):
        return architecture_json.read(data)
    for signature, what in _SIGNATURES:
        if data.startswith(signature):
            raise UnsupportedFile(f"Found {what}.")
    if looks_like_safetensors(data):
        return safetensors_file.read(data)
    if looks_like_onnx(data):
        return onnx_file.read(data)
    if data[:1] != b"\x80":
        raise UnsupportedFile(f"The content is not recognised: it starts with {data[:8]!r}.")
    return torch_state_dict.read(data)


def _open_zip(data: bytes) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    names = member_names(data)
    if "policy.pth" in names:
        return sb3_zip.read(data)
    if archives.holds_rllib(names):
        return archives.read_rllib(data)
    if archives.holds_onnx(names):
        return archives.read_onnx(data)
    if not any(name.endswith(".pkl") for name in names):
        raise UnsupportedFile(f"Found a zip file with {', '.join(names[:4]) or 'nothing in it'}.")
    return torch_state_dict.read(data)
