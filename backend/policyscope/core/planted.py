"""Problems whose answers are known, to test the methods on: ``make bench-validity`` and the test suite.

A policy in which chosen features drive chosen actions and nothing else does; a dictionary of rare and
correlated features; slow signals that have nothing to do with each other; and an SAE that explains 99.5 % of
the variance and makes every episode fall (method 3.6 and 9).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from policyscope.core.activations import ActivationData
from policyscope.core.blocks import F64
from policyscope.core.policy import Module, Policy, PolicySpec
from policyscope.core.sae import SAE

DICTIONARY_STREAM = 0xD1C7
BALANCING_GAIN = (1.0, 10.0, 1.0, 2.0)  # keeps InvertedPendulum-v5 upright


@dataclass(frozen=True, eq=False)
class Planted:
    """``causes[a]``: the features that drive action a. ``decoys``: fire with a cause and drive nothing."""

    policy: Policy
    sae: SAE
    data: ActivationData
    causes: tuple[tuple[int, ...], ...]
    decoys: tuple[int, ...]


def planted_policy(
    seed: int = 0,
    actions: int = 4,
    causes: int = 3,
    features: int = 48,
    episodes: int = 20,
    length: int = 200,
) -> Planted:
    """The tap is the observation; feature directions are orthonormal, so each action has exactly its causes.

    Scales of the features differ a hundredfold, and every cause has a decoy that is active whenever it is.
    """
    rng = np.random.default_rng(seed)
    width, n = 64, episodes * length
    directions = np.linalg.qr(rng.standard_normal((width, width)))[0][:, :features]
    z = np.stack([_bursts(rng, n, rate) for rate in rng.uniform(0.03, 0.2, features)], axis=1)
    driving = actions * causes
    z[:, driving : 2 * driving] = z[:, :driving] * rng.uniform(0.6, 1.4, (n, driving))
    z *= np.geomspace(0.1, 10.0, features)[rng.permutation(features)]
    gains = np.zeros((actions, features))
    gains[np.repeat(np.arange(actions), causes), np.arange(driving)] = rng.choice([-1.0, 1.0], driving)
    gains[:, :driving] /= z[:, :driving].std(axis=0)
    policy = linear_policy(np.eye(width), gains @ directions.T)
    observations = z @ directions.T
    data = ActivationData(observations, policy.head(observations, 0), np.repeat(np.arange(episodes), length))
    sae = SAE(directions.T, np.zeros(features), directions, np.zeros(width), features, 0)
    by_action = tuple(tuple(range(a * causes, (a + 1) * causes)) for a in range(actions))
    return Planted(policy, sae, data, by_action, tuple(range(driving, 2 * driving)))


def linear_policy(first: F64, second: F64) -> Policy:
    """``second @ first @ observation``, tap 0 between the two."""
    modules = (
        Module("linear", first.shape[1], first.shape[0], key="net.0"),
        Module("linear", second.shape[1], second.shape[0], key="net.1"),
    )
    spec = PolicySpec(modules, "torch_state_dict", "identity", "recorded")
    return Policy(spec, {"net.0.weight": first, "net.1.weight": second})


def known_dictionary(
    seed: int = 0, width: int = 32, features: int = 48, rows: int = 60_000
) -> tuple[F64, F64]:
    """Unit directions [features, width] and activations [rows, width] made of them.

    Densities fall like Zipf's law from 0.3, a quarter of the features mostly fire with a partner, and a
    closed orbit runs beneath.
    """
    # a stream of its own: an SAE trained from the same seed would start at the answer
    rng = np.random.default_rng([DICTIONARY_STREAM, seed])
    directions = rng.standard_normal((features, width))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    active = rng.random((rows, features)) < np.maximum(0.3 / np.arange(1, features + 1) ** 0.7, 0.01)
    pairs = features // 8
    partner = active[:, :pairs] & (rng.random((rows, pairs)) < 0.8)
    active[:, -pairs:] |= partner
    z = active * rng.uniform(0.5, 1.5, active.shape)
    angle = 0.1 * np.arange(rows)
    orbit = 0.3 * np.stack([np.cos(angle), np.sin(angle)], axis=1) @ directions[:2]
    return directions, z @ directions + orbit


def recovered_share(sae: SAE, directions: F64, least: float = 0.9) -> float:
    """Share of the true ``directions`` [features, width] that some decoder direction matches by cosine."""
    norms = np.maximum(sae.decoder_norms(), 1e-12)
    return float(((directions @ (sae.w_dec / norms)).max(axis=1) >= least).mean())


def slow_signals(rng: np.random.Generator, rows: int, columns: int, memory: float = 0.95) -> F64:
    """Independent columns [rows, columns] whose neighbouring rows are alike (autoregressive of order 1)."""
    noise = rng.standard_normal((rows, columns))
    return np.asarray(lfilter([1.0], [1.0, -memory], noise, axis=0))


def blind_sae(sample: F64, target: float = 0.005) -> tuple[Policy, SAE, F64]:
    """A balancing policy for InvertedPendulum-v5, an SAE of FVU ``target`` at its tap 0 that makes it fall,
    and the tap's mean [5].

    The tap holds the four observations and a large copy of one that the action ignores; the SAE keeps the
    copy and loses the rest. ``sample`` [N, 4]: observations of the balancing policy, which set the scale.
    """
    scale = float(np.sqrt(sample.var(axis=0).sum() * (1 / target - 1) / sample[:, 2].var()))
    first = np.vstack([np.eye(4), scale * np.eye(4)[2]])
    policy = linear_policy(first, np.array([[*BALANCING_GAIN, 0.0]]))
    axes = np.array([[0, 0, 0, 0, 1.0], [0, 0, 0, 0, -1.0]])
    mean = policy.head(sample, 0).mean(axis=0)
    bias = mean * (1 - np.abs(axes[0]))
    return policy, SAE(axes, np.zeros(2), axes.T, bias, 2, 0), mean


def _bursts(rng: np.random.Generator, n: int, rate: float) -> F64:
    """A latent [n] active in runs of about 12 steps, ``rate`` of the time."""
    on = np.zeros(n, dtype=np.bool_)
    for start in rng.integers(0, n, max(3, round(rate * n / 12))):
        on[start : start + int(rng.integers(6, 19))] = True
    return on * rng.uniform(0.5, 1.5, n)
