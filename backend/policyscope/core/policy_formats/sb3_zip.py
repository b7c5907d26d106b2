"""Stable-Baselines3 zips: the actor of PPO, A2C, SAC, TD3, DDPG or DQN as one chain.

Only the tensors (``policy.pth``) and the plain JSON text of ``data`` are read. The pickles inside ``data``
are at most disassembled to find the name of the activation class; nothing is ever unpickled.
"""

from __future__ import annotations

import base64
import binascii
import io
import itertools
import json
import pickletools
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.policy_formats.chain import Chain, build_modules, used_tensors
from policyscope.core.policy_spec import PolicySpec, Squash
from policyscope.core.torch_tensors import load_tensors

FORMAT = "sb3_zip"
MAX_MEMBER_BYTES = 512 * 2**20
_CLASSES = {
    "relu": "relu",
    "tanh": "tanh",
    "gelu": "gelu",
    "elu": "elu",
    "silu": "silu",
    "sigmoid": "sigmoid",
    "leakyrelu": "leaky_relu",
    "softplus": "softplus",
    "selu": "selu",
    "identity": "identity",
}
_CLASS_NAME = re.compile(r"torch\.nn\.modules\.(?:activation|linear)[. ](\w+)")
_REFUSED = (
    ("features_extractor.", "a feature extractor (images or dictionaries of observations)"),
    ("lstm_", "a recurrent layer"),
    ("mlp_extractor.shared_net.", "layers shared by actor and critic"),
)


@dataclass(frozen=True)
class _Layout:
    """Where an algorithm keeps its actor: a chain, then perhaps one more linear layer."""

    algorithms: str
    chain: str
    last: str | None
    activation: str
    squash: Squash


_LAYOUTS = (
    _Layout("PPO or A2C", "mlp_extractor.policy_net.", "action_net", "tanh", "none"),
    _Layout("SAC", "actor.latent_pi.", "actor.mu", "relu", "tanh"),
    _Layout("TD3 or DDPG", "actor.mu.", None, "relu", "tanh"),
    _Layout("DQN", "q_net.q_net.", None, "relu", "none"),
)


def read(data: bytes) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """Spec and tensors of an SB3 zip; raises UnsupportedFile that says why it cannot be used."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        weights = _member(archive, "policy.pth")
        described = _member(archive, "data") if "data" in archive.namelist() else b"{}"
    tensors = load_tensors(weights)
    if not isinstance(tensors, dict) or not is_sb3_policy(tensors):
        names = list(tensors)[:6] if isinstance(tensors, dict) else [type(tensors).__name__]
        raise UnsupportedFile(
            f"This SB3 zip holds no MLP policy that is known here; its tensors begin with {names}."
        )
    try:
        document = json.loads(described)
    except (ValueError, RecursionError) as error:
        raise UnsupportedFile("The data member of this SB3 zip is not JSON.") from error
    return from_tensors(tensors, document if isinstance(document, dict) else {})


def is_sb3_policy(tensors: Mapping[str, object]) -> bool:
    """Whether the names are those of an SB3 policy."""
    return _layout(tensors) is not None


def from_tensors(
    tensors: Mapping[str, np.ndarray], document: Mapping[str, Any] | None
) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """The actor among ``tensors``; ``document`` is the zip's ``data``, None for a bare ``policy.pth``."""
    layout = _layout(tensors)
    if layout is None:
        raise UnsupportedFile("No SB3 actor was found.")
    _refuse_other_networks(tensors)
    chain, names = _actor_chain(layout, tensors)
    kwargs = (document or {}).get("policy_kwargs", {})
    named = _activation_name(kwargs)
    activation = named or layout.activation
    modules, _ = build_modules(chain, activation)
    renumbered = used_tensors(modules, {f"net.{i}.{f}": array for (i, f), array in names.items()})
    notes = [f"The actor of {layout.algorithms}, read from {layout.chain}*, is renumbered as net.*."]
    if named is None:
        notes.append(
            f"The file names no activation function; {activation} is the default of {layout.algorithms}."
        )
    notes.append("A VecNormalize wrapper, if the policy was trained with one, is not part of this file.")
    spec = PolicySpec(
        modules=modules,
        format=FORMAT,
        activation=activation if any(m.kind == "activation" for m in modules) else "identity",
        activation_source="recorded" if document is not None else "default",
        squash=_squash(layout, document or {}, kwargs),
        metadata={"algorithm": layout.algorithms},
        notes=tuple(notes),
    )
    return spec, renumbered


def _layout(tensors: Mapping[str, object]) -> _Layout | None:
    if "action_net.weight" in tensors:
        return _LAYOUTS[0]
    for layout in _LAYOUTS[1:]:
        if any(name.startswith(layout.chain) for name in tensors):
            return layout
    return None


def _actor_chain(
    layout: _Layout, tensors: Mapping[str, np.ndarray]
) -> tuple[Chain, dict[tuple[int, str], np.ndarray]]:
    """Linear layers at even indices, so that an activation lies between each two."""
    indices = sorted(
        int(name.removeprefix(layout.chain).split(".")[0])
        for name in tensors
        if re.fullmatch(re.escape(layout.chain) + r"\d{1,4}\.weight", name)
    )
    keys = [f"{layout.chain}{i}" for i in indices]
    if any(right - left != 2 for left, right in itertools.pairwise(indices)):
        raise UnsupportedFile(
            f"The modules at {layout.chain}{indices} are not linear layers and activations in turn."
        )
    if layout.last is not None:
        if f"{layout.last}.weight" not in tensors:
            raise UnsupportedFile(
                f"{layout.last}.weight is missing (a policy with gSDE and clip_mean is not supported)."
            )
        keys.append(layout.last)
    chain, names = Chain("net."), {}
    for position, key in enumerate(keys):
        for name in ("weight", "bias"):
            if f"{key}.{name}" in tensors:
                chain.entries[2 * position][name] = names[2 * position, name] = tensors[f"{key}.{name}"]
    return chain, names


def _squash(layout: _Layout, document: Mapping[str, Any], kwargs: object) -> Squash:
    """PPO and A2C squash only with gSDE and ``squash_output``."""
    asked = isinstance(kwargs, Mapping) and kwargs.get("squash_output") is True
    if layout.last == "action_net":
        return "tanh" if asked and document.get("use_sde") is True else "none"
    return layout.squash


def _refuse_other_networks(tensors: Mapping[str, object]) -> None:
    for name in tensors:
        for part, what in _REFUSED:
            if part in name:
                raise UnsupportedFile(
                    f"This SB3 policy has {what} ({name}); plain MLP policies are supported."
                )


def _activation_name(kwargs: object) -> str | None:
    """The activation of ``policy_kwargs``, from its text and, where that was cut, its disassembled pickle."""
    if not isinstance(kwargs, Mapping):
        return None
    text = str(kwargs.get("activation_fn", "")) + " " + _class_names_in(kwargs.get(":serialized:"))
    found = {match.group(1).lower() for match in _CLASS_NAME.finditer(text)}
    known = {_CLASSES[name] for name in found if name in _CLASSES}
    if len(known) > 1 or found - set(_CLASSES) or ("activation_fn" in kwargs and not known):
        raise UnsupportedFile(
            f"The activation function {sorted(found) or kwargs['activation_fn']} is not supported."
        )
    return known.pop() if known else None


def _class_names_in(serialized: object) -> str:
    if not isinstance(serialized, str):
        return ""
    words = []
    try:
        for _, argument, _ in pickletools.genops(base64.b64decode(serialized)):
            if isinstance(argument, str):
                words.append(argument)
    except (ValueError, binascii.Error, IndexError):
        return ""  # the plain text beside it has already been looked at
    return " ".join(words)


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > MAX_MEMBER_BYTES:
        raise LimitExceeded(
            f"{name} unpacks to {info.file_size:,} bytes; at most {MAX_MEMBER_BYTES:,} are read."
        )
    try:
        with archive.open(info) as stream:
            return stream.read(MAX_MEMBER_BYTES)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise UnsupportedFile(f"{name} in this zip cannot be unpacked: {error}.") from error
