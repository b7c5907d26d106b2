"""Report cards and sweeps of an archive: taken in only if they can be read as what they claim to be.

They get names of their own here, so that they never stand in for one that is asked for here.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope.core.envs import get_env
from policyscope.core.errors import PolicyscopeError, UnsupportedFile
from policyscope.services import loaded, quarantine, reports, rollouts
from policyscope.services.sweeps import reading
from policyscope.services.sweeps.plan import MOST_CELLS
from policyscope.services.sweeps.work import RESULT, cell_files, dictionary_of
from policyscope.services.transfer import archive, models_in
from policyscope.services.transfer.made import REPORT
from policyscope.services.transfer.runs_in import MOST_JSON, STRANGE, Checks, done_job
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import Content
from policyscope.store.records import JobRow, Json

Files = Mapping[str, memoryview]


@dataclass(frozen=True, eq=False)
class NewMade:
    """What is to be stored, and the row of the job that is taken to have made it."""

    job: JobRow
    files: Mapping[str, Content]

    @property
    def name(self) -> str:
        """Its store name."""
        return str(self.job.spec["output"])


def files_of(contents: Files, record: Json) -> dict[str, memoryview]:
    """Its files by name."""
    start = f"made/{record['id']}/"
    return {name.removeprefix(start): data for name, data in contents.items() if name.startswith(start)}


def known_id(ws: Workspace, session: Session, record: Json, model_id: str, files: Files) -> str | None:
    """What the same numbers of this model are called here, where they are here: a sweep's id, or ``""``."""
    main = reports.FILE if record["kind"] == REPORT else RESULT
    rows = session.scalars(select(JobRow).where(JobRow.kind == record["kind"], JobRow.state == "done"))
    for row in rows:
        work = row.spec["work"]
        if work["model_id"] == model_id and ws.store.has(work["output"]):
            here = ws.store.read(work["output"], main)
            if main in files and here == bytes(files[main]):
                return str(work.get("sweep_id", ""))
    return None


def read_made(ws: Workspace, record: Json, files: Files, places: Json, checks: Checks) -> NewMade:
    """Check it as everybody will read it; nothing is stored. ``places``: model_id and sae_contents here.

    Raises UnsupportedFile when it is not a report card or sweep of this model.
    """
    shown = f"The {record['kind']} {record['id']} of the workspace"
    try:
        get_env(record["spec"]["env"])
        read = _report if record["kind"] == REPORT else _sweep
        return read(ws, record, files, places, checks)
    except PolicyscopeError as error:
        raise UnsupportedFile(f"{shown} cannot be taken in: {error.message}", code=error.code) from error
    except STRANGE as error:
        told = f"{type(error).__name__}: {str(error)[:120]}"
        raise UnsupportedFile(
            f"{shown} is not written as they are ({told}). Nothing was taken in."
        ) from error


def _report(ws: Workspace, record: Json, files: Files, places: Json, checks: Checks) -> NewMade:
    _only(files, {reports.FILE})
    given = record["spec"]
    content = places["sae_contents"][given["sae_content"]]
    checks.report({"model_id": places["model_id"], **_json(files, reports.FILE), "imported_at": None})
    name = f"reports/{_digest(record, places, files[reports.FILE])[:48]}"
    spec = {**given, "model_id": places["model_id"], "sae_content": content, "output": name}
    return NewMade(
        _job(record, spec, {"model_id": places["model_id"]}), {reports.FILE: bytes(files[reports.FILE])}
    )


def _sweep(ws: Workspace, record: Json, files: Files, places: Json, checks: Checks) -> NewMade:
    given, found = record["spec"], _json(files, RESULT)
    sweep_id = f"w_{_digest(record, places, files[RESULT])[:16]}"
    spec = {**given, "model_id": places["model_id"], "sweep_id": sweep_id, "output": f"sweeps/{sweep_id}"}
    spec["data"] = None  # what it was trained on is not here
    rollouts.build_policy_of(ws.store, spec, spec)
    cells = found["cells"]
    if not 0 < len(cells) == len(spec["cells"]) <= MOST_CELLS:
        raise UnsupportedFile(f"it has {len(cells)} SAEs and speaks of {len(spec['cells'])}.")
    weights = [cell_files(number)[1] for number in range(len(cells))]
    _only(files, {RESULT, *weights, "observations.npy", "activations.npy", "episodes.safetensors"})
    for file, cell in zip(weights, cells, strict=True):
        _check_cell(file, files, cell, int(spec["d_in"]))
    job = _job(record, spec, {"sweep_id": sweep_id}, key=sweep_id)
    checks.sweep(reading.described(job, reading.finished(found)))
    stored: dict[str, Content] = {RESULT: bytes(files[RESULT])}
    stored |= {file: bytes(files[file]) for file in weights}
    with ws.store.scratch() as scratch:
        data = models_in.data_in(files, "", scratch)
        if data is None or data.activations.shape[1] != spec["d_in"]:
            raise UnsupportedFile("the states that it keeps are missing or of another tap.")
        stored |= {name: _held(content) for name, content in loaded.data_files(data).items()}
    return NewMade(job, stored)


def _held(content: Content) -> bytes:
    """In memory: what it was read into is gone when it is stored."""
    if isinstance(content, bytes):
        return content
    if callable(content):
        buffer = io.BytesIO()
        content(buffer)
        return buffer.getvalue()
    return content.read_bytes()


def _check_cell(file: str, files: Files, cell: Json, d_in: int) -> None:
    if file not in files:
        raise UnsupportedFile(f"{file} is missing.")
    quarantine.open_arrays(bytes(files[file]), file)
    found = dictionary_of(bytes(files[file]), cell["values"])
    if (found.d_in, found.d_latent) != (d_in, cell["d_latent"]):
        raise UnsupportedFile(f"{file} has another size than it says.")


def _only(files: Files, allowed: set[str]) -> None:
    strange = sorted(files.keys() - allowed)
    if strange:
        raise UnsupportedFile(f"it has a file {strange[0][:60]!a}, which none of its kind has.")


def _json(files: Files, name: str) -> Json:
    if name not in files or len(files[name]) > MOST_JSON:
        raise UnsupportedFile(f"{name} is missing or too large.")
    found: Json = archive.parse_json(files[name])
    return found


def _digest(record: Json, places: Json, data: memoryview) -> str:
    told = json.dumps(["imported", record["id"], places["model_id"]]).encode()
    return hashlib.sha256(told + bytes(data)).hexdigest()


def _job(record: Json, spec: Json, result: Json, key: str | None = None) -> JobRow:
    job = done_job(record["kind"], spec, result, key)
    job.created_at = record["created_at"]
    return job
