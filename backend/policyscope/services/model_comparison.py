"""Two models side by side: what they are made of, how far their actions differ, and a run of both.

The run is a run like any other, with the second model as an arm: the same seeds, paired differences, hashes,
replays, evidence bundle and verification. A model can be compared with itself after weight edits.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

import numpy as np

from policyscope.core.activations import spread_rows
from policyscope.core.blocks import F64
from policyscope.core.envs import EnvInfo
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.model_comparison import action_gaps, actions_of, agreement, other_choice
from policyscope.core.policy import Policy
from policyscope.services import loaded, runs
from policyscope.services.analyses import env_of
from policyscope.services.workspace import Workspace
from policyscope.store.records import MODEL, Json, ModelRow, SaeRow, finite, require

MOST_STATES = 10_000


@dataclass(frozen=True)
class _Side:
    """One of the two: its row, the edits it acts with, and its SAE if it has one."""

    row: ModelRow
    edits: list[Json]
    policy: Policy
    sae: SaeRow | None


def start(ws: Workspace, model_id: str, other_id: str, request: Json) -> Json:
    """Queue a run of both on the same seeds, without steering; ``request`` as of ``runs.start``, less arms.

    The first plays as uploaded and the second with its weight edits. Raises what ``runs.start`` raises,
    ShapeMismatch or InvalidInput when the two cannot be compared.
    """
    first, second = _pair(ws, model_id, other_id)
    return runs.start(ws, model_id, {**request, "arms": [_arm(first, second)], "start": request.get("start")})


def compare_two(ws: Workspace, model_id: str, other_id: str) -> Json:
    """What can be said without playing. Raises NotFound, ShapeMismatch or InvalidInput."""
    sides = _pair(ws, model_id, other_id)
    source = next((side.sae for side in sides if side.sae and side.sae.info["has_cached_data"]), None)
    data = loaded.stored_data(ws.store, source.content) if source else None
    observations = None
    if data is not None:
        rows = spread_rows(len(data.observations), MOST_STATES)
        observations = np.asarray(data.observations[rows], dtype=np.float64)
    return finite(
        {
            "models": [_described(ws, side) for side in sides],
            "weights": _weights(ws, sides),
            "actions": None
            if source is None or observations is None
            else _actions(source, sides, observations),
            "features": _features(ws, sides, observations),
        }
    )


def _pair(ws: Workspace, model_id: str, other_id: str) -> tuple[_Side, _Side]:
    with ws.records.read() as session:
        rows = [require(session, ModelRow, each, MODEL) for each in (model_id, other_id)]
        saes = [session.get(SaeRow, row.sae_id) if row.sae_id else None for row in rows]
    if model_id == other_id and not rows[0].edits:
        message = (
            "Both are the same model, and it has no weight edits, so it would be compared with itself. "
            "Choose another model, or edit its weights first."
        )
        raise InvalidInput(message, fields={"other": message})
    first, second = (
        _Side(row, edits, loaded.build_policy(ws.store, row.id, row.acting, edits), sae)
        for row, edits, sae in zip(rows, ([], rows[1].edits), saes, strict=True)
    )
    sizes = [(side.policy.spec.obs_dim, side.policy.spec.act_dim) for side in (first, second)]
    if sizes[0] != sizes[1]:
        raise ShapeMismatch(
            f"{rows[0].name} maps {sizes[0][0]} observations to {sizes[0][1]} actions and {rows[1].name} "
            f"{sizes[1][0]} to {sizes[1][1]}; only models of the same sizes act in the same environment."
        )
    return first, second


def _arm(first: _Side, second: _Side) -> Json:
    if first.row.id == second.row.id:
        return {"name": "edited weights", "edits": [], "weights": "edited", "model_id": None}
    name = second.row.name if second.row.name != runs.BASELINE else second.row.id
    return {"name": name[:60], "edits": [], "weights": "edited", "model_id": second.row.id}


def _described(ws: Workspace, side: _Side) -> Json:
    spec = loaded.current_spec(ws.store, side.row)
    original = loaded.uploaded(ws.store, side.row.id)[1]
    tensors = loaded.edited_tensors(ws.store, side.row.id, side.edits)
    linear = [module for module in spec.modules if module.kind == "linear"]
    return {
        "id": side.row.id,
        "name": side.row.name,
        "widths": [spec.obs_dim, *(module.out_features for module in linear)],
        "activation": spec.activation,
        "parameters": spec.n_parameters,
        "edits": len(side.edits),
        "changed_weights": sum(int((tensors[key] != original[key]).sum()) for key in tensors),
        "model_sha256": side.row.sha256,
        "weights_sha256": side.policy.fingerprint(),
        "sae": None if side.sae is None else side.sae.artifacts_dir,
    }


def _weights(ws: Workspace, sides: tuple[_Side, _Side]) -> Json | None:
    """How far the weights are apart, where both have the same tensors; None where they have not."""
    one, other = (loaded.edited_tensors(ws.store, side.row.id, side.edits) for side in sides)
    if {key: each.shape for key, each in one.items()} != {key: each.shape for key, each in other.items()}:
        return None
    a, b = (np.concatenate([each[key].ravel() for key in one]).astype(np.float64) for each in (one, other))
    length = float(np.linalg.norm(a))
    apart = float(np.linalg.norm(b - a))
    return {"different": int((a != b).sum()), "total": len(a), "relative": apart / length if length else None}


def _actions(source: SaeRow, sides: tuple[_Side, _Side], observations: F64) -> Json:
    info = env_of(source.info["env"])
    info = info if info and info.act_dim == sides[0].policy.spec.act_dim else None
    first, second = (actions_of(side.policy, observations, info) for side in sides)
    names = _names(info, first.shape[1])
    discrete = info is not None and info.action_kind == "discrete"
    return {
        "states": len(observations),
        "states_of": source.model_id,
        "observations_sha256": hashlib.sha256(np.ascontiguousarray(observations).tobytes()).hexdigest(),
        "env": info.id if info else None,
        "other_choice": other_choice(first, second) if discrete else None,
        "gaps": [
            {"name": name, **asdict(gap)} for name, gap in zip(names, action_gaps(first, second), strict=True)
        ],
    }


def _names(info: EnvInfo | None, count: int) -> list[str]:
    return [channel.name for channel in info.actions] if info else [f"action[{i}]" for i in range(count)]


def _features(ws: Workspace, sides: tuple[_Side, _Side], observations: F64 | None) -> Json:
    """Which features of their SAEs fire alike, or why that is not asked."""
    nothing: Json = {"reason": None, "mean_correlation": None, "chance": None, "shared": None, "alive": None}
    pair = [side.sae for side in sides]
    if pair[0] is None or pair[1] is None:
        return {**nothing, "matches": [], "reason": "One of the two has no SAE."}
    if observations is None:
        return {**nothing, "matches": [], "reason": "Neither SAE has cached observations to compare on."}
    saes = [loaded.stored_sae(ws.store, row.content) for row in pair if row is not None]
    if saes[0].d_in != saes[1].d_in:
        reason = f"The SAEs read {saes[0].d_in} and {saes[1].d_in} units."
        return {**nothing, "matches": [], "reason": reason}
    heads = [
        side.policy.head(observations, row.tap_index)
        for side, row in zip(sides, pair, strict=True)
        if row is not None
    ]
    found = agreement(saes[0], saes[1], heads[0], heads[1])
    matches = [asdict(match) for match in found.matches]
    return {
        "reason": None,
        "mean_correlation": found.mean_correlation,
        "chance": found.chance,
        "shared": sum(match.same for match in found.matches),
        "alive": list(found.alive),
        "matches": matches,
    }
