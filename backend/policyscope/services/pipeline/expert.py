"""Who shows the behaviour: a policy file, or the environment's own expert."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from policyscope.core.envs import HARD_STABLE, EnvInfo, HardStableExpert, check_fit
from policyscope.core.errors import InvalidInput, NotFound
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.core.rollout import Acts
from policyscope.services.pipeline.config import PipelineConfig
from policyscope.store.paths import read_regular

MAX_POLICY_BYTES = 1 << 30


@dataclass(frozen=True)
class Expert:
    """``acts`` shows the behaviour; ``policy`` is the same when it is a network, which can be tapped."""

    acts: Acts
    policy: Policy | None
    described: str


def load_expert(config: PipelineConfig, info: EnvInfo, root: Path) -> Expert:
    """Open ``config.policy``, looked up in the working directory and then under the artifacts root.

    Raises NotFound, UnsupportedFile, or ShapeMismatch when its sizes do not fit the environment.
    """
    if config.policy is None:
        return _own_expert(info)
    path = _find(config.policy, root)
    spec, tensors = open_policy(read_regular(path, MAX_POLICY_BYTES, config.policy), path.name)
    if config.activation is not None:
        spec = spec.with_activation(config.activation, "user")
    check_fit(spec, info)
    policy = Policy(spec, tensors)
    return Expert(policy, policy, f"{path.name} ({spec.format}, {spec.activation}, {spec.activation_source})")


def _own_expert(info: EnvInfo) -> Expert:
    if info.id != HARD_STABLE:
        raise InvalidInput(
            f"{info.id} brings no expert of its own. Name a policy with --policy: a .pt file or a "
            "stable-baselines3 zip.",
            fields={"policy": "required for this environment"},
        )
    return Expert(HardStableExpert(), None, "the environment's own expert")


def _find(name: str, root: Path) -> Path:
    for candidate in (Path(name), root / name):
        if candidate.is_file():
            return candidate.resolve()
    raise NotFound(
        f"The policy {name} does not exist, neither in the working directory nor under the artifacts root. "
        "Give the path of a .pt policy or a stable-baselines3 zip."
    )


def needs_clone(expert: Expert, config: PipelineConfig) -> bool:
    """Whether a clone has to be trained: the policy is not an MLP with hidden layers of ``hidden_size``.

    Raises InvalidInput when ``--clone never`` asks for the impossible.
    """
    if config.clone == "always":
        return True
    if expert.policy is not None and (
        config.clone == "never" or _is_such_mlp(expert.policy, config.hidden_size)
    ):
        return False
    if config.clone == "never":
        raise InvalidInput(
            "--clone never needs a policy that is a network; the environment's own expert is not one."
        )
    return True


def _is_such_mlp(policy: Policy, hidden_size: int) -> bool:
    linears = [m for m in policy.spec.modules if m.kind == "linear"]
    plain = policy.spec.squash == "none"
    return plain and len(linears) > 1 and all(m.out_features == hidden_size for m in linears[:-1])
