"""Arguments that several files of this room take."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def check_alpha(alpha: float, name: str = "alpha") -> Fraction:
    """A number in (0, 1) as the decimal number that it prints as.

    Read as the nearest binary number, 0.05 is a little more than 1/20 and 0.95 a little less than
    19/20; products with n + 1 that should be whole would then miss by one.

    Raises:
        ValueError: if it is not in (0, 1).
    """
    if isinstance(alpha, bool) or not 0 < alpha < 1:
        raise ValueError(f"{name}: expected a number in (0, 1), got {alpha!r}")
    return Fraction(repr(float(alpha)))


def check_losses(name: str, losses: ArrayLike) -> NDArray[np.float64]:
    """Losses as float64 ``[n]``; NaN, which no model can stand behind, as infinity.

    Raises:
        ValueError: if they are not one-dimensional, or there are none.
    """
    values = np.asarray(losses, np.float64)
    if values.ndim != 1 or not values.size:
        raise ValueError(f"{name}: expected shape [n] with n of at least 1, got {values.shape}")
    return np.where(np.isnan(values), np.inf, values)


def group_numbers(
    name: str, groups: ArrayLike | None, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The number of each item's group, ``[count]``, and the groups' sizes; without, one each.

    Raises:
        ValueError: if there is not one group for each item.
    """
    if groups is None:
        return np.arange(count), np.ones(count, np.int64)
    given = np.asarray(groups)
    if given.shape != (count,):
        raise ValueError(f"{name}: expected shape ({count},), one for each item, got {given.shape}")
    _, member, sizes = np.unique(given, return_inverse=True, return_counts=True)
    return member.reshape(-1), sizes


def check_anomalous(anomalous: ArrayLike, count: int) -> NDArray[np.bool_]:
    """Which items are anomalous, ``[count]``, both kinds present.

    Raises:
        ValueError: if they are not ``count`` booleans (or 0 and 1), or all are alike.
    """
    given: NDArray[Any] = np.asarray(anomalous)
    if given.shape != (count,):
        raise ValueError(
            f"anomalous: expected shape ({count},), one for each loss, got {given.shape}"
        )
    values = given.astype(bool)
    if not np.array_equal(values, given):
        index = int(np.flatnonzero(values != given)[0])
        raise ValueError(f"anomalous: expected booleans, got {given[index]} at index {index}")
    if values.all() or not values.any():
        kind = "anomalous" if values.all() else "normal"
        raise ValueError(f"anomalous: expected items of both kinds, got {count}, all {kind}")
    return values
