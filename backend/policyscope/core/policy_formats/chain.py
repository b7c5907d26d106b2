"""From tensors named ``<prefix><i>.weight`` to a chain of modules with the file's own indices.

A file names only modules that have tensors. What lies in the gaps between their indices is inferred: between
two linear layers the first gap is the activation function, every further one passes its input through
(dropout and the like). Nothing can be seen after the last module, so nothing is assumed there.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from policyscope.core.errors import UnsupportedFile
from policyscope.core.policy_formats.layer_classes import KnownModule, activation_of
from policyscope.core.policy_spec import Module
from policyscope.core.refusals import ONLY_MLP

Fields = Mapping[str, np.ndarray]

MAX_INDEX = 1000
_INDEXED = re.compile(
    r"(?P<prefix>|.*\.)(?P<index>\d{1,6})\.(?P<field>weight|bias|running_mean|running_var|num_batches_tracked)"
)


@dataclass
class Chain:
    """The indexed tensors under one prefix: ``entries[i]["weight"]`` is ``<prefix><i>.weight``."""

    prefix: str
    entries: dict[int, dict[str, np.ndarray]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def linear_layers(self) -> list[np.ndarray]:
        weights = [self.entries[i].get("weight") for i in sorted(self.entries)]
        return [w for w in weights if w is not None and w.ndim == 2]

    def describe(self) -> str:
        """``net.* 17→32→6``"""
        layers = self.linear_layers
        sizes = [layers[0].shape[1], *(w.shape[0] for w in layers)] if layers else []
        return f"{self.prefix}* {'→'.join(map(str, sizes)) or '(no linear layer)'}"


def find_chains(tensors: Mapping[str, np.ndarray]) -> tuple[list[Chain], list[str]]:
    """Every chain in ``tensors`` and the names that belong to none."""
    chains: dict[str, Chain] = {}
    others = []
    for name, array in tensors.items():
        match = _INDEXED.fullmatch(name)
        if match is None:
            others.append(name)
            continue
        chain = chains.setdefault(match["prefix"], Chain(match["prefix"]))
        chain.entries[int(match["index"])][match["field"]] = array
    return list(chains.values()), others


def build_modules(
    chain: Chain, activation: str, known: Mapping[int, KnownModule] | None = None
) -> tuple[tuple[Module, ...], list[str]]:
    """The modules of ``chain`` at the indices of the file, and sentences about what was inferred.

    ``known`` are the classes of the modules where the file tells them; nothing is inferred then. Raises
    UnsupportedFile when an entry is not a Linear, BatchNorm1d or LayerNorm, or sizes do not connect.
    """
    if not chain.entries or not chain.linear_layers:
        raise UnsupportedFile(f"No linear layer was found under {chain.prefix!r}.")
    last = max([*chain.entries, *(known or {})])
    if last > MAX_INDEX:
        raise UnsupportedFile(f"A module index of {last} was found; at most {MAX_INDEX} are supported.")
    width = chain.linear_layers[0].shape[1]
    modules: list[Module] = []
    activated = True  # before the first linear layer there is no activation to place
    for index in range(last + 1):
        if index in chain.entries:
            key = f"{chain.prefix}{index}"
            module = _module(key, chain.entries[index], width, known[index] if known else None)
        elif known:
            module = _without_tensors(known.get(index), index, width)
        else:
            module = _gap(width, None if activated else activation)
        modules.append(module)
        width = module.out_features
        activated = (activated or module.kind in ("activation", "identity")) and module.kind != "linear"
    return tuple(modules), [] if known else _notes(modules)


def used_tensors(modules: Iterable[Module], tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tensors that ``modules`` need as float32; raises UnsupportedFile when one is not finite."""
    names = [f"{module.key}.{name}" for module in modules for name in module.tensor_names()]
    return {name: to_float32(name, tensors[name]) for name in names}


def to_float32(name: str, array: np.ndarray) -> np.ndarray:
    """``array`` as float32; raises UnsupportedFile when it is not of floats or not finite."""
    if array.dtype.kind != "f":
        raise UnsupportedFile(f"{name} holds {array.dtype} numbers; floating-point weights are needed.")
    with np.errstate(over="ignore"):
        converted = array.astype(np.float32)
    bad = int(np.count_nonzero(~np.isfinite(converted)))
    if bad:
        raise UnsupportedFile(
            f"{name} {list(array.shape)} holds {bad} values that are NaN or infinite.",
            fields={"remedy": "The training diverged or the copy is damaged: choose an earlier checkpoint."},
        )
    return converted


def _gap(width: int, activation: str | None) -> Module:
    return Module("activation" if activation else "identity", width, width, activation=activation)


def _without_tensors(known: KnownModule | None, index: int, width: int) -> Module:
    if known is None:
        raise UnsupportedFile(f"The file does not say what its module {index} is.")
    return _gap(width, activation_of(known))


def _module(key: str, entry: Fields, width: int, known: KnownModule | None) -> Module:
    module = _module_of_tensors(key, entry, width)
    if known is None:
        return module
    if known.kind_with_tensors != module.kind:
        raise UnsupportedFile(f"{key} is a layer of the class {known.class_name}, which is not supported.")
    return module if module.kind == "linear" else replace(module, eps=known.eps())


def _module_of_tensors(key: str, entry: Fields, width: int) -> Module:
    names = set(entry)
    if "running_mean" in names or "running_var" in names:
        return _norm("batchnorm", key, entry, width)
    weight = entry.get("weight")
    if weight is None:
        raise UnsupportedFile(f"{key} has {sorted(names)} and no weight.")
    if weight.ndim == 2:
        return _linear(key, entry, width)
    if weight.ndim == 1 and "bias" in names:
        return _norm("layernorm", key, entry, width)
    if weight.ndim == 1:
        raise UnsupportedFile(
            f"{key}.weight {list(weight.shape)} has no bias, so it may be a PReLU, an RMSNorm or a "
            "LayerNorm; these cannot be told apart and are not supported."
        )
    what = "a convolution" if weight.ndim in (3, 4, 5) else "an unknown layer"
    raise UnsupportedFile(
        f"{key}.weight has shape {list(weight.shape)}: {what}, not a Linear layer.", fields=ONLY_MLP
    )


def _linear(key: str, entry: Fields, width: int) -> Module:
    rows, columns = entry["weight"].shape
    if rows == 0 or columns == 0:
        raise UnsupportedFile(f"{key}.weight is empty: its shape is [{rows}, {columns}].")
    if columns != width:
        raise UnsupportedFile(f"{key}.weight takes {columns} values, but the layer before it gives {width}.")
    if "bias" in entry and entry["bias"].shape != (rows,):
        raise UnsupportedFile(f"{key}.bias has shape {list(entry['bias'].shape)}; [{rows}] is needed.")
    return Module("linear", columns, rows, key=key, has_bias="bias" in entry)


def _norm(kind: str, key: str, entry: Fields, width: int) -> Module:
    needed = {"running_mean", "running_var"} if kind == "batchnorm" else {"weight", "bias"}
    if missing := needed - set(entry):
        raise UnsupportedFile(f"{key} looks like a BatchNorm layer and lacks {', '.join(sorted(missing))}.")
    for name, array in entry.items():
        if name != "num_batches_tracked" and array.shape != (width,):
            raise UnsupportedFile(f"{key}.{name} has shape {list(array.shape)}; [{width}] is needed.")
    if kind == "batchnorm" and np.any(entry["running_var"] < 0):
        raise UnsupportedFile(f"{key}.running_var holds negative values, which cannot be variances.")
    has_bias, has_weight = "bias" in entry, "weight" in entry
    return Module(kind, width, width, key=key, has_bias=has_bias, has_weight=has_weight)  # type: ignore[arg-type]


def _notes(modules: list[Module]) -> list[str]:
    notes = []
    activations = [i for i, module in enumerate(modules) if module.kind == "activation"]
    passes = [i for i, module in enumerate(modules) if module.kind == "identity"]
    if passes:
        notes.append(
            f"Modules without tensors at {_listed(passes)} are taken to pass their input "
            "through (such as dropout)."
        )
    if any(module.kind == "layernorm" for module in modules):
        notes.append("Layers with one weight per unit and no running statistics are taken as LayerNorm.")
    if direct := _direct_pairs(modules):
        notes.append(
            f"Linear layers follow each other without a module between them at {direct}; no activation "
            "is applied there. If the policy's code applies one, save it as a Sequential that has it."
        )
    if activations:
        notes.append(f"The modules at {_listed(activations)} are taken as the activation function.")
    return notes


def _direct_pairs(modules: list[Module]) -> str:
    linear = [i for i, module in enumerate(modules) if module.kind == "linear"]
    pairs = [
        f"{left}-{right}"
        for left, right in itertools.pairwise(linear)
        if not any(module.kind == "activation" for module in modules[left:right])
    ]
    return ", ".join(pairs)


def _listed(indices: list[int]) -> str:
    words = [str(index) for index in indices]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
