"""How many dimensions a set of points has, from nearest neighbors."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from aelib._checks import check_matrix, require_all
from aelib._lazy import require


def intrinsic_dimension(x: Float[ArrayLike, "n d"]) -> float:
    r"""Dimension of the manifold that points are drawn from, by their two nearest neighbors.

    Where the density hardly varies over the distance to the second neighbor, the ratio
    :math:`\mu = r_2 / r_1` of the distances to the first two has distribution function
    :math:`1 - \mu^{-m}` in m dimensions, so that :math:`\ln\mu` is exponential with mean 1 / m.
    The estimate is the maximum-likelihood one, less its bias, (n - 1) / Σ ln μ. Points near an edge
    make it a little too small.

    Args:
        x: points without repetitions, at least three.

    Returns:
        The estimate, not rounded.

    Raises:
        ModuleNotFoundError: without scikit-learn; the message names the extra that installs it.
        ValueError: if there are fewer than three points, or two are equal.

    Example:
        >>> import numpy as np
        >>> line = np.random.default_rng(0).normal(size=(1000, 1)) * np.ones(9)
        >>> round(intrinsic_dimension(line), 1)
        1.0

    References:
        E. Facco, M. d'Errico, A. Rodriguez and A. Laio (2017), Estimating the intrinsic dimension
        of datasets by a minimal neighborhood information, Scientific Reports 7.
    """
    points = check_matrix("x", x)
    if len(points) < 3:
        raise ValueError(f"x: expected at least three points, got {len(points)}")
    neighbors = require("sklearn.neighbors", purpose="intrinsic_dimension")
    # Each is a neighbor of the others and not of itself. Where the search goes by products, its
    # distances have lost digits: those of the points it found are computed again.
    found = neighbors.NearestNeighbors(n_neighbors=2).fit(points).kneighbors(return_distance=False)
    steps = points[found] - points[:, None]
    first, second = np.sort(np.linalg.norm(steps, axis=2), axis=1).T
    require_all("x", np.arange(len(points)), first > 0, "different points", "; it is repeated")
    return float((len(points) - 1) / np.log(second / first).sum())
