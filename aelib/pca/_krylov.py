"""The largest eigenvalues of a symmetric operator by block Krylov iteration."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

_BLOCKS_KEPT = 12  # of the basis before it is restarted from its best vectors


class Eigenpairs(NamedTuple):
    """Some of the largest eigenvalues and their vectors.

    Attributes:
        values: descending, [p].
        vectors: orthonormal columns, [d, p].
    """

    values: Matrix
    vectors: Matrix


def largest(
    apply: Callable[[Matrix], Matrix],
    start: Matrix,
    num_wanted: int,
    *,
    tolerance: float,
    floor: float,
    most: int,
) -> tuple[Eigenpairs, float] | None:
    """Return as many eigenpairs as ``start`` has columns, of which the first are to be right.

    Args:
        apply: the operator, on [d, l].
        start: the block to start from, orthonormal, [d, l]; l exceeds ``num_wanted`` by a few.
        num_wanted: k, the number of leading pairs that have to converge.
        tolerance: how far, in radians, the span of the first k may be from the right one.
        floor: residuals below this part of the largest eigenvalue are the operator's own
            rounding, and end the iteration as well.
        most: number of applications after which it is given up.

    Returns:
        The pairs and the estimated angle of the span of the first k, or None if they did not
        converge, or some value was not finite.
    """
    size = start.shape[1]
    basis, image = start, np.zeros((len(start), 0))
    projected = np.zeros((0, 0))
    block = start
    for count in range(1, most + 1):
        new = apply(block)
        if not np.isfinite(new).all():
            return None
        projected = _bordered(projected, basis.T @ new)
        image = np.concatenate([image, new], axis=1)
        if count > 2 or count == most:
            values, turn = np.linalg.eigh(projected)
            values, turn = values[: -size - 1 : -1], turn[:, : -size - 1 : -1]
            vectors = basis @ turn
            residual = image @ turn - vectors * values
            sizes = np.linalg.norm(residual, axis=0)
            at_floor = sizes[:num_wanted].max() <= floor * values[0]
            angle = _angle(sizes, values, num_wanted)
            if at_floor or angle <= tolerance:
                return Eigenpairs(values, vectors), angle
        if basis.shape[1] + size > len(start):  # the basis spans everything, without convergence
            return None
        block = _orthonormal_to(basis, new)
        if basis.shape[1] >= _BLOCKS_KEPT * size:
            basis, image = vectors, image @ turn
            projected = np.diag(values)
        basis = np.concatenate([basis, block], axis=1)
    return None


def _bordered(projected: Matrix, columns: Matrix) -> Matrix:
    """The projected operator with the block's columns, [old + l, l], added to it."""
    old, new = len(projected), len(columns)
    grown = np.empty((new, new))
    grown[:old, :old] = projected
    grown[:, old:] = columns
    grown[old:, :old] = columns[:old].T
    grown[old:, old:] = (columns[old:] + columns[old:].T) / 2
    return grown


def _angle(sizes: Matrix, values: Matrix, k: int) -> float:
    """The angle between the span of the first k vectors and the right one, to second order.

    What is outside the basis turns vector i by its residual over the distance to the eigenvalues
    there, which are no larger than the last one found; and, through that, it turns i and j into
    one another.
    """
    if sizes[-1] > 0.5 * (values[k - 1] - values[-1]):
        return np.inf  # too early to say that nothing larger is left outside
    distance = values[:k] - values[-1]
    outside = sizes[:k] / distance
    gaps = values[:k, None] - values[None, k:]
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = outside[:, None] * sizes[None, k:] / gaps
    total = (outside**2).sum() + (inside**2).sum()
    return float(np.sqrt(total)) if np.isfinite(total) else np.inf


def _orthonormal_to(basis: Matrix, block: Matrix) -> Matrix:
    """An orthonormal basis of what ``block`` adds to ``basis``."""
    for _ in range(3):
        block = np.linalg.qr(block - basis @ (basis.T @ block))[0]
        overlap = basis.T @ block
        if np.abs(overlap).max() < 1e-8:  # its square is what remains, without factorizing again
            return block - basis @ overlap
    return block
