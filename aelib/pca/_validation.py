"""What the rooms of :mod:`aelib.pca` ask of a data matrix before they compute with it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def as_matrix(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Return ``value`` as a finite float64 matrix on the host.

    Args:
        name: The argument's name, for the error message.
        value: Anything NumPy can read as a real [rows, columns] array.

    Returns:
        The float64 matrix; no copy is made where ``value`` already is one.

    Raises:
        TypeError: If the values are not real numbers.
        ValueError: If it is not a non-empty matrix, or holds NaN or an infinity.
    """
    array = np.asarray(value)
    # NumPy calls the dtype of a bfloat16 array "void", so ask what it can be read as.
    if array.dtype.kind in "cSUOMm":
        raise TypeError(f"{name}: expected real numbers, got dtype {array.dtype}")
    matrix = array.astype(np.float64, copy=False)
    if matrix.ndim != 2:
        raise ValueError(f"{name}: expected a matrix [rows, columns], got shape {matrix.shape}")
    if 0 in matrix.shape:
        raise ValueError(f"{name}: expected at least one row and one column, got {matrix.shape}")
    finite = np.isfinite(matrix)
    if not finite.all():
        row, column = (int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"{name}: expected finite values, got {matrix[row, column]} at index ({row}, {column})"
        )
    return matrix


def check_num_components(num_components: int, shape: tuple[int, int]) -> int:
    """Return ``num_components`` as an int between 1 and ``min(shape)``.

    Raises:
        TypeError: If it is not an integer.
        ValueError: If it is out of range for ``x`` of that shape.
    """
    if isinstance(num_components, bool) or not isinstance(num_components, int | np.integer):
        raise TypeError(f"num_components: expected an int, got {num_components!r}")
    if not 1 <= num_components <= min(shape):
        raise ValueError(
            f"num_components: expected 1 to {min(shape)} for x of shape {shape}, "
            f"got {num_components}"
        )
    return int(num_components)
