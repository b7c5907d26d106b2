"""How a policy acts around its layers: squashing, scaling and normalisation, as the user corrects them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from policyscope.core.errors import InvalidInput
from policyscope.core.policy_spec import ActionRange, ObservationTransform, PolicySpec, Scaling, Squash


@dataclass(frozen=True)
class Acting:
    """``observation`` is applied before the layers; ``squash`` and ``action_scaling`` after them."""

    squash: Squash
    action_scaling: Scaling | ActionRange
    observation: ObservationTransform | None

    @classmethod
    def of(cls, spec: PolicySpec) -> Acting:
        return cls(spec.squash, spec.action_scaling, spec.observation)

    def applied(self, spec: PolicySpec) -> PolicySpec:
        """``spec`` acting this way; raises InvalidInput when the numbers do not fit its sizes."""
        return replace(
            spec, **{name: getattr(self, name) for name in ("squash", "action_scaling", "observation")}
        )

    def changed(self, changes: Mapping[str, Any]) -> Acting:
        """With the fields of ``changes``, as ``to_json`` gives them; raises InvalidInput."""
        values = {**self.to_json(), **changes}
        try:
            return Acting.from_json(values)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(f"How the policy acts cannot be read: {error}.") from error

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Acting:
        """Inverse of ``to_json``; raises KeyError, TypeError, ValueError or InvalidInput."""
        scaling, observation = data["action_scaling"], data["observation"]
        if isinstance(scaling, Mapping):
            scaling = ActionRange.from_json(scaling)
        transform = None if observation is None else ObservationTransform.from_json(observation)
        return cls(data["squash"], scaling, transform)
