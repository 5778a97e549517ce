"""Arguments that several files of this room take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_matrix

Array = NDArray[np.float64]


def check_number(name: str, value: Any, *, positive: bool = False) -> float:
    """A finite number, at least 0 or larger than 0.

    Raises:
        ValueError: if it is not.
    """
    number = float(value)
    if not np.isfinite(number) or number < 0 or (positive and number == 0):
        raise ValueError(
            f"{name}: expected a finite number {'>' if positive else '>='} 0, got {value}"
        )
    return number


def check_variances(name: str, values: ArrayLike) -> Array:
    """Variances as a vector, in the order given.

    Raises:
        ValueError: if it is not a vector of finite numbers that are at least 0.
    """
    vector = np.asarray(values, np.float64)
    if vector.ndim != 1 or not vector.size:
        raise ValueError(f"{name}: expected a vector [d], got shape {vector.shape}")
    wrong = ~(np.isfinite(vector) & (vector >= 0))
    if wrong.any():
        index = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"{name}: expected finite values >= 0, got {vector[index]} at index {index}"
        )
    return vector


def check_sizes(sizes: Iterable[int], largest: int) -> tuple[int, ...]:
    """Sizes of a bottleneck, each between 0 and ``largest``.

    Raises:
        ValueError: if there is none, or one is not such a whole number.
    """
    checked = tuple(sizes)
    if not checked:
        raise ValueError("sizes: expected at least one, got none")
    for index, size in enumerate(checked):
        whole = isinstance(size, int | np.integer) and not isinstance(size, bool)
        if not whole or not 0 <= size <= largest:
            raise ValueError(
                f"sizes: expected whole numbers from 0 to {largest}, got {size!r} at index {index}"
            )
    return tuple(int(size) for size in checked)


def check_pair(name: str, value: ArrayLike, other_name: str, other: Array) -> Array:
    """A matrix of the same shape as another.

    Raises:
        ValueError: if it is not.
    """
    matrix = check_matrix(name, value)
    if matrix.shape != other.shape:
        raise ValueError(
            f"{name}: expected the shape of {other_name}, {other.shape}, got {matrix.shape}"
        )
    return matrix


def check_columns(name: str, value: ArrayLike, columns: int) -> Array:
    """A matrix with a given number of columns.

    Raises:
        ValueError: if it is not.
    """
    matrix = check_matrix(name, value)
    if matrix.shape[1] != columns:
        raise ValueError(f"{name}: expected [n, {columns}], got shape {matrix.shape}")
    return matrix
