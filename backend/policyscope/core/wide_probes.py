"""Linear probes of SAEs with more features than rows to fit: the same ridge, solved among the rows.

``(ZᵀZ + λI)⁻¹Zᵀy = Zᵀ(ZZᵀ + λI)⁻¹y``: with F features and n rows it takes n × n numbers in place of F × F,
which at 16,384 features are gigabytes, and minutes to decompose. ROWS evenly spaced rows are fitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from policyscope.core import probes
from policyscope.core.activations import spread_rows
from policyscope.core.blocks import F64
from policyscope.core.centred import Centred, Columns, Latents

Ints = NDArray[np.integer]

WIDE = 2048
"""Features beyond which probes are fitted here."""
ROWS = 1024


def is_wide(features: int) -> bool:
    return features > WIDE


def fitted_rows(n: int) -> NDArray[np.intp]:
    """The rows of ``n`` that a ridge is fitted on."""
    return spread_rows(n, ROWS)


@dataclass(frozen=True, eq=False)
class RawRidge:
    """The guide's ridge: ``weights`` [F, T], R² [T] on its own rows and the absolute penalty."""

    weights: F64
    r2: F64
    penalty: float


def raw_ridge(z: Latents, y: F64, lam: float) -> RawRidge:
    """As ``probes.solve`` with the penalty of ``probes.penalty_for``, for ``z`` [n, F] and ``y`` [n, T]."""
    squares, y = Columns.of(z).squares, y - y.mean(axis=0)
    centred, varies = Centred.about_mean(z), np.square(y).sum(axis=0) > 0
    live = squares > 0
    penalty = lam * float(squares[live].mean()) if live.any() else lam
    gram = centred.gram()
    dual = np.linalg.solve(gram + penalty * np.eye(len(y)), np.where(varies, y, 0.0))
    left = np.square(y - gram @ dual).sum(axis=0)
    r2 = np.where(varies, 1.0 - left / np.where(varies, np.square(y).sum(axis=0), 1.0), np.nan)
    return RawRidge(centred.across(dual), r2, penalty)


class StandardisedRows:
    """Standardised latents [n, F] and targets [n, T], with the folds that whole groups are dealt into."""

    def __init__(self, z: Latents, y: F64, groups: Ints | None) -> None:
        self.z, self.y = Centred.standardised(z), Centred.standardised(y).dense
        self._fold = probes.folds(len(y), groups)
        self._gram = self.z.gram()
        self._folds = list(self._decomposed())

    def ridge(self) -> probes.StandardisedRidge:
        """As ``probes.standardised_ridge``."""
        scores = np.stack([fold.scores() for fold in self._folds])
        chosen = probes.one_standard_error(scores)
        n, weights = len(self.y), np.zeros((len(self.z.mean), self.y.shape[1]))
        for index in np.unique(chosen):
            at = chosen == index
            shrunk = self._gram / n + probes.LAMBDAS[index] * np.eye(n)
            weights[:, at] = self.z.across(np.linalg.solve(shrunk, self.y[:, at])) / n
        best = scores.mean(axis=0)[chosen, np.arange(self.y.shape[1])]
        varies = self.y.any(axis=0)
        return probes.StandardisedRidge(weights, probes.LAMBDAS[chosen], np.where(varies, best, np.nan))

    def unique_r2(self, lambdas: F64) -> F64:
        """How much held-out R² [F, T] falls when one feature is left out and the rest refitted."""
        parts = [fold.unique(self.z.dense, lambdas) for fold in self._folds]
        return np.asarray(np.mean(parts, axis=0))

    def _decomposed(self) -> Iterator[_Fold]:
        for held_out in range(int(self._fold.max()) + 1):
            train, test = np.flatnonzero(self._fold != held_out), np.flatnonzero(self._fold == held_out)
            if not len(test):
                continue
            own, cross = self._gram[np.ix_(train, train)], self._gram[np.ix_(test, train)]
            mean, grand = own.mean(axis=0), own.mean()
            cross = (cross - mean - cross.mean(axis=1, keepdims=True) + grand) / len(train)
            scale, basis = np.linalg.eigh((own - mean - mean[:, None] + grand) / len(train))
            level = self.y[train].mean(axis=0)
            y_train, y_test = self.y[train] - level, self.y[test] - level
            yield _Fold(train, test, np.maximum(scale, 0.0), basis, cross, y_train, y_test)


@dataclass(frozen=True, eq=False)
class _Fold:
    """One fold: kernel of the training rows as ``basis · scale · basisᵀ``, ``cross`` [test, train] with them.

    Everything is about the mean of the training rows.
    """

    train: NDArray[np.intp]
    test: NDArray[np.intp]
    scale: F64
    basis: F64
    cross: F64
    y_train: F64
    y_test: F64

    def scores(self) -> F64:
        """R² on the held-out rows, [lambdas, T]."""
        spread = np.square(self.y_test).mean(axis=0)
        turned = self.basis.T @ self.y_train
        predicted = (self._crossed @ (turned / (self.scale + lam)[:, None]) for lam in probes.LAMBDAS)
        rows = [np.square(self.y_test - one).mean(axis=0) for one in predicted]
        return np.where(spread > 0, 1.0 - np.stack(rows) / np.where(spread > 0, spread, 1.0), 0.0)

    def unique(self, z: F64, lambdas: F64) -> F64:
        """Leaving j out moves predictions by ``w_j m_j / (1 − h_j)``, with ``h_j`` the leverage of its column
        and ``m_j`` what the others do not predict of it on the held-out rows: one decomposition for all j."""
        mean = z[self.train].mean(axis=0)
        turned, held_out = self.basis.T @ (z[self.train] - mean), z[self.test] - mean
        lost = np.zeros((z.shape[1], len(lambdas)))
        for lam in np.unique(lambdas):
            at = np.flatnonzero(lambdas == lam)
            shrunk = 1.0 / (self.scale + lam)
            free = 1.0 - np.square(turned).T @ shrunk / len(self.train)
            along = shrunk[:, None] * (self.basis.T @ self.y_train[:, at])
            weights = turned.T @ along / len(self.train)
            moved = held_out - (self._crossed * shrunk) @ turned
            residual = self.y_test[:, at] - self._crossed @ along
            push = weights / free[:, None]
            rise = 2.0 * push * (moved.T @ residual)
            rise += np.square(push) * np.square(moved).sum(axis=0)[:, None]
            lost[:, at] = rise / np.maximum(np.square(self.y_test[:, at]).sum(axis=0), 1e-12)
        return lost

    @cached_property
    def _crossed(self) -> F64:
        return np.asarray(self.cross @ self.basis)


def marginal_r2(z: Latents, y: F64) -> F64:
    """As ``probes.marginal_r2``: the squared correlation [F, T]; 0 where either never changes."""
    columns, yc = Columns.of(z), y - y.mean(axis=0)
    spread = np.outer(np.where(columns.varies, columns.squares, 0.0), np.square(yc).sum(axis=0))
    squared = np.square(z.T @ yc)
    return np.minimum(np.divide(squared, spread, out=np.zeros_like(squared), where=spread > 0), 1.0)


def held_out_marginal_r2(z: F64, y: F64, groups: Ints | None) -> F64:
    """R² [F, T] of each feature alone on held-out folds, without products of features with each other."""
    fold = probes.folds(len(z), groups)
    centre = z.mean(axis=0), y.mean(axis=0)
    sums = [_Sums.of(z[fold == f] - centre[0], y[fold == f] - centre[1]) for f in range(fold.max() + 1)]
    total = _Sums(*(np.sum([getattr(one, name) for one in sums], axis=0) for name in _Sums.__annotations__))
    return np.asarray(np.mean([_marginal(total, held_out) for held_out in sums], axis=0))


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums over rows: of latents and targets, of their squares, and of products of a latent with a target."""

    n: F64
    z: F64
    zz: F64
    y: F64
    yy: F64
    zy: F64

    @classmethod
    def of(cls, z: F64, y: F64) -> _Sums:
        squares = np.square(z).sum(axis=0), np.square(y).sum(axis=0)
        return cls(np.asarray(float(len(z))), z.sum(axis=0), squares[0], y.sum(axis=0), squares[1], z.T @ y)


def _marginal(total: _Sums, held_out: _Sums) -> F64:
    n = total.n - held_out.n
    z, y = (total.z - held_out.z) / n, (total.y - held_out.y) / n
    variance = (total.zz - held_out.zz) / n - np.square(z)
    covariance = (total.zy - held_out.zy) / n - np.outer(z, y)
    known = variance > 1e-12 * np.maximum(total.zz / total.n, 1e-300)
    slope = np.where(known[:, None], covariance / np.where(known, variance, 1.0)[:, None], 0.0)
    # products on the held-out rows about the means of the others
    m = held_out.n
    zy = held_out.zy / m - np.outer(held_out.z / m, y) - np.outer(z, held_out.y / m) + np.outer(z, y)
    zz = held_out.zz / m - 2.0 * z * held_out.z / m + np.square(z)
    yy = held_out.yy / m - 2.0 * y * held_out.y / m + np.square(y)
    gained = 2.0 * slope * zy - np.square(slope) * zz[:, None]
    return np.asarray(gained / np.maximum(yy, 1e-12 * np.maximum(total.yy / total.n, 1e-300)))
