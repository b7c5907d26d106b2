"""ONNX files whose graph is one chain of layers: read as data, never run.

Gemm and MatMul are linear layers, normalising layers are modules; what normalises observations or squashes
and stretches actions is told from them; a node that is not known is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from policyscope.core.errors import InvalidInput, UnsupportedFile
from policyscope.core.onnx_protobuf import Graph, Node, read_graph
from policyscope.core.policy_formats.chain import to_float32
from policyscope.core.policy_formats.onnx_chain import (
    CHOICES,
    PASSES,
    Link,
    fold_constants,
    follow,
    not_supported,
    split,
)
from policyscope.core.policy_formats.onnx_values import Elementwise, is_elementwise
from policyscope.core.policy_spec import (
    ActionRange,
    Module,
    ObservationTransform,
    PolicySpec,
    Scaling,
    Squash,
)

FORMAT = "onnx"
_ACTS = {"action", "actions", "mean", "means", "mu", "logits", "policy", "pi", "output"}
_OTHERS = {"value", "values", "critic", "vf", "prob", "probs", "std", "sigma", "entropy", "state", "hidden"}
_EPS = 1e-5

Tensors = dict[str, np.ndarray]


@dataclass(frozen=True)
class Layer:
    """A linear or normalising layer with its tensors in torch's names and shapes."""

    kind: str
    tensors: Tensors
    eps: float = _EPS

    @property
    def width(self) -> int:
        return len(self.tensors["weight"])


Part = Layer | Elementwise | Node


def read(data: bytes, beside: Mapping[str, bytes] | None = None) -> tuple[PolicySpec, Tensors]:
    """Spec and tensors; ``beside`` are files of weights by name. Raises UnsupportedFile or LimitExceeded."""
    graph = read_graph(data, beside)
    constants = fold_constants(graph)
    output, notes = _chosen_output(graph)
    parts = list(_with_biases(_parts(follow(graph, constants, output), constants)))
    parts, chosen = _without_choice(parts)
    observation, parts = _observation(parts)
    squash, scaling, parts = _squashing(parts)
    modules, tensors = _modules(parts)
    last = max(i for i, module in enumerate(modules) if module.kind == "linear")
    hidden = [str(module.activation) for module in modules[:last] if module.kind == "activation"]
    notes += [*chosen, *_said(observation, squash, scaling)]
    try:
        spec = PolicySpec(
            *(tuple(modules), FORMAT, hidden[0] if hidden else "identity", "recorded"),
            squash=squash,
            action_scaling=scaling,
            observation=observation,
            notes=tuple(notes),
        )
    except InvalidInput as error:
        raise UnsupportedFile(error.message) from error
    return spec, tensors


def _chosen_output(graph: Graph) -> tuple[str, list[str]]:
    """The output that acts, by its name where there are several."""
    names = graph.outputs
    words = {name: set(re.split(r"[^a-z]+", name.lower())) for name in names}
    left = [name for name in names if not words[name] & _OTHERS] if len(names) > 1 else names
    if len(left) > 1:
        left = [name for name in left if words[name] & _ACTS]
    if len(left) != 1:
        raise UnsupportedFile(
            f"The ONNX file has the outputs {', '.join(names[:6]) or '(none)'}, and which one acts cannot be "
            "told. Export the action alone."
        )
    others = [name for name in names if name != left[0]]
    return left[0], [f"The output {left[0]} acts; not used: {', '.join(others[:6])}."] if others else []


def _parts(links: Sequence[Link], constants: Mapping[str, np.ndarray]) -> Iterator[Part]:
    layers = {
        link.exit: _layer(link.node, constants) for link in links if link.node.op not in PASSES | CHOICES
    }
    first = next((layer for layer in layers.values() if layer is not None and layer.kind == "linear"), None)
    if first is None:
        raise UnsupportedFile("The ONNX file has no Gemm or MatMul on the way to its output.")
    width = first.tensors["weight"].shape[1]
    for link in links:
        layer = layers.get(link.exit)
        if is_elementwise(link.node):
            yield from split(link, constants, width)
        elif layer is not None:
            yield layer
            width = layer.width
        elif link.node.op in CHOICES:
            yield link.node
        else:
            _check_reshape(link.node, constants, width)


def _layer(node: Node, constants: Mapping[str, np.ndarray]) -> Layer | None:
    """None for nodes that act on every number by itself."""
    given = [constants.get(name) for name in node.inputs[1:]]
    if node.op in ("Gemm", "MatMul"):
        return _linear(node, given)
    if node.op not in ("BatchNormalization", "LayerNormalization"):
        return None
    names = ("weight", "bias", "running_mean", "running_var")
    tensors = {name: array for name, array in zip(names, given, strict=False) if array is not None}
    batch = node.op == "BatchNormalization"
    whole = len(tensors) == 4 if batch else "weight" in tensors
    if not whole or any(array.ndim != 1 for array in tensors.values()) or node.whole("training_mode", 0):
        raise not_supported(node, "it is not the usual layer as it acts after training")
    if not batch and node.whole("axis", -1) not in (-1, 1):
        raise not_supported(node, "it does not normalise the last dimension")
    kind = "batchnorm" if batch else "layernorm"
    return Layer(kind, tensors, round(node.number("epsilon", _EPS), 12))


def _linear(node: Node, given: list[np.ndarray | None]) -> Layer:
    weight = given[0] if given else None
    matrix = weight is not None and weight.ndim == 2 and weight.dtype.kind == "f" and weight.size
    if weight is None or not matrix or node.whole("transA", 0):
        raise not_supported(node, "it does not multiply rows with a matrix of weights")
    alpha, beta = (node.number(name, 1.0) for name in ("alpha", "beta"))
    turned = weight if node.op == "Gemm" and node.whole("transB", 0) else weight.T
    tensors = {"weight": alpha * turned}
    bias = given[1] if len(given) > 1 else None
    if bias is not None:
        if bias.ndim > 2 or bias.size not in (1, len(turned)) or bias.size != max((1, *bias.shape[-1:])):
            raise not_supported(node, f"its bias has shape {list(bias.shape)}")
        tensors["bias"] = beta * np.broadcast_to(bias.reshape(-1), (len(turned),))
    return Layer("linear", tensors)


def _check_reshape(node: Node, constants: Mapping[str, np.ndarray], width: int) -> None:
    """Flatten and Reshape of ``[batch, width]`` must leave it as it is."""
    if node.op == "Flatten":
        fits = node.whole("axis", 1) in (1, -1)
    else:
        wanted = constants.get(node.inputs[1]) if len(node.inputs) > 1 else None
        shape = [] if wanted is None else wanted.reshape(-1).tolist()
        fits = len(shape) == 2 and shape[1] in (width, -1)
    if not fits:
        raise not_supported(node, "it changes the shape")


def _with_biases(parts: Iterator[Part]) -> Iterator[Part]:
    """MatMul and the Add after it as one linear layer."""
    waiting: Part | None = None
    for part in parts:
        bare = isinstance(waiting, Layer) and waiting.kind == "linear" and "bias" not in waiting.tensors
        if bare and isinstance(part, Elementwise) and part.scale is not None and np.all(part.scale == 1.0):
            waiting = replace(waiting, tensors={**waiting.tensors, "bias": part.shift})  # type: ignore
            continue
        if waiting is not None:
            yield waiting
        waiting = part
    if waiting is not None:
        yield waiting


def _without_choice(parts: list[Part]) -> tuple[list[Part], list[str]]:
    """Softmax and ArgMax at the end choose among the scores before them, which is what acting does here."""
    end = len(parts)
    while end and isinstance(parts[end - 1], Node):
        end -= 1
    for part in parts[:end]:
        if isinstance(part, Node):
            raise not_supported(part, "it is not at the end")
    names = ", ".join(part.label for part in parts[end:] if isinstance(part, Node))
    note = f"{names} at the end is left out: the outputs are scores, and the largest is chosen."
    return parts[:end], [note] if names else []


def _observation(parts: list[Part]) -> tuple[ObservationTransform | None, list[Part]]:
    """``scale x + shift`` before the first layer, perhaps with symmetric limits, and the rest."""
    first = parts[0]
    if not isinstance(first, Elementwise) or first.scale is None or first.shift is None:
        return None, parts
    if not np.all(first.scale > 0):
        return None, parts
    after = parts[1]
    clip = None
    if isinstance(after, Elementwise) and after.limits is not None and after.limits[0] == -after.limits[1]:
        clip = after.limits[1]
    mean, scale = -first.shift / first.scale, 1.0 / first.scale
    transform = ObservationTransform(tuple(mean.tolist()), tuple(scale.tolist()), clip)
    return transform, parts[1 if clip is None else 2 :]


def _squashing(parts: list[Part]) -> tuple[Squash, Scaling | ActionRange, list[Part]]:
    """Tanh or limits of ±1 after the last layer, perhaps stretched to a range, and the rest."""
    stretch = parts[-1] if isinstance(parts[-1], Elementwise) and parts[-1].scale is not None else None
    before = parts[-2] if stretch is not None and len(parts) > 1 else parts[-1]
    squash: Squash = "none"
    if isinstance(before, Elementwise):
        squash = "tanh" if before.activation == "tanh" else "clip" if before.limits == (-1.0, 1.0) else "none"
    if squash == "none":
        return "none", "box", parts
    if stretch is None:
        return squash, "none", parts[:-1]
    if stretch.scale is None or stretch.shift is None or not np.all(stretch.scale > 0):
        return "none", "box", parts
    low, high = stretch.shift - stretch.scale, stretch.shift + stretch.scale
    return squash, ActionRange(tuple(low.tolist()), tuple(high.tolist())), parts[:-2]


def _modules(parts: list[Part]) -> tuple[list[Module], Tensors]:
    modules: list[Module] = []
    tensors: Tensors = {}
    width = next(part.tensors["weight"].shape[-1] for part in parts if isinstance(part, Layer))
    for part in parts:
        if isinstance(part, Elementwise) and part.activation is not None:
            modules.append(Module("activation", width, width, activation=part.activation))
            continue
        layer = part if isinstance(part, Layer) else _diagonal(part)
        if layer is not None:
            key = f"net.{len(modules)}"
            modules.append(_module(key, layer, width))
            tensors |= {f"{key}.{name}": to_float32(f"{key}.{name}", a) for name, a in layer.tensors.items()}
            width = layer.width
    return modules, tensors


def _diagonal(part: Part) -> Layer | None:
    """``scale x + shift`` between layers; None where it changes nothing."""
    if not isinstance(part, Elementwise) or part.scale is None or part.shift is None:
        label = part.label if isinstance(part, Elementwise | Node) else ""
        raise UnsupportedFile(f"The node {label} of this ONNX file limits values between layers.")
    if np.all(part.scale == 1.0) and np.all(part.shift == 0.0):
        return None
    return Layer("linear", {"weight": np.diag(part.scale), "bias": part.shift})


def _module(key: str, layer: Layer, width: int) -> Module:
    has_bias = "bias" in layer.tensors
    if layer.kind == "linear":
        rows, columns = layer.tensors["weight"].shape
        return Module("linear", columns, rows, key=key, has_bias=has_bias)
    return Module(layer.kind, width, width, key=key, has_bias=has_bias, eps=layer.eps)  # type: ignore[arg-type]


def _said(
    observation: ObservationTransform | None, squash: Squash, scaling: Scaling | ActionRange
) -> list[str]:
    said = []
    if observation is not None:
        limit = "" if observation.clip is None else f", then clipped to ±{observation.clip:g}"
        said.append(f"Observations are normalised as the file does it{limit}.")
    if squash != "none":
        how = "The file ends with a tanh" if squash == "tanh" else "The file limits actions to ±1"
        then = (
            "and gives them as they are; if the action box is another one, say that they are stretched to it."
            if scaling == "none"
            else "and stretches them to a range of its own."
        )
        said.append(f"{how} {then}")
    return said
