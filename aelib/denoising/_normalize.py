"""Library sizes, and counts on the scale on which cells are compared."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, Real
from numpy.typing import ArrayLike

from aelib._checks import require_all
from aelib.denoising._checks import check_counts, check_like


def exposure(counts: Int[ArrayLike, "*runs cells genes"]) -> Float[np.ndarray, "*runs cells"]:
    """How much of each cell was counted: its mean count per gene.

    A rate divided by it is in units of an average gene of the same cell. A cell without any count
    is given a total of one, so that nothing is divided by zero.

    Args:
        counts: counts of one matrix, or of several of one size.

    Returns:
        One number for each cell.

    Raises:
        ValueError: if these are not counts.

    Example:
        >>> exposure([[4, 0], [1, 1]])
        array([2., 1.])
    """
    checked = check_counts("counts", counts)
    return np.maximum(checked.sum(axis=-1), 1) / checked.shape[-1]


def log_normalize(
    rates: Real[ArrayLike, "*runs cells genes"],
    counts: Int[ArrayLike, "*runs cells genes"] | None = None,
) -> Float[np.ndarray, "*runs cells genes"]:
    r"""The logarithm :math:`\ln(1 + \text{rate} / \text{exposure})` that cells are compared by.

    The exposure of a cell is its mean count per gene.

    Args:
        rates: counts or rates.
        counts: the counts that the exposure is taken from; None if ``rates`` are counts.

    Returns:
        Values in the same shape.

    Raises:
        ValueError: if a rate is negative or the shapes differ.

    Example:
        >>> log_normalize([[4, 0], [1, 1]]).round(2)
        array([[1.1 , 0.  ],
               [0.69, 0.69]])
    """
    checked = check_counts("counts", rates if counts is None else counts)
    size = exposure(checked)
    values = check_like("rates", rates, checked)
    require_all("rates", values, values >= 0, "numbers of at least 0")
    return np.log1p(values / size[..., None])


def match_totals(
    rates: Float[ArrayLike, "*runs cells genes"], counts: Int[ArrayLike, "*runs cells genes"]
) -> Float[np.ndarray, "*runs cells genes"]:
    """Scale the rates of each gene so that over all cells they add up to its counts.

    The mean of logarithms, transformed back, is too small, since the logarithm is concave. This
    corrects the total of each gene and keeps its pattern over cells.

    Args:
        rates: rates to scale.
        counts: the counts they were made from, in the same shape.

    Returns:
        Scaled rates; 0 for a gene whose rates are all 0.

    Raises:
        ValueError: if these are not counts or the shapes differ.

    Example:
        >>> match_totals([[1.0, 0.5], [3.0, 0.5]], [[2, 0], [6, 1]])
        array([[2. , 0.5],
               [6. , 0.5]])
    """
    observed = check_counts("counts", counts)
    values = check_like("rates", rates, observed)
    total = values.sum(axis=-2, keepdims=True)
    factor = np.divide(
        observed.sum(axis=-2, keepdims=True), total, out=np.zeros_like(total), where=total > 0
    )
    return values * factor
