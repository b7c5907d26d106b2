"""Features: which go with an action, and the perturbation stored for the next run."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache

from policyscope.core.envs import get_env
from policyscope.core.errors import Conflict, InvalidInput, NotFound
from policyscope.core.features import FeatureTable, analyse, check_request, rank
from policyscope.services import loaded
from policyscope.services.effects import edits as edit_service
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import MODEL, Json, ModelRow, SaeRow, require

STORED = "Feature perturbation parameters stored"


def interpret(ws: Workspace, model_id: str, target_dim: int, top_k: int, sort_by: str) -> Json:
    """The features that go with the policy's own action ``target_dim`` on the cached observations.

    Raises InvalidInput ("Need SAE + cached data", or a value outside its range).
    """
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
        sae_row = session.get(SaeRow, row.sae_id) if row.sae_id else None
    if sae_row is None:
        raise _need("no SAE is loaded for this model. Load one from an artifacts directory first.")
    if not sae_row.info["has_cached_data"]:
        raise _need(
            f"{sae_row.artifacts_dir} below the artifacts root holds no cached_obs.pt and "
            "tapped_activations.pt. Run bc_sae_walker_demo.py to make them, then load the SAE again."
        )
    act_dim = loaded.uploaded(ws.store, model_id)[0].act_dim
    check_request(act_dim, sae_row.info["d_latent"], target_dim, top_k, sort_by)
    table = _table(ws.store, model_id, row.acting, sae_row.content, sae_row.tap_index)
    found = rank(table, target_dim, top_k, sort_by)
    return {**asdict(found), "target_name": _action_name(sae_row.info["env"], act_dim, target_dim)}


def perturb(ws: Workspace, model_id: str, edits: list[Json]) -> Json:
    """Store feature edits, to be applied at the tap in the next run; doses may be in any unit.

    The guide's form is one addition of α decoder directions. Raises InvalidInput when no SAE is loaded, it
    has no such feature, or an edit cannot be used.
    """
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
        sae_row = _attached(session.get(SaeRow, row.sae_id or ""))
    intervention = described(ws, row, sae_row, edits)
    with ws.records.write() as session:
        row = require(session, ModelRow, model_id, MODEL)
        if row.sae_id != sae_row.id:
            raise Conflict("Another SAE was put in use meanwhile. Apply the perturbation again.")
        row.intervention = intervention
    return {"ok": True, **intervention, "message": STORED, "intervention": intervention}


def described(ws: Workspace, row: ModelRow, sae_row: SaeRow, edits: list[Json]) -> Json:
    """What is stored of feature edits: in raw values, with their dose. Raises InvalidInput."""
    sae = loaded.stored_sae(ws.store, sae_row.content)
    for edit in edits:
        sae.check_feature(edit["feature_idx"])
    scales = edit_service.scales_for(ws, row, sae_row)
    raw = edit_service.in_raw_values(edits, scales)
    first = raw[0]
    return {
        "feature_idx": first["feature_idx"],
        "alpha": first["value"],
        "decoder_norm": float(sae.decoder_norms()[first["feature_idx"]]),
        "edits": raw,
        "dose": edit_service.dose_json(scales, raw, edit_service.known_env(sae_row)),
    }


def intervention(ws: Workspace, model_id: str) -> Json:
    """What is stored, or None."""
    with ws.records.read() as session:
        return {"intervention": require(session, ModelRow, model_id, MODEL).intervention}


def clear(ws: Workspace, model_id: str) -> Json:
    """Forget the stored perturbation."""
    with ws.records.write() as session:
        require(session, ModelRow, model_id, MODEL).intervention = None
    return {"intervention": None}


def forget() -> None:
    """Keep no table; see ``loaded.forget_models``."""
    _table.cache_clear()


def _attached(row: SaeRow | None) -> SaeRow:
    if row is None:
        raise NotFound("SAE not found: no SAE is loaded for this model. Load one first.", code="no_sae")
    return row


@lru_cache(maxsize=8)
def _table(
    store: ArtifactStore, model_id: str, activation: str, content: str, tap_index: int
) -> FeatureTable:
    """All features and actions at once: the next target or order costs nothing."""
    data = loaded.stored_data(store, content)
    if data is None:
        raise _need("the stored copy holds no cached data. Load the SAE again.")
    policy = loaded.build_policy(store, model_id, activation, [])
    return analyse(policy, loaded.stored_sae(store, content), tap_index, data)


def _action_name(env: str | None, act_dim: int, index: int) -> str:
    try:
        info = get_env(env) if env else None
    except InvalidInput:
        info = None  # an environment recorded by another program; its actions have no names here
    return info.actions[index].name if info and info.act_dim == act_dim else f"action[{index}]"


def _need(why: str) -> InvalidInput:
    return InvalidInput(f"Need SAE + cached data: {why}", code="need_sae_and_cached_data")
