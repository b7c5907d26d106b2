"""Where the episodes of a run begin: checked and turned into simulator states when the run is asked for.

The states are frozen into the run, so that it can be played again when the data or the run they came from
are gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from policyscope.core.activations import spread_rows
from policyscope.core.envs import EnvInfo, get_env, state_dim, states_of_observations
from policyscope.core.errors import Conflict, InvalidInput, NotFound
from policyscope.core.rows import gathered
from policyscope.services import loaded, recording
from policyscope.services.workspace import Workspace
from policyscope.store.records import RUN, JobRow, Json, RunRow, SaeRow, require

RESET: Mapping[str, Any] = {"kind": "reset", "noise_scale": 1.0}
SHUFFLE = 0x57A7
MOST_STARTS = 200_000  # cached observations to choose from, evenly spaced
F64 = NDArray[np.float64]


def freeze(
    ws: Workspace,
    session: Session,
    wanted: Json | None,
    info: EnvInfo,
    seeds: Sequence[int],
    sae: SaeRow | None,
) -> Json:
    """``start`` as asked for, and ``start_states``: one list of numbers per seed, or None for a reset.

    Raises InvalidInput, NotFound or Conflict when there are no such states; ``check_run`` checks the rest.
    """
    start = dict(wanted or RESET)
    if start["kind"] == "reset":
        return {"start": {**RESET, **start}, "start_states": None}
    if not state_dim(info.id):
        raise _refused(f"Episodes of {info.id} can only start from its own reset.")
    if start["kind"] == "state":
        states = _given(start.pop("states"))
    elif start["kind"] == "cached":
        states = _chosen(_cached(ws, info, sae), seeds)
    else:
        start.setdefault("arm", "baseline")
        states = _chosen(_of_run(ws, session, info, start), seeds)
    return {"start": start, "start_states": states.tolist()}


def noise_scale(spec: Mapping[str, Any]) -> float:
    """Of a frozen run; those from before starts could be chosen began with a reset."""
    return float(spec.get("start", RESET).get("noise_scale", 1.0))


def states(spec: Mapping[str, Any]) -> F64 | None:
    """``[seeds, state_dim]`` of a frozen run; None when it begins with resets."""
    found = spec.get("start_states")
    return None if found is None else np.array(found, dtype=np.float64)


def _given(rows: Sequence[Sequence[float]]) -> F64:
    if len({len(row) for row in rows}) != 1:
        raise _refused(
            "The states have different lengths; each must have all numbers of the simulator state."
        )
    found = np.array(rows, dtype=np.float64)
    if len(np.unique(found, axis=0)) != len(found):
        raise _refused(
            "Two of the states are the same, so their episodes would be one episode counted twice. "
            "Give each episode a state of its own."
        )
    return found


def _chosen(pool: F64, seeds: Sequence[int]) -> F64:
    """One state per seed, decided by the seed alone, no state twice in a run."""
    pool = np.unique(pool, axis=0)
    if len(pool) < len(seeds):
        raise _refused(
            f"There are {len(pool)} different states to start from and {len(seeds)} episodes. "
            "Ask for fewer episodes."
        )
    order = np.random.default_rng(SHUFFLE).permutation(len(pool))
    return pool[order[np.array(seeds) % len(pool)]]


def _cached(ws: Workspace, info: EnvInfo, sae: SaeRow | None) -> F64:
    data = loaded.stored_data(ws.store, sae.content) if sae is not None else None
    if sae is None or data is None:
        raise InvalidInput(
            "Need SAE + cached data: episodes are to start from cached observations. Load an SAE from a "
            "directory that holds cached_obs.pt and tapped_activations.pt.",
            code="need_sae_and_cached_data",
        )
    collected = sae.info["env"]
    if collected and get_env(collected).id != info.id:
        raise _refused(f"The cached data are from {collected}, not from {info.id}.")
    rows = spread_rows(len(data), MOST_STARTS)
    return states_of_observations(info.id, gathered(data.observations, rows))


def _of_run(ws: Workspace, session: Session, info: EnvInfo, start: Json) -> F64:
    """Recorded states of one arm of a finished run: of one seed or all, at one step or all."""
    run_id, arm = start["run_id"], start["arm"]
    row = require(session, RunRow, run_id, RUN)
    if require(session, JobRow, row.job_id, "job").state != "done":
        raise Conflict(f"Run {run_id} is not done; episodes can start from it when it is.")
    if row.request["env"] != info.id:
        raise _refused(f"Run {run_id} was played in {row.request['env']}, not in {info.id}.")
    names = [entry["name"] for entry in row.request["arms"]]
    if arm not in names:
        raise NotFound(f"Run {run_id} has no arm {arm!r}; its arms are {', '.join(names) or 'not recorded'}.")
    with recording.opened(ws.store, run_id) as stored:
        kept = recording.seeds_in(stored)
        wanted = kept if start.get("seed") is None else [seed for seed in kept if seed == start["seed"]]
        traces = [recording.trace_in(stored, names.index(arm), seed).get("state") for seed in wanted]
    step = start.get("step")
    parts = [trace if step is None else trace[step : step + 1] for trace in traces if trace is not None]
    if not sum(map(len, parts)):
        raise NotFound(
            f"Run {run_id} has no recorded simulator state of arm {arm!r} at the seed and step asked for; "
            f"recorded seeds: {', '.join(map(str, kept)) or 'none'}."
        )
    return np.concatenate(parts)


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, fields={"start": message})
