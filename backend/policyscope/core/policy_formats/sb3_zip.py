"""Stable-Baselines3 zips: the actor of PPO, A2C, SAC, TQC, TD3, DDPG or DQN as one chain.

Only the tensors (``policy.pth``) and the plain JSON text of ``data`` are read. Of the pickles inside ``data``
the name of the activation class and the bounds of the action space are read, as descriptions (see
``inert_pickle``); nothing is ever unpickled.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import pickletools
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.inert_pickle import Inert, read_pickle
from policyscope.core.inert_values import Budget
from policyscope.core.policy_formats.layer_classes import activation_by_class_name
from policyscope.core.policy_formats.layouts import SB3, Layout, find_layout, layout_spec
from policyscope.core.policy_spec import PolicySpec, Squash
from policyscope.core.torch_tensors import load_tensors
from policyscope.core.zip_bytes import open_zip, read_member

FORMAT = "sb3_zip"
MAX_BYTES = 512 * 2**20
MAX_SPACE_BYTES = 2**20
_CLASS_NAME = re.compile(r"torch\.nn\.modules\.(?:activation|linear)[. ](\w+)")


def read(data: bytes) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """Spec and tensors of an SB3 zip; raises UnsupportedFile that says why it cannot be used."""
    with open_zip(data, MAX_BYTES) as archive:
        weights = read_member(archive, "policy.pth")
        described = read_member(archive, "data") if "data" in archive.namelist() else b"{}"
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
    document = document if isinstance(document, dict) else {}
    _check_observations(document)
    return from_tensors(tensors, document)


def _check_observations(document: Mapping[str, Any]) -> None:
    """A MultiInputPolicy without images has the tensors of an MLP, but takes a dictionary's parts joined."""
    space = document.get("observation_space")
    kind = str(space.get(":type:", "")) if isinstance(space, Mapping) else ""
    if ".dict.Dict" in kind:
        raise UnsupportedFile(
            "This SB3 policy observes a dictionary of arrays (MultiInputPolicy); only policies with one "
            "vector of observations can be opened. Train it on the environment wrapped in FlattenObservation."
        )


def is_sb3_policy(tensors: Mapping[str, np.ndarray]) -> bool:
    """Whether the names are those of an SB3 policy."""
    layout = find_layout(tensors)
    return layout is not None and layout.writer == SB3


def from_tensors(
    tensors: Mapping[str, np.ndarray], document: Mapping[str, Any] | None
) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """The actor among ``tensors``; ``document`` is the zip's ``data``, None for a bare ``policy.pth``."""
    layout = find_layout(tensors)
    if layout is None or layout.writer != SB3:
        raise UnsupportedFile("No SB3 actor was found.")
    known = document or {}
    kwargs = known.get("policy_kwargs", {})
    spec, used = layout_spec(layout, tensors, FORMAT, _activation_name(kwargs))
    if document is not None:
        spec = replace(spec, activation_source="recorded")  # SB3 writes it down unless it is the default
    spec = replace(spec, squash=_squash(layout, known, kwargs), metadata=_metadata(layout, known))
    return spec, used


def _squash(layout: Layout, document: Mapping[str, Any], kwargs: object) -> Squash:
    """PPO and A2C squash only with gSDE and ``squash_output``."""
    asked = isinstance(kwargs, Mapping) and kwargs.get("squash_output") is True
    if layout.layers[-1] == "action_net":
        return "tanh" if asked and document.get("use_sde") is True else "none"
    return layout.squash


def _activation_name(kwargs: object) -> str | None:
    """The activation of ``policy_kwargs``, from its text and, where that was cut, its disassembled pickle."""
    if not isinstance(kwargs, Mapping):
        return None
    text = str(kwargs.get("activation_fn", "")) + " " + _class_names_in(kwargs.get(":serialized:"))
    found = {match.group(1).lower() for match in _CLASS_NAME.finditer(text)}
    known = {activation_by_class_name(name) for name in found}
    if len(known) > 1 or None in known or ("activation_fn" in kwargs and not known):
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


def _metadata(layout: Layout, document: Mapping[str, Any]) -> dict[str, Any]:
    """Library, algorithm and, where the file gives them, the bounds of the action box."""
    known: dict[str, Any] = {"library": layout.writer, "algorithm": layout.algorithms}
    space = document.get("action_space")
    serialized = space.get(":serialized:") if isinstance(space, Mapping) else None
    if not isinstance(serialized, str):
        return known
    try:
        box = read_pickle(io.BytesIO(base64.b64decode(serialized)), Budget(MAX_SPACE_BYTES))
    except (UnsupportedFile, LimitExceeded, binascii.Error, ValueError):
        return known  # the bounds are for show; the environment's own are used
    bounds = [box.attribute(name) for name in ("low", "high")] if isinstance(box, Inert) else []
    if all(isinstance(bound, np.ndarray) and np.isfinite(bound).all() for bound in bounds) and bounds:
        known["action_low"], known["action_high"] = (bound.ravel().tolist() for bound in bounds)
    return known
