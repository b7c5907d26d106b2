"""Sweeps as the outside sees them, while they are made and after; and putting one of their SAEs to use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope.core.errors import Conflict, InvalidInput, NotFound
from policyscope.core.sae_formats import safetensors_file, transcoder_file
from policyscope.core.transcoder import Dictionary, Transcoder
from policyscope.services import jobs, loaded, saes
from policyscope.services.sweeps.data import KIND
from policyscope.services.sweeps.plan import command
from policyscope.services.sweeps.work import LIVE, RESULT, cell_files, dictionary_of
from policyscope.services.tap_warnings import Attached
from policyscope.services.workspace import Workspace
from policyscope.store.checkpoints import Checkpoints
from policyscope.store.records import MODEL, JobRow, Json, ModelRow, require

MOST_LISTED = 50
ASKED = (
    "env", "tap_index", "output_tap", "d_in", "variant", "d_latent", "topk", "seeds_of_each", "seed",
    "steps", "batch", "lr", "num_traj", "max_timesteps", "noise_scale", "noisy_share", "pushed_share",
    "push_scale", "reset_share", "reset_scale", "data_from", "eval_episodes", "cache_samples",
)  # fmt: skip


def list_sweeps(ws: Workspace, model_id: str) -> list[Json]:
    """The model's sweeps, newest first, each once."""
    with ws.records.read() as session:
        require(session, ModelRow, model_id, MODEL)
        query = select(JobRow).where(JobRow.kind == KIND).order_by(JobRow.created_at.desc())
        rows = [row for row in session.scalars(query) if row.spec["work"]["model_id"] == model_id]
    newest: dict[str, JobRow] = {}
    for row in rows:
        newest.setdefault(row.spec["work"]["sweep_id"], row)
    return [_summary(ws, row) for row in list(newest.values())[:MOST_LISTED]]


def get(ws: Workspace, sweep_id: str) -> Json:
    """One sweep with its cells: finished ones with their numbers and curves, the one in training with its
    curves so far. Raises NotFound."""
    with ws.records.read() as session:
        row = _job(session, sweep_id)
    spec = row.spec["work"]
    found = _result(ws, row)
    if found is None:
        found = _unfinished(ws.store.checkpoints(spec["output"]), spec, running=row.state == "running")
    return described(row, found)


def described(row: JobRow, found: Json) -> Json:
    """The sweep that this job makes, with what it has ``found``."""
    spec = row.spec["work"]
    asked = {name: spec.get(name) for name in ASKED}  # sweeps of earlier versions lack some
    return {
        "sweep_id": spec["sweep_id"],
        "model_id": spec["model_id"],
        "job": jobs.describe(row),
        "episodes": len(spec["seeds"]),
        "request": asked,
        "command": command(spec["model_id"], spec),
        "imported_at": row.spec.get("imported_at"),
        **found,
    }


def use(ws: Workspace, sweep_id: str, cell: int | None) -> Json:
    """Attach one SAE of a finished sweep to its model, by default the recommended one.

    Raises NotFound, Conflict when the sweep is not done or recommends none, InvalidInput for another number
    or for a transcoder.
    """
    with ws.records.read() as session:
        row = _job(session, sweep_id)
        spec = row.spec["work"]
        model = require(session, ModelRow, spec["model_id"], MODEL)
    number, about, sae = _cell(ws, row, cell)
    if isinstance(sae, Transcoder):
        raise InvalidInput(
            f"Cell {number} is a transcoder: it reads tap {sae.tap_index}, writes tap {sae.output_tap} and "
            "reconstructs neither, so it cannot be the model's SAE, whose features are read and changed at "
            f"one tap. Its file can be saved. Train an SAE at tap {sae.output_tap} to steer there.",
            fields={"cell": "a transcoder"},
        )
    data = loaded.data_in(ws.store, spec["output"])
    name = f"sweep {sweep_id}, k {about['k']} of {about['d_latent']}, seed {about['seed']}"
    tap = spec["tap_index"]
    policy = saes.original_policy(ws, model)
    info = saes.examine(Attached(model.id, name, tap, tap), policy, sae, data)
    info["env"] = spec["env"]
    return saes.keep_attached(ws, model.id, sae, data, saes.Source(name, tap, info))


def file_of(ws: Workspace, sweep_id: str, cell: int | None) -> tuple[str, bytes]:
    """Name and bytes of one SAE or transcoder of a finished sweep, as safetensors. Raises as ``use``."""
    with ws.records.read() as session:
        row = _job(session, sweep_id)
    number, _, found = _cell(ws, row, cell)
    save = transcoder_file.save if isinstance(found, Transcoder) else safetensors_file.save
    return f"{sweep_id}_{number}.safetensors", save(found)  # type: ignore[arg-type]


def _cell(ws: Workspace, row: JobRow, cell: int | None) -> tuple[int, Json, Dictionary]:
    """Number, figures and weights of a cell, by default the recommended one."""
    spec, result = row.spec["work"], _result(ws, row)
    if result is None:
        raise Conflict(f"Sweep {row.key} is {row.state}; its SAEs can be used when it is done.")
    number = _chosen(result, cell)
    about = result["cells"][number]
    return number, about, dictionary_of(ws.store.read(spec["output"], cell_files(number)[1]), about["values"])


def _chosen(result: Json, cell: int | None) -> int:
    number = result["recommended"] if cell is None else cell
    if number is None:
        raise Conflict(
            "This sweep recommends no SAE, since none passes its gate. Name a cell to use it all the same."
        )
    if not 0 <= number < len(result["cells"]):
        last = len(result["cells"]) - 1
        raise InvalidInput(f"cell is {number}; this sweep has cells 0 to {last}.", fields={"cell": "unknown"})
    return int(number)


def _job(session: Session, sweep_id: str) -> JobRow:
    query = select(JobRow).where(JobRow.key == sweep_id, JobRow.kind == KIND)
    row = (
        session.scalars(query.order_by(JobRow.created_at.desc())).first() if "\x00" not in sweep_id else None
    )
    if row is None:
        raise NotFound(f"There is no sweep with id {sweep_id[:60]!r}.")
    return row


def _result(ws: Workspace, row: JobRow) -> Json | None:
    output = row.spec["output"]
    if not ws.store.has(output):
        return None
    return finished(ws.store.read_json(output, RESULT))


def finished(found: Json) -> Json:
    """The stored result of a sweep, as it is told."""
    return {**found, "cells": [{**cell, "state": "done"} for cell in found["cells"]]}


def _unfinished(kept: Checkpoints, spec: Mapping[str, Any], *, running: bool) -> Json:
    """What the checkpoints hold: trained cells, and the one that is being trained."""
    live = json.loads(kept.load(LIVE) or b"{}")
    cells = []
    for number, cell in enumerate(spec["cells"]):
        about = kept.load(cell_files(number)[0])
        one: Json = {"number": number, **cell, "state": "waiting", "curves": None, "density": None}
        if about is not None:
            one |= {**json.loads(about), "state": "trained"}
        elif live.get("cell") == number:
            state = "training" if running else "waiting"
            one |= {"curves": live["curves"], "density": live["density"], "state": state}
        cells.append(one)
    return {
        "cells": cells,
        "configurations": [],
        "recommended": None,
        "sentence": None,
        "baseline": None,
        "floor": None,
        "data": None,
    }


def _summary(ws: Workspace, row: JobRow) -> Json:
    spec, output = row.spec["work"], row.spec["output"]
    found = ws.store.read_json(output, RESULT) if ws.store.has(output) else None
    return {
        "sweep_id": spec["sweep_id"],
        "job_id": row.id,
        "state": "done" if found else row.state,
        "created_at": row.created_at,
        "env": spec["env"],
        "tap_index": spec["tap_index"],
        "output_tap": spec.get("output_tap"),
        "cells": len(spec["cells"]),
        "sentence": found["sentence"] if found else None,
        "imported_at": row.spec.get("imported_at"),
    }
