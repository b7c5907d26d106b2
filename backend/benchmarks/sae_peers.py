"""One TopK SAE trained in many ways on the same rows: ours, four libraries' and a plain loop.

Everyone gets float32 rows in memory that are already centred and scaled to E||x||² = d, and a learning rate
to be chosen; the libraries also the batch size, ours its own where smaller steps end lower. A library's own
trainer is used where it takes rows; sparsify's wants a language model, so its coder and its steps are called
in its order.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from policyscope.core.progress import drain
from policyscope.core.sae_train import SaeTrainConfig, train_sae

Reconstruct = Callable[[torch.Tensor], torch.Tensor]
WARM_UP, DECAY_FROM = 0.05, 0.8
OWN_CHECK = 128
"""Held-out rows on which ours checks itself 50 times; the libraries do not at all."""


@dataclass(frozen=True, eq=False)
class Task:
    """``train`` [N, d], ``held_out`` [M, d]; ``vectors`` are presented in steps of ``batch``."""

    train: torch.Tensor
    held_out: torch.Tensor
    features: int
    k: int
    batch: int
    vectors: int
    own_batch: int  # ours

    def cut(self, steps: int) -> Task:
        """The same, with at most so many steps."""
        return replace(self, vectors=min(self.vectors, steps * self.batch))

    @property
    def width(self) -> int:
        return int(self.train.shape[1])

    @property
    def steps(self) -> int:
        return self.vectors // self.batch

    def batches(self, seed: int = 0) -> Iterator[torch.Tensor]:
        """Shuffled anew in every pass."""
        rng, per_pass = np.random.default_rng(seed), len(self.train) // self.batch
        for step in range(self.steps):
            if step % per_pass == 0:
                order = torch.from_numpy(rng.permutation(len(self.train)))
            place = step % per_pass * self.batch
            yield self.train[order[place : place + self.batch]]

    def fvu(self, reconstruct: Reconstruct) -> float:
        with torch.no_grad():
            error = (self.held_out - reconstruct(self.held_out)).double().square().sum()
        return float(error / (self.held_out - self.held_out.mean(dim=0)).double().square().sum())


@dataclass(frozen=True)
class Trainer:
    """``package``: what must be installed, if anything. ``rates``: learning rates to try."""

    name: str
    train: Callable[[Task, float], Reconstruct]
    rates: tuple[float, ...]
    package: str | None = None

    @property
    def installed(self) -> bool:
        return self.package is None or importlib.util.find_spec(self.package) is not None


def ours(task: Task, lr: float) -> Reconstruct:
    steps, batch = task.steps * task.batch // task.own_batch, task.own_batch
    config = SaeTrainConfig(task.features, task.k, steps, batch, lr, device="cpu", early_decay=False)
    few = task.held_out[:OWN_CHECK].numpy()
    sae = drain(train_sae(task.train.numpy(), few, config)).sae
    return lambda x: torch.from_numpy(sae.reconstruct(x.numpy()))


def dictionary_learning(task: Task, lr: float) -> Reconstruct:
    from dictionary_learning.trainers.top_k import TopKTrainer

    trainer = TopKTrainer(
        task.steps, task.width, task.features, task.k, 0, "none", lr=lr, device="cpu", seed=0,
        warmup_steps=round(WARM_UP * task.steps), decay_start=round(DECAY_FROM * task.steps),
    )  # fmt: skip
    for step, x in enumerate(task.batches()):
        trainer.update(step, x)
    reconstruct: Reconstruct = trainer.ae
    return reconstruct


def sparsify(task: Task, lr: float) -> Reconstruct:
    os.environ["SPARSIFY_DISABLE_TRITON"] = "1"  # which needs a GPU
    from sparsify import SparseCoder, SparseCoderConfig

    torch.manual_seed(0)
    coder = SparseCoder(task.width, SparseCoderConfig(num_latents=task.features, k=task.k))
    optimizer = torch.optim.Adam(coder.parameters(), lr=lr)
    schedule = _schedule(optimizer, task.steps)
    for x in task.batches():
        coder.set_decoder_norm_to_unit_norm()
        coder(x).fvu.backward()
        coder.remove_gradient_parallel_to_decoder_directions()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    return lambda x: coder(x).sae_out


def sae_lens(task: Task, lr: float) -> Reconstruct:
    from sae_lens.config import SAETrainerConfig
    from sae_lens.saes.topk_sae import TopKTrainingSAE, TopKTrainingSAEConfig
    from sae_lens.training.sae_trainer import SAETrainer

    torch.manual_seed(0)
    sae = TopKTrainingSAE(TopKTrainingSAEConfig(d_in=task.width, d_sae=task.features, k=task.k))
    config = SAETrainerConfig(
        total_training_samples=task.steps * task.batch, train_batch_size_samples=task.batch,
        lr=lr, lr_end=0.0,
        lr_warm_up_steps=round(WARM_UP * task.steps), lr_decay_steps=round((1 - DECAY_FROM) * task.steps),
    )  # fmt: skip
    with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
        SAETrainer(config, sae, task.batches()).fit()
    sae.eval()
    return lambda x: sae.decode(sae.encode(x))


def overcomplete(task: Task, lr: float) -> Reconstruct:
    from overcomplete.sae import TopKSAE
    from overcomplete.sae.train import train_sae as fit

    torch.manual_seed(0)
    sae = TopKSAE(task.width, task.features, task.k)
    optimizer = torch.optim.Adam(sae.parameters(), lr=lr)
    fit(
        sae, task.batches(), lambda x, output, *_: (x - output).square().mean(), optimizer,
        _schedule(optimizer, task.steps), nb_epochs=1, monitoring=0,
    )  # fmt: skip
    sae.eval()
    return lambda x: sae(x)[2]


class _Loop(torch.nn.Module):
    """The TopK SAE of a tutorial."""

    def __init__(self, width: int, features: int, k: int) -> None:
        super().__init__()
        self.k = k
        self.encoder = torch.nn.Linear(width, features, bias=False)
        self.decoder = torch.nn.Linear(features, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = torch.relu(self.encoder(x))
        kept = z.topk(self.k, dim=1)
        output: torch.Tensor = self.decoder(torch.zeros_like(z).scatter_(1, kept.indices, kept.values))
        return output


def loop(task: Task, lr: float) -> Reconstruct:
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(0)
    model = _Loop(task.width, task.features, task.k)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    rows: Any = DataLoader(TensorDataset(task.train), batch_size=task.batch, shuffle=True, drop_last=True)
    step = 0
    while step < task.steps:
        for (x,) in rows:
            loss = (model(x) - x).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            if step == task.steps:
                break
    return model


def _schedule(optimizer: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LambdaLR:
    """Warm-up, flat, linear decay: the shape that the libraries with a trainer of their own have too."""
    warm_up, left = max(1, round(WARM_UP * steps)), round((1 - DECAY_FROM) * steps)
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / warm_up, max(0.0, (steps - step) / left))
    )


OURS = "policyscope"
TRAINERS = (
    Trainer(OURS, ours, (5e-3, 1e-2, 2e-2)),
    Trainer("dictionary_learning", dictionary_learning, (1e-3, 3e-3, 1e-2, 3e-2), "dictionary_learning"),
    Trainer("sparsify", sparsify, (1e-3, 3e-3, 1e-2, 3e-2), "sparsify"),
    Trainer("SAELens", sae_lens, (1e-3, 3e-3, 1e-2, 3e-2), "sae_lens"),
    Trainer("overcomplete", overcomplete, (1e-3, 3e-3, 1e-2, 3e-2), "overcomplete"),
    Trainer("DataLoader loop", loop, (1e-3, 3e-3, 1e-2, 3e-2)),
)
