"""The units of every layer over a recorded episode, per arm: to look at, and as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policyscope.core.arms import Arm
from policyscope.core.errors import InvalidInput, LimitExceeded, NotFound
from policyscope.core.interventions import RowEdits
from policyscope.core.layer_activity import Layer, condition, layer_outputs, layers_of
from policyscope.core.policy import Policy
from policyscope.services import loaded, recording, replays, rollouts
from policyscope.services.workspace import Workspace
from policyscope.store.records import RUN, Json, RunRow, require

MOST_NUMBERS = 16 * 2**20
Array = NDArray[np.float64]


def read(ws: Workspace, run_id: str, seed: int | None, arms: Sequence[str] | None, layer: int) -> bytes:
    """One layer of some arms (None: all) at one seed (None: the run's first), as ``replays.pack`` packs it.

    Raises NotFound for what was not recorded, InvalidInput for a layer that does not exist, Conflict before
    the run is done.
    """
    episode = _Episode(ws, run_id, seed, arms)
    chosen = episode.layer(layer)
    outputs = {name: episode.outputs(name, [chosen])[0] for name in episode.names}
    flags = condition(np.concatenate(list(outputs.values())), chosen.activation)
    about = {
        "run_id": run_id,
        "seed": episode.seed,
        "features": [],
        "layers": [_listed(each) for each in episode.layers],
        "layer": layer,
        "dead": np.flatnonzero(flags.dead).tolist(),
        "saturated": np.flatnonzero(flags.saturated).tolist(),
    }
    return replays.pack(about, [(episode.about(name), {"units": outputs[name]}) for name in episode.names])


def npz(ws: Workspace, run_id: str, seed: int | None, arms: Sequence[str] | None) -> bytes:
    """Every layer as float64 arrays ``[T, width]`` named ``<arm number>/<layer>``, and the arms' names.

    Raises as ``read`` does, and LimitExceeded when it would be larger than 128 MiB.
    """
    episode = _Episode(ws, run_id, seed, arms)
    episode.check_size()
    arrays: dict[str, Any] = {"arms": np.array(episode.names), "seed": np.array(episode.seed)}
    for number, name in enumerate(episode.names):
        for layer, values in zip(episode.layers, episode.outputs(name, episode.layers), strict=True):
            arrays[f"{number}/{layer.label.lower().replace(' ', '_')}"] = values
    text = io.BytesIO()
    np.savez_compressed(text, **arrays)
    return text.getvalue()


def table(ws: Workspace, run_id: str, seed: int | None, arms: Sequence[str] | None, layer: int) -> str:
    """One layer as CSV: a line per arm and step, a column per unit. Raises as ``read`` does."""
    episode = _Episode(ws, run_id, seed, arms)
    chosen = episode.layer(layer)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("arm", "step", *(f"unit_{unit}" for unit in range(chosen.width))))
    for name in episode.names:
        values = episode.outputs(name, [chosen])[0]
        writer.writerows((name, step, *row) for step, row in enumerate(values.tolist()))
    return text.getvalue()


def _listed(layer: Layer) -> Json:
    return {
        "index": layer.index,
        "label": layer.label,
        "module": layer.module,
        "width": layer.width,
        "activation": layer.activation,
    }


class _Episode:
    """One seed of a finished run: who acted, and on which observations."""

    def __init__(self, ws: Workspace, run_id: str, seed: int | None, arms: Sequence[str] | None) -> None:
        run = replays.finished(ws, run_id)
        with ws.records.read() as session:
            self._spec: Json = require(session, RunRow, run_id, RUN).request
        every = [arm["name"] for arm in run["arms"]]
        self.names = list(arms or every)
        self.seed = run["seeds"][0] if seed is None else seed
        with recording.opened(ws.store, run_id) as stored:
            replays.check_recorded(run_id, recording.seeds_in(stored), every, self.names, self.seed)
            self._traces = {
                name: recording.trace_in(stored, every.index(name), self.seed) for name in self.names
            }
        self._shown = {arm["name"]: replays.about(arm, self.seed) for arm in run["arms"]}
        self._arms = {arm.name: arm for arm in rollouts.build_arms(ws.store, self._spec)}
        content = self._spec["sae_content"]
        self._sae = loaded.stored_sae(ws.store, content) if content else None
        self.layers = layers_of(self._policy(self.names[0]).spec)
        self._check_layers(asked=arms is not None)
        self._check_observations(run_id)

    def about(self, name: str) -> Json:
        return self._shown[name]

    def layer(self, index: int) -> Layer:
        """Raises InvalidInput when there is none of that number."""
        if not 0 <= index < len(self.layers):
            known = ", ".join(f"{layer.index} ({layer.label})" for layer in self.layers)
            message = f"There is no layer {index}; the layers are {known}."
            raise InvalidInput(message, fields={"layer": message})
        return self.layers[index]

    def outputs(self, name: str, layers: Sequence[Layer]) -> list[Array]:
        """``[T, width]`` of each layer, with the arm's edits."""
        arm, trace = self._arms[name], self._traces[name]
        observations = trace["observations"]
        edits = self._edits(arm, len(observations))
        return layer_outputs(self._policy(name), observations, self._spec["tap_index"], edits, layers)

    def check_size(self) -> None:
        """Raises LimitExceeded."""
        steps = sum(len(trace["rewards"]) for trace in self._traces.values())
        numbers = steps * sum(layer.width for layer in self.layers)
        if numbers > MOST_NUMBERS:
            raise LimitExceeded(
                f"All layers of {len(self.names)} arms make {numbers:,} numbers; at most {MOST_NUMBERS:,} go "
                "into one file. Ask for fewer arms, or read one layer at a time."
            )

    def _policy(self, name: str) -> Policy:
        policy = self._arms[name].policy
        assert isinstance(policy, Policy)  # build_arms makes nothing else
        return policy

    def _edits(self, arm: Arm, steps: int) -> RowEdits | None:
        if self._sae is None or not arm.edits:
            return None
        return RowEdits(self._sae, [arm.edits]).take([0] * steps)

    def _check_layers(self, asked: bool) -> None:
        """Arms of another model may have other layers: left out, or refused when they were asked for."""
        alike = [name for name in self.names if layers_of(self._policy(name).spec) == self.layers]
        if asked and alike != self.names:
            other = next(name for name in self.names if name not in alike)
            message = f"Arm {other!r} has other layers than {self.names[0]!r}; ask for one of them at a time."
            raise InvalidInput(message, fields={"arms": message})
        self.names = alike

    def _check_observations(self, run_id: str) -> None:
        traces: Mapping[str, Mapping[str, Any]] = self._traces
        if any("observations" not in trace for trace in traces.values()):
            raise NotFound(
                f"Run {run_id} was played before observations were recorded. Run it again to see its layers."
            )
