"""When a sample's first principal axis can see a signal under white noise, and how well."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def detection_threshold(num_features: int, num_examples: int) -> float:
    r"""Return the least :math:`s^2 / \sigma^2` that n examples can show under white noise.

    Below :math:`\sqrt{d / n}` the loudest axis of the *sample* has, for large d and n, no more to
    do with the signal than a random direction; above it the overlap grows from zero
    (:func:`predicted_overlap`).

    Args:
        num_features: d.
        num_examples: n.

    Source:
        Baik, Ben Arous & Péché (2005), for complex data; Paul (2007) for real data.

    Example:
        >>> detection_threshold(100, 400)
        0.5
    """
    if min(num_features, num_examples) < 1:
        raise ValueError(
            "num_features, num_examples: expected at least 1, got "
            f"{num_features} and {num_examples}"
        )
    return math.sqrt(num_features / num_examples)


def predicted_overlap(
    strength: ArrayLike, num_features: int, num_examples: int
) -> NDArray[np.float64]:
    r"""Return the squared cosine between the sample's first axis and the planted direction.

    With :math:`\rho = s^2/\sigma^2` and :math:`\gamma = d/n`, in the limit of large d and n,

    .. math::

        \cos^2 = \frac{1 - \gamma / \rho^2}{1 + \gamma / \rho}
        \quad\text{where } \rho > \sqrt\gamma, \text{ and } 0 \text{ elsewhere.}

    Args:
        strength: :math:`s^2 / \sigma^2`, at least 0, any shape.
        num_features: d.
        num_examples: n.

    Returns:
        In [0, 1), of the shape of ``strength``.

    Raises:
        ValueError: If a strength is negative or not finite, or a size is below 1.

    Source:
        Paul (2007), Theorem 4; Benaych-Georges & Nadakuditi (2011).

    Example:
        >>> predicted_overlap([0.5, 1.0, 4.0], 100, 400).round(3)
        array([0.   , 0.6  , 0.926])
    """
    rho = np.asarray(strength, np.float64)
    if not (np.isfinite(rho).all() and (rho >= 0).all()):
        raise ValueError("strength: expected finite values >= 0")
    gamma = detection_threshold(num_features, num_examples) ** 2
    seen = rho**2 > gamma
    safe = np.where(seen, rho, 1.0)
    return np.where(seen, (1 - gamma / safe**2) / (1 + gamma / safe), 0.0)
