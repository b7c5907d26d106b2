"""What a browser needs to run the closed loop itself: the task, the network with its SAE, and where to start.

The browser's rollout is a preview. Everything it does can be asked for as a run: starts are drawn here by the
same rules, and a dose moved by hand is a schedule of kind table.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from policyscope.core.action_box import stretched_to
from policyscope.core.envs import EnvInfo, check_fit, get_env
from policyscope.core.envs.model_file import model_file
from policyscope.core.errors import InvalidInput, LimitExceeded
from policyscope.core.measures.anatomy import anatomy_of
from policyscope.core.policy import Policy
from policyscope.core.policy_spec import PolicySpec
from policyscope.core.sae import SAE
from policyscope.services import loaded, starts
from policyscope.services.effects import edits
from policyscope.services.workspace import Workspace
from policyscope.store.records import MODEL, Json, ModelRow, SaeRow, require

MOST_NUMBERS = 4_000_000


def physics(env_id: str) -> Json:
    """The model file and the numbers of the task. Raises InvalidInput where the browser cannot play it."""
    found = dict(model_file(env_id))
    path = found.pop("path")  # of this machine: it goes nowhere else
    anatomy = anatomy_of(env_id)
    return {
        **found,
        "mjcf": Path(path).read_text(encoding="utf-8"),
        "feet": {leg.name: list(leg.feet) for leg in anatomy.legs} if anatomy else {},
    }


@dataclass(frozen=True)
class Steerable:
    """A model with its present weight edits, and the SAE at its tap."""

    row: ModelRow
    sae_row: SaeRow
    policy: Policy
    sae: SAE


def steerable(ws: Workspace, model_id: str, info: EnvInfo) -> Steerable:
    """Raises NotFound, ShapeMismatch, or InvalidInput when no SAE is loaded."""
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
        sae_row = session.get(SaeRow, row.sae_id) if row.sae_id else None
    if sae_row is None:
        raise InvalidInput("SAE not found: live steering pushes features. Load an SAE first.", code="no_sae")
    policy = loaded.build_policy(ws.store, row.id, row.acting, row.edits)
    check_fit(policy.spec, info)
    return Steerable(row, sae_row, policy, loaded.stored_sae(ws.store, sae_row.content))


def network(ws: Workspace, model_id: str, env_id: str) -> Json:
    """Policy with its present weight edits, the SAE at its tap, and the stride of ``env_id`` for phase gates.

    Arrays are base64 of little-endian float32, row by row. Raises NotFound, ShapeMismatch, InvalidInput when
    no SAE is loaded, LimitExceeded for a network too large to be sent.
    """
    info = get_env(env_id)
    found = steerable(ws, model_id, info)
    row, sae_row, policy, sae = found.row, found.sae_row, found.policy, found.sae
    size = sum(array.size for array in (*policy.tensors.values(), *sae.arrays().values()))
    if size > MOST_NUMBERS:
        raise LimitExceeded(
            f"Policy and SAE have {size:,} numbers; up to {MOST_NUMBERS:,} are sent to a browser. "
            "Steer with a run instead."
        )
    spec = policy.spec.to_json()
    return {
        "env": info.id,
        "modules": spec["modules"],
        "observation": spec["observation"],
        "squash": policy.spec.squash,
        "stretched_to": _range(policy.spec, info),
        "tensors": _packed(policy.tensors),
        "weights": "edited" if row.edits else "original",
        "tap_index": sae_row.tap_index,
        "sae": {"k": sae.k, "input_norm": sae.input_norm, "arrays": _packed(_whole(sae))},
        "cycle": cycle(ws, row, sae_row, info),
    }


def begin(ws: Workspace, model_id: str, env_id: str, kind: str, seed: int, episodes: int) -> Json:
    """The simulator states from which a run with this start, first seed and number of episodes would begin.

    Raises what ``starts.freeze`` raises.
    """
    info = get_env(env_id)
    seeds = [seed + index for index in range(episodes)]
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
        sae_row = session.get(SaeRow, row.sae_id) if row.sae_id else None
        frozen = starts.freeze(ws, session, {"kind": kind}, info, seeds, sae_row)
    states = frozen["start_states"]
    return {
        "env": info.id,
        "kind": kind,
        "seeds": seeds,
        "states": _drawn(info, seeds) if states is None else states,
    }


def _drawn(info: EnvInfo, seeds: list[int]) -> list[list[float]]:
    from policyscope.core.envs.mujoco_batch import drawn_states

    model_file(info.id)  # refuses what has no body
    found: list[list[float]] = drawn_states(info.id, seeds).tolist()
    return found


def _range(spec: PolicySpec, info: EnvInfo) -> Json | None:
    found = stretched_to(spec, info)
    return None if found is None else {"low": found[0].tolist(), "high": found[1].tolist()}


def _whole(sae: SAE) -> Mapping[str, np.ndarray]:
    """Decoder directions as rows: a browser takes one feature at a time."""
    arrays = dict(sae.arrays())
    arrays["w_dec"] = np.ascontiguousarray(arrays["w_dec"].T)
    return arrays


def _packed(arrays: Mapping[str, np.ndarray]) -> Json:
    return {
        name: {
            "shape": list(array.shape),
            "data": base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode(),
        }
        for name, array in arrays.items()
    }


def cycle(ws: Workspace, row: ModelRow, sae_row: SaeRow, info: EnvInfo) -> Json | None:
    """None where nothing in the observation is a stride, or there are no cached data to scale it by."""
    scales = edits.scales_for(ws, row, sae_row)
    try:
        return None if scales is None else {**edits.cycle_of(info, scales).__dict__}
    except InvalidInput:
        return None
