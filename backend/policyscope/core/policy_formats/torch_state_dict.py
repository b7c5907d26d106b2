"""``imitator.pt``: a state_dict with keys ``<prefix><i>.weight``, perhaps wrapped or beside a critic."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from policyscope.core.errors import InvalidInput, UnsupportedFile
from policyscope.core.policy_formats import sb3_zip
from policyscope.core.policy_formats.chain import Chain, build_modules, find_chains, used_tensors
from policyscope.core.policy_spec import Module, PolicySpec
from policyscope.core.torch_tensors import TensorDict, load_tensors, save_tensors

FORMAT = "torch_state_dict"
DEFAULT_ACTIVATION = "gelu"
METADATA_KEY = "policyscope"
MAX_TENSORS = 2000
MAX_WRAPPERS = 4
_WRAPPERS = (
    "model_state_dict",
    "state_dict",
    "policy_state_dict",
    "actor_state_dict",
    "model",
    "policy",
    "actor",
)
_ACTOR_WORDS = {"actor", "policy", "pi", "mu", "imitator", "student"}
_CRITIC_WORDS = {
    "critic",
    "critics",
    "value",
    "values",
    "vf",
    "v",
    "q",
    "qf",
    "target",
    "baseline",
    "discriminator",
}


def read(data: bytes) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """Spec and tensors of a torch file; raises UnsupportedFile that says what was found."""
    return from_tree(load_tensors(data))


def from_tree(tree: object) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """The same for what ``load_tensors`` returned."""
    state = _unwrap(tree)
    tensors = {name: value for name, value in state.items() if isinstance(value, np.ndarray)}
    if len(tensors) > MAX_TENSORS:
        raise UnsupportedFile(
            f"The file holds {len(tensors):,} tensors; at most {MAX_TENSORS:,} are supported."
        )
    if sb3_zip.is_sb3_policy(tensors):
        return sb3_zip.from_tensors(tensors, None)
    chains, others = find_chains(tensors)
    chain, notes = _choose(chains, others, tensors)
    modules, inferred = build_modules(chain, DEFAULT_ACTIVATION)
    if rounded := [name for name, array in tensors.items() if array.dtype == np.float64]:
        inferred.append(f"{len(rounded)} float64 tensors were rounded to float32.")
    recorded = getattr(state, "metadata", {}).get(METADATA_KEY)
    if recorded is not None:
        spec = _recorded_spec(recorded, modules)
        return spec, used_tensors(spec.modules, tensors)
    return _inferred_spec(modules, notes + inferred), used_tensors(modules, tensors)


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


def _inferred_spec(modules: tuple[Module, ...], notes: list[str]) -> PolicySpec:
    activated = any(module.kind == "activation" for module in modules)
    if activated:
        notes.append("The file does not name its activation function; GELU is assumed.")
    return PolicySpec(
        modules=modules,
        format=FORMAT,
        activation=DEFAULT_ACTIVATION if activated else "identity",
        activation_source="default",
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


def _unwrap(tree: object) -> TensorDict:
    for _ in range(MAX_WRAPPERS):
        if isinstance(tree, np.ndarray):
            raise UnsupportedFile(
                f"The file holds one tensor of shape {list(tree.shape)}: data such as "
                "cached_obs.pt, not a policy."
            )
        if not isinstance(tree, TensorDict):
            raise UnsupportedFile(f"The file holds a {type(tree).__name__}, not a state_dict.")
        if "sae_state" in tree:
            raise UnsupportedFile(
                "This is a sparse autoencoder, not a policy: load it as the SAE of a model."
            )
        if any(isinstance(value, np.ndarray) for value in tree.values()):
            return tree
        tree = _inner(tree)
    raise UnsupportedFile(f"The state_dict is wrapped more than {MAX_WRAPPERS - 1} times.")


def _inner(tree: TensorDict) -> Any:
    inner = {name: value for name, value in tree.items() if isinstance(value, TensorDict) and value}
    for name in _WRAPPERS:
        if name in inner:
            return inner[name]
    if len(inner) == 1:
        return next(iter(inner.values()))
    raise UnsupportedFile(
        f"No tensors were found; the file's keys are {', '.join(list(tree)[:8]) or 'none'}."
    )


def _choose(
    chains: list[Chain], others: list[str], tensors: Mapping[str, np.ndarray]
) -> tuple[Chain, list[str]]:
    usable = [chain for chain in chains if chain.linear_layers]
    if not usable:
        shapes = [f"{name} {list(array.shape)}" for name, array in list(tensors.items())[:6]]
        raise UnsupportedFile(
            f"No chain of layers named <i>.weight was found; found {', '.join(shapes) or 'nothing'}."
        )
    chain = _actor(usable)
    unused = others + [f"{other.prefix}*" for other in chains if other is not chain]
    _refuse_unread_head(chain, others, tensors)
    notes = [f"The policy is read from {chain.prefix}*; not used: {', '.join(unused[:8])}."] if unused else []
    return chain, notes


def _actor(chains: list[Chain]) -> Chain:
    if len(chains) == 1:
        return chains[0]
    words = {chain.prefix: set(re.split(r"[^a-z]+", chain.prefix.lower())) for chain in chains}
    left = [chain for chain in chains if not words[chain.prefix] & _CRITIC_WORDS]
    if len(left) > 1:
        left = [chain for chain in left if words[chain.prefix] & _ACTOR_WORDS]
    if len(left) == 1:
        return left[0]
    raise UnsupportedFile(
        f"The file holds several chains of layers ({', '.join(chain.describe() for chain in chains[:6])}) "
        "and which one acts cannot be told. Save the policy's own state_dict alone."
    )


def _refuse_unread_head(chain: Chain, others: list[str], tensors: Mapping[str, np.ndarray]) -> None:
    """A matrix that takes the chain's output and is not a critic's would be a forgotten last layer."""
    width = chain.linear_layers[-1].shape[0]
    for name in others:
        matrix = tensors[name].ndim == 2 and tensors[name].shape[1] == width
        if matrix and name.endswith("weight") and not set(re.split(r"[^a-z]+", name.lower())) & _CRITIC_WORDS:
            raise UnsupportedFile(
                f"{name} {list(tensors[name].shape)} seems to follow the chain {chain.describe()}, but it "
                "has no index, so the order is not known. Save the policy as one Sequential."
            )
