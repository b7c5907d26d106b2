"""The kind ``sweep``: collect once, train every cell, play all of them together, choose, publish.

Everything finished is kept: the data, each trained SAE, each part of the gate; inside a training its last
checkpoint. With ``part`` only that cell is trained, as a host of a cluster does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import monotonic
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from policyscope.core.activations import ActivationData
from policyscope.core.arms import RolloutSpec
from policyscope.core.policy import Policy
from policyscope.core.progress import Progress, Work, staged
from policyscope.core.sae import SAE
from policyscope.core.sae_metrics import sae_report, transcoder_report
from policyscope.core.sae_train import Keep, SaeTrainConfig, SaeTrainResult, State, curves_of, train_sae
from policyscope.core.sweep import Cell, decoder_crowding
from policyscope.core.training_probe import TrainingProbe, density_histogram
from policyscope.core.transcoder import Dictionary, Transcoder
from policyscope.core.transcoder_train import train_transcoder
from policyscope.services import loaded, rollouts
from policyscope.services.pipeline.collect import Arrays, described, whole_episodes
from policyscope.services.pipeline.stages import probe_spec, probing
from policyscope.services.sweeps import data as collected
from policyscope.services.sweeps import gate
from policyscope.services.sweeps.data import KIND
from policyscope.services.sweeps.plan import work_parts
from policyscope.store.artifacts import ArtifactStore, Content
from policyscope.store.checkpoints import Checkpoints
from policyscope.store.records import finite

RESULT, LIVE = "result.json", "live.json"
OF_A_CELL = (
    "fvu", "feedback_fvu", "action_fvu", "cosine", "l0", "dead_features", "dead_conclusive", "dense_features",
)  # fmt: skip
PERMILLE = 1000
KEEP_SECONDS = 0.5
"""Between two checkpoints of a training: an fsync takes longer than many steps of a small SAE."""
Spec = Mapping[str, Any]


def perform(store: ArtifactStore, spec: Spec) -> Work[None]:
    """``spec`` is what ``plan.start`` froze."""
    run = Sweep(store, spec)
    return run.one(spec["part"]) if "part" in spec else run.whole()


def dictionary_of(weights: bytes, values: Mapping[str, Any]) -> Dictionary:
    """What a cell became, of its safetensors and of what is not an array."""
    arrays: dict[str, Any] = load(weights)
    return Transcoder(**arrays, **values) if "output_tap" in values else SAE(**arrays, **values)


def cell_files(number: int) -> tuple[str, str]:
    """Where a trained cell is kept: its numbers and its weights."""
    return f"cell-{number}.json", f"cell-{number}.safetensors"


@dataclass(eq=False)
class Sweep:
    """One sweep being made. ``done`` counts what lies behind, of ``work_parts``; ``kept_at``: the last
    checkpoint within a training."""

    store: ArtifactStore
    spec: Spec
    done: float = 0.0
    kept_at: float = field(default_factory=monotonic)

    @cached_property
    def kept(self) -> Checkpoints:
        return self.store.checkpoints(self.spec["output"])

    @cached_property
    def policy(self) -> Policy:
        return rollouts.build_policy_of(self.store, self.spec, self.spec)

    @cached_property
    def cells(self) -> list[Cell]:
        return [Cell(**cell) for cell in self.spec["cells"]]

    def whole(self) -> Work[None]:
        """Every cell, the gate, and the publication."""
        data = yield from self._counted("data", self._data())
        probe = yield from self._counted("probe", self._probe(data))
        for number in range(len(self.cells)):
            yield from self._counted(f"cell-{number}", self._cell(number, data, probe))
        saes = [self._trained(number) for number in range(len(self.cells))]
        played = yield from self._counted("gate", self._gate(data, saes))
        _, _, test = collected.split(data)
        numbers = [json.loads(self.kept.load(cell_files(n)[0]) or b"") for n in range(len(saes))]
        held_out = np.asarray(data["activations"][test], dtype=np.float64)
        result = gate.result(self.cells, numbers, saes, played, held_out)
        self._publish({**result, "data": described(data, self.spec["env"])}, data)

    def one(self, number: int) -> Work[None]:
        """Only cell ``number``, if there is such a cell and it is not there already."""
        if number < len(self.cells) and self.kept.load(cell_files(number)[1]) is None:
            data = yield from self._data()
            probe = yield from self._probe(data)
            yield from self._cell(number, data, probe)

    def _data(self) -> Work[Arrays]:
        data = yield from collected.rows(self.store, self.spec["data"], self.policy)
        return {**data, "activations": self.policy.head(data["observations"], self.spec["tap_index"])}

    def _probe(self, data: Arrays) -> Work[TrainingProbe]:
        train, validation, _ = collected.split(data)
        held_out, mean = data["observations"][validation], data["activations"][train].mean(axis=0)
        spec = probe_spec(self.spec["env"], self.spec["max_steps"])
        return (yield from probing(self.policy, self.spec["tap_index"], held_out, mean, spec))

    def _cell(self, number: int, data: Arrays, probe: TrainingProbe) -> Work[None]:
        about, weights = cell_files(number)
        if self.kept.load(weights) is not None:
            return
        cell, s = self.cells[number], self.spec
        if cell.transcodes:
            probe = replace(probe, fidelity=replace(probe.fidelity, output_tap=s["output_tap"]))
        _, _, test = collected.split(data)
        config = SaeTrainConfig(
            cell.d_latent, cell.k, s["steps"], s["batch"], s["lr"], cell.seed, "cpu", variant=cell.variant
        )
        file = f"cell-{number}.checkpoint"
        saved = self.kept.load(file)

        def keep(state: Mapping[str, np.ndarray]) -> None:
            if monotonic() - self.kept_at < KEEP_SECONDS:
                return
            self.kept_at = monotonic()
            self.kept.save(file, save(dict(state)))
            live = {"cell": number, "curves": _lists(state["rows"]), "density": probe.density}
            self.kept.save(LIVE, _json(live))

        before = load(saved) if saved else None
        work = self._training(cell, config, data, probe, before, keep)
        k, of = cell.k, len(self.cells)
        label = f"SAE {number + 1} of {of}: k {k} of {cell.d_latent}, {cell.variant}, seed {cell.seed}"
        trained: SaeTrainResult[Any] = yield from staged(work, label)
        held_out = ActivationData(data["observations"][test], data["activations"][test])
        report = self._report(trained.sae, held_out)
        numbers = {
            **{name: report[name] for name in OF_A_CELL},
            "affine_map": _figures(report["references"].get("affine_map")),
            "crowding": decoder_crowding(trained.sae),
            "density": density_histogram(trained.sae.encode(held_out.activations)),
            "curves": {name: column.tolist() for name, column in trained.curves.items()},
            "values": trained.sae.values(),
        }
        self.kept.save(about, _json(numbers))
        self.kept.save(weights, save(trained.sae.arrays()))

    def _training(
        self,
        cell: Cell,
        config: SaeTrainConfig,
        data: Arrays,
        probe: TrainingProbe,
        before: State | None,
        keep: Keep,
    ) -> Work[SaeTrainResult[Any]]:
        """On the training rows of the data; what is written follows from what is read."""
        train, validation, _ = collected.split(data)
        rows = data["activations"][train], data["activations"][validation]
        tap, output_tap = self.spec["tap_index"], self.spec["output_tap"]
        if not cell.transcodes:
            return train_sae(*rows, config, tap, before, keep, probe)
        learned, judged = ((h, self.policy.onward(h, tap, output_tap)) for h in rows)
        return train_transcoder(learned, judged, config, (tap, output_tap), before, keep, probe)

    def _report(self, dictionary: Dictionary, held_out: ActivationData) -> dict[str, Any]:
        if isinstance(dictionary, Transcoder):
            return transcoder_report(self.policy, dictionary, held_out)
        return sae_report(self.policy, dictionary, self.spec["tap_index"], held_out)

    def _trained(self, number: int) -> Dictionary:
        about, weights = (self.kept.load(file) for file in cell_files(number))
        assert about is not None
        assert weights is not None  # both just made
        return dictionary_of(weights, json.loads(about)["values"])

    def _gate(self, data: Arrays, saes: list[Dictionary]) -> Work[gate.Results]:
        train, _, _ = collected.split(data)
        mean = data["activations"][train].mean(axis=0)
        spec = RolloutSpec(self.spec["env"], tuple(self.spec["seeds"]), self.spec["max_steps"])
        work = gate.play(self.policy, self.spec["tap_index"], saes, mean, spec, self.kept)
        return (yield from staged(work, "playing every SAE in place of the layer"))

    def _publish(self, result: Mapping[str, Any], data: Arrays) -> None:
        files: dict[str, Content] = {RESULT: _json(result)}
        for number in range(len(self.cells)):
            weights = cell_files(number)[1]
            files[weights] = self.kept.load(weights) or b""
        cached = whole_episodes(data, self.spec["cache_samples"])
        rows = ActivationData(
            cached["observations"].astype(np.float32),
            cached["activations"].astype(np.float32),
            cached["episode"],
            cached["step"],
            self.policy(cached["observations"]).astype(np.float32),
            cached["rewards"].astype(np.float32),
        )
        files |= loaded.data_files(rows)
        self.store.publish(self.spec["output"], files, {"kind": KIND, "spec": dict(self.spec)})

    def _counted(self, part: str, work: Work[Any]) -> Work[Any]:
        """``work`` as its share of the whole, in thousandths."""
        parts = work_parts(self.spec)
        total, mine = sum(parts.values()), parts[part]
        try:
            while True:
                step = next(work)
                behind = self.done + mine * min(1.0, step.done / max(step.total, 1))
                done = int(PERMILLE * behind / total)
                yield Progress(done, PERMILLE, "‰", step.message, step.metrics)
        except StopIteration as stop:
            self.done += mine
            return stop.value
        finally:
            work.close()


def _lists(rows: np.ndarray) -> dict[str, list[float]]:
    return {name: column.tolist() for name, column in curves_of(np.asarray(rows)).items()}


def _figures(line: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Of a reference, what is shown beside the same figures of the cell."""
    if line is None:
        return None
    return {name: line[name] for name in ("fvu", "action_fvu", "feedback_fvu")}


def _json(value: Any) -> bytes:
    return json.dumps(finite(value), allow_nan=False).encode()
