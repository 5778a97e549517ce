"""The false-alarm rate as it is measured: over many random divisions of normal items."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aelib.anomaly._blocks import choose_groups
from aelib.anomaly._checks import check_alpha, check_losses, group_numbers

Floats = NDArray[np.float64]
_ENTRIES = 2**22  # of an array [splits, items] at a time


@dataclasses.dataclass(frozen=True, eq=False)
class FalseAlarms:
    """How often normal items raised an alarm.

    Attributes:
        alpha: the rate that was asked for.
        num_calibration: number of items, or of groups, that each threshold came from.
        rates: the rate in each split, ``[num_splits]``.
        mean: mean of the rates.
        low: lower end of a 95 % interval for it, over splits of *these* items.
        high: upper end. That other items of the same kind would give another mean is not in it.
        spread: 2.5 % and 97.5 % quantiles of the rates: what a single detector may come to.
    """

    alpha: float
    num_calibration: int
    rates: Floats
    mean: float
    low: float
    high: float
    spread: tuple[float, float]

    def __repr__(self) -> str:
        return (
            f"FalseAlarms({self.mean:.4f} [{self.low:.4f}, {self.high:.4f}] over "
            f"{len(self.rates)} splits, asked for at most {self.alpha:g}; single splits "
            f"{self.spread[0]:.3f} to {self.spread[1]:.3f})"
        )


def false_alarm_rates(
    losses: ArrayLike,
    alpha: float,
    *,
    groups: ArrayLike | None = None,
    by_group: bool = True,
    calibration_fraction: float = 0.5,
    num_splits: int = 500,
    random_state: int | np.random.Generator = 0,
) -> FalseAlarms:
    """Divide normal items at random into calibration and test, many times, and count alarms.

    The model is not trained again, so its losses on these items, which it must not have seen, are
    all that is needed. All splits are computed at once.

    Args:
        losses: losses of normal items, ``[n]``; larger is stranger.
        alpha: the false-alarm rate to stay below, in (0, 1).
        groups: what belongs together, such as the block of each patch, ``[n]`` integers. A group is
            wholly in one part, a negative number in none, and rates are averaged over groups.
        by_group: whether the threshold knows of the groups, see :class:`Calibration`. False takes
            the calibration items as exchangeable with those of other groups, as is often done, and
            shows what comes of it.
        calibration_fraction: share of the items or groups that calibrate.
        num_splits: number of divisions; take at least 200.
        random_state: a seed or NumPy generator.

    Returns:
        The :class:`FalseAlarms`.

    Raises:
        ValueError: if an argument is out of its range, or there are fewer than two groups.

    Example:
        >>> import numpy as np
        >>> normal = np.random.default_rng(0).normal(size=400)
        >>> alarms = false_alarm_rates(normal, 0.05)
        >>> alarms.num_calibration, alarms.low < 0.05
        (200, True)
    """
    check_alpha(alpha)
    values = check_losses("losses", losses)
    if num_splits < 2:
        raise ValueError(f"num_splits: expected at least 2, got {num_splits}")
    member, sizes = group_numbers("groups", groups, len(values))
    if groups is not None:
        rows = np.flatnonzero(np.asarray(groups) >= 0)
        values = values[rows]
        member, sizes = group_numbers("groups", np.asarray(groups)[rows], len(rows))
    order = np.argsort(values, kind="stable")
    values, member = values[order], member[order]
    random = np.random.default_rng(random_state)
    chosen = choose_groups(len(sizes), calibration_fraction, num_splits, random)
    share = 1.0 / sizes[member]  # of an item in its group
    first = np.searchsorted(values, values, side="left")  # of those tied with it
    weight = share if by_group else np.ones(len(values))
    chunks = np.array_split(chosen, math.ceil(chosen.shape[0] * len(values) / _ENTRIES))
    rates = np.concatenate([_rates(c[:, member], weight, share, first, alpha) for c in chunks])
    mean, deviation = float(rates.mean()), float(rates.std(ddof=1))
    half = 1.96 * deviation / math.sqrt(num_splits)  # splits are independent given the items
    low, high = np.quantile(rates, [0.025, 0.975])
    counted = int(chosen[0].sum())
    spread = (float(low), float(high))
    return FalseAlarms(alpha, counted, rates, mean, max(0.0, mean - half), mean + half, spread)


def _rates(
    calibrates: NDArray[np.bool_],
    weight: Floats,
    share: Floats,
    first: NDArray[np.int64],
    alpha: float,
) -> Floats:
    """The rate in each split of items in ascending order of loss, ``calibrates`` [splits, n]."""
    counted = np.where(calibrates, weight, 0.0)
    at_least = counted[:, ::-1].cumsum(axis=1)[:, ::-1][:, first]
    # Without groups these are whole numbers; shares of groups add up to within rounding.
    total = np.round(counted.sum(axis=1, keepdims=True))
    alarm = (1 + at_least) / (total + 1) <= alpha * (1 + 1e-12)
    tested = np.where(calibrates, 0.0, share)
    return (tested * alarm).sum(axis=1) / tested.sum(axis=1)
