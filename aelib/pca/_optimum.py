r"""The least loss of a linear autoencoder, and what an affine map loses beyond it.

Write C for the covariance of the data (divisor n), :math:`\lambda_i, v_i` for its eigenpairs by
falling variance, :math:`P = Q Q^T` for the projector onto the map's output directions, r for
their number and :math:`A x + b` for the map. The mean squared error splits into four parts that
are never negative:

.. math::

    L = \underbrace{\sum_{i > k} \lambda_i}_{\text{PCA optimum}}
      + \underbrace{\operatorname{tr}\bigl((P_\star - P)\,C\bigr)}_{\text{wrong subspace}}
      + \underbrace{\lVert (P - A)\,C^{1/2} \rVert_F^2}_{\text{not its projection}}
      + \underbrace{\lVert (I - A)\,\bar x - b \rVert^2}_{\text{wrong offset}} .

The second is Pythagoras, since :math:`A = P A`. The first difference would cancel if it were
formed as it stands; with any level t between :math:`\lambda_{k+1}` and :math:`\lambda_k` it is

.. math::

    \sum_{i \le k} (\lambda_i - t)\,\lVert (I - P)\,v_i \rVert^2
      + \sum_{i > k} (t - \lambda_i)\,\lVert P v_i \rVert^2 + t\,(k - r),

a sum of squares of sines, each computed to rounding: an excess of :math:`10^{-25}` of the
optimum is seen as such.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Real
from numpy.typing import NDArray

from aelib._checks import check_count, check_matrix
from aelib.pca._scatter import Scatter, scatter_of_matrix

Matrix = NDArray[np.float64]


class Spectrum(NamedTuple):
    """Mean, principal axes and variances (divisor n) of a data matrix.

    Attributes:
        mean: [d].
        axes: all principal axes as orthonormal rows, by falling variance, [d, d].
        variances: the variance along each, [d]; zero where the data does not reach.
    """

    mean: Matrix
    axes: Matrix
    variances: Matrix


class ExcessParts(NamedTuple):
    """The three parts of a loss beyond the PCA optimum, see the top of this file."""

    subspace: float
    projection: float
    offset: float


def complete_spectrum(scatter: Scatter) -> Spectrum:
    """All d axes of the data with these moments, also where there are fewer rows than columns."""
    _, singular_values, axes = np.linalg.svd(scatter.root)
    variances = np.zeros(len(axes))
    variances[: len(singular_values)] = singular_values**2 / scatter.count
    return Spectrum(scatter.mean, axes, variances)


def linear_loss_optimum(
    x: Real[ArrayLike, "n d"], num_components: int, *, use_bias: bool = True
) -> float:
    r"""Return the least loss of a linear autoencoder: mean of the summed squared error.

    With a bias (or on centered data) it is the variance outside the first k principal axes,
    :math:`\sum_{i>k} \lambda_i` with divisor n. Without one, the same sum over the second
    moments about the origin instead of the mean.

    Args:
        x: data, [n, d].
        num_components: width of the code, k.
        use_bias: whether the decoder may add a constant.

    Returns:
        The loss in squared units of ``x`` per example.

    Raises:
        TypeError: if ``x`` does not hold real numbers.
        ValueError: if ``x`` is not a finite matrix or ``num_components`` is not in 1, ..., d.

    Example:
        >>> import numpy as np
        >>> from aelib import pca
        >>> x = np.array([[3.0, 1.0], [3.0, -1.0]])
        >>> pca.linear_loss_optimum(x, 1)
        0.0
        >>> round(pca.linear_loss_optimum(x, 1, use_bias=False), 12)
        1.0

    References:
        Eckart & Young (1936); Bourlard & Kamp (1988); Baldi & Hornik (1989).
    """
    matrix = check_matrix("x", x)
    k = check_count("num_components", num_components, at_most=matrix.shape[1])
    if use_bias:
        return float(complete_spectrum(scatter_of_matrix(matrix)).variances[k:].sum())
    singular_values = np.linalg.svd(matrix, compute_uv=False)
    return float((singular_values[k:] ** 2).sum() / len(matrix))


def excess_parts(
    spectrum: Spectrum, basis: Matrix, map_in_basis: Matrix, offset: Matrix, num_components: int
) -> ExcessParts:
    r"""Return the excess loss, by its causes, of :math:`x \mapsto Q T x + b`.

    Args:
        spectrum: of the data.
        basis: Q, orthonormal columns, [d, r] with r <= k.
        map_in_basis: T, [r, d].
        offset: b, [d].
        num_components: k, the number of components the optimum may use.

    Returns:
        The excess, in squared units of the data per example.
    """
    k, rank = num_components, basis.shape[1]
    axes, variances = spectrum.axes, spectrum.variances
    inside = axes @ basis  # Q^T v_i, [d, r]
    outside = axes - inside @ basis.T  # (I - P) v_i, [d, d]
    # Any level between the k-th and the next variance is right; the upper end is one of them.
    level = variances[k - 1]
    lost = (variances[:k] - level) * (outside[:k] ** 2).sum(axis=1)
    kept = (level - variances[k:]) * (inside[k:] ** 2).sum(axis=1)
    subspace = lost.sum() + kept.sum() + level * (k - rank)
    deviation = inside.T - map_in_basis @ axes.T  # (P - A) v_i in the basis, [r, d]
    shift = spectrum.mean - basis @ (map_in_basis @ spectrum.mean) - offset
    return ExcessParts(
        subspace=float(subspace),
        projection=float((deviation**2 @ variances).sum()),
        offset=float(shift @ shift),
    )
