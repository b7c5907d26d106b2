"""Linear probes from latents to actions: the guide's ridge ``Z w = y`` and the same done on a common scale.

The raw weight of a feature is in units of 1/scale of that feature, so its size says little about how much the
feature matters; the standardised weight does. Both are associations, not causes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policyscope.core.blocks import F64
from policyscope.core.errors import InvalidInput, ShapeMismatch

FOLDS = 5
CHUNK = 512
LAMBDAS: F64 = np.logspace(-6, 2, 25)
_CONSTANT = 1e-12  # a column that varies less than this share of its size is taken as constant
_DOUBTFUL = 1e-9  # and sums of squares cannot tell below this


@dataclass(frozen=True, eq=False)
class Moments:
    """Means and centred sums of squares and products of ``z`` [N, F] and ``y`` [N, T].

    ``zz`` [F, F], ``zy`` [F, T], ``yy`` [T]; ``live`` [F] and ``live_y`` [T] mark columns that vary.
    """

    n: int
    z_mean: F64
    y_mean: F64
    zz: F64
    zy: F64
    yy: F64
    live: NDArray[np.bool_]
    live_y: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class StandardisedRidge:
    """Weights [F, T] in action SDs per feature SD; per target the penalty chosen and R² on held-out folds.

    ``cv_r2`` is NaN for a target that never changes.
    """

    weights: F64
    lambdas: F64
    cv_r2: F64


def moments(z: ArrayLike, y: ArrayLike) -> Moments:
    """Raises InvalidInput when values are not finite, ShapeMismatch when the numbers of rows differ."""
    return moments_of([(z, y)])


def moments_of(parts: Iterable[tuple[ArrayLike, ArrayLike]]) -> Moments:
    """Of data that comes in parts [n, F] and [n, T], as much at a time as fits into memory.

    Needs one part and [F + T]² numbers. Raises what ``moments`` raises, and InvalidInput without any part.
    """
    sums, shift, split = np.empty((0, 0)), np.empty(0), 0
    seen = _Varying(0)
    for z, y in parts:
        latents, targets = _matrix(z, "The latents"), _matrix(y, "The target")
        if len(latents) != len(targets):
            raise ShapeMismatch(f"There are {len(latents)} rows of latents and {len(targets)} of targets.")
        if not len(sums):
            split = latents.shape[1]
            # about a point near the mean, so that one pass over the data is enough
            shift = np.concatenate([part[:CHUNK].mean(axis=0) for part in (latents, targets)])
            sums, seen = np.zeros((len(shift) + 1,) * 2), _Varying(len(shift))
        with np.errstate(invalid="ignore", over="ignore"):
            some = _sum_products(latents, targets, np.arange(len(latents)), shift)
            sums += some
        if not np.isfinite(sums).all():
            _refuse_non_finite(latents, "The latents")
            _refuse_non_finite(targets, "The target")
        seen.add(some, shift, (latents, targets))
    if not len(sums):
        raise InvalidInput("There are no rows to relate.")
    n = round(float(sums[-1, -1]))
    mean = shift + sums[-1, :-1] / n
    products = _moved(sums, mean - shift)[:-1, :-1]
    live = seen.found(mean)
    products[~live] = products[:, ~live] = 0.0
    return Moments(
        n,
        mean[:split],
        mean[split:],
        products[:split, :split],
        products[:split, split:],
        np.diag(products)[split:].copy(),
        live[:split],
        live[split:],
    )


def _sum_products(z: F64, y: F64, rows: NDArray[np.int64], shift: F64) -> F64:
    """Sums of products of the columns (latents, targets, 1), less ``shift`` [F + T], over ``rows``."""
    from policyscope.core.sparse_products import add_products, is_sparse  # loads a compiler

    split, width = z.shape[1], len(shift) + 1
    total = np.zeros((width, width))
    if is_sparse(z):
        add_products(z, y, rows, shift[split:], total)
        total += np.triu(total, 1).T
        return _moved(total, np.concatenate([shift[:split], np.zeros(width - 1 - split)]))
    buffer = np.ones((CHUNK, width))
    for start in range(0, len(rows), CHUNK):  # in the cache, each row read once
        at = rows[start : start + CHUNK]
        part = buffer[: len(at)]
        np.subtract(z[at], shift[:split], out=part[:, :split])
        np.subtract(y[at], shift[split:], out=part[:, split:-1])
        total += part.T @ part
    return total


def _moved(sums: F64, by: F64) -> F64:
    """``sums`` of products, of which the last column is 1, of columns less ``by``."""
    shift = np.append(by, 0.0)
    crossed = np.outer(shift, sums[-1])
    moved: F64 = sums - crossed - crossed.T + sums[-1, -1] * np.outer(shift, shift)
    return moved


def penalty_for(m: Moments, lam: float) -> float:
    """The absolute penalty: ``lam`` times the mean sum of squares of the columns that vary."""
    return lam * float(np.diag(m.zz)[m.live].mean()) if m.live.any() else lam


def solve(m: Moments, penalty: float) -> tuple[F64, F64]:
    """Weights [F, T] and intercept [T] minimising ||Z w + b − y||² + penalty ||w||²; b is not penalised.

    A column of ``z`` that never changes gets a weight of exactly 0, and so does every column for a target
    that never changes.
    """
    weights = np.zeros_like(m.zy)
    live = np.flatnonzero(m.live)
    if len(live):
        gram = m.zz[np.ix_(live, live)] + penalty * np.eye(len(live))
        weights[live] = np.linalg.solve(gram, np.where(m.live_y, m.zy[live], 0.0))
    return weights, m.y_mean - m.z_mean @ weights


def ridge(z: ArrayLike, y: ArrayLike, lam: float) -> tuple[F64, F64]:
    """Closed-form ridge of ``y`` [N, T] on ``z`` [N, F]: weights [F, T], intercept [T].

    ``lam`` > 0 is relative (see ``penalty_for``), so that duplicate columns share their weight.
    """
    if not lam > 0:
        raise InvalidInput(f"lam is {lam}; ridge regression needs a penalty above 0.")
    m = moments(z, y)
    return solve(m, penalty_for(m, lam))


def r_squared(m: Moments, weights: F64) -> F64:
    """R² [T] of ``weights`` [F, T] on the data of ``m``; NaN for a target that never changes."""
    residual = m.yy - 2.0 * (weights * m.zy).sum(axis=0) + (weights * (m.zz @ weights)).sum(axis=0)
    return 1.0 - _ratio(residual, m.yy, m.live_y, np.nan)


def marginal_r2(m: Moments) -> F64:
    """R² [F, T] of each feature alone: the squared correlation; 0 where either never changes."""
    scale = np.outer(np.diag(m.zz), m.yy)
    return np.minimum(_ratio(np.square(m.zy), scale, np.outer(m.live, m.live_y), 0.0), 1.0)


def standardised_ridge(
    z: ArrayLike, y: ArrayLike, groups: NDArray[np.integer] | None, known: Moments | None = None
) -> StandardisedRidge:
    """Ridge on standardised columns with the penalty chosen by 5-fold cross-validation over whole groups.

    ``known``: the moments of ``z`` and ``y`` where they have been computed already.
    ``groups`` [N] are episode numbers; None cuts the rows into contiguous blocks. The one-standard-error rule
    takes the largest penalty whose score is within one standard error of the best.
    """
    m = moments(z, y) if known is None else known
    return standardised_ridge_of([(z, y)], groups, m)


def standardised_ridge_of(
    parts: Iterable[tuple[ArrayLike, ArrayLike]], groups: NDArray[np.integer] | None, m: Moments
) -> StandardisedRidge:
    """The same of data in parts [n, F] and [n, T], whose moments ``m`` are known."""
    sums = _fold_sums(parts, m, folds(m.n, groups))
    scores = _fold_scores(sums, len(m.zz))
    chosen = one_standard_error(scores)
    weights = np.zeros_like(m.zy)
    standard = _standard_moments(sums, m)
    for index in np.unique(chosen):
        at = chosen == index
        weights[:, at] = solve(standard, LAMBDAS[index] * m.n)[0][:, at]
    best = scores.mean(axis=0)[chosen, np.arange(m.zy.shape[1])]
    return StandardisedRidge(weights, LAMBDAS[chosen], np.where(m.live_y, best, np.nan))


def _fold_sums(
    parts: Iterable[tuple[ArrayLike, ArrayLike]], m: Moments, fold: NDArray[np.integer]
) -> list[F64]:
    """Sums of products of the standardised columns (latents, targets, 1) over the rows of each fold."""
    mean = np.concatenate([m.z_mean, m.y_mean])
    sd = np.sqrt(np.concatenate([np.diag(m.zz), m.yy, [m.n]]) / m.n)
    live = np.concatenate([m.live, m.live_y, [True]])
    scale = _ratio(np.ones_like(sd), sd, live, 0.0)
    sums, start = [np.zeros((len(sd), len(sd))) for _ in range(fold.max() + 1)], 0
    for z, y in parts:
        latents, targets = _matrix(z, "The latents"), _matrix(y, "The target")
        part = fold[start : start + len(latents)]
        for index, total in enumerate(sums):
            total += _sum_products(latents, targets, np.flatnonzero(part == index), mean)
        start += len(latents)
    return [total * np.outer(scale, scale) for total in sums]


def _standard_moments(sums: list[F64], m: Moments) -> Moments:
    """The moments of the standardised columns, whose means are 0, from what the folds have summed up."""
    total, features = np.sum(sums, axis=0), len(m.zz)
    zz, zy, yy = (
        total[:features, :features],
        total[:features, features:-1],
        np.diag(total)[features:-1],
    )
    return Moments(m.n, np.zeros(features), np.zeros(len(m.yy)), zz, zy, yy, m.live, m.live_y)


def _fold_scores(sums: list[F64], features: int) -> F64:
    """R² on each held-out fold, [folds, lambdas, T], from second moments only."""
    total = np.sum(sums, axis=0)
    scores = []
    for held_out in sums:
        train = centred_products(total - held_out, total - held_out)
        test = centred_products(held_out, total - held_out)
        scale, basis = np.linalg.eigh(train[:features, :features])
        rotated = basis.T @ train[:features, features:]
        betas = np.einsum(
            "fg,lgt->lft", basis, rotated / (np.maximum(scale, 0.0)[:, None] + LAMBDAS[:, None, None])
        )
        zz, zy, yy = (
            test[:features, :features],
            test[:features, features:],
            np.diag(test[features:, features:]),
        )
        residual = (
            yy
            - 2.0 * np.einsum("lft,ft->lt", betas, zy)
            + np.einsum("lft,fg,lgt->lt", betas, zz, betas, optimize=True)
        )
        scores.append(1.0 - _ratio(residual, yy, yy > 0, 1.0))
    return np.stack(scores)


def centred_products(sums: F64, reference: F64) -> F64:
    """Mean products of ``sums`` (whose last column counts) about the means of ``reference``."""
    n, shift = sums[-1, -1], reference[:-1, -1] / reference[-1, -1]
    mean = sums[:-1, -1] / n
    products: F64 = (
        sums[:-1, :-1] / n - np.outer(mean, shift) - np.outer(shift, mean) + np.outer(shift, shift)
    )
    return products


def one_standard_error(scores: F64) -> NDArray[np.intp]:
    """Index [T] of the largest penalty within a standard error of the best of ``scores`` [folds, λ, T]."""
    mean, error = scores.mean(axis=0), scores.std(axis=0, ddof=1) / np.sqrt(len(scores))
    best = mean.argmax(axis=0)
    targets = np.arange(mean.shape[1])
    enough = mean >= (mean[best, targets] - error[best, targets])
    last: NDArray[np.intp] = len(mean) - 1 - enough[::-1].argmax(axis=0)
    return last


def folds(n: int, groups: NDArray[np.integer] | None) -> NDArray[np.intp]:
    """Fold of every row: whole groups, dealt out in turn; contiguous blocks where groups are too few."""
    index = np.unique(groups, return_inverse=True)[1] if groups is not None else np.zeros(n, dtype=np.intp)
    if index.max(initial=0) + 1 < FOLDS:
        if n < FOLDS:
            raise InvalidInput(f"{n} rows are too few for a probe; at least {FOLDS} are needed.")
        index = np.arange(n) * min(n, 4 * FOLDS) // n
    return np.asarray(index % FOLDS, dtype=np.intp)


def _matrix(array: ArrayLike, what: str) -> F64:
    matrix = np.ascontiguousarray(array, dtype=np.float64)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ShapeMismatch(f"{what} has shape {list(matrix.shape)}; [N, columns] is needed.")
    return matrix


def _refuse_non_finite(matrix: F64, what: str) -> None:
    if bad := int(np.count_nonzero(~np.isfinite(matrix))):
        raise InvalidInput(f"{what} holds {bad} values that are NaN or infinite.")


class _Varying:
    """Which columns vary by more than rounding: by sums of squares; in doubt by least and greatest value."""

    def __init__(self, columns: int) -> None:
        self._clear = np.zeros(columns, dtype=np.bool_)
        self._low, self._high = np.full(columns, np.inf), np.full(columns, -np.inf)

    def add(self, sums: F64, shift: F64, parts: tuple[F64, F64]) -> None:
        """``sums`` of products about ``shift`` of the columns of ``parts``, the latents and the targets."""
        n, total = sums[-1, -1], sums[-1, :-1]
        squares = np.diag(sums)[:-1] - np.square(total) / n
        self._clear |= squares > _DOUBTFUL * n * np.square(shift + total / n)
        split = parts[0].shape[1]
        for j in np.flatnonzero(~self._clear):
            column = parts[0][:, j] if j < split else parts[1][:, j - split]
            self._low[j] = min(self._low[j], column.min())
            self._high[j] = max(self._high[j], column.max())

    def found(self, mean: F64) -> NDArray[np.bool_]:
        low, high = self._low, self._high
        with np.errstate(invalid="ignore"):  # ends of clear columns were not all looked at
            furthest = np.maximum(high - mean, mean - low)
            varies = furthest > _CONSTANT * np.maximum(np.abs(low), np.abs(high))
        return np.asarray(self._clear | varies)


def _ratio(top: F64, bottom: F64, valid: NDArray[np.bool_], otherwise: float) -> F64:
    """``top / bottom`` where ``valid`` and the divisor is not 0, else ``otherwise``."""
    usable = np.broadcast_to(valid & (bottom != 0), top.shape)
    out = np.full(top.shape, otherwise)
    np.divide(top, bottom, out=out, where=usable)
    return out
