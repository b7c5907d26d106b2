"""Finding the acting network in a checkpoint: through wrappers, prefixes and beside critics."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from policyscope.core.errors import UnsupportedFile
from policyscope.core.inert_values import Inert
from policyscope.core.policy_formats.chain import Chain
from policyscope.core.refusals import ONLY_MLP
from policyscope.core.torch_tensors import TensorDict

MAX_WRAPPERS = 4
MAX_TENSORS, LONGEST_NAME = 2000, 500
_WRAPPERS = (
    "model_state_dict",
    "state_dict",
    "policy_state_dict",
    "actor_state_dict",
    "agent_state_dict",
    "model_weights",
    "model",
    "policy",
    "actor",
    "actor_critic",
    "agent",
    "rl_module",
    "default_policy",
    "weights",
    "params",
    "network",
    "net",
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
_ADDED = re.compile(r"(^|\.)_orig_mod\.|^module\.")


def unwrap(tree: object) -> TensorDict:
    """The mapping that holds the tensors; raises UnsupportedFile, which says what was found instead."""
    for _ in range(MAX_WRAPPERS):
        if isinstance(tree, np.ndarray):
            raise UnsupportedFile(
                f"The file holds one tensor of shape {list(tree.shape)}: data such as "
                "cached_obs.pt, not a policy.",
                fields={
                    "remedy": "Choose the policy's own file, such as imitator.pt. Data belong beside the SAE."
                },
            )
        if isinstance(tree, list) and tree and all(isinstance(item, TensorDict) for item in tree):
            tree = tree[0]  # CleanRL saves (actor, critics…)
        if isinstance(tree, Inert):
            raise UnsupportedFile(
                f"The file holds an object of the class {tree.name}; no network was found in it. Its code "
                "was not run."
            )
        if not isinstance(tree, TensorDict):
            raise UnsupportedFile(f"The file holds a {type(tree).__name__}, not a state_dict.")
        if "sae_state" in tree:
            raise UnsupportedFile(
                "This is a sparse autoencoder, not a policy: load it as the SAE of a model.",
                fields={"remedy": "Upload its policy first, then choose this file in step 2, Load SAE."},
            )
        inner = {name: value for name, value in tree.items() if isinstance(value, TensorDict) and value}
        wrapped = next((inner[name] for name in _WRAPPERS if name in inner), None)
        if wrapped is None and any(isinstance(value, np.ndarray) for value in tree.values()):
            return tree
        if wrapped is None and len(inner) != 1:
            unrun = " No code was run." if any(isinstance(value, Inert) for value in tree.values()) else ""
            raise UnsupportedFile(f"No tensors were found; the file's keys are {_listed(tree)}.{unrun}")
        tree = wrapped if wrapped is not None else next(iter(inner.values()))
    raise UnsupportedFile(f"The state_dict is wrapped more than {MAX_WRAPPERS - 1} times.")


def named_tensors(state: Mapping[Any, Any]) -> dict[str, np.ndarray]:
    """The arrays of a state_dict by name; raises UnsupportedFile when there are too many."""
    tensors = {str(name): value for name, value in state.items() if isinstance(value, np.ndarray)}
    if long := next((name for name in tensors if len(name) > LONGEST_NAME), None):
        raise UnsupportedFile(f"The file has a tensor with a name of {len(long):,} letters.")
    if len(tensors) > MAX_TENSORS:
        raise UnsupportedFile(
            f"The file holds {len(tensors):,} tensors; at most {MAX_TENSORS:,} are supported."
        )
    return tensors


def without_added_prefixes(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same tensors under the names they had before torch.compile and DataParallel wrapped the module."""
    plain = {_ADDED.sub(r"\1", _ADDED.sub(r"\1", name)): array for name, array in tensors.items()}
    return plain if len(plain) == len(tensors) else dict(tensors)


def _listed(tree: TensorDict) -> str:
    """Keys, with the class of what is not plain data."""
    shown = [f"{k} ({v.name})" if isinstance(v, Inert) else str(k) for k, v in list(tree.items())[:8]]
    return ", ".join(shown) or "none"


def choose_chain(
    chains: list[Chain], others: list[str], tensors: Mapping[str, np.ndarray]
) -> tuple[Chain, list[str]]:
    usable = [chain for chain in chains if chain.linear_layers]
    if not usable:
        shapes = [f"{name} {list(array.shape)}" for name, array in list(tensors.items())[:6]]
        raise UnsupportedFile(
            f"No chain of layers named <i>.weight was found; found {', '.join(shapes) or 'nothing'}.",
            fields=ONLY_MLP,
        )
    chain = _actor(usable, len(chains))
    unused = others + [f"{other.prefix}*" for other in chains if other is not chain]
    _refuse_unread_head(chain, others, tensors)
    notes = [f"The policy is read from {chain.prefix}*; not used: {', '.join(unused[:8])}."] if unused else []
    return chain, notes


def _actor(chains: list[Chain], found: int) -> Chain:
    """The one chain, whatever its name; of several that were ``found``, the one that is no critic's."""
    if found == 1:
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
