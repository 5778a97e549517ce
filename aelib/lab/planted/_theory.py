"""When a sample's first principal axis can see a signal, and what is left of noise."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_array, check_count, check_matrix, require_all


def detection_threshold(num_features: int, num_examples: int) -> float:
    r"""Return the least :math:`s^2 / \sigma^2` that n examples can show under white noise.

    Below :math:`\sqrt{d / n}` the first axis of the *sample* has, for large d and n, no more to do
    with the signal than a random direction; above it the overlap grows from zero
    (:func:`predicted_overlap`).

    Args:
        num_features: d.
        num_examples: n.

    Example:
        >>> detection_threshold(100, 400)
        0.5

    References:
        J. Baik, G. Ben Arous and S. Péché (2005), Phase transition of the largest eigenvalue for
        nonnull complex sample covariance matrices, The Annals of Probability 33(5).
        D. Paul (2007), Asymptotics of sample eigenstructure for a large dimensional spiked
        covariance model, Statistica Sinica 17(4); for real data.
    """
    features = check_count("num_features", num_features)
    return math.sqrt(features / check_count("num_examples", num_examples))


def predicted_overlap(
    strength: Float[ArrayLike, "*shape"], num_features: int, num_examples: int
) -> Float[np.ndarray, "*shape"]:
    r"""Return the squared cosine between the sample's first axis and the planted direction.

    With :math:`\rho = s^2/\sigma^2` and :math:`\gamma = d/n`, in the limit of large d and n,

    .. math::

        \cos^2 = \frac{1 - \gamma / \rho^2}{1 + \gamma / \rho}
        \quad\text{where } \rho > \sqrt\gamma, \text{ and } 0 \text{ elsewhere.}

    Args:
        strength: :math:`s^2 / \sigma^2`, at least 0.
        num_features: d.
        num_examples: n.

    Raises:
        ValueError: if a strength is negative or not finite, or a size is below 1.

    Example:
        >>> predicted_overlap([0.5, 1.0, 4.0], 100, 400).round(3)
        array([0.   , 0.6  , 0.926])

    References:
        D. Paul (2007), Asymptotics of sample eigenstructure for a large dimensional spiked
        covariance model, Statistica Sinica 17(4), Theorem 4.
        F. Benaych-Georges and R. R. Nadakuditi (2011), The eigenvalues and eigenvectors of finite,
        low rank perturbations of large random matrices, Advances in Mathematics 227(1).
    """
    rho = check_array("strength", strength).astype(np.float64)
    require_all("strength", rho, rho >= 0, "values of at least 0")
    gamma = detection_threshold(num_features, num_examples) ** 2
    seen = rho**2 > gamma
    safe = np.where(seen, rho, 1.0)
    return np.where(seen, (1 - gamma / safe**2) / (1 + gamma / safe), 0.0)


def kept_fraction(
    x: Float[ArrayLike, "n d"],
    reconstructions: Float[ArrayLike, "n d"],
    directions: Float[ArrayLike, "m d"],
) -> float:
    r"""Return how much of the variance along some directions reconstructions keep.

    It is :math:`1 - \sum \lVert R (x - \hat x) \rVert^2 / \sum \lVert R (x - \bar x) \rVert^2` for
    the directions R as rows: 1 if they are reproduced perfectly, 0 if the mean stands in for them,
    below 0 if it is worse than that.

    Args:
        x: the examples.
        reconstructions: of the examples.
        directions: orthonormal rows.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
        >>> import numpy as np
        >>> x = np.array([[1.0, 5.0], [-1.0, -5.0]])
        >>> kept_fraction(x, x * [1.0, 0.0], np.eye(2)[:1]), kept_fraction(x, x * 0, np.eye(2))
        (1.0, 0.0)
    """
    examples = check_matrix("x", x)
    outputs = check_array("reconstructions", reconstructions, shape=examples.shape)
    rows = check_matrix("directions", directions, columns=examples.shape[1])
    missed = ((examples - outputs) @ rows.T) ** 2
    variance = ((examples - examples.mean(axis=0)) @ rows.T) ** 2
    return float(1 - missed.sum() / variance.sum())


def whitening(covariance: Float[ArrayLike, "d d"]) -> NDArray[np.float64]:
    r"""Return the symmetric inverse root of a covariance, :math:`\Sigma^{-1/2}`.

    Multiplied by it, noise of that covariance becomes white; the Gaussian negative log-likelihood
    of x under it is :math:`\tfrac12 \lVert \Sigma^{-1/2} (x - \hat x) \rVert^2` plus a constant.

    Args:
        covariance: symmetric and positive definite.

    Raises:
        ValueError: if it is not.

    Example:
        >>> import numpy as np
        >>> whitening(np.diag([4.0, 0.25])).round(6)
        array([[0.5, 0. ],
               [0. , 2. ]])
    """
    matrix = check_matrix("covariance", covariance)
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"covariance: expected shape [d, d], got {matrix.shape}")
    if not np.allclose(matrix, matrix.T):
        raise ValueError("covariance: expected a symmetric matrix")
    variances, axes = np.linalg.eigh(matrix)
    if not variances[0] > 0:
        raise ValueError(
            f"covariance: expected positive eigenvalues, the smallest is {variances[0]:.3g}"
        )
    return (axes / np.sqrt(variances)) @ axes.T
