"""The centered second moments of a matrix, gathered in one pass without squaring it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_matrix

_BLOCK_ROWS = 4096
_PRODUCT_ROWS = 8192  # a symmetric product of fewer rows takes a fifth longer for each
_LEAST_VARIANCE = 1e-7
_TIE = 1e-2


@dataclass(frozen=True)
class Scatter:
    r"""The mean of n rows and a triangular root of their scatter matrix.

    ``root.T @ root`` is :math:`\sum_i (x_i - \bar x)(x_i - \bar x)^T`. Forming that product and
    taking its eigenvalues would square the condition number: every direction whose spread is below
    :math:`10^{-8}` of the largest would drown in rounding. The singular values of ``root`` are
    those of the centered data, to full precision.

    Attributes:
        count: number of rows seen, n.
        mean: their mean, [d].
        root: upper triangular, [min(n, d), d].
    """

    count: int
    mean: NDArray[np.float64]
    root: NDArray[np.float64]

    def merge(self, other: Scatter) -> Scatter:
        """Return the moments of both sets of rows together.

        The rows of the two centered sets are stacked with one more row that carries the distance
        between the two means (Chan, Golub & LeVeque 1983), and reduced by QR: the streaming,
        tall-and-skinny QR of Demmel et al. (2012).
        """
        total = self.count + other.count
        shift = other.mean - self.mean
        step = np.sqrt(self.count * other.count / total) * shift
        stacked = np.concatenate([self.root, other.root, step[None]])
        return Scatter(
            count=total,
            mean=self.mean + shift * (other.count / total),
            root=_triangle(stacked),
        )

    def svd(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the singular values [m] of the centered data and its right vectors [m, d]."""
        _, singular_values, axes = np.linalg.svd(self.root, full_matrices=False)
        rows = min(self.count, axes.shape[1])
        return singular_values[:rows], orient(axes[:rows])


def scatter_of_block(rows: NDArray[np.float64]) -> Scatter:
    """Return the moments of one block of rows, [m, d]."""
    mean = rows.mean(axis=0)
    return Scatter(len(rows), mean, _triangle(rows - mean))


def scatter_of_matrix(x: NDArray[np.float64]) -> Scatter:
    """Return the moments of a matrix [n, d], block by block, so that no second copy is needed."""
    return scatter_of_batches(
        x[start : start + _BLOCK_ROWS] for start in range(0, len(x), _BLOCK_ROWS)
    )


def covariance_axes(x: NDArray) -> tuple[NDArray, NDArray, NDArray] | None:
    r"""Mean, singular values and axes from the product of the centered matrix with itself.

    Many times faster than QR, and for data kept in single precision as good, as long as no
    variance is below :data:`_LEAST_VARIANCE` of the largest: the eigenvalues of the product are
    off by about :math:`10^{-15}` of the largest, which is then below :math:`10^{-8}` of any.
    Features that never change are left out of the product and come last, exactly 0.

    Args:
        x: [n, d]; made float64 block by block, never as a whole.

    Returns:
        Mean [d], singular values [d] and axes [d, d]; None if some variance is too small, as it
        must be where there are not more rows than columns, or if some value is not finite.
    """
    n, d = x.shape
    if n <= d:
        return None
    mean = x.mean(axis=0, dtype=np.float64)
    if not np.isfinite(mean).all():
        return None
    product, centered = np.zeros((d, d)), np.empty((min(n, _PRODUCT_ROWS), d))
    for start in range(0, n, _PRODUCT_ROWS):
        rows = x[start : start + _PRODUCT_ROWS]
        block = np.subtract(rows, mean, out=centered[: len(rows)])
        product += block.T @ block  # NumPy sees that this is symmetric: half the work
    # The sum of equal float32 numbers is exact in float64, so their mean is each of them.
    varied = np.diagonal(product) > 0
    if not varied.any():
        return None
    values, vectors = np.linalg.eigh(product[np.ix_(varied, varied)])
    if values[0] < _LEAST_VARIANCE * values[-1]:
        return None
    kept = len(values)
    axes = np.zeros((d, d))
    axes[:kept, varied] = vectors.T[::-1]
    axes[kept:, ~varied] = np.eye(d - kept)
    singular_values = np.zeros(d)
    singular_values[:kept] = np.sqrt(values[::-1])
    return mean, singular_values, orient(axes)


def scatter_of_batches(batches: Iterable[ArrayLike]) -> Scatter:
    """Return the moments of all rows of an iterable of matrices [m_i, d].

    Raises:
        ValueError: if there is no batch, or if the batches differ in their number of columns.
    """
    total: Scatter | None = None
    for index, batch in enumerate(batches):
        block = scatter_of_block(check_matrix(f"batches[{index}]", batch))
        if total is not None and block.mean.shape != total.mean.shape:
            raise ValueError(
                f"batches[{index}]: expected {len(total.mean)} columns as in the first batch, "
                f"got {len(block.mean)}"
            )
        total = block if total is None else total.merge(block)
    if total is None:
        raise ValueError("batches: expected at least one batch, got none")
    return total


def orient(axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Flip each row to one sign on every machine, in whatever order or precision its data came.

    The entry of largest size becomes positive. Entries may tie, as those of two indicators that
    exclude each other do; so the first one within a hundredth of the largest decides, which
    rounding, that of float32 data included, does not choose.
    """
    sizes = np.abs(axes)
    largest = np.argmax(sizes >= (1 - _TIE) * sizes.max(axis=1, keepdims=True), axis=1)
    signs = np.sign(axes[np.arange(len(axes)), largest])
    return axes * np.where(signs == 0, 1.0, signs)[:, None]


def _triangle(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.qr(rows, mode="r"))
