"""What was worked out of models and SAEs, on its way out: report cards and sweeps with their numbers, and
which SAEs were analysed. How it comes in is in ``made_in``."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope.core.activations import EPISODE_ARRAYS
from policyscope.core.errors import PolicyscopeError
from policyscope.services import analyses, reports
from policyscope.services.sweeps import data as sweeps
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import ArtifactStore
from policyscope.store.records import JobRow, Json

REPORT, SWEEP = reports.KIND, sweeps.KIND
LEFT_OUT = (
    "Analyses of features are made again from what is here, by a job, as soon as the file is taken in.",
    "Groups by other shares of the views, and UMAP maps, are made again when they are asked for.",
    "Of a sweep the states that it keeps for its SAEs are here; those it was trained on are not, so that no "
    "other sweep can take its data.",
    "Videos, live sessions and unfinished jobs are not here.",
)


def made_of(ws: Workspace, session: Session, models: Collection[str]) -> list[Json]:
    """Records of the report cards and sweeps of these models, oldest first, each once."""
    jobs = select(JobRow).where(JobRow.kind.in_((REPORT, SWEEP)), JobRow.state == "done")
    found: dict[str, Json] = {}
    for job in session.scalars(jobs.order_by(JobRow.created_at)):
        work = job.spec["work"]
        if work["model_id"] in models and ws.store.has(work["output"]):
            digest = hashlib.sha256(work["output"].encode()).hexdigest()
            found[work["output"]] = {
                "id": f"d_{digest[:12]}",
                "kind": job.kind,
                "model_id": work["model_id"],
                "created_at": job.created_at,
                "spec": work,
            }
    return list(found.values())


def analysed(ws: Workspace, session: Session, models: Collection[str]) -> list[str]:
    """Those whose own SAE has been analysed."""
    found = []
    for model in models:
        try:
            if ws.store.has(analyses.key_of(ws, session, model).name):
                found.append(model)
        except PolicyscopeError:
            continue  # it has no SAE, or one without cached data: there is nothing to analyse
    return found


def files_of(store: ArtifactStore, record: Json) -> Iterator[tuple[str, str, str]]:
    """Name in the archive, store name, and file there, or what is made of it."""
    name, target = record["spec"]["output"], f"made/{record['id']}"
    for file in store.files(name):
        if file.removesuffix(".npy") not in EPISODE_ARRAYS:
            yield f"{target}/{file}", name, file
    if any(store.lists(name, f"{array}.npy") for array in EPISODE_ARRAYS):
        yield f"{target}/episodes.safetensors", name, "episodes"
