"""Whole modules, pickled or TorchScript: their tensors by name, and the classes of their layers by place.

The modules come as descriptions (``inert_pickle``): a pickled one keeps ``_parameters``, ``_buffers`` and
``_modules``, a TorchScript one has all three side by side. Only names are looked at; no code is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from policyscope.core.errors import LimitExceeded
from policyscope.core.inert_values import Inert, TensorDict
from policyscope.core.policy_formats.layer_classes import KnownModule

MAX_MODULES = 5_000
MAX_ENTRIES = 100_000
MAX_DEPTH = 12
_SEQUENTIAL = "torch.nn.modules.container.Sequential"
_FIELDS = ("_parameters", "_buffers", "_modules")
_WRAPPERS = ("model", "policy", "actor", "agent", "net", "network", "actor_critic")
_CLASS = re.compile(r"^class (\w+)\(Module\):\n((?:  .*\n)*)", re.MULTILINE)
_CONSTANT = re.compile(r"(\w+) : Final\[\w+\] = ([^\n]+)")


Constants = Mapping[str, Mapping[str, object]]
"""Of the classes of a TorchScript archive."""


@dataclass(frozen=True)
class KnownModules:
    """Path of every module of the file -> what is known of it; the whole module has the path ``""``."""

    by_path: Mapping[str, KnownModule]

    def is_sequential(self, path: str) -> bool:
        return path in self.by_path and self.by_path[path].class_name == _SEQUENTIAL

    def children(self, prefix: str) -> dict[int, KnownModule]:
        """The numbered modules of the Sequential at ``prefix``; none where something else holds them."""
        path = prefix.rstrip(".")
        if not self.is_sequential(path):
            return {}
        inner = {p.removeprefix(prefix): known for p, known in self.by_path.items() if p.startswith(prefix)}
        return {int(name): known for name, known in inner.items() if name.isdigit() and len(name) < 7}


def find_module(tree: object) -> Inert | None:
    """The module that a file holds, by itself or under a key such as ``model``."""
    if _is_module(tree):
        return tree if isinstance(tree, Inert) else None
    if isinstance(tree, TensorDict):
        for name in _WRAPPERS:
            if _is_module(tree.get(name)):
                inner = tree[name]
                return inner if isinstance(inner, Inert) else None
    return None


def flatten(module: Inert, code: str = "") -> tuple[dict[str, np.ndarray], KnownModules]:
    """Named tensors as ``state_dict()`` gives them, and what is known of the modules.

    ``code`` is the text of a TorchScript archive, from which constants of its layers are read.
    """
    tensors: dict[str, np.ndarray] = {}
    known: dict[str, KnownModule] = {}
    constants, entries = _constants(code), 0
    for count, (path, item) in enumerate(_walk(module, "", 0)):
        entries += _size(item)
        if count >= MAX_MODULES or entries > MAX_ENTRIES:
            raise LimitExceeded(
                f"The module has more than {MAX_MODULES:,} parts or {MAX_ENTRIES:,} entries in them."
            )
        known[path] = _known(item, constants)
        for name, array in _arrays(item):
            tensors[f"{path}.{name}".lstrip(".")] = array
    return tensors, KnownModules(known)


def _is_module(item: object) -> bool:
    if not isinstance(item, Inert) or not isinstance(item.state, dict):
        return False
    return "_modules" in item.state or "training" in item.state


def _walk(module: Inert, path: str, depth: int) -> Iterator[tuple[str, Inert]]:
    if depth > MAX_DEPTH:
        raise LimitExceeded(f"The module is nested deeper than {MAX_DEPTH}.")
    yield path, module
    state = module.state if isinstance(module.state, dict) else {}
    children = state.get("_modules") if "_modules" in state else state
    for name, child in children.items() if isinstance(children, dict) else ():
        if _is_module(child):
            yield from _walk(child, f"{path}.{name}".lstrip("."), depth + 1)


def _arrays(module: Inert) -> Iterator[tuple[str, np.ndarray]]:
    state = module.state
    groups = [state.get(name) for name in _FIELDS[:2]] if "_modules" in state else [state]
    for group in groups:
        for name, value in group.items() if isinstance(group, dict) else ():
            if isinstance(value, np.ndarray):
                yield str(name), value


def _size(module: Inert) -> int:
    """How many entries there are to look at; files can name the same ones again and again."""
    groups = (module.state, *(module.attribute(name) for name in _FIELDS))
    return sum(len(group) for group in groups if isinstance(group, dict))


def _known(module: Inert, constants: Constants) -> KnownModule:
    state = module.state if isinstance(module.state, dict) else {}
    attributes = {str(name): value for name, value in state.items() if isinstance(value, int | float | str)}
    own = constants.get(module.name.rpartition(".")[2], {})
    return KnownModule(module.name, {**own, **attributes})


def _constants(code: str) -> Constants:
    """``eps : Final[float] = 1e-05`` and the like, by the name of the scripted class."""
    found: dict[str, dict[str, object]] = {}
    for name, body in _CLASS.findall(code):
        found.setdefault(name, {key: _constant(text) for key, text in _CONSTANT.findall(body)})
    return found


def _constant(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text.strip("\"' ")
