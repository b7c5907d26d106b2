"""What SAEs learn from: the episodes of one collection, or those of an earlier one and more.

Observations, simulator states and the like are stored once under the hash of what was asked for; the
activations of any tap follow from the observations. So sweeps of several taps share their rollouts, and a
data set grows without being collected again: the earlier episodes keep their numbers and their part of the
split, also when what is added is disturbed otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from policyscope.core.activations import split_rows
from policyscope.core.arms import Arm
from policyscope.core.envs import get_env
from policyscope.core.errors import Conflict, InvalidInput, NotFound
from policyscope.core.policy import Policy
from policyscope.core.progress import Work, staged
from policyscope.services import rollouts
from policyscope.services.pipeline.collect import (
    Arrays,
    CollectPlan,
    Mix,
    appended,
    collect,
    noise_in_action_units,
)
from policyscope.store.artifacts import ArtifactStore, Content
from policyscope.store.records import JobRow, Json

KIND = "sweep"
LEAST_EPISODES = 3
MIX = ("noisy_share", "pushed_share", "reset_share", "push_scale", "reset_scale")
OF_COLLECTION = ("env", "num_traj", "max_steps", "noise_scale", *MIX)
OF_POLICY = ("model_id", "activation", "weight_edits", "weights_sha256")
Spec = Mapping[str, Any]


def mix_of(request: Spec) -> Mix:
    """Which episodes are disturbed. Raises InvalidInput."""
    return Mix(*(request[name] for name in MIX))


def frozen(session: Session, store: ArtifactStore, spec: Spec) -> Json:
    """The data set that a sweep asks for, with the name it is stored under.

    ``spec["data_from"]`` names an earlier sweep whose episodes come first; ``num_traj`` are added to them.
    Raises NotFound, InvalidInput when it was made with another policy, Conflict before it has its data.
    """
    base = None if spec["data_from"] is None else _earlier(session, store, spec)
    if base is None and spec["num_traj"] < LEAST_EPISODES:
        message = f"num_traj is {spec['num_traj']}; at least {LEAST_EPISODES} are needed without data_from."
        raise InvalidInput(message, fields={"num_traj": message})
    if base is not None and spec["num_traj"] == 0:
        return base
    seed = spec["seed"] if base is None else max(spec["seed"], base["last_seed"] + 1)
    asked = {name: spec[name] for name in (*OF_COLLECTION, *OF_POLICY)}
    data: Json = {**asked, "seed": seed, "last_seed": seed, "base": base}
    text = json.dumps([data, rollouts.versions()], sort_keys=True, allow_nan=False)
    return {**data, "name": f"datasets/d_{hashlib.sha256(text.encode()).hexdigest()[:16]}"}


def rows(store: ArtifactStore, data: Spec, policy: Policy) -> Work[Arrays]:
    """The arrays of a data set, mapped into memory; collected and stored if they are not there yet."""
    if not store.has(data["name"]):
        found = yield from _collected(store, data, policy)
        files: dict[str, Content] = {f"{name}.npy": _npy(array) for name, array in found.items()}
        store.publish(data["name"], files, {"kind": "dataset", "spec": dict(data)})
    return {
        file.removesuffix(".npy"): np.load(store.path(data["name"], file), mmap_mode="r", allow_pickle=False)
        for file in store.files(data["name"])
    }


def split(data: Arrays) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows for training, validation and test, the same for every cell. What was added later is split by
    itself, so that no episode ever changes sides."""
    collections = np.unique(data["collection"])
    places = [np.flatnonzero(data["collection"] == number) for number in collections]
    split_up = [_split_one(data["group"][place]) for place in places]
    parts = zip(
        *([place[rows] for rows in parts] for place, parts in zip(places, split_up, strict=True)), strict=True
    )
    train, validation, test = (np.concatenate(part) for part in parts)
    return train, validation, test


def _split_one(groups: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As everywhere; of fewer than three episodes all are learned from."""
    if len(np.unique(groups)) < LEAST_EPISODES:
        none = np.zeros(0, dtype=np.intp)
        return np.arange(len(groups)), none, none
    return split_rows(len(groups), groups)


def _collected(store: ArtifactStore, data: Spec, policy: Policy) -> Work[Arrays]:
    before = None if data["base"] is None else (yield from rows(store, data["base"], policy))
    noise = noise_in_action_units(get_env(data["env"]), data["noise_scale"])
    plan = CollectPlan(data["env"], data["num_traj"], data["max_steps"], noise, data["seed"], mix_of(data))
    found = yield from staged(collect(Arm("policy", policy), plan, 0), "collecting")
    del found["activations"]  # of any tap they follow from the observations
    found["collection"] = np.zeros(len(found["episode"]), dtype=np.int32)
    if before is None:
        return found
    found["collection"] += before["collection"].max() + 1
    return appended(before, found)


def _earlier(session: Session, store: ArtifactStore, spec: Spec) -> Json:
    wanted = str(spec["data_from"])
    query = select(JobRow).where(JobRow.key == wanted, JobRow.kind == KIND)
    row = None if "\x00" in wanted else session.scalars(query.order_by(JobRow.created_at.desc())).first()
    if row is None:
        raise NotFound(f"There is no sweep with id {wanted[:60]!r} to take data from.")
    data: Json | None = row.spec["work"].get("data")
    if data is None or not store.has(data["name"]):
        raise Conflict(
            f"Sweep {wanted} has no data to take: it has not collected them yet, or came in with a workspace."
        )
    for name, what in (("weights_sha256", "policy"), ("env", "environment"), ("activation", "activation")):
        if data[name] != spec[name]:
            message = f"The data of sweep {wanted} were collected with another {what}; collect them again."
            raise InvalidInput(message, fields={"data_from": message})
    return data


def _npy(array: np.ndarray) -> Content:
    return lambda file: np.save(file, np.ascontiguousarray(array), allow_pickle=False)
