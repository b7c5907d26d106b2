"""RLlib's modules: weights in ``module_state.pkl``, and beside them what they were made with.

The weights alone do not say whether the outputs are scores of actions to choose from, or mean and spread of
actions; ``class_and_ctor_args.pkl`` does, and it names the activation function. Both are pickles and are read
as descriptions (see ``inert_pickle``). Source: ray 2.60, ``rllib/core/rl_module`` and ``connectors``.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from policyscope.core.errors import UnsupportedFile
from policyscope.core.inert_pickle import Inert, read_pickle
from policyscope.core.inert_values import Budget
from policyscope.core.policy_formats.checkpoint import named_tensors
from policyscope.core.policy_formats.layer_classes import activation_by_class_name
from policyscope.core.policy_formats.layouts import RLLIB, Layout, find_layout, layout_spec, with_notes
from policyscope.core.policy_spec import PolicySpec, Squash

FORMAT = "rllib"
STATE, MADE_WITH = "module_state.pkl", "class_and_ctor_args.pkl"
MAX_BYTES = 512 << 20
_POLICY = "default_policy"
_SAC_NOTE = (
    "RLlib trains SAC with a tanh after the last layer and, when it does not explore, acts without it: the "
    "mean is limited to ±1. So it acts here; choose tanh to have the actions of training."
)
_SPELLINGS = {"swish": "SiLU", "linear": "identity", "none": "identity"}

Read = tuple[PolicySpec, dict[str, np.ndarray]]


def read_files(files: Mapping[str, bytes]) -> Read:
    """The policy of a checkpoint's folder, as paths and contents; raises UnsupportedFile."""
    folders = [name.removesuffix(STATE) for name in files if name.rpartition("/")[2] == STATE]
    chosen = [name for name in folders if name.endswith(f"{_POLICY}/")] or folders
    if len(chosen) != 1:
        raise UnsupportedFile(
            f"The zip file holds {len(folders)} modules of RLlib; zip the folder of one policy, such as "
            f"learner_group/learner/rl_module/{_POLICY}."
        )
    state = _unpickled(files[chosen[0] + STATE])
    tensors = named_tensors(state if isinstance(state, dict) else {})
    layout = find_layout(tensors)
    if layout is None or layout.writer != RLLIB:
        raise UnsupportedFile(
            f"No MLP policy of RLlib was found; its tensors begin with {list(tensors)[:6]}."
        )
    made_with = files.get(chosen[0] + MADE_WITH)
    return from_tensors(layout, tensors, None if made_with is None else _unpickled(made_with))


def from_tensors(layout: Layout, tensors: Mapping[str, np.ndarray], made_with: object = None) -> Read:
    """The actor among ``tensors``; ``made_with`` is what the file beside them holds, where it is there."""
    arguments = _arguments(made_with)
    space = arguments.get("action_space")
    continuous = _continuous(layout, tensors, space if isinstance(space, Inert) else None)
    halves = continuous and "pi.log_std" not in tensors
    layout = replace(layout, halves=halves, squash=_squash(continuous, space))
    spec, used = layout_spec(layout, tensors, FORMAT, _activation(arguments.get("model_config")))
    if "SAC" in layout.algorithms:
        spec = with_notes(spec, _SAC_NOTE)
    return replace(spec, metadata={**spec.metadata, **_bounds(space)}), used


def _continuous(layout: Layout, tensors: Mapping[str, np.ndarray], space: Inert | None) -> bool:
    kind = "" if space is None else space.name.rpartition(".")[2]
    if kind in ("Box", "Discrete"):
        return kind == "Box"
    if space is not None:
        raise UnsupportedFile(
            f"This policy of RLlib has actions of the kind {kind}; Box and Discrete are read."
        )
    if "pi.log_std" in tensors or "SAC" in layout.algorithms:
        return True
    last = layout.layers[-1].partition("#")[0]
    outputs = [len(array) for name, array in tensors.items() if name.startswith(last) and array.ndim == 2][
        -1:
    ]
    if outputs and outputs[0] % 2 == 0:
        raise UnsupportedFile(
            f"The weights alone do not say whether the {outputs[0]} outputs of this RLlib policy are scores, "
            f"or {outputs[0] // 2} actions with their spread. {_remedy(layout)}"
        )
    return False


def _remedy(layout: Layout) -> str:
    if "old" in layout.algorithms:
        return "Save the layers that act as a state_dict or as ONNX, and upload that."
    return f"Zip the folder that holds {STATE} and {MADE_WITH}, and upload the .zip."


def _squash(continuous: bool, space: object) -> Squash:
    """Actions in a box are taken as normalised: limited to ±1, then stretched."""
    bounds = [space.attribute(name) for name in ("low", "high")] if isinstance(space, Inert) else []
    free = any(isinstance(bound, np.ndarray) and not np.isfinite(bound).all() for bound in bounds)
    return "clip" if continuous and not free else "none"


def _activation(config: object) -> str | None:
    """Of the hidden layers; None when it is not told. Raises UnsupportedFile for two that differ."""
    settings = config.state if isinstance(config, Inert) else config
    if not isinstance(settings, Mapping):
        return None
    names = [settings.get("fcnet_activation")]
    if settings.get("head_fcnet_hiddens"):
        names.append(settings.get("head_fcnet_activation"))
    spelled = [_SPELLINGS.get(str(name).lower(), str(name)) for name in names]
    known = {activation_by_class_name(name) for name in spelled}
    if len(known) != 1 or None in known:
        raise UnsupportedFile(
            f"The activation functions {', '.join(spelled)} of this RLlib policy are not supported."
        )
    return known.pop()


def _arguments(made_with: object) -> Mapping[str, Any]:
    """The keyword arguments of ``{"class", "ctor_args_and_kwargs": (args, kwargs)}``."""
    both = made_with.get("ctor_args_and_kwargs") if isinstance(made_with, Mapping) else None
    named = both[1] if isinstance(both, tuple | list) and len(both) == 2 else None
    return named if isinstance(named, Mapping) else {}


def _bounds(space: object) -> dict[str, Any]:
    found = [space.attribute(name) for name in ("low", "high")] if isinstance(space, Inert) else []
    if not found or not all(isinstance(bound, np.ndarray) and np.isfinite(bound).all() for bound in found):
        return {}
    return {"action_low": found[0].ravel().tolist(), "action_high": found[1].ravel().tolist()}


def _unpickled(data: bytes) -> object:
    return read_pickle(io.BytesIO(data), Budget(MAX_BYTES))
