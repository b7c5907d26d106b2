"""The analysis of a model's features: made once by a job, kept under the hash of what it depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from safetensors.numpy import load as parse_safetensors
from safetensors.numpy import save as dump_safetensors
from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope.core import clusters, maps
from policyscope.core.analysis import Analysis, Subject, analyse
from policyscope.core.associations import episode_slices
from policyscope.core.envs import EnvInfo, get_env
from policyscope.core.errors import Conflict, InvalidInput
from policyscope.core.latents import LatentColumns
from policyscope.core.progress import Work
from policyscope.jobs.table import ACTIVE
from policyscope.services import loaded, saes
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import MODEL, JobRow, Json, ModelRow, SaeRow, finite, require

VERSION = 2
ABOUT, ARRAYS, LATENTS = "about.json", "arrays.safetensors", "latents.safetensors"
TABLE = (
    "density", "mean_active", "max_activation", "decoder_norm", "ablation_effect", "ablation_mean",
    "ablation_rms", "local_gain",
)  # fmt: skip
ASSOCIATIONS = ("weight", "marginal_r2", "unique_r2", "p_value", "q_value")
ACTIVITY = ("coverage", "onsets", "mean_run", "mean_over_max", "early_share", "onset_rate")
CLUSTERING = ("mean_silhouette", "null_silhouette", "ari", "cophenetic", "reliable", "verdict")
NEED = "Need SAE + cached data"


@dataclass(frozen=True)
class Key:
    """What an analysis depends on, and the store name it has."""

    name: str
    spec: Json


@dataclass(frozen=True, eq=False)
class Stored:
    """An analysis as read back: ``arrays`` by name, and ``about`` in plain values."""

    name: str
    about: Json
    arrays: Mapping[str, np.ndarray]
    columns: LatentColumns

    @property
    def d_latent(self) -> int:
        return len(self.arrays["density"])

    def target(self, key: str) -> int:
        """Position of a target. Raises InvalidInput that names some of what is allowed."""
        keys = [target["key"] for target in self.about["targets"]]
        if key not in keys:
            message = f"There is no target {key!r}. Allowed: {', '.join(keys)}."
            raise InvalidInput(message, fields={"target": message})
        return keys.index(key)


def start(ws: Workspace, model_id: str) -> Json:
    """Queue the analysis unless it is there or on its way; ``job_id`` is None when it is there.

    Raises NotFound without an SAE, InvalidInput ("Need SAE + cached data") without cached data.
    """
    with ws.records.write() as session:
        key = key_of(ws, session, model_id)
        if ws.store.has(key.name):
            return {"job_id": None, "state": "done"}
        job = active_job(session, "analysis", key.name) or ws.engine.submit(
            session, "analysis", key.spec, output=key.name, result={"model_id": model_id}
        )
    ws.engine.wake()
    return {"job_id": job.id, "state": job.state}


def perform(store: ArtifactStore, spec: Mapping[str, Any]) -> Work[None]:
    """The kind ``analysis``; ``spec`` is that of ``key_of``."""
    return _publish(store, spec, subject_of(store, spec))


def subject_of(store: ArtifactStore, spec: Mapping[str, Any]) -> Subject:
    """What is analysed; ``spec`` is that of ``key_of``. Raises InvalidInput without cached data."""
    policy = loaded.build_policy(store, spec["model_id"], spec["activation"], [])
    data = loaded.stored_data(store, spec["sae_content"])
    if data is None:
        raise InvalidInput(f"{NEED}: the stored copy holds no cached data. Load the SAE again.")
    sae = loaded.stored_sae(store, spec["sae_content"])
    return Subject(policy, sae, spec["tap_index"], data, env_of(spec["env"])).bounded()


def state(ws: Workspace, model_id: str) -> Json:
    """Whether the analysis is there: ``state`` is done, that of the job that makes it, or absent.

    Raises what ``start`` raises.
    """
    with ws.records.read() as session:
        return state_of(ws, session, "analysis", key_of(ws, session, model_id).name)


def state_of(ws: Workspace, session: Session, kind: str, output: str) -> Json:
    """Whether ``output`` is there, and else the job of this kind that is making it."""
    if ws.store.has(output):
        return {"job_id": None, "state": "done"}
    job = active_job(session, kind, output)
    return {"job_id": job.id, "state": job.state} if job else {"job_id": None, "state": "absent"}


def read(ws: Workspace, model_id: str) -> tuple[Stored, Key]:
    """The stored analysis. Raises Conflict when there is none yet, and what ``start`` raises."""
    with ws.records.read() as session:
        key = key_of(ws, session, model_id)
        if not ws.store.has(key.name):
            job = active_job(session, "analysis", key.name)
            how = f"Wait for job {job.id}." if job else f"POST /model/{model_id}/analyse first."
            raise Conflict(f"The features of this model have not been analysed. {how}", code="not_analysed")
    return stored(ws.store, key.name), key


@lru_cache(maxsize=4)
def stored(store: ArtifactStore, name: str) -> Stored:
    """An analysis by its store name. Raises NotFound."""
    latents = parse_safetensors(store.read(name, LATENTS))
    about = store.read_json(name, ABOUT)
    columns = LatentColumns(latents["rows"], latents["values"], latents["start"], about["rows"])
    return Stored(name, about, parse_safetensors(store.read(name, ARRAYS)), columns)


def key_of(ws: Workspace, session: Session, model_id: str) -> Key:
    """What the analysis of this model's own SAE depends on: its original weights, the SAE with its data, the
    tap and the environment."""
    row = require(session, ModelRow, model_id, MODEL)
    sae_row = saes.attached(session, row)
    if not sae_row.info["has_cached_data"]:
        raise InvalidInput(
            f"{NEED}: {sae_row.artifacts_dir} below the artifacts root holds no cached_obs.pt and "
            "tapped_activations.pt.",
            code="need_sae_and_cached_data",
        )
    policy = loaded.build_policy(ws.store, model_id, row.acting, [])
    return _key(row, sae_row, policy.fingerprint())


def _key(row: ModelRow, sae_row: SaeRow, fingerprint: str) -> Key:
    depends = {"sae_content": sae_row.content, "tap_index": sae_row.tap_index, "env": sae_row.info["env"]}
    digest = hashlib.sha256(json.dumps([VERSION, fingerprint, depends], sort_keys=True).encode()).hexdigest()
    name = f"analyses/{digest[:48]}"
    spec = {**depends, "model_id": row.id, "activation": row.acting, "output": name}
    return Key(name, spec)


def active_job(session: Session, kind: str, output: str) -> JobRow | None:
    """The job that is making ``output``, if one is."""
    rows = session.scalars(select(JobRow).where(JobRow.kind == kind, JobRow.state.in_(ACTIVE)))
    return next((row for row in rows if row.spec["output"] == output), None)


def env_of(name: str | None) -> EnvInfo | None:
    """None for an environment recorded by another program."""
    try:
        return get_env(name) if name else None
    except InvalidInput:
        return None


def _publish(store: ArtifactStore, spec: Mapping[str, Any], subject: Subject) -> Work[None]:
    found = yield from analyse(subject)
    arrays = _arrays(found)
    evidence = evidence_of(subject, found.columns, arrays)
    clustered = yield from clusters.cluster_all(evidence)
    mapped = clusters.taking_part(found.table.density)
    directions, profiles = subject.sae.w_dec.T[mapped], np.nan_to_num(found.associations.weight[mapped])
    points, shown = maps.plane(directions, profiles) if clustered else (np.empty((0, 2)), 0.0)
    arrays |= {
        **clustering_arrays(clustered),
        "cluster.features": evidence.features,
        "cluster.mapped": mapped,
        "cluster.points": points,
        "cluster.shown": np.array([shown]),
    }
    antipodal = clusters.antipodal_pairs(directions, mapped)
    latents: dict[str, np.ndarray] = {
        "rows": found.columns.rows,
        "values": found.columns.values,
        "start": found.columns.start,
    }
    files = {
        ABOUT: json.dumps(
            finite(_about(spec, found, evidence, clustered, antipodal)), allow_nan=False
        ).encode(),
        ARRAYS: dump_safetensors({name: np.ascontiguousarray(array) for name, array in arrays.items()}),
        LATENTS: dump_safetensors(latents),
    }
    store.publish(spec["output"], files, {"kind": "analysis", "spec": dict(spec)})


def _arrays(found: Analysis) -> dict[str, np.ndarray]:
    arrays = {name: getattr(found.table, name) for name in TABLE}
    arrays |= {f"association.{name}": getattr(found.associations, name) for name in ASSOCIATIONS}
    arrays |= {f"activity.{name}": getattr(found.activity, name) for name in ACTIVITY}
    arrays |= {f"percentile.{name}": values for name, values in found.percentile.items()}
    arrays |= {"raw_weight": found.raw_weight, "ablation_pooled": found.ablation_pooled}
    if found.phase is not None and found.tuning is not None:
        arrays["phase"] = found.phase.astype(np.float32)
        for name in ("mean", "concentration", "tile_r2", "curve"):
            arrays[f"phase.{name}"] = getattr(found.tuning, name)
    return arrays


def evidence_of(
    subject: Subject, columns: LatentColumns, arrays: Mapping[str, np.ndarray]
) -> clusters.Evidence:
    """What clusters of the analysed features are made from; ``arrays`` as an analysis stores them."""
    features = clusters.clustered(arrays["density"])
    active = np.zeros((columns.n, len(features)), dtype=np.bool_)
    for index, j in enumerate(features):
        active[:, index] = columns.column(int(j)) > 0
    w_dec = subject.sae.w_dec
    return clusters.Evidence(
        features=features,
        directions=w_dec.T[features],
        effects=arrays["ablation_mean"][features],
        active=active,
        episode=subject.groups,
        h=np.asarray(subject.data.activations, dtype=np.float64),
        # of local gain = J w_j for every feature, the mean Jacobian by least squares
        gain=np.asarray(np.linalg.lstsq(w_dec.T, arrays["local_gain"], rcond=None)[0].T, dtype=np.float64),
    )


def clustering_arrays(clustered: Mapping[str, clusters.Clustering]) -> dict[str, np.ndarray]:
    """``cluster.<view>.<name>`` of every clustering."""
    return {
        f"cluster.{view}.{name}": getattr(one, name)
        for view, one in clustered.items()
        for name in ("labels", "silhouette", "jaccard")
    }


def clustering_numbers(clustered: Mapping[str, clusters.Clustering]) -> Json:
    """The other fields of every clustering, by view."""
    return {view: {name: getattr(one, name) for name in CLUSTERING} for view, one in clustered.items()}


def _about(
    spec: Mapping[str, Any],
    found: Analysis,
    evidence: clusters.Evidence,
    clustered: Mapping[str, clusters.Clustering],
    antipodal: list[tuple[int, int, float]],
) -> Json:
    return {
        "env": spec["env"],
        "rows": found.rows,
        "episodes": len(episode_slices(evidence.episode)),
        "targets": [asdict(target) for target in found.targets],
        "left_out": list(found.left_out),
        "names": list(found.names),
        "badges": [list(one) for one in found.badges],
        "stride_rate": found.stride_rate,
        "clusters": clustering_numbers(clustered),
        "antipodal": [list(pair) for pair in antipodal],
    }
