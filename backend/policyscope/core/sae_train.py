"""Train an SAE with the auxiliary loss for dead latents, and fold the normalisation into its weights.

The recipe and its measured defaults: data scaled by one number to E||x||² = d; decoder rows of unit norm, the
encoder starting as their transpose; a latent fires only when z > 0, and is dead after a silence that scales
with the budget; Adam with warm-up, a flat stretch and a linear decay. When validation stalls the decay
starts early instead of training being cut off, because the decay is what removes the last noise.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Generic, Literal, TypeVar, cast, get_args

import numpy as np
import torch

from policyscope.core.activations import Floats, check_matrix, spread_rows
from policyscope.core.blocks import F64
from policyscope.core.errors import InvalidInput, ShapeMismatch
from policyscope.core.progress import Progress, Work
from policyscope.core.sae import SAE, Variant
from policyscope.core.sae_normaliser import Normaliser, geometric_median, normaliser_of
from policyscope.core.sae_step import BETA_1, BETA_2, WIDE, SaeLearner
from policyscope.core.sae_variants import LEARNERS
from policyscope.core.torch_device import pick_device, threads_for
from policyscope.core.transcoder import KINDS, Dictionary, Kind

State = Mapping[str, np.ndarray]
Keep = Callable[[dict[str, np.ndarray]], None]
D = TypeVar("D", bound=Dictionary)
Probe = Callable[[D, int], Mapping[str, float]]
"""Measures what training has got so far: (folded SAE, number of the check) -> values, some of ``PROBED``."""
PROBED = ("feedback_fvu", "return_recovered", "fall_rate")
CURVES = ("step", "loss", "val_fvu", "dead_fraction", "l0", "lr")
Start = Literal["random", "data_points"]

LEAST_SAMPLES, PASSES = 2_500_000, 3
WARM_UP, DECAY = 0.05, 0.35
CHECKS = 50
PATIENCE, LEAST_GAIN, NEVER_BEFORE = 10, 0.005, 0.4
MOST_OVER = 1.1
"""Times k that may be active in what is kept: while a penalty still grows, more are, and fit better."""
VALIDATION_ROWS = 16_384
TIED = 128
"""A wide encoder starts as sqrt(128 / F) times the transposed decoder, so that fewer latents die early."""
REPORTS, LEAST_WORK = 500, 1 << 29
"""Reports of progress, and multiplications between two: a small SAE learns a thousand steps in a second."""


@dataclass(frozen=True)
class SaeTrainConfig:
    """What to train. ``steps`` None means max(2.5 M, 3 N) samples; ``lr`` None the rule by ``d_latent``.

    Raises InvalidInput for a value outside its range.
    """

    d_latent: int
    k: int
    steps: int | None = None
    batch: int = 512
    lr: float | None = None
    seed: int = 0
    device: str = "auto"
    early_decay: bool = True
    start: Start = "random"  # where the decoder begins: random directions, or those of random rows
    freeze_decoder: bool = False  # there it stays: a reference, not a result
    variant: Variant | Kind = "topk"  # the latter are trained by ``transcoder_train``

    def __post_init__(self) -> None:
        if not 1 <= self.k <= self.d_latent:
            raise InvalidInput(
                f"k is {self.k}; with {self.d_latent} latents 1 to {self.d_latent} are allowed."
            )
        if self.batch < 2 or (self.steps is not None and self.steps < 1) or self.seed < 0:
            raise InvalidInput(
                f"batch is {self.batch}, steps {self.steps}, seed {self.seed}; a batch of 2 or more, "
                "1 step or more and a seed of 0 or more are needed."
            )
        if self.variant not in (variants := (*get_args(Variant), *KINDS)):
            raise InvalidInput(f"variant is {self.variant!r}; choose one of {', '.join(variants)}.")
        if self.lr is not None and not 0 < self.lr < 1:
            raise InvalidInput(f"lr is {self.lr}; it must lie between 0 and 1.")

    def learning_rate(self) -> float:
        """``clip(2e-4 / sqrt(d_latent / 16384), 3e-4, 3e-3)`` unless one was given."""
        return self.lr or min(max(2e-4 / math.sqrt(self.d_latent / 16384), 3e-4), 3e-3)


@dataclass(frozen=True, eq=False)
class SaeTrainResult(Generic[D]):
    """The folded SAE, its fit on training and validation rows, and curves over steps.

    ``curves``: equally long arrays named ``CURVES``, and with a probe also ``PROBED`` (NaN where it measured
    nothing). ``scale`` is the c of the normalisation: decoder norms are 1/c. ``notes`` are sentences about
    what was unusual.
    """

    sae: D
    val_fvu: float
    dead_features: int
    curves: dict[str, F64]
    scale: float
    notes: tuple[str, ...]


def train_sae(
    train: Floats,
    validation: Floats,
    config: SaeTrainConfig,
    tap_index: int | None = None,
    checkpoint: State | None = None,
    on_checkpoint: Keep | None = None,
    probe: Probe[SAE] | None = None,
) -> Work[SaeTrainResult[SAE]]:
    """Train on activations ``train`` [N, d]; ``validation`` [M, d] must be of other episodes.

    ``on_checkpoint`` gets named arrays 50 times; passed back as ``checkpoint`` with the same data and config
    they continue to the same bits. ``probe`` is asked before each and changes nothing.
    Raises InvalidInput or ShapeMismatch before anything runs.
    """
    check_matrix(train, "The training activations")
    check_matrix(validation, "The validation activations")
    if train.shape[1] != validation.shape[1]:
        raise ShapeMismatch(
            f"Training rows have {train.shape[1]} columns and validation rows {validation.shape[1]}."
        )
    if config.variant in KINDS:
        raise InvalidInput(f"A {config.variant} is trained by train_transcoder, on the rows of two taps.")
    return _SaeTraining(train, validation, config, tap_index, probe).go_on(checkpoint, on_checkpoint)


class Training(Generic[D]):
    """The state of one training: what ``state`` returns decides everything that follows."""

    normaliser: Normaliser
    train: torch.Tensor
    validation: torch.Tensor

    def __init__(
        self,
        train: Floats,
        validation: Floats,
        config: SaeTrainConfig,
        tap_index: int | None,
        probe: Probe[D] | None = None,
    ) -> None:
        self.config, self.tap_index, self.probe = config, tap_index, probe
        self.device = pick_device(config.device)
        self.prepare(train, validation[spread_rows(len(validation), VALIDATION_ROWS)])
        aim = self.aimed(self.validation)
        self._spread = float((aim - aim.mean(dim=0)).square().sum())
        self.batch = min(config.batch, len(train))
        self.total = config.steps or math.ceil(max(LEAST_SAMPLES, PASSES * len(train)) / self.batch)
        self.decay_steps = max(1, round(DECAY * self.total))
        self.decay_from = self.total - self.decay_steps
        self.learner = self.begin(self.total * self.batch)
        self.best, self.best_excess, self.best_fvu = self.learner.theta.clone(), math.inf, math.inf
        self.rows: list[list[float]] = []
        self._pass, self._order = -1, torch.empty(0, dtype=torch.int64)

    def prepare(self, train: Floats, held_out: Floats) -> None:
        """Set ``normaliser``, and with it the rows of ``train`` and ``validation``."""
        self.normaliser = normaliser_of(train)
        self.train = self.normaliser.apply(train, self.device)
        self.validation = self.normaliser.apply(held_out, self.device)

    def begin(self, samples: int) -> SaeLearner:
        """The learner of a training that will see so many ``samples``."""
        raise NotImplementedError

    def folded(self) -> D:
        """What the learner's state is on raw activations."""
        raise NotImplementedError

    def notes(self) -> tuple[str, ...]:
        """What was unusual, in sentences."""
        return ()

    def aimed(self, rows: torch.Tensor) -> torch.Tensor:
        """The columns of normalised ``rows`` that are to be reconstructed."""
        return rows

    def go_on(self, checkpoint: State | None, on_checkpoint: Keep | None) -> Work[SaeTrainResult[D]]:
        """From ``checkpoint`` where there is one; raises InvalidInput for one of another training."""
        if checkpoint is not None:
            self.restore(checkpoint)
        return self.work(on_checkpoint)

    def work(self, on_checkpoint: Keep | None) -> Work[SaeTrainResult[D]]:
        check_every = math.ceil(self.total / CHECKS)
        work = self.batch * self.learner.theta.numel()
        report_every = max(1, self.total // REPORTS, min(LEAST_WORK // work, check_every))
        with self.learner.torch_threads():
            while self.learner.steps < (end := self.decay_from + self.decay_steps):
                done = self.learner.steps
                stop = min(end, *(done - done % every + every for every in (check_every, report_every)))
                loss = self.learner.learn(self.train, *self._lessons(stop - done))
                done = self.learner.steps
                if done % check_every == 0 or done == end:
                    self._check(loss)
                    if on_checkpoint is not None:
                        on_checkpoint(self.state())
                if done % report_every == 0 or done == end:
                    end = self.decay_from + self.decay_steps
                    yield Progress(done, end, "steps", "training the SAE", self._metrics(loss))
            return self._result()

    def state(self) -> dict[str, np.ndarray]:
        """Arrays for a checkpoint."""
        mine = {
            "identity": self._identity(),
            "best": self.best.cpu().numpy(),
            "best_excess": np.array(self.best_excess),
            "best_fvu": np.array(self.best_fvu),
            "decay_from": np.array(self.decay_from),
            "rows": np.array(self.rows),
        }
        return mine | self.learner.state()

    def restore(self, state: State) -> None:
        """Continue from ``state``; raises InvalidInput when it belongs to other data or another config."""
        identity = self._identity()
        if not np.array_equal(np.asarray(state.get("identity", [])), identity):
            raise InvalidInput(
                "The checkpoint was made with other data or other settings; start again without --resume."
            )
        self.learner.restore(state)
        self.best.copy_(torch.from_numpy(np.array(state["best"])))
        self.best_excess = float(state["best_excess"])
        self.best_fvu, self.decay_from = float(state["best_fvu"]), int(state["decay_from"])
        self.rows = np.asarray(state["rows"]).tolist()

    def _identity(self) -> np.ndarray:
        recipe = [BETA_1, BETA_2, WARM_UP, DECAY]
        described = [asdict(self.config), recipe, self.tap_index, len(self.train), self.normaliser.scale]
        probed = [] if self.probe is None else [PROBED]
        text = json.dumps([*described, *probed, self.normaliser.mean.tolist()])
        return np.frombuffer(text.encode(), dtype=np.uint8).copy()

    def _lessons(self, steps: int) -> tuple[torch.Tensor, np.ndarray]:
        """Rows [steps, batch] and learning rates [steps] of the next steps."""
        first, last, rows = self.learner.steps, self.learner.steps + steps, []
        while first < last:
            rows.append(self._batches_from(first, last - first))
            first += len(rows[-1])
        return torch.cat(rows), self._learning_rates(np.arange(last - steps, last))

    def _batches_from(self, step: int, most: int) -> torch.Tensor:
        """Batches [n, batch] from ``step`` on, at most to the end of the pass.

        The order of each pass is drawn from (seed, pass) alone, so it needs no saved generator.
        """
        of_pass = len(self.train) // self.batch
        number, place = divmod(step, of_pass)
        if self._pass != number:
            order = np.random.default_rng([self.config.seed, number]).permutation(len(self.train))
            batches = order[: of_pass * self.batch].reshape(of_pass, self.batch)
            self._pass, self._order = number, torch.from_numpy(batches).to(self.device)
        return self._order[place : place + most]

    def _learning_rates(self, steps: np.ndarray) -> np.ndarray:
        warm_up = max(1, round(WARM_UP * self.total))
        left = 1.0 - np.maximum(0, steps - self.decay_from) / self.decay_steps
        return self.config.learning_rate() * np.minimum(1.0, (steps + 1) / warm_up) * left

    def _check(self, loss: float) -> None:
        square, l0 = self.learner.evaluate(self.validation)
        fvu = square / self._spread if self._spread > 0 else 0.0
        excess = max(0.0, l0 / self.config.k - MOST_OVER)
        if (excess, fvu) < (self.best_excess, self.best_fvu):
            self.best_excess, self.best_fvu = excess, fvu
            self.best.copy_(self.learner.theta)
        dead = len(self.learner.dead()) / self.learner.features
        row = [
            self.learner.steps,
            loss,
            fvu,
            dead,
            l0,
            float(self._learning_rates(np.array(self.learner.steps))),
        ]
        if self.probe is not None:
            found = self.probe(self.folded(), len(self.rows) + 1)
            row += [found.get(name, math.nan) for name in PROBED]
        self.rows.append(row)
        if self.config.early_decay and self._stalled():
            self.decay_from = self.learner.steps

    def _stalled(self) -> bool:
        """No gain of half a percent in ten checks, and the number of dead latents is not falling."""
        step = self.learner.steps
        if not NEVER_BEFORE * self.total <= step < self.decay_from or len(self.rows) <= PATIENCE:
            return False
        fvu, dead = [row[2] for row in self.rows], [row[3] for row in self.rows]
        before = min(fvu[:-PATIENCE])
        return min(fvu[-PATIENCE:]) > before * (1.0 - LEAST_GAIN) and dead[-1] >= dead[-PATIENCE - 1]

    def _metrics(self, loss: float) -> dict[str, float]:
        last = dict(zip((*CURVES, *PROBED), self.rows[-1], strict=False)) if self.rows else {}
        shown = ("val_fvu", "dead_fraction", "l0", *PROBED)
        return {
            "loss": loss,
            **{name: last[name] for name in shown if math.isfinite(last.get(name, math.nan))},
        }

    def _result(self) -> SaeTrainResult[D]:
        self.learner.theta.copy_(self.best)
        return SaeTrainResult(
            sae=self.folded(),
            val_fvu=self.best_fvu,
            dead_features=len(self.learner.dead()),
            curves=curves_of(np.array(self.rows)),
            scale=self.normaliser.scale,
            notes=self.notes(),
        )


class _SaeTraining(Training[SAE]):
    def begin(self, samples: int) -> SaeLearner:
        return _new_learner(self.train, self.config, samples)

    def folded(self) -> SAE:
        return _fold(self.learner, self.normaliser, self.config, self.tap_index)

    def notes(self) -> tuple[str, ...]:
        return self.normaliser.notes(len(self.train), self.config.d_latent)


def curves_of(rows: np.ndarray) -> dict[str, F64]:
    """``rows`` of a checkpoint [checks, columns] by name."""
    return {name: np.ascontiguousarray(c) for name, c in zip((*CURVES, *PROBED), rows.T, strict=False)}


def _new_learner(train: torch.Tensor, config: SaeTrainConfig, samples: int) -> SaeLearner:
    decoder = torch.from_numpy(_directions(train, config).astype(np.float32)).to(train.device)
    kind, silence = _kind(decoder, config.variant), dead_after(config, len(train), samples)
    with threads_for(2 * decoder.numel()):
        median = geometric_median(train)
    learner = kind(decoder, median, config.k, silence, config.freeze_decoder)
    if config.variant == "topk" and decoder.numel() > WIDE:
        learner.split(learner.theta)[0].mul_(math.sqrt(TIED / config.d_latent))
    return learner


def dead_after(config: SaeTrainConfig, rows: int, samples: int) -> float:
    """Samples of silence after which a latent counts as dead, of ``samples`` seen in all."""
    return min(0.05 * samples, max(100.0 * min(config.batch, rows), 30.0 * config.d_latent / config.k))


def _directions(train: torch.Tensor, config: SaeTrainConfig) -> F64:
    """Unit rows [F, d] that the decoder starts with."""
    rng = np.random.default_rng(config.seed)
    rows: F64 = rng.standard_normal((config.d_latent, train.shape[1]))
    if config.start == "data_points":
        chosen = torch.from_numpy(rng.integers(0, len(train), config.d_latent)).to(train.device)
        rows = train[chosen].double().cpu().numpy() + 1e-9 * rows  # a row at the mean has no direction
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _kind(decoder: torch.Tensor, variant: str) -> type[SaeLearner]:
    if variant != "topk":
        return LEARNERS[variant]
    from policyscope.core.sae_compiled import learner_for  # loads a compiler, which few processes need

    return learner_for(decoder)


def _fold(learner: SaeLearner, normaliser: Normaliser, config: SaeTrainConfig, tap_index: int | None) -> SAE:
    """The SAE on raw activations: W' = cW, w' = w/c, b_dec' = m + b_dec/c, b_enc' = b_enc − W(cm + b_dec).

    Pre-activations stay what they were, and so do thresholds.
    """
    *matrices, threshold = learner.folded()
    encoder, decoder, b_enc, b_dec = (part.double().cpu().numpy() for part in matrices)
    c, kept = normaliser.scale, normaliser.kept
    w_enc, w_dec = normaliser.widened(c * encoder), normaliser.widened(decoder / c)
    out = normaliser.mean.copy()
    out[kept] += b_dec / c
    return SAE(
        w_enc,
        b_enc - encoder @ (c * normaliser.mean[kept] + b_dec),
        w_dec.T,
        out,
        config.k,
        tap_index,
        threshold=None if threshold is None else threshold.double().cpu().numpy(),
        variant=cast(Variant, config.variant),
    )
