"""From a graph of ONNX operations to the one chain that leads from its input to an output."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.onnx_protobuf import Graph, Node
from policyscope.core.policy_formats.onnx_values import Elementwise, apply, is_elementwise, recognise

PASSES = {"Flatten", "Reshape"}
CHOICES = {"Softmax", "LogSoftmax", "ArgMax"}
LAYERS = {"Gemm", "MatMul", "BatchNormalization", "LayerNormalization"}
MAX_MADE = 1 << 22
MAX_FUNCTIONS = 64

Values = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Link:
    """One node, or several that act on every number by itself, from the value ``entry`` to ``exit``."""

    entry: str
    exit: str
    nodes: tuple[Node, ...]

    @property
    def node(self) -> Node:
        return self.nodes[-1]


def not_supported(node: Node, why: str = "") -> UnsupportedFile:
    known = "Gemm, MatMul with Add, normalising layers and the usual activation functions in one chain"
    return UnsupportedFile(
        f"The node {node.label} of this ONNX file is not supported{f' ({why})' if why else ''}; {known} are."
    )


def fold_constants(graph: Graph) -> dict[str, np.ndarray]:
    """Every value that does not depend on an input: weights, Constant nodes, and what is made of them.

    Raises LimitExceeded when a few numbers are made into very many.
    """
    constants = dict(graph.constants)
    made = 0
    for node in graph.nodes:
        known = node.domain in ("", "ai.onnx") and node.outputs
        if known and is_elementwise(node):
            made += _size_made(node, constants)
        if made > MAX_MADE + sum(array.size for array in graph.constants.values()):
            raise LimitExceeded("The ONNX file makes more numbers of its constants than it holds.")
        value = _constant(node, constants) if known else None
        if value is not None:
            constants[node.outputs[0]] = value
    return constants


def follow(graph: Graph, constants: Values, output: str) -> list[Link]:
    """The links from an input of the graph to ``output``. Raises UnsupportedFile, which names the node."""
    made_by = {name: node for node in graph.nodes for name in node.outputs}
    links: list[Link] = []
    name = output
    while name not in graph.inputs:
        node = made_by.get(name)
        if node is None or len(links) > len(graph.nodes):
            raise UnsupportedFile(
                f"The output {output[:80]!r} of this ONNX file does not depend on its input."
            )
        if is_elementwise(node):
            link = _elementwise_link(graph, made_by, constants, name)
        elif node.op in LAYERS | PASSES | CHOICES and node.domain in ("", "ai.onnx"):
            link = Link(_only_value(node, constants), name, (node,))
        else:
            raise not_supported(node)
        links.append(link)
        name = link.entry
    return links[::-1]


def split(link: Link, constants: Values, width: int) -> Iterator[Elementwise]:
    """An elementwise link as functions that are known, the longest first. Raises UnsupportedFile."""
    cuts = _cuts(link)
    done = 0
    while done < len(link.nodes):
        for end in sorted((cut for cut in cuts if cut > done), reverse=True):
            part = link.nodes[done:end]
            entry = link.entry if done == 0 else link.nodes[done - 1].outputs[0]
            known = recognise(part, entry, part[-1].outputs[0], constants, width)
            if known is not None:
                yield replace(known, label=part[-1].label)
                done = end
                break
        else:
            end = min((cut for cut in cuts if cut > done), default=len(link.nodes))
            raise not_supported(link.nodes[end - 1], "an activation function or a setting that is not known")


def _size_made(node: Node, constants: Values) -> int:
    """How many numbers a node makes of constants; 0 where it makes none."""
    given = [constants.get(name) for name in node.inputs if name]
    shapes = [array.shape for array in given if array is not None]
    try:
        return math.prod(np.broadcast_shapes(*shapes)) if len(shapes) == len(given) else 0
    except ValueError:
        return 0


def _constant(node: Node, constants: Values) -> np.ndarray | None:
    if node.op == "Constant":
        value = next(iter(node.attributes.values()), None)
        return None if value is None or isinstance(value, bytes) else np.asarray(value)
    if not node.inputs or not all(name in constants for name in node.inputs if name):
        return None
    try:
        return _made(node, constants)
    except (ValueError, TypeError, IndexError):
        return None


def _made(node: Node, constants: Values) -> np.ndarray | None:
    first = constants[node.inputs[0]] if node.inputs[0] else np.zeros(0)
    if node.op == "Transpose":
        order = node.attributes.get("perm")
        return np.transpose(first, order if isinstance(order, list) else None)
    if node.op in ("Reshape", "Squeeze", "Unsqueeze") and first.ndim <= 1:
        return first.reshape(-1)  # a vector or a number stays what it is beside [batch, width]
    return apply(node, constants) if is_elementwise(node) else None


def _only_value(node: Node, constants: Values) -> str:
    """The one input that is not a constant; a layer's weights are."""
    first, rest = node.inputs[0] if node.inputs else "", node.inputs[1:]
    if not first or first in constants or any(name and name not in constants for name in rest):
        raise not_supported(node, "its weights are not constants")
    return first


def _elementwise_link(graph: Graph, made_by: Mapping[str, Node], constants: Values, exit_: str) -> Link:
    """All nodes back from ``exit_`` that act on every number by itself, to the one value they start from."""
    found: set[int] = set()
    entries: list[str] = []
    waiting = [exit_]
    while waiting:
        name = waiting.pop()
        node = made_by.get(name)
        if name in graph.inputs or node is None or not is_elementwise(node):
            entries += [name] if name not in entries else []
        elif id(node) not in found:
            found.add(id(node))
            waiting += [name for name in node.inputs if name and name not in constants]
    if len(entries) != 1:
        raise not_supported(made_by[exit_], "it joins several branches" if entries else "it has no input")
    if len(found) > MAX_FUNCTIONS:
        raise not_supported(made_by[exit_], f"more than {MAX_FUNCTIONS} such operations come before it")
    return Link(entries[0], exit_, tuple(node for node in graph.nodes if id(node) in found))


def _cuts(link: Link) -> list[int]:
    """After how many nodes a single value carries everything that is still needed."""
    last_use = {name: i for i, node in enumerate(link.nodes) for name in node.inputs}
    last_use[link.exit] = len(link.nodes)
    cuts, live = [], {link.entry}
    for i, node in enumerate(link.nodes):
        live = {name for name in {*live, node.outputs[0]} if last_use.get(name, -1) > i}
        if live == {node.outputs[0]}:
            cuts.append(i + 1)
    return cuts
