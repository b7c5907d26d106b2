"""Runs of an archive: they came from elsewhere, so they are taken in only if they can be read as what they
claim to be, and never stand in for a run that is asked for here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from policyscope.core.envs import get_env
from policyscope.core.errors import PolicyscopeError, UnsupportedFile
from policyscope.jobs.table import WAITING
from policyscope.services import closed_loop, quarantine, recording, replays, rollouts, runs
from policyscope.services.effects import studies
from policyscope.services.effects.bundle import JOB_KINDS
from policyscope.services.transfer import archive
from policyscope.services.workspace import Workspace
from policyscope.store.artifacts import MANIFEST
from policyscope.store.records import JobRow, Json, RunRow, new_id, now

MOST_JSON = 64 << 20
STRANGE = (KeyError, TypeError, ValueError, IndexError, AttributeError, StopIteration, ArithmeticError)
"""What reading a record of another form than ours raises."""
Contents = Mapping[str, memoryview]


@dataclass(frozen=True)
class Checks:
    """What the boundary knows of the form of records: each raises InvalidInput for another form."""

    index: Callable[[Any], Json]
    run: Callable[[Json], Json]
    effects: Callable[[Json], Json]
    report: Callable[[Json], Json]
    sweep: Callable[[Json], Json]


@dataclass(frozen=True, eq=False)
class NewRun:
    """A run whose files are in the store; its rows are not there yet."""

    row: RunRow
    job: JobRow


def files_of(contents: Contents, run_id: str) -> dict[str, memoryview]:
    """The run's files by name."""
    start = f"runs/{run_id}/"
    return {name.removeprefix(start): data for name, data in contents.items() if name.startswith(start)}


def is_here(ws: Workspace, row: RunRow | None, model_id: str, files: Mapping[str, memoryview]) -> bool:
    """Whether the stored run with this id is the same, byte for byte, and of this model."""
    if row is None or row.model_id != model_id or not ws.store.has(f"runs/{row.id}"):
        return False
    name = f"runs/{row.id}"
    same = ws.store.files(name) == sorted(files)
    return same and all(ws.store.read(name, file) == data for file, data in files.items())


def read_run(
    ws: Workspace, record: Json, files: Mapping[str, memoryview], places: Json, checks: Checks
) -> NewRun:
    """Store the run's files and read them back as everybody will. ``places``: run_id, model_id and
    sae_content here. Raises UnsupportedFile when it is not a run of this model and SAE."""
    shown = f"Run {record['id']} of the workspace"
    run_id = places["run_id"]
    for file, data in files.items():
        _check_file(f"{record['id']}/{file}", data)
    try:
        spec = _spec(record["request"], places)
        _check_spec(ws, spec)
        row, job = _rows(run_id, spec, record)
        ws.store.publish(
            spec["output"],
            {file: bytes(data) for file, data in files.items() if file != MANIFEST},
            {"kind": "run", "spec": spec, "imported_from": record["id"]},
        )
        _read_back(ws, row, job, checks)
    except PolicyscopeError as error:
        raise UnsupportedFile(f"{shown} cannot be taken in: {error.message}", code=error.code) from error
    except STRANGE as error:
        raise UnsupportedFile(
            f"{shown} is not written as runs are ({type(error).__name__}: {str(error)[:120]}). Nothing was "
            "taken in."
        ) from error
    return NewRun(row, job)


def _check_file(shown: str, data: memoryview) -> None:
    """Arrays are opened in quarantine first; JSON must be finite and of a sensible size."""
    if shown.endswith(".safetensors"):
        quarantine.open_arrays(bytes(data), shown)
    elif shown.endswith(".json") and len(data) <= MOST_JSON:
        try:
            archive.parse_json(data)
        except (ValueError, RecursionError) as error:
            raise UnsupportedFile(f"{shown} in the workspace is not JSON of ours.") from error
    else:
        raise UnsupportedFile(f"{shown} in the workspace is too large, or no file that runs have.")


def _spec(request: Json, places: Json) -> Json:
    has_sae = request["sae_content"] is not None
    return {
        **request,
        "output": f"runs/{places['run_id']}",
        "model_id": places["model_id"],
        "sae_content": places["sae_content"] if has_sae else None,
        "env": get_env(request["env"]).id,
        "seeds": [int(seed) for seed in request["seeds"]],
        "max_steps": int(request["max_steps"]),
    }


def _check_spec(ws: Workspace, spec: Json) -> None:
    """It could be played again here: the model and the weights of every arm are those it names."""
    longest = get_env(spec["env"]).max_episode_steps
    if not 0 < spec["max_steps"] <= longest:
        raise UnsupportedFile(f"its episodes have {spec['max_steps']:,} steps; {longest:,} is the limit.")
    if spec.get("kind", "comparison") not in JOB_KINDS:
        raise UnsupportedFile(f"its kind is {str(spec['kind'])[:40]!r}, which is not known here.")
    if spec.get("kind", "comparison") == "comparison":
        runs.check(ws, spec)
    else:
        rollouts.build_policy_of(ws.store, spec, spec)


def _rows(run_id: str, spec: Json, record: Json) -> tuple[RunRow, JobRow]:
    """Without a key, so that nobody who asks for the same run is given one that was not played here."""
    job = done_job(JOB_KINDS[spec.get("kind", "comparison")], spec, {"run_id": run_id})
    row = RunRow(
        id=run_id,
        model_id=spec["model_id"],
        job_id=job.id,
        created_at=record["created_at"],
        request=spec,
        provenance={**record["provenance"], "imported_at": job.finished_at},
    )
    return row, job


def done_job(kind: str, spec: Json, result: Json, key: str | None = None) -> JobRow:
    """The row of a job that is taken to have made what came in, ``spec["output"]``."""
    moment = now()
    work = {"work": spec, "output": spec["output"], "result": result, "size": None}
    return JobRow(
        id=new_id("j"),
        kind=kind,
        spec={**work, "estimate_s": None, "parts": 0, "imported_at": moment},
        state="done",
        version=1,
        attempt=1,
        progress={**WAITING, "message": "Imported"},
        result=result,
        created_at=moment,
        started_at=moment,
        finished_at=moment,
        key=key,
    )


def _read_back(ws: Workspace, row: RunRow, job: JobRow, checks: Checks) -> None:
    run = runs.described(ws, row, job)
    checks.run(run)
    _check_result(run)
    checks.effects(studies.effects_of(ws, run))
    list(closed_loop.pushes_in(ws, row))
    if ws.store.lists(f"runs/{row.id}", recording.REPLAY_FILE):
        with recording.opened(ws.store, row.id) as stored:
            _check_recording(stored, run)


def _check_result(run: Json) -> None:
    """It speaks of the arms and seeds that were asked for."""
    names = [arm["name"] for arm in run["arms"]]
    if run["kind"] == "comparison" and names != run["arm_names"]:
        raise UnsupportedFile("its result is of other arms than were asked for.")
    if any([episode["seed"] for episode in arm["episodes"]] != run["seeds"] for arm in run["arms"]):
        raise UnsupportedFile("its result is of other seeds than were asked for.")
    if any(not {compared["arm"], compared["versus"]} <= set(names) for compared in run["comparisons"]):
        raise UnsupportedFile("it compares arms that it does not have.")


def _check_recording(stored: Any, run: Json) -> None:
    """Recorded steps belong to episodes of the run and have their length; those of the first can be drawn."""
    stored.get_tensor("features").tolist()
    seeds = recording.seeds_in(stored)
    if not set(seeds) <= set(run["seeds"]):
        raise UnsupportedFile("steps of seeds are recorded that it did not play.")
    info = get_env(run["env"])
    for seed in seeds:
        for number, arm in enumerate(run["arms"]):
            trace = recording.trace_in(stored, number, seed)
            length = replays.about(arm, seed)["length"]
            if not trace or not all(_fits(values, length) for values in trace.values()):
                raise UnsupportedFile(f"the recorded steps of seed {seed} are not those of an episode.")
            if seed == seeds[0]:
                replays.drawn(info, trace)


def _fits(values: Any, length: int) -> bool:
    return isinstance(values, np.ndarray) and values.ndim >= 1 and length <= len(values) <= length + 1
