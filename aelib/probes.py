"""Linear probes: how well a label can be read off a code.

>>> import numpy as np
>>> codes = np.array([[0.0], [0.2], [1.0], [1.2]])
>>> probe = linear(codes, [0, 0, 1, 1])
>>> probe.predict([[0.1], [1.1]])
array([0, 1])
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class LinearProbe:
    """A linear classifier of codes.

    Attributes:
        classes: The labels it knows, [c].
        weights: [k, c].
        bias: [c].
    """

    classes: NDArray
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def predict(self, codes: ArrayLike) -> NDArray:
        """Return the most probable class of each code, [n, k] to [n]."""
        matrix = _codes(codes)
        if matrix.shape[1] != len(self.weights):
            raise ValueError(f"codes: expected [n, {len(self.weights)}], got {matrix.shape}")
        return self.classes[np.argmax(matrix @ self.weights + self.bias, axis=1)]

    def accuracy(self, codes: ArrayLike, labels: ArrayLike) -> float:
        """Return the share of codes whose class is predicted right."""
        predicted, given = self.predict(codes), np.asarray(labels)
        if given.shape != predicted.shape:
            raise ValueError(f"labels: expected shape {predicted.shape}, got {given.shape}")
        return float(np.mean(predicted == given))


def linear(codes: ArrayLike, labels: ArrayLike) -> LinearProbe:
    r"""Fit a linear probe: Fisher's discriminant, in closed form.

    Each class is taken as a Gaussian with its own mean and the covariance that all classes share,
    which makes the boundaries linear. The answer does not change when the codes are multiplied by
    an invertible matrix: the probe sees what a code carries, not the basis in which it is written.
    Directions in which the codes vary by no more than their rounding (a standard deviation of a
    hundred units in the last place of the largest) are left out.

    Args:
        codes: [n, k].
        labels: Class of each code, integers or words, [n]; at least two classes.

    Returns:
        The :class:`LinearProbe`.

    Raises:
        ValueError: If the codes are no finite matrix, the lengths differ, or there is only one
            class.

    Source:
        Fisher (1936); as a probe of representations, Alain & Bengio (2016).
    """
    matrix, given = _codes(codes), np.asarray(labels)
    if given.shape != matrix.shape[:1]:
        raise ValueError(f"labels: expected shape {matrix.shape[:1]}, got {given.shape}")
    classes, index, counts = np.unique(given, return_inverse=True, return_counts=True)
    if len(classes) < 2:
        raise ValueError(f"labels: expected at least two classes, got {classes}")
    centre = matrix.mean(axis=0)
    matrix = matrix - centre
    means = np.stack([matrix[index == c].mean(axis=0) for c in range(len(classes))])
    # One standard deviation along each principal axis, so that a quiet axis is not lost in the
    # rounding of a loud one.
    _, sizes, axes = np.linalg.svd(matrix, full_matrices=False)
    rounding = np.finfo(np.float32 if np.asarray(codes).dtype.itemsize <= 4 else np.float64).eps
    alive = sizes > 100 * rounding * max(sizes[0], np.finfo(float).tiny)
    scaling = axes[alive].T * (np.sqrt(len(matrix)) / sizes[alive])
    within = (matrix - means[index]) @ scaling
    scaled_means = means @ scaling
    covariance = within.T @ within / len(matrix)
    # A direction without any spread inside the classes decides alone; the floor keeps it finite.
    covariance += 1e-9 * np.eye(len(covariance))
    weights = np.linalg.solve(covariance, scaled_means.T)
    bias = np.log(counts / len(matrix)) - 0.5 * (scaled_means.T * weights).sum(axis=0)
    weights = scaling @ weights
    return LinearProbe(classes, weights, bias - centre @ weights)


def accuracy(
    encode: Callable[[Any], ArrayLike],
    train: tuple[ArrayLike, ArrayLike],
    test: tuple[ArrayLike, ArrayLike],
) -> float:
    """Return the share of test items whose label a linear probe reads off their code.

    Args:
        encode: From items [n, d] to codes [n, k].
        train: Items and labels that the probe is fitted on.
        test: Items and labels that it is judged by.

    Returns:
        In [0, 1].

    Raises:
        ValueError: As :func:`linear`.

    Example:
        >>> import numpy as np
        >>> x, labels = np.array([[0.0, 1.0], [0.1, 2.0], [2.0, 1.0], [2.1, 2.0]]), [0, 0, 1, 1]
        >>> accuracy(lambda items: items[:, :1], (x, labels), (x, labels))
        1.0
    """
    return linear(encode(train[0]), train[1]).accuracy(encode(test[0]), test[1])


def _codes(codes: ArrayLike) -> NDArray[np.float64]:
    matrix = np.asarray(codes, np.float64)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"codes: expected a matrix [n, k], got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(matrix))[0])
        raise ValueError(
            f"codes: expected finite values, got {matrix[row, column]} at index ({row}, {column})"
        )
    return matrix
