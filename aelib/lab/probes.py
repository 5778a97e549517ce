"""Linear probes: how well a label can be read off a code.

>>> import numpy as np
>>> codes = np.array([[0.0], [0.2], [1.0], [1.2]])
>>> probe = linear(codes, [0, 0, 1, 1])
>>> probe.predict([[0.1], [1.1]])
array([0, 1])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier


def linear(codes: ArrayLike, labels: ArrayLike) -> ClassifierMixin:
    """Fit a linear probe: scikit-learn's linear discriminant.

    Each class is taken as a Gaussian with its own mean and the covariance that all classes share,
    which makes the boundaries linear. The answer does not change when the codes are multiplied by
    an invertible matrix: the probe sees what a code carries, not the basis in which it is written.

    Args:
        codes: [n, k].
        labels: Class of each code, integers or words, [n]; at least two classes.

    Returns:
        A fitted classifier with ``predict`` and ``score``. For codes that are all the same, one
        that gives the most frequent class.

    Raises:
        ValueError: If the codes are no finite matrix, the lengths differ, or there is only one
            class.

    Source:
        Fisher (1936); as a probe of representations, Alain & Bengio (2016).
    """
    matrix, given = _codes(codes), np.asarray(labels)
    if given.shape != matrix.shape[:1]:
        raise ValueError(f"labels: expected shape {matrix.shape[:1]}, got {given.shape}")
    if len(np.unique(given)) < 2:
        raise ValueError(f"labels: expected at least two classes, got {np.unique(given)}")
    # A collapsed autoencoder gives one code to all items; the discriminant cannot be fitted then.
    collapsed = np.all(matrix == matrix[0])
    probe = DummyClassifier() if collapsed else LinearDiscriminantAnalysis()
    return probe.fit(matrix, given)


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
    return float(linear(encode(train[0]), train[1]).score(_codes(encode(test[0])), test[1]))


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
