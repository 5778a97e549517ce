"""The mean of rows and the products between their columns, gathered batch by batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from aelib._checks import check_matrix


@dataclass(frozen=True)
class Products:
    r"""The mean of n rows and their scatter matrix, in float64.

    Attributes:
        count: number of rows, n.
        mean: their mean, [d].
        matrix: :math:`\sum_i (x_i - \bar x)(x_i - \bar x)^T`, [d, d].
    """

    count: int
    mean: NDArray[np.float64]
    matrix: NDArray[np.float64]


def products_of_batches(batches: Iterable[ArrayLike]) -> Products:
    """Return the moments of all rows of an iterable of matrices [m_i, d].

    Each batch is centered by itself, and the distance between the means is added (Chan, Golub &
    LeVeque 1983): nothing cancels, however far the mean is from zero and wherever it wanders.

    Raises:
        ValueError: if there is no batch, or if the batches differ in their number of columns.
    """
    total: Products | None = None
    for index, batch in enumerate(batches):
        rows = check_matrix(f"batches[{index}]", batch)
        mean = rows.mean(axis=0)
        if total is None:
            total = Products(0, np.zeros_like(mean), np.zeros((len(mean), len(mean))))
        if mean.shape != total.mean.shape:
            raise ValueError(
                f"batches[{index}]: expected {len(total.mean)} columns as in the first batch, "
                f"got {len(mean)}"
            )
        centered = rows - mean
        matrix = total.matrix
        matrix += centered.T @ centered  # NumPy sees that this is symmetric: half the work
        count = total.count + len(rows)
        shift = mean - total.mean
        if total.count:
            matrix += np.outer(shift * (total.count * len(rows) / count), shift)
        total = Products(count, total.mean + shift * (len(rows) / count), matrix)
    if total is None:
        raise ValueError("batches: expected at least one batch, got none")
    return total
