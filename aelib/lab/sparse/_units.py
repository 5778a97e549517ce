"""What the units of a code do: how many are active, and whether one stands for a class."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def active_units(codes: ArrayLike, *, threshold: float = 0.0) -> NDArray[np.float64]:
    """How many units are active in each code.

    Args:
        codes: [n, k].
        threshold: a unit is active if its absolute value is above this share of the largest in
            ``codes``; 0 counts whatever is not exactly zero.

    Returns:
        [n].

    Raises:
        ValueError: if ``codes`` is no matrix or the threshold is not in [0, 1).

    >>> active_units([[0.0, 2.0, -1.0], [0.0, 0.0, 0.001]])
    array([2., 1.])
    >>> active_units([[0.0, 2.0, -1.0], [0.0, 0.0, 0.001]], threshold=0.01)
    array([2., 0.])
    """
    size = np.abs(_matrix("codes", codes))
    if not 0 <= threshold < 1:
        raise ValueError(f"threshold: expected a share in [0, 1), got {threshold}")
    return (size > threshold * size.max()).sum(axis=1).astype(np.float64)


def keep_largest(codes: ArrayLike, count: int) -> NDArray[Any]:
    """Codes with all but the ``count`` largest absolute values in each set to zero.

    Args:
        codes: [n, k].
        count: how many to keep, from 1 to k.

    Returns:
        [n, k].

    Raises:
        ValueError: if ``codes`` is no matrix or the count is not from 1 to k.

    >>> keep_largest([[3.0, -4.0, 1.0]], 2)
    array([[ 3., -4.,  0.]])
    """
    matrix = _matrix("codes", codes)
    if not 1 <= count <= matrix.shape[1]:
        raise ValueError(f"count: expected 1 to {matrix.shape[1]}, got {count}")
    small = np.argsort(-np.abs(matrix), axis=1, kind="stable")[:, count:]
    kept = matrix.copy()
    np.put_along_axis(kept, small, 0.0, axis=1)
    return kept


def purity(
    train: tuple[ArrayLike, ArrayLike],
    test: tuple[ArrayLike, ArrayLike],
    *,
    strongest: int = 20,
) -> NDArray[np.float64]:
    """How many of a unit's strongest items are of *its* class, for each unit that is used.

    A unit's class is the commonest among the training items that excite it most; the share is that
    among the test items that excite it most. Rescaling a unit, or setting its small values to zero,
    changes neither, so this cannot be bought by thresholding as indices of selectivity can.

    Args:
        train: Codes [n, k] and labels [n], whole numbers from 0, that give each unit its class.
        test: Codes and labels that it is judged by.
        strongest: How many items are looked at.

    Returns:
        One share in [0, 1] for each unit that is positive for at least so many items on both sides.

    Raises:
        ValueError: If the shapes do not fit.

    Example:
        >>> codes, labels = [[3.0, 0.0], [2.0, 0.1], [0.0, 1.0], [0.1, 2.0]], [0, 0, 1, 1]
        >>> purity((codes, labels), (codes, labels), strongest=2)
        array([1., 1.])
    """
    sides = [(_matrix("codes", codes), np.asarray(labels)) for codes, labels in (train, test)]
    for codes, labels in sides:
        if labels.shape != codes.shape[:1] or codes.shape[1] != sides[0][0].shape[1]:
            raise ValueError(
                "train, test: expected codes [n, k] and labels [n] with one k, got shapes "
                f"{codes.shape} and {labels.shape}"
            )
    if strongest < 1:
        raise ValueError(f"strongest: expected at least 1, got {strongest}")
    used = np.all([(codes > 0).sum(axis=0) >= strongest for codes, _ in sides], axis=0)
    (old, new) = (
        labels[np.argsort(-codes[:, used], axis=0, kind="stable")[:strongest]]
        for codes, labels in sides
    )
    classes = [np.bincount(column).argmax() for column in old.T]
    return np.mean(new == np.asarray(classes, int), axis=0)


def _matrix(name: str, values: ArrayLike) -> NDArray[Any]:
    matrix = np.asarray(values)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"{name}: expected a matrix [n, k], got shape {matrix.shape}")
    return matrix
