"""``imitator.pt``: a state_dict with keys ``<prefix><i>.weight``, perhaps wrapped or beside a critic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from policyscope.core.errors import InvalidInput, UnsupportedFile
from policyscope.core.inert_values import Inert
from policyscope.core.policy_formats import module_tree, observation_stats, rllib, sb3_zip
from policyscope.core.policy_formats.chain import build_modules, find_chains, used_tensors
from policyscope.core.policy_formats.checkpoint import (
    choose_chain,
    named_tensors,
    unwrap,
    without_added_prefixes,
)
from policyscope.core.policy_formats.layouts import RLLIB, find_layout, layout_spec
from policyscope.core.policy_formats.module_tree import KnownModules
from policyscope.core.policy_spec import Module, PolicySpec
from policyscope.core.torch_archive import Archive
from policyscope.core.torch_tensors import load_archive, save_tensors

FORMAT = "torch_state_dict"
DEFAULT_ACTIVATION = "gelu"
METADATA_KEY = "policyscope"


def read(data: bytes) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """Spec and tensors of a torch file; raises UnsupportedFile that says what was found."""
    archive = load_archive(data)
    module = module_tree.find_module(archive.tree)
    if module is not None:
        return _from_module(module, archive)
    return from_tree(archive.tree)


def from_tree(tree: object, file_format: str = FORMAT) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """The same for a checkpoint's content, such as ``load_tensors`` returns."""
    state = unwrap(tree)
    tensors = named_tensors(state)
    recorded = getattr(state, "metadata", {}).get(METADATA_KEY)
    if recorded is not None:
        chain, _ = choose_chain(*find_chains(tensors), tensors)
        spec = _recorded_spec(recorded, build_modules(chain, DEFAULT_ACTIVATION)[0])
        return spec, used_tensors(spec.modules, tensors)
    spec, used = from_tensors(tensors, file_format)
    return observation_stats.fold(spec, tree, tensors), used


def from_tensors(
    tensors: Mapping[str, np.ndarray], file_format: str, known: KnownModules | None = None
) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """The policy among named tensors; ``known`` are the classes of modules where the file tells them."""
    plain = without_added_prefixes(tensors)
    layout = find_layout(plain)
    if sb3_zip.is_sb3_policy(plain):
        return sb3_zip.from_tensors(plain, None)
    if layout is not None and layout.writer == RLLIB:
        return rllib.from_tensors(layout, plain)
    if layout is not None and known is None:
        return layout_spec(layout, plain, file_format)
    chain, notes = choose_chain(*find_chains(tensors), tensors)
    classes = known.children(chain.prefix) if known is not None else {}
    modules, inferred = build_modules(chain, DEFAULT_ACTIVATION, classes)
    if rounded := [name for name, array in tensors.items() if array.dtype == np.float64]:
        inferred.append(f"{len(rounded)} float64 tensors were rounded to float32.")
    spec = _inferred_spec(modules, file_format, notes + inferred, bool(classes))
    return spec, used_tensors(modules, tensors)


def save(spec: PolicySpec, tensors: Mapping[str, np.ndarray]) -> bytes:
    """A plain state_dict with keys ``net.<i>.weight`` that records what such a file cannot say by itself.

    The record (activation, squashing, environment) lies in the state_dict's ``_metadata``, so torch and other
    tools read the file as any other, and ``open_policy`` gives back an equal policy.
    """
    renamed: list[Module] = []
    content: dict[str, np.ndarray] = {}
    for index, module in enumerate(spec.modules):
        key = f"net.{index}" if module.key else None
        renamed.append(replace(module, key=key))
        for name in module.tensor_names():
            content[f"{key}.{name}"] = np.asarray(tensors[f"{module.key}.{name}"], dtype=np.float32)
        if module.kind == "batchnorm":
            content[f"{key}.num_batches_tracked"] = np.zeros((), dtype=np.int64)
    record = replace(spec, modules=tuple(renamed), format=FORMAT)
    if spec.activation_source != "default":
        record = replace(record, activation_source="recorded", notes=())
    return save_tensors(content, {"": {"version": 1}, METADATA_KEY: record.to_json()})


def _from_module(module: Inert, archive: Archive) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """A whole module, pickled or as TorchScript, rebuilt from its tensors and the names of its classes."""
    tensors, known = module_tree.flatten(module, archive.code)
    file_format = "torchscript" if archive.kind == "torchscript" else "pickled_module"
    spec, used = from_tensors(named_tensors(tensors), file_format, known)
    notes = (
        *spec.notes,
        f"The {module.name} was rebuilt from its weights and the names of its layers; "
        "none of its code was run.",
    )
    if not known.is_sequential(""):
        notes += ("What its own forward code does besides running these layers in turn is not known.",)
    return replace(spec, notes=notes), used


def _inferred_spec(
    modules: tuple[Module, ...], file_format: str, notes: list[str], named: bool
) -> PolicySpec:
    last = max(i for i, module in enumerate(modules) if module.kind == "linear")
    hidden = [module.activation for module in modules[:last] if module.kind == "activation"]
    if hidden and not named:
        notes.append("The file does not name its activation function; GELU is assumed.")
    return PolicySpec(
        modules=modules,
        format=file_format,
        activation=hidden[0] or "identity" if hidden else "identity",
        activation_source="recorded" if named else "default",
        notes=tuple(notes),
    )


def _recorded_spec(recorded: object, modules: tuple[Module, ...]) -> PolicySpec:
    if not isinstance(recorded, Mapping):
        raise UnsupportedFile("The file's record of its architecture is damaged.")
    try:
        spec = PolicySpec.from_json(recorded)
    except InvalidInput as error:
        raise UnsupportedFile(f"The file's record of its architecture is damaged: {error.message}") from error
    if _with_tensors(spec.modules) != _with_tensors(modules) or spec.architecture_only:
        raise UnsupportedFile("The file's record of its architecture does not fit its tensors.")
    return replace(spec, format=FORMAT)


def _with_tensors(modules: tuple[Module, ...]) -> list[tuple[int, Module]]:
    """Place and module of those that a file shows; eps is known from a record alone."""
    return [(i, replace(module, eps=0.0)) for i, module in enumerate(modules) if module.key]
