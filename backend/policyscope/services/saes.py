"""Attaching an SAE to a model, and never trusting the tap that anybody named.

The cached data decide: the policy is run over the cached observations at every tap that could be meant, and
only the right one reproduces the cached activations (see ``core.taps``).
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope.core.activations import ActivationData
from policyscope.core.errors import InvalidInput, NotFound, ShapeMismatch
from policyscope.core.latent_sums import activity_of
from policyscope.core.policy import Policy
from policyscope.core.policy_spec import PolicySpec
from policyscope.core.rows import blocks
from policyscope.core.sae import SAE
from policyscope.core.taps import TapReport, examine_taps
from policyscope.services import cached_data, directories, loaded, tap_warnings
from policyscope.services.tap_warnings import Attached
from policyscope.services.workspace import Workspace
from policyscope.store.records import MODEL, Json, ModelRow, SaeRow, new_id, now, require

SAMPLES = 4096


def attach(ws: Workspace, model_id: str, artifacts_dir: str, tap_index: int | None) -> Json:
    """Load the SAE of an artifacts directory, examine it, keep a copy, and make it the model's own.

    ``tap_index`` None means the one stored in the file. A stored feature perturbation of another SAE is
    dropped. Raises NotFound ("SAE not found"), InvalidInput or ShapeMismatch.
    """
    with ws.records.read() as session:
        row = require(session, ModelRow, model_id, MODEL)
    directory = directories.find(ws, artifacts_dir)
    sae = directories.read_sae(directory)
    policy = original_policy(ws, row)
    with ws.store.scratch() as scratch:
        cached = directories.read_data(directory, scratch)
        tap = choose_tap(policy.spec, sae, tap_index)
        computed = cached is not None and "activations" not in cached.columns
        if cached is not None and computed:
            cached = cached_data.with_activations(cached, policy, tap, scratch)
        data = None if cached is None else cached.data()
        info = examine(Attached(model_id, directory.name, tap, tap_index, computed), policy, sae, data)
        info["env"] = directory.env() or policy.spec.metadata.get("env")
        return keep_attached(ws, model_id, sae, data, Source(directory.name, tap, info))


@dataclass(frozen=True)
class Source:
    """Where an attached SAE came from (the name shown), its tap, and what was measured."""

    name: str
    tap_index: int
    info: Json


def keep_attached(
    ws: Workspace, model_id: str, sae: SAE, data: ActivationData | None, source: Source
) -> Json:
    """Store the SAE and make it the model's own; a perturbation stored for another SAE is dropped."""
    info, tap = source.info, source.tap_index
    content = keep_content(ws, sae, data)
    with ws.records.write() as session:
        row = require(session, ModelRow, model_id, MODEL)
        if row.activation_source == "default" and info["confirmed"] == row.activation:
            row.activation_source = "verified"
        sae_row = _row_for(session, model_id, content, tap)
        if row.sae_id != sae_row.id:
            row.intervention = None
        row.sae_id, sae_row.artifacts_dir, sae_row.info = sae_row.id, source.name, info
        return describe(sae_row)


def detach(ws: Workspace, model_id: str) -> None:
    """Take the SAE off the model, and with it the stored feature perturbation."""
    with ws.records.write() as session:
        row = require(session, ModelRow, model_id, MODEL)
        row.sae_id, row.intervention = None, None


def get(ws: Workspace, model_id: str) -> Json:
    """Raises NotFound when the model has no SAE."""
    with ws.records.read() as session:
        return describe(attached(session, require(session, ModelRow, model_id, MODEL)))


def attached(session: Session, row: ModelRow) -> SaeRow:
    """The row of the model's SAE. Raises NotFound."""
    sae = session.get(SaeRow, row.sae_id) if row.sae_id else None
    if sae is None:
        raise NotFound("No SAE is loaded for this model. Load one first.", code="no_sae")
    return sae


def describe(row: SaeRow) -> Json:
    """The SaeInfo of the HTTP contract."""
    return {
        "ok": True,
        "id": row.id,
        "artifacts_dir": row.artifacts_dir,
        "tap_index": row.tap_index,
        **{name: value for name, value in row.info.items() if name not in ("requested", "confirmed")},
    }


def examine_again(ws: Workspace, session: Session, row: ModelRow) -> None:
    """After the user said which activation function it is: the same questions to the same data."""
    sae_row = session.get(SaeRow, row.sae_id) if row.sae_id else None
    if sae_row is None:
        return
    sae, data = loaded.stored_sae(ws.store, sae_row.content), loaded.stored_data(ws.store, sae_row.content)
    computed = sae_row.info.get("activations_from") == "policy"
    what = Attached(row.id, sae_row.artifacts_dir, sae_row.tap_index, sae_row.info["requested"], computed)
    info = examine(what, original_policy(ws, row), sae, data)
    sae_row.info = {**sae_row.info, **info}


def original_policy(ws: Workspace, row: ModelRow) -> Policy:
    """Without weight edits: the SAE and its cached data belong to the policy as it was trained."""
    return loaded.build_policy(ws.store, row.id, row.acting, [])


def choose_tap(spec: PolicySpec, sae: SAE, requested: int | None) -> int:
    fitting = [index for index, module in enumerate(spec.modules) if module.out_features == sae.d_in]
    if not fitting:
        widths = ", ".join(map(str, sorted({module.out_features for module in spec.modules})))
        raise ShapeMismatch(
            f"The SAE reads {sae.d_in} activations, and no layer of this policy has as many (widths: "
            f"{widths}): it was trained on another policy. Open that policy, then attach the SAE to it."
        )
    tap = requested if requested is not None else sae.tap_index
    if tap is None:
        if len(fitting) == 1:
            return fitting[0]
        message = f"The SAE file names no tap_index, so one must be given. Taps that fit: {_listed(fitting)}."
        raise InvalidInput(message, fields={"tap_index": message})
    width = spec.tap_dim(tap)
    if width != sae.d_in:
        message = f"The SAE reads {sae.d_in} activations, but tap {tap} of this policy has {width}. "
        message += f"Taps that fit: {_listed(fitting)}."
        raise ShapeMismatch(message, fields={"tap_index": message})
    return tap


def _listed(taps: list[int]) -> str:
    return ", ".join(map(str, taps))


def examine(what: Attached, policy: Policy, sae: SAE, data: ActivationData | None) -> Json:
    """Everything of SaeInfo that is measured, as JSON."""
    report = None if data is None else examine_taps(policy, data, sae, SAMPLES)
    used = None if report is None else report.at(what.tap_index, policy.spec.activation)
    sure = report is not None and report.verified and report.activation_matters and not what.computed
    return {
        "d_in": sae.d_in,
        "d_latent": sae.d_latent,
        "k": sae.k,
        "has_cached_data": data is not None,
        "n_samples": None if data is None else len(data),
        "fvu": None if used is None else used.fvu,
        "reproduction_error": None if used is None or what.computed else used.reproduction_error,
        "activations_from": None if data is None else "policy" if what.computed else "file",
        "candidate": None if report is None or what.computed else _candidate(report, policy.spec),
        "stored_tap_index": sae.tap_index,
        **_activity(sae, data),
        "warnings": tap_warnings.all_warnings(what, policy.spec, sae, report),
        "requested": what.requested,
        "confirmed": report.best.activation if report is not None and sure else None,
    }


def _candidate(report: TapReport, spec: PolicySpec) -> Json:
    """The best pair; at a tap before any activation module the function is the policy's, since it is idle."""
    best = asdict(report.best)
    return best if report.activation_matters else {**best, "activation": spec.activation}


def _activity(sae: SAE, data: ActivationData | None) -> dict[str, Any]:
    if data is None:
        return {"dead_features": None, "l0": None}
    found = activity_of(sae, data.activations)
    return {"dead_features": int((found.active == 0).sum()), "l0": float(found.active.sum() / found.rows)}


def keep_content(ws: Workspace, sae: SAE, data: ActivationData | None) -> str:
    """Copy into the store, named by content: the same SAE and data are kept once."""
    digest = hashlib.sha256(sae.fingerprint().encode() + str(sae.tap_index).encode())
    for name in loaded.DATA_ARRAYS if data is not None else ():
        array = getattr(data, name)
        digest.update(name.encode())
        for part in blocks(array) if array is not None else ():
            digest.update(np.ascontiguousarray(array[part]).data)
    content = digest.hexdigest()[:48]
    ws.store.publish(f"saes/{content}", loaded.sae_files(sae, data), {"kind": "sae"})
    return content


def _row_for(session: Session, model_id: str, content: str, tap_index: int) -> SaeRow:
    """The model's row of this SAE at this tap: loading the same thing again makes no second one."""
    query = select(SaeRow).where(SaeRow.model_id == model_id, SaeRow.content == content)
    row = session.scalars(query.where(SaeRow.tap_index == tap_index)).first()
    if row is None:
        row = SaeRow(id=new_id("s"), model_id=model_id, content=content, tap_index=tap_index)
        row.created_at, row.artifacts_dir, row.info = now(), "", {}
        session.add(row)
    return row
