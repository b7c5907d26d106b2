"""Replays: the recorded steps of a run's episodes, packed for whoever watches."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core.envs import EnvInfo, get_env, state_dim
from policyscope.core.envs.bodies import has_body
from policyscope.core.errors import Conflict, NotFound
from policyscope.core.measures.anatomy import anatomy_of
from policyscope.core.scene import scene as describe_scene
from policyscope.services import recording, runs
from policyscope.services.workspace import Workspace
from policyscope.store.records import Json

MAGIC = b"PSR1"
Array = NDArray[Any]


def scene(ws: Workspace, run_id: str) -> Json:
    """How to draw the run's environment, and which seeds were recorded. Raises NotFound or Conflict."""
    run = finished(ws, run_id)
    with recording.opened(ws.store, run_id) as stored:
        seeds = recording.seeds_in(stored)
        features = stored.get_tensor("features").tolist()
    about_run = {
        "run_id": run_id,
        "seeds": seeds,
        "features": features,
        "restarts": state_dim(run["env"]) > 0,
    }
    return {**environment_scene(run["env"]), **about_run}


def environment_scene(env_id: str) -> Json:
    """How to draw an environment, and the names of its channels. Raises InvalidInput for an unknown one."""
    info = get_env(env_id)
    return {
        **describe_scene(info.id),
        "actions": [channel.name for channel in info.actions],
        "observations": [channel.name for channel in info.observations],
        "legs": [leg.name for leg in legs] if (legs := _legs(info)) else [],
    }


def replay(ws: Workspace, run_id: str, seed: int | None = None, arms: Sequence[str] | None = None) -> bytes:
    """The steps of one seed under some arms (all by default), packed by ``pack``.

    ``seed``: None for the run's first. Raises NotFound for a seed or arm without recorded steps, Conflict
    before the run is done.
    """
    run = finished(ws, run_id)
    names = [arm["name"] for arm in run["arms"]]
    seed = run["seeds"][0] if seed is None else seed
    chosen = list(arms or names)
    with recording.opened(ws.store, run_id) as stored:
        check_recorded(run_id, recording.seeds_in(stored), names, chosen, seed)
        packed = []
        for name in chosen:
            number = names.index(name)
            trace = recording.trace_in(stored, number, seed)
            packed.append((about(run["arms"][number], seed), drawn(get_env(run["env"]), trace)))
        features = stored.get_tensor("features").tolist()
    return pack({"run_id": run_id, "env": run["env"], "seed": seed, "features": features}, packed)


def pack(about: Json, arms: Sequence[tuple[Json, Mapping[str, Array]]]) -> bytes:
    """One binary document: ``PSR1``, the length of a JSON header, the header, the numbers.

    Numbers are little-endian float32 or uint8. The bytes of float32 are stored plane by plane (all first
    bytes, all second bytes, …), which makes them a third smaller under gzip. The header gives the name,
    shape, type and offset (from the end of the header) of each signal ``[T, …]``.
    """
    blocks: list[bytes] = []
    offset = 0
    header: Json = {**about, "arms": []}
    for arm, signals in arms:
        listed = {}
        for name, values in signals.items():
            data, kind = _planes(values)
            listed[name] = {"shape": list(values.shape), "type": kind, "offset": offset}
            blocks.append(data)
            offset += len(data)
        header["arms"].append({**arm, "signals": listed})
    text = json.dumps(header, allow_nan=False).encode()
    return b"".join([MAGIC, struct.pack("<I", len(text)), text, *blocks])


def _planes(values: Array) -> tuple[bytes, str]:
    if values.dtype in (np.uint8, np.bool_):
        return values.astype(np.uint8).tobytes(), "uint8"
    # channel by channel in time order, because a channel changes slowly
    columns = np.ascontiguousarray(values.reshape(len(values), -1).T, dtype="<f4")
    return columns.view(np.uint8).reshape(-1, 4).T.tobytes(), "float32"


def drawn(info: EnvInfo, trace: Mapping[str, Array]) -> dict[str, Array]:
    """What the player draws: joint positions, contacts, actions, rewards, features.

    Without recorded states joint positions follow from the observations. Raises InvalidInput where those do
    not determine them.
    """
    signals = {name: trace[name] for name in ("actions", "rewards", "features") if name in trace}
    if info.action_kind == "discrete":
        signals["actions"] = trace["actions"].astype(np.uint8)
    if not has_body(info.id):
        return {"observations": trace["state" if "state" in trace else "observations"], **signals}
    from policyscope.core.measures import simulation

    qpos, qvel = (
        simulation.split_state(info.id, trace["state"])
        if "state" in trace
        else simulation.state_from_observations(info.id, trace["observations"])
    )
    feet = tuple(foot for leg in _legs(info) for foot in leg.feet)
    if feet:
        touching = simulation.floor_contacts(info.id, qpos, qvel, trace["actions"].astype(np.float64), feet)
        signals["contacts"] = touching
    return {"qpos": qpos, **signals}


def _legs(info: EnvInfo) -> Any:
    anatomy = anatomy_of(info.id)
    return anatomy.legs if anatomy else ()


def about(arm: Json, seed: int) -> Json:
    """How one episode of an arm went."""
    episode = next(episode for episode in arm["episodes"] if episode["seed"] == seed)
    return {"name": arm["name"], **{key: episode[key] for key in ("return", "length", "fell")}}


def finished(ws: Workspace, run_id: str) -> Json:
    """The run, once it is done. Raises NotFound or Conflict."""
    run = runs.get(ws, run_id)
    if run["state"] != "done":
        raise Conflict(f"Run {run_id} is {run['state']}; it can be watched when it is done.")
    return run


def check_recorded(run_id: str, seeds: list[int], names: list[str], chosen: list[str], seed: int) -> None:
    """Raises NotFound when an arm does not exist or the seed was not recorded."""
    unknown = [name for name in chosen if name not in names]
    if unknown:
        raise NotFound(f"Run {run_id} has no arm {unknown[0]!r}; its arms are {', '.join(names)}.")
    if seed not in seeds:
        shown = f"{seeds[0]} to {seeds[-1]}" if seeds else "none"
        raise NotFound(f"The steps of seed {seed} are not recorded in run {run_id}; recorded seeds: {shown}.")
