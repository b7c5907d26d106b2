"""A safetensors file with a policy's weights: names as in a state_dict, and nothing else."""

from __future__ import annotations

import numpy as np

from policyscope.core.errors import UnsupportedFile
from policyscope.core.policy_formats import observation_stats, torch_state_dict
from policyscope.core.policy_formats.checkpoint import named_tensors
from policyscope.core.policy_spec import PolicySpec
from policyscope.core.safetensors_bytes import parse

FORMAT = "safetensors"
_SAE_NAMES = {"W_enc", "W_dec", "encoder.weight", "decoder.weight", "w_enc", "w_dec"}


def read(data: bytes) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """Spec and tensors; raises UnsupportedFile that says what was found, or LimitExceeded."""
    tensors, _ = parse(data)
    if len(_SAE_NAMES & set(tensors)) > 1:
        raise UnsupportedFile("This is a sparse autoencoder, not a policy: load it as the SAE of a model.")
    spec, used = torch_state_dict.from_tensors(named_tensors(tensors), FORMAT)
    return observation_stats.fold(spec, {}, tensors), used
