r"""How far an affine map of rank k is from the PCA optimum, without subtracting two losses.

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

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aelib.pca._scatter import Scatter

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Spectrum:
    """Mean, principal axes and variances (divisor n) of a data matrix.

    Attributes:
        mean: [d].
        axes: All principal axes as orthonormal rows, by falling variance, [d, d].
        variances: The variance along each, [d]; zero where the data does not reach.
    """

    mean: Matrix
    axes: Matrix
    variances: Matrix

    @classmethod
    def of(cls, scatter: Scatter) -> Spectrum:
        """Return the complete spectrum of the data whose moments are given."""
        _, singular_values, axes = np.linalg.svd(scatter.root)
        variances = np.zeros(len(axes))
        variances[: len(singular_values)] = singular_values**2 / scatter.count
        return cls(scatter.mean, axes, variances)


@dataclass(frozen=True)
class Excess:
    """The parts of a loss beyond the PCA optimum: mean squared error per example.

    Attributes:
        optimum: The least possible loss, the variance outside the first k axes.
        subspace: What the wrong subspace costs.
        projection: What it costs not to project orthogonally onto the subspace.
        offset: What it costs that the mean is not reconstructed.
    """

    optimum: float
    subspace: float
    projection: float
    offset: float

    @property
    def total(self) -> float:
        """Loss beyond the optimum."""
        return self.subspace + self.projection + self.offset


def excess_loss(
    spectrum: Spectrum, basis: Matrix, map_in_basis: Matrix, offset: Matrix, num_components: int
) -> Excess:
    r"""Return the excess loss of :math:`x \mapsto Q T x + b`.

    Args:
        spectrum: Of the data.
        basis: Q, orthonormal columns, [d, r] with r <= k.
        map_in_basis: T, [r, d].
        offset: b, [d].
        num_components: k, the number of components the optimum may use.

    Returns:
        The :class:`Excess`.
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
    return Excess(
        optimum=float(variances[k:].sum()),
        subspace=float(subspace),
        projection=float((deviation**2 @ variances).sum()),
        offset=float(shift @ shift),
    )
