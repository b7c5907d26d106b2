"""What torch's layer classes are here: an activation function, or nothing at all while acting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from policyscope.core.errors import UnsupportedFile

_PREFIX = "torch.nn.modules."
_ACTIVATIONS = {
    "ReLU": "relu",
    "Tanh": "tanh",
    "GELU": "gelu",
    "ELU": "elu",
    "SiLU": "silu",
    "Sigmoid": "sigmoid",
    "LeakyReLU": "leaky_relu",
    "Softplus": "softplus",
    "SELU": "selu",
}
_PASSES = {"Identity", "Dropout", "AlphaDropout", "Flatten"}
_WITH_TENSORS = {"Linear": "linear", "BatchNorm1d": "batchnorm", "LayerNorm": "layernorm"}
_PARAMETERS = {"negative_slope": 0.01, "alpha": 1.0, "beta": 1.0, "threshold": 20.0}
"""Parameters of activation functions, with the one value that is supported: torch's default."""


@dataclass(frozen=True)
class KnownModule:
    """A module of which the file tells the class, and plain attributes such as ``eps``."""

    class_name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def short_name(self) -> str:
        return self.class_name.rsplit(".", 1)[-1] if self.class_name.startswith(_PREFIX) else ""

    @property
    def kind_with_tensors(self) -> str | None:
        """``linear``, ``batchnorm`` or ``layernorm``; None for every other class."""
        return _WITH_TENSORS.get(self.short_name)

    def eps(self) -> float:
        """Of a normalising layer; torch's default where the file does not say."""
        value = self.attributes.get("eps", 1e-5)
        return float(value) if isinstance(value, int | float) else 1e-5


def activation_of(known: KnownModule) -> str | None:
    """Name of the activation function, None for a module that passes its input through.

    Raises UnsupportedFile for every other class, and for parameters that are not torch's defaults.
    """
    if known.short_name in _PASSES:
        return None
    name = _ACTIVATIONS.get(known.short_name)
    if name is None:
        raise UnsupportedFile(
            f"The file has a layer of the class {known.class_name}, which is not supported."
        )
    for parameter, default in _PARAMETERS.items():
        value = known.attributes.get(parameter, default)
        if not isinstance(value, int | float) or not abs(value - default) <= 1e-12:  # NaN is neither
            raise UnsupportedFile(
                f"The file has a {known.short_name} with {parameter} {value}; {default} is supported."
            )
    return "gelu_tanh" if name == "gelu" and known.attributes.get("approximate") == "tanh" else name


def activation_by_class_name(name: str) -> str | None:
    """``ReLU`` or ``relu`` -> ``relu``; None when it is not an activation function that is known here."""
    by_lower = {key.lower(): value for key, value in _ACTIVATIONS.items()} | {"identity": "identity"}
    return by_lower.get(name.lower())
