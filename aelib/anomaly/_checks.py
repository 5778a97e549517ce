"""Checks of losses, labels and groups."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from numpy.typing import ArrayLike

from aelib._checks import check_array, check_fraction, require_all


def check_alpha(alpha: float, name: str = "alpha") -> Fraction:
    """Return a number in (0, 1) as the decimal number that it prints as.

    Read as the nearest binary number, 0.05 is a little more than 1/20 and 0.95 a little less than
    19/20; products with n + 1 that should be whole would then miss by one.

    Raises:
        TypeError: if it is not one number.
        ValueError: if it is not in (0, 1).
    """
    return Fraction(repr(check_fraction(name, alpha)))


def check_losses(name: str, losses: Float[ArrayLike, " n"]) -> Float[np.ndarray, " n"]:
    """Return losses as float64, NaN as infinity: a model that gives NaN has not seen such data.

    Raises:
        TypeError: if they are not real numbers.
        ValueError: if they are not one-dimensional, or there are none.
    """
    values = check_array(name, losses, shape=("n",), finite=False).astype(np.float64)
    return np.where(np.isnan(values), np.inf, values)


def group_indices(
    name: str, groups: Shaped[ArrayLike, " n"] | None, count: int
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " groups"]]:
    """Return the index of each example's group, and the groups' sizes; without groups, one each.

    Args:
        name: the argument's name, for the message.
        groups: the group of each example, numbers or names; None for one example in each.
        count: number of examples.

    Raises:
        ValueError: if there is not one group for each example.
    """
    if groups is None:
        return np.arange(count), np.ones(count, np.int64)
    given = np.asarray(groups)
    if given.shape != (count,):
        raise ValueError(
            f"{name}: expected shape ({count},), one for each example, got {given.shape}"
        )
    _, member, sizes = np.unique(given, return_inverse=True, return_counts=True)
    return member.reshape(-1), sizes


def check_anomalous(anomalous: Bool[ArrayLike, " n"], count: int) -> Bool[np.ndarray, " n"]:
    """Return which examples are anomalous, where both kinds are present.

    Args:
        anomalous: booleans, or 0 and 1.
        count: number of examples.

    Raises:
        TypeError: if they are not real numbers or booleans.
        ValueError: if they are not ``count`` booleans (or 0 and 1), or all are equal.
    """
    given = check_array("anomalous", anomalous, finite=False)
    if given.shape != (count,):
        raise ValueError(
            f"anomalous: expected shape ({count},), one for each loss, got {given.shape}"
        )
    values = given.astype(bool)
    require_all("anomalous", given, values == given, "booleans")
    if values.all() or not values.any():
        kind = "anomalous" if values.all() else "normal"
        raise ValueError(f"anomalous: expected examples of both kinds, got {count}, all {kind}")
    return values
