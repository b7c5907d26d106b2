"""Latents about their means, without filling up what is sparse: of 16,384 features 32 in a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from policyscope.core.blocks import F64
from policyscope.core.sparse_products import DENSEST

Latents = F64 | csr_array
"""[n, F]."""


def collected(parts: Iterable[F64]) -> Latents:
    """The rows of all parts, of which there is one at least; sparse when the first is."""
    filled: list[F64] = []
    sparse: list[csr_array] = []
    for z in parts:
        if sparse or (not filled and np.count_nonzero(z) <= DENSEST * z.size):
            sparse.append(csr_array(z))
        else:
            filled.append(z)
    return csr_array(vstack(sparse)) if sparse else np.concatenate(filled)


@dataclass(frozen=True, eq=False)
class Columns:
    """Of every feature: ``mean`` [F], the ``squares`` of what it is away from it, summed, and whether it
    ``varies``."""

    mean: F64
    squares: F64
    varies: NDArray[np.bool_]

    @classmethod
    def of(cls, z: Latents) -> Columns:
        n = z.shape[0]
        mean = np.asarray(z.sum(axis=0)) / n
        if not isinstance(z, csr_array):
            varies = np.ptp(z, axis=0) > 0
            return cls(mean, np.where(varies, np.square(z - mean).sum(axis=0), 0.0), varies)
        active = np.bincount(z.indices, minlength=z.shape[1])
        # in two passes: a mean of squares less a squared mean says nothing of a column that hardly varies
        away = np.bincount(z.indices, np.square(z.data - mean[z.indices]), minlength=z.shape[1])
        squares = away + (n - active) * np.square(mean)
        low, high = z.min(axis=0).toarray().ravel(), z.max(axis=0).toarray().ravel()
        return cls(mean, np.where(high > low, squares, 0.0), high > low)


@dataclass(frozen=True, eq=False)
class Centred:
    """``(z − mean) · factor``, [n, F]."""

    z: Latents
    mean: F64
    factor: F64

    @classmethod
    def about_mean(cls, z: Latents) -> Centred:
        return cls(z, Columns.of(z).mean, np.ones(z.shape[1]))

    @classmethod
    def standardised(cls, z: Latents) -> Centred:
        """Mean 0 and SD 1; columns that never change are 0."""
        columns = Columns.of(z)
        sd = np.sqrt(columns.squares / z.shape[0])
        size = z.max(axis=0).toarray().ravel() if isinstance(z, csr_array) else np.abs(z).max(axis=0)
        live = sd > 1e-12 * np.maximum(size, 1e-300)
        return cls(z, columns.mean, np.where(live, 1.0 / np.where(live, sd, 1.0), 0.0))

    @cached_property
    def dense(self) -> F64:
        """All of it, in memory."""
        z = self.z.toarray() if isinstance(self.z, csr_array) else self.z
        return np.asarray((z - self.mean) * self.factor)

    def gram(self) -> F64:
        """Products of the rows with one another, [n, n]."""
        if not isinstance(self.z, csr_array):
            return np.asarray(self.dense @ self.dense.T)
        scaled = self.z.multiply(np.square(self.factor)).tocsr()
        products = (scaled @ self.z.T).toarray()
        shift = scaled @ self.mean
        return np.asarray(
            products - shift - shift[:, None] + np.square(self.factor * self.mean).sum(), dtype=np.float64
        )

    def across(self, values: NDArray[np.floating]) -> F64:
        """Products of the columns with ``values`` [n, T], [F, T]."""
        if not isinstance(self.z, csr_array):
            return np.asarray(self.dense.T @ values)
        products = self.z.T @ values - np.outer(self.mean, values.sum(axis=0))
        return np.asarray(products * self.factor[:, None])
