"""Library sizes, and counts on the scale on which cells are compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aelib.denoising._checks import Floats, check_counts, check_like


def exposure(counts: ArrayLike) -> Floats:
    """How much of each cell was counted: its mean count per gene, ``[..., cells]``.

    A rate divided by it is in units of an average gene of the same cell. A cell without any count
    is given one in all, so that nothing is divided by zero.

    Args:
        counts: ``[cells, genes]`` or ``[runs, cells, genes]``.

    Raises:
        ValueError: if these are not counts.

    >>> exposure([[4, 0], [1, 1]])
    array([2., 1.])
    """
    total = check_counts("counts", counts).sum(axis=-1)
    return np.maximum(total, 1) / np.shape(counts)[-1]


def log_normalise(rates: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    r"""What cells are compared by: :math:`\ln(1 + \text{rate} / \text{exposure})`.

    Args:
        rates: counts or rates, ``[..., cells, genes]``.
        counts: the counts that the exposure is taken from; None if ``rates`` are counts.

    Returns:
        Values in the same shape.

    Raises:
        ValueError: if a rate is negative or the shapes differ.

    >>> log_normalise([[4, 0], [1, 1]]).round(2)
    array([[1.1 , 0.  ],
           [0.69, 0.69]])
    """
    source = rates if counts is None else counts
    size = exposure(source)
    values = check_like("rates", rates, np.asarray(source))
    if (values < 0).any():
        index = tuple(int(i) for i in np.argwhere(values < 0)[0])
        raise ValueError(f"rates: expected at least 0, got {values[index]} at index {index}")
    return np.log1p(values / size[..., None])


def match_totals(rates: ArrayLike, counts: ArrayLike) -> Floats:
    """Rates with each gene scaled so that over all cells they add up to its counts.

    A mean taken of logarithms and turned back is too small, for the logarithm is concave. This
    mends the total of each gene, and keeps its pattern over cells.

    Args:
        rates: ``[..., cells, genes]``.
        counts: the counts they were made from, in the same shape.

    Raises:
        ValueError: if these are not counts or the shapes differ.

    >>> match_totals([[1.0, 0.5], [3.0, 0.5]], [[2, 0], [6, 1]])
    array([[2. , 0.5],
           [6. , 0.5]])
    """
    seen = check_counts("counts", counts)
    values = check_like("rates", rates, seen)
    total = values.sum(axis=-2, keepdims=True)
    factor = np.divide(
        seen.sum(axis=-2, keepdims=True), total, out=np.zeros_like(total), where=total > 0
    )
    return values * factor
