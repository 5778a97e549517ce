"""How strong an attack must be to fool a classifier."""

from __future__ import annotations

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Float

from aelib._checks import check_fraction

__all__ = ["epsilon_needed"]


def epsilon_needed(
    epsilons: Float[ArrayLike, " k"], success: Float[ArrayLike, "*shape k"], fraction: float = 0.5
) -> Float[np.ndarray, "*shape"]:
    """The strength at which an attack succeeds on a given fraction of items.

    Linear between the strengths that were tried, the first crossing; infinite if the fraction is
    not reached, and the first strength if it is reached there.

    Args:
        epsilons: strengths in ascending order.
        success: fraction of successes at each.
        fraction: the fraction to reach, in (0, 1].

    Returns:
        One strength for each row of ``success``.

    Raises:
        ValueError: if shapes do not fit or the fraction is out of range.

    Example:
        >>> epsilon_needed([0.0, 0.1, 0.2], [[0.0, 0.25, 0.75], [0.0, 0.1, 0.2]]).round(3)
        array([0.15,  inf])
    """
    if fraction != 1:
        fraction = check_fraction("fraction", fraction)
    at, rates = np.asarray(epsilons, np.float64), np.asarray(success, np.float64)
    if at.ndim != 1 or rates.shape[-1:] != at.shape:
        raise ValueError(
            f"success: expected shape [..., {at.size}], as there are strengths, got {rates.shape}"
        )
    reached = rates >= fraction
    first = np.argmax(reached, axis=-1)
    before = np.maximum(first - 1, 0)
    high = np.take_along_axis(rates, first[..., None], axis=-1)[..., 0]
    low = np.take_along_axis(rates, before[..., None], axis=-1)[..., 0]
    step = np.where(high > low, (fraction - low) / np.where(high > low, high - low, 1), 1)
    found = np.where(first == 0, at[0], at[before] + step * (at[first] - at[before]))
    return np.where(reached.any(axis=-1), found, np.inf)
