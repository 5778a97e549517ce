"""What the units of a code do: how many are active, and whether one stands for a class."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from aelib._checks import check_array, check_count, check_number


def active_units(
    codes: Float[ArrayLike, "n k"], *, threshold: float = 0.0
) -> Float[np.ndarray, " n"]:
    """How many units are active in each code.

    Args:
        codes: one per example.
        threshold: a unit is active if its absolute value is above this fraction of the largest in
            ``codes``; 0 counts whatever is not exactly zero.

    Raises:
        ValueError: if ``codes`` is no matrix or the threshold is not in [0, 1).

    Example:
        >>> active_units([[0.0, 2.0, -1.0], [0.0, 0.0, 0.001]])
        array([2., 1.])
        >>> active_units([[0.0, 2.0, -1.0], [0.0, 0.0, 0.001]], threshold=0.01)
        array([2., 0.])
    """
    size = np.abs(check_array("codes", codes, shape=("n", "k")))
    check_number("threshold", threshold, at_least=0, below=1)
    return (size > threshold * size.max()).sum(axis=1).astype(np.float64)


def keep_largest(codes: Float[ArrayLike, "n k"], count: int) -> Float[np.ndarray, "n k"]:
    """Codes with all but the ``count`` largest absolute values in each set to zero.

    Args:
        codes: one per example.
        count: how many to keep, from 1 to k.

    Raises:
        ValueError: if ``codes`` is no matrix or the count is not from 1 to k.

    Example:
        >>> keep_largest([[3.0, -4.0, 1.0]], 2)
        array([[ 3., -4.,  0.]])
    """
    matrix = check_array("codes", codes, shape=("n", "k"))
    check_count("count", count, at_most=matrix.shape[1])
    small = np.argsort(-np.abs(matrix), axis=1, kind="stable")[:, count:]
    kept = matrix.copy()
    np.put_along_axis(kept, small, 0.0, axis=1)
    return kept


def purity(
    train: tuple[Float[ArrayLike, "n k"], Int[ArrayLike, " n"]],
    test: tuple[Float[ArrayLike, "m k"], Int[ArrayLike, " m"]],
    *,
    strongest: int = 20,
) -> Float[np.ndarray, " units"]:
    """How many of a unit's strongest examples are of *its* class, for each unit that is used.

    A unit's class is the commonest among the training examples that excite it most; the purity is
    its fraction among the test examples that excite it most. Rescaling a unit, or setting its small
    values to zero, changes neither, so this cannot be bought by thresholding as indices of
    selectivity can.

    Args:
        train: codes and labels, whole numbers from 0, that give each unit its class.
        test: codes and labels that it is measured by.
        strongest: how many examples are looked at.

    Returns:
        One fraction in [0, 1] for each unit that is positive for at least so many examples on both
        sides.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
        >>> codes, labels = [[3.0, 0.0], [2.0, 0.1], [0.0, 1.0], [0.1, 2.0]], [0, 0, 1, 1]
        >>> purity((codes, labels), (codes, labels), strongest=2)
        array([1., 1.])
    """
    sides = [
        (check_array("codes", codes, shape=("n", "k")), np.asarray(labels))
        for codes, labels in (train, test)
    ]
    for codes, labels in sides:
        if labels.shape != codes.shape[:1] or codes.shape[1] != sides[0][0].shape[1]:
            raise ValueError(
                "train, test: expected codes [n, k] and labels [n] with one k, got shapes "
                f"{codes.shape} and {labels.shape}"
            )
    check_count("strongest", strongest)
    used = np.all([(codes > 0).sum(axis=0) >= strongest for codes, _ in sides], axis=0)
    (old, new) = (
        labels[np.argsort(-codes[:, used], axis=0, kind="stable")[:strongest]]
        for codes, labels in sides
    )
    classes = [np.bincount(column).argmax() for column in old.T]
    return np.mean(new == np.asarray(classes, int), axis=0)
