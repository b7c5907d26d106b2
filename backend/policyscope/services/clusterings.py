"""Groups of like features and the map of them.

The four named views, with a PCA map, are part of the analysis. Other weights of the views, and UMAP maps, are
made by a job of their own and kept under the hash of what they depend on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors.numpy import load as parse_safetensors
from safetensors.numpy import save as dump_safetensors

from policyscope.core import clusters, maps
from policyscope.core.clusters import WEIGHTS, Weights
from policyscope.core.errors import Conflict, InvalidInput
from policyscope.core.progress import Progress, Work
from policyscope.services import analyses
from policyscope.services.analyses import ABOUT, ARRAYS, Key, Stored
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import Json, finite

CUSTOM = "custom"
PLACES = 6  # decimals of a coordinate
PARTS = ("decoder", "coactivation", "function")
NOTHING: Json = {"clusters": [], "map": None, "antipodal": []}
PCA = "PCA of decoder directions and associations"
UMAP = "UMAP of the distances that the clusters are made from"


@dataclass(frozen=True)
class _Wanted:
    """``view``: the name the clustering is stored under."""

    view: str
    weights: Weights
    umap: bool

    @property
    def in_analysis(self) -> bool:
        return self.view != CUSTOM and not self.umap


def start(ws: Workspace, model_id: str, query: Mapping[str, Any]) -> Json:
    """Queue a clustering unless it is there or on its way; ``job_id`` is None when it is there.

    Raises what ``analyses.read`` raises, and InvalidInput for weights or a map that cannot be.
    """
    wanted = _wanted(query)
    found, analysis = analyses.read(ws, model_id)
    if wanted.umap:
        maps.check_umap(len(found.arrays["cluster.features"]))
    key = _key(analysis, wanted)
    if wanted.in_analysis or ws.store.has(key.name):
        return {"job_id": None, "state": "done"}
    with ws.records.write() as session:
        job = analyses.active_job(session, "clustering", key.name) or ws.engine.submit(
            session, "clustering", key.spec, output=key.name, result={"model_id": model_id}
        )
    ws.engine.wake()
    return {"job_id": job.id, "state": job.state}


def state(ws: Workspace, model_id: str, query: Mapping[str, Any]) -> Json:
    """Whether the clustering is there, as ``analyses.state`` says it; without the analysis it is not."""
    wanted = _wanted(query)
    analysed = analyses.state(ws, model_id)
    if wanted.in_analysis or analysed["state"] != "done":
        return analysed
    with ws.records.read() as session:
        key = _key(analyses.key_of(ws, session, model_id), wanted)
        return analyses.state_of(ws, session, "clustering", key.name)


def perform(store: ArtifactStore, spec: Mapping[str, Any]) -> Work[None]:
    """The kind ``clustering``: cluster by ``spec["weights"]`` and draw the map."""
    found = analyses.stored(store, spec["analysis"])
    evidence = analyses.evidence_of(analyses.subject_of(store, spec), found.columns, found.arrays)
    clustered = yield from clusters.cluster_all(evidence, {CUSTOM: tuple(spec["weights"])})
    arrays = analyses.clustering_arrays(clustered)
    if spec["umap"]:
        yield Progress(0, 1, "maps", "drawing the map")
        arrays["umap"] = maps.umap_points(evidence.views().combined(tuple(spec["weights"])))
    about = finite(analyses.clustering_numbers(clustered))
    files = {
        ABOUT: json.dumps(about, allow_nan=False).encode(),
        ARRAYS: dump_safetensors({name: np.ascontiguousarray(array) for name, array in arrays.items()}),
    }
    store.publish(spec["output"], files, {"kind": "clustering", "spec": dict(spec)})


def read(ws: Workspace, model_id: str, query: Mapping[str, Any]) -> Json:
    """The groups with the verdict whether they are more than chance. Raises Conflict before they are made."""
    wanted = _wanted(query)
    found, analysis = analyses.read(ws, model_id)
    features = found.arrays["cluster.features"]
    weights = dict(zip(PARTS, wanted.weights, strict=True))
    numbers, arrays = _stored(ws, model_id, found, _key(analysis, wanted), wanted)
    if not numbers:
        few = f"{len(features)} features fire neither almost never nor almost always: too few to be grouped."
        empty = dict.fromkeys(analyses.CLUSTERING) | {"reliable": False, "verdict": few}
        counts = {"grouped": 0, "taking_part": len(features)}
        return {**empty, **counts, "view": wanted.view, "weights": weights, **NOTHING}
    labels, widths, jaccard = (arrays[name] for name in ("labels", "silhouette", "jaccard"))
    return {
        "view": wanted.view,
        "weights": weights,
        **numbers,
        "grouped": len(features),
        "taking_part": len(found.arrays["cluster.mapped"]),
        "clusters": [
            _cluster(found, int(c), features[labels == c], widths[labels == c], float(jaccard[c]))
            for c in np.unique(labels)
        ],
        "map": _map(found, arrays, wanted.umap),
        "antipodal": [
            {"features": [one, other], "cosine": cosine} for one, other, cosine in found.about["antipodal"]
        ],
    }


def _wanted(query: Mapping[str, Any]) -> _Wanted:
    umap = query["map"] == "umap"
    if query["view"] != CUSTOM:
        return _Wanted(query["view"], WEIGHTS[query["view"]], umap)
    given = np.array([query[part] for part in PARTS])
    if given.sum() <= 0:
        message = "At least one of decoder, coactivation and function must be above 0."
        raise InvalidInput(message, fields={"decoder": message})
    shares = given / given.sum()
    return _Wanted(CUSTOM, (float(shares[0]), float(shares[1]), float(shares[2])), umap)


def _key(analysis: Key, wanted: _Wanted) -> Key:
    depends = {"analysis": analysis.name, "weights": list(wanted.weights), "umap": wanted.umap}
    digest = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()
    name = f"clusterings/{digest[:48]}"
    return Key(name, {**analysis.spec, **depends, "output": name})


def _stored(
    ws: Workspace, model_id: str, found: Stored, key: Key, wanted: _Wanted
) -> tuple[Json, Mapping[str, np.ndarray]]:
    """Numbers and arrays of the clustering; the numbers are empty when there were too few features."""
    if wanted.in_analysis:
        source, view, about = found.arrays, wanted.view, found.about["clusters"]
    else:
        if not ws.store.has(key.name):
            raise Conflict(
                "These clusters have not been made. POST the same fields to "
                f"/model/{model_id}/clusters first, and wait for its job.",
                code="not_clustered",
            )
        source, view = parse_safetensors(ws.store.read(key.name, ARRAYS)), CUSTOM
        about = ws.store.read_json(key.name, ABOUT)
    start = f"cluster.{view}."
    arrays = {name.removeprefix(start): array for name, array in source.items()}
    numbers: Json = about.get(view, {})
    return numbers, arrays


def _map(found: Stored, arrays: Mapping[str, np.ndarray], umap: bool) -> Json:
    """A point of a feature that was too many to be grouped has neither cluster nor silhouette."""
    grouped = found.arrays["cluster.features"]
    places = arrays["umap"] if umap else found.arrays["cluster.points"]
    members = {
        int(j): (int(c), float(w))
        for j, c, w in zip(grouped, arrays["labels"], arrays["silhouette"], strict=True)
    }
    points = []
    for j, (x, y) in zip(grouped if umap else found.arrays["cluster.mapped"], places, strict=True):
        cluster, silhouette = members.get(int(j), (None, None))
        place = {"x": round(float(x), PLACES), "y": round(float(y), PLACES)}
        points.append({"feature_idx": int(j), **place, "cluster": cluster, "silhouette": silhouette})
    return {
        "method": UMAP if umap else PCA,
        "to_scale": not umap,
        "shown_variance": None if umap else float(found.arrays["cluster.shown"][0]),
        "points": points,
    }


def _cluster(found: Stored, label: int, members: Any, widths: Any, jaccard: float) -> Json:
    """``edits`` scale all its features together and can be sent as an arm of a run."""
    strongest = max(members, key=lambda j: float(found.arrays["ablation_pooled"][j]))
    return {
        "cluster": label,
        "features": [int(j) for j in members],
        "size": len(members),
        "silhouette": float(widths.mean()),
        "jaccard": jaccard,
        "stable": jaccard >= 0.6,
        "name": found.about["names"][int(strongest)]["text"],
        "edits": [{"feature_idx": int(j), "op": "scale", "value": 1.2} for j in members[:64]],
    }
