"""Where the libraries keep the layers of their actor, by the names of the tensors.

A layout says which tensors are the acting network, in order, and what the library does around them.
Everything else in the file (critics, optimisers, exploration noise) is not used, and a note says so.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from policyscope.core.errors import InvalidInput, UnsupportedFile
from policyscope.core.policy_formats.chain import Chain, build_modules, used_tensors
from policyscope.core.policy_spec import ActionRange, Module, PolicySpec, Scaling, Squash
from policyscope.core.refusals import ONLY_MLP

Tensors = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Layout:
    """One way of naming an actor.

    ``layers`` are keys of linear layers in order; ``#`` stands for a number, and then all of them follow each
    other. An activation lies between each two. ``needs`` are names that tell the layout from others; where
    they are common ones, the widths of the ``hidden`` layers must be the library's own too.
    ``halves``: the last layer gives mean and log standard deviation, and only the first half acts.
    """

    writer: str
    algorithms: str
    layers: tuple[str, ...]
    activation: str
    squash: Squash = "none"
    needs: tuple[str, ...] = ()
    hidden: tuple[int, ...] | None = None
    halves: bool = False


SB3 = "Stable-Baselines3"
RLLIB = "RLlib"
LAYOUTS = (
    Layout(
        SB3, "PPO or A2C", ("mlp_extractor.policy_net.#", "action_net"), "tanh", needs=("action_net.weight",)
    ),
    Layout(
        SB3,
        "SAC or TQC",
        ("actor.latent_pi.#", "actor.mu"),
        "relu",
        "tanh",
        needs=("actor.latent_pi.0.weight",),
    ),
    Layout(SB3, "TD3 or DDPG", ("actor.mu.#",), "relu", "tanh", needs=("actor.mu.0.weight",)),
    Layout(SB3, "DQN", ("q_net.q_net.#",), "relu", needs=("q_net.q_net.0.weight",)),
    Layout(
        "CleanRL",
        "PPO (continuous)",
        ("actor_mean.#",),
        "tanh",
        needs=("actor_mean.0.weight", "actor_logstd"),
    ),
    Layout(
        "CleanRL", "PPO", ("actor.#",), "tanh", needs=("actor.0.weight", "critic.0.weight"), hidden=(64, 64)
    ),
    Layout(
        "CleanRL", "SAC", ("fc#", "fc_mean"), "relu", "tanh", needs=("fc_mean.weight", "fc_logstd.weight")
    ),
    Layout(
        "CleanRL", "TD3 or DDPG", ("fc#", "fc_mu"), "relu", "tanh", needs=("fc_mu.weight", "action_scale")
    ),
    Layout("CleanRL", "DQN", ("network.#",), "relu", needs=("network.0.weight",), hidden=(120, 84)),
    Layout(
        "rl_games",
        "PPO (continuous)",
        ("a2c_network.actor_mlp.#", "a2c_network.mu"),
        "elu",
        "clip",
        needs=("a2c_network.mu.weight",),
    ),
    Layout(
        "rl_games",
        "PPO",
        ("a2c_network.actor_mlp.#", "a2c_network.logits"),
        "elu",
        needs=("a2c_network.logits.weight",),
    ),
    Layout(
        "skrl", "a shared model", ("net_container.#", "policy_layer"), "elu", needs=("policy_layer.weight",)
    ),
    Layout(
        "skrl", "a policy model", ("net_container.#", "output_layer"), "elu", needs=("output_layer.weight",)
    ),
    Layout("skrl", "a policy model", ("net.#", "mean_layer"), "elu", needs=("mean_layer.weight",)),
    Layout(
        "skrl",
        "a policy model",
        ("net_container.#",),
        "elu",
        needs=("net_container.0.weight", "log_std_parameter"),
    ),
    Layout(
        RLLIB,
        "PPO",
        ("encoder.actor_encoder.net.mlp.#", "pi.net.mlp.#"),
        "tanh",
        needs=("encoder.actor_encoder.net.mlp.0.weight",),
    ),
    Layout(
        RLLIB,
        "PPO (shared encoder)",
        ("encoder.encoder.net.mlp.#", "pi.net.mlp.#"),
        "tanh",
        needs=("encoder.encoder.net.mlp.0.weight",),
    ),
    Layout(
        RLLIB,
        "SAC",
        ("pi_encoder.net.mlp.#", "pi.net.mlp.#"),
        "relu",
        needs=("pi_encoder.net.mlp.0.weight",),
    ),
    Layout(
        RLLIB,
        "the old API stack",
        ("_hidden_layers.#._model.0", "_logits._model.0"),
        "tanh",
        needs=("_logits._model.0.weight",),
    ),
)
_REFUSED = (
    ("features_extractor.", "a feature extractor (images or dictionaries of observations)"),
    ("lstm", "a recurrent layer"),
    (".rnn.", "a recurrent layer"),
    ("a2c_network.actor_cnn.", "convolutions"),
    ("mlp_extractor.shared_net.", "layers shared by actor and critic"),
    ("atoms", "a distribution of returns (C51)"),
    ("quantile_net.", "quantiles of returns (QR-DQN)"),
)


def find_layout(tensors: Mapping[str, np.ndarray]) -> Layout | None:
    """The first layout whose telling names are all there."""
    return next((layout for layout in LAYOUTS if _fits(layout, tensors)), None)


def _fits(layout: Layout, tensors: Tensors) -> bool:
    if not all(name in tensors for name in layout.needs):
        return False
    if layout.hidden is None:
        return True
    pattern = layout.layers[0]
    keys = [pattern.replace("#", str(number)) for number in _numbers(pattern, tensors)]
    widths = [tensors[f"{key}.weight"].shape[:1] for key in keys[:-1]]
    return widths == [(width,) for width in layout.hidden]


def check_networks(layout: Layout, tensors: Mapping[str, object]) -> None:
    """Raise UnsupportedFile when the policy has parts beside its MLP."""
    for name in tensors:
        for part, what in _REFUSED:
            if part in name:
                raise UnsupportedFile(
                    f"This {layout.writer} policy has {what} ({name}); plain MLP policies are supported.",
                    fields=ONLY_MLP,
                )


def read_layout(
    layout: Layout, tensors: Tensors, activation: str
) -> tuple[tuple[Module, ...], dict[str, np.ndarray]]:
    """The actor as modules ``net.0``, ``net.2``, … and its tensors; raises UnsupportedFile."""
    chain, names = Chain("net."), {}
    keys = _keys(layout, tensors)
    for position, key in enumerate(keys):
        for name in ("weight", "bias"):
            if f"{key}.{name}" in tensors:
                array = tensors[f"{key}.{name}"]
                if layout.halves and key == keys[-1] and array.ndim:
                    array = array[: len(array) // 2]
                chain.entries[2 * position][name] = names[f"net.{2 * position}.{name}"] = array
    modules, _ = build_modules(chain, activation)
    return modules, used_tensors(modules, names)


def layout_spec(
    layout: Layout, tensors: Tensors, file_format: str, activation: str | None = None
) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """The policy of ``layout``; without ``activation``, which a file may not name, the library's default."""
    check_networks(layout, tensors)
    modules, used = read_layout(layout, tensors, activation or layout.activation)
    hidden = any(module.kind == "activation" for module in modules)
    patterns = ", ".join(pattern.replace("#", "*") for pattern in layout.layers)
    notes = [
        f"The actor of {layout.writer} {layout.algorithms}, read from {patterns}, is renumbered as net.*."
    ]
    if unused := _unused(layout, tensors):
        notes.append(f"Not used: {unused}.")
    if hidden and activation is None:
        notes.append(
            f"The file names no activation function; {layout.activation} is the default of {layout.writer} "
            f"for {layout.algorithms}."
        )
    spec = PolicySpec(
        modules=modules,
        format=file_format,
        activation=(activation or layout.activation) if hidden else "identity",
        activation_source="default" if activation is None else "recorded",
        squash=layout.squash,
        action_scaling=_scaling(layout, tensors),
        metadata={"library": layout.writer, "algorithm": layout.algorithms},
        notes=tuple(notes),
    )
    return spec, used


def _scaling(layout: Layout, tensors: Tensors) -> Scaling | ActionRange:
    """CleanRL keeps half the width and the middle of the action box beside the weights."""
    half, middle = tensors.get("action_scale"), tensors.get("action_bias")
    if layout.squash != "tanh" or half is None or middle is None:
        return "box"
    if half.size != middle.size or {half.dtype.kind, middle.dtype.kind} != {"f"}:
        raise UnsupportedFile(
            f"action_scale {list(half.shape)} and action_bias {list(middle.shape)} do not fit together."
        )
    centre, reach = (array.ravel().astype(np.float64) for array in (middle, half))
    try:
        return ActionRange(tuple((centre - reach).tolist()), tuple((centre + reach).tolist()))
    except InvalidInput as error:
        raise UnsupportedFile(error.message) from error


def with_notes(spec: PolicySpec, *notes: str) -> PolicySpec:
    return replace(spec, notes=(*spec.notes, *notes))


def _keys(layout: Layout, tensors: Tensors) -> list[str]:
    """Keys of the linear layers in order, one activation apart."""
    keys: list[str] = []
    for pattern in layout.layers:
        if "#" not in pattern:
            if f"{pattern}.weight" not in tensors:
                raise UnsupportedFile(
                    f"{pattern}.weight is missing, so this is another {layout.writer} policy than is known "
                    "here (such as one with gSDE and clip_mean)."
                )
            keys.append(pattern)
            continue
        found = _numbers(pattern, tensors)
        steps = {right - left for left, right in itertools.pairwise(found)}
        if len(steps) > 1 or not steps <= {1, 2}:
            raise UnsupportedFile(
                f"The modules at {pattern} {found} are not linear layers and activations in turn."
            )
        keys += [pattern.replace("#", str(number)) for number in found]
    return keys


def _numbers(pattern: str, tensors: Tensors) -> list[int]:
    before, after = pattern.split("#")
    expression = re.compile(re.escape(before) + r"(\d{1,4})" + re.escape(after) + r"\.weight")
    return sorted(int(match[1]) for name in tensors if (match := expression.fullmatch(name)))


def _unused(layout: Layout, tensors: Tensors) -> str:
    """The other networks of the file, by the first part of their names."""
    used = [pattern.split("#")[0] for pattern in layout.layers]
    others = {name.split(".")[0] for name in tensors if not any(name.startswith(prefix) for prefix in used)}
    return ", ".join(sorted(others)[:8])
