"""Checks of counts, and of rates beside them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, Real
from numpy.typing import ArrayLike

from aelib._checks import check_array
from aelib.data._count_matrix import count_array, count_matrix, holds_counts


def check_counts(
    name: str, counts: Int[ArrayLike, "*runs cells genes"], *, stacked: bool = True
) -> Int[np.ndarray, "*runs cells genes"]:
    """Return counts as int64, of one matrix or, where allowed, of several of one size.

    Args:
        name: the argument's name, for the message.
        counts: what was given: what NumPy can read, or the counts of one matrix as AnnData, as a
            data frame or as a SciPy sparse matrix.
        stacked: whether there may be an axis of runs.

    Raises:
        TypeError: if they are not real numbers.
        ValueError: if the shape does not fit, or a value is negative, not whole or not finite.
    """
    array = count_array(name, counts)
    if array.ndim not in ((2, 3) if stacked else (2,)) or 0 in array.shape:
        expected = "[cells, genes] or [runs, cells, genes]" if stacked else "[cells, genes]"
        raise ValueError(f"{name}: expected shape {expected}, none of them 0, got {array.shape}")
    return array


def check_like(
    name: str, values: Real[ArrayLike, "*shape"], like: Real[np.ndarray, "*shape"]
) -> Float[np.ndarray, "*shape"]:
    """Return finite values as float64, in the shape of ``like``.

    Args:
        name: the argument's name, for the message.
        values: what was given, in one of the forms that :func:`check_counts` takes.
        like: an array of the expected shape.

    Raises:
        TypeError: if they are not real numbers.
        ValueError: if the shape is another, or a value is not finite.
    """
    if holds_counts(values):
        matrix = count_matrix(name, values).values
        values = matrix.toarray() if hasattr(matrix, "toarray") else matrix
    return check_array(name, values, shape=like.shape).astype(np.float64, copy=False)
