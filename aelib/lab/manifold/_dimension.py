"""How many dimensions a cloud of points has, from nearest neighbours."""

import numpy as np
from numpy.typing import ArrayLike


def intrinsic_dimension(x: ArrayLike) -> float:
    r"""Dimension of the manifold that points are drawn from, by their two nearest neighbours.

    Where the density hardly varies over the distance to the second neighbour, the ratio
    :math:`\mu = r_2 / r_1` of the distances to the first two has distribution function
    :math:`1 - \mu^{-m}` in m dimensions, so that :math:`\ln\mu` is exponential with mean 1 / m
    (Facco, d'Errico, Rodriguez and Laio 2017). The estimate is the maximum-likelihood one, less its
    bias, (n - 1) / Σ ln μ. Points near an edge make it a little too small.

    Args:
        x: points without repetitions, [n, d], at least three.

    Returns:
        The estimate, not rounded.

    Raises:
        ValueError: if there are fewer than three points, or two are equal.

    >>> import numpy as np
    >>> line = np.random.default_rng(0).normal(size=(1000, 1)) * np.ones(9)
    >>> round(intrinsic_dimension(line), 1)
    1.0
    """
    from scipy.spatial.distance import pdist, squareform

    x = np.asarray(x, np.float64)
    if x.ndim != 2 or len(x) < 3:
        raise ValueError(f"x: expected [n, d] with at least three points, got shape {x.shape}")
    distances = squareform(pdist(x))
    np.fill_diagonal(distances, np.inf)
    first, second = np.partition(distances, 1, axis=1)[:, :2].T
    if not first.all():
        raise ValueError(f"x: expected different points, got a repeated one at {first.argmin()}")
    return float((len(x) - 1) / np.log(second / first).sum())
