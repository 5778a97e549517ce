"""Measured false-alarm rates, over many random splits of normal examples."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

from aelib._checks import check_count
from aelib.anomaly._blocks import choose_groups
from aelib.anomaly._checks import check_alpha, check_losses, group_indices

_ENTRIES = 2**22  # of an array [splits, examples] at a time


@dataclasses.dataclass(frozen=True, eq=False)
class FalseAlarmRates:
    """What :func:`false_alarm_rates` returns: how often normal examples raised an alarm.

    Attributes:
        alpha: the requested rate.
        num_calibration: number of examples, or of groups, that each threshold came from.
        rates: the rate in each split.
        mean: mean of the rates.
        low: lower end of a 95 % interval for it, over splits of *these* examples.
        high: upper end. That other examples of the same kind would give another mean is not in it.
        spread: 2.5 % and 97.5 % quantiles of the rates, the range of single splits.

    Example:
        >>> import numpy as np
        >>> from aelib import anomaly
        >>> found = anomaly.false_alarm_rates(np.arange(100.0), 0.1, num_splits=200)
        >>> len(found.rates), found.low < found.mean < found.high
        (200, True)
    """

    alpha: float
    num_calibration: int
    rates: Float[np.ndarray, " splits"]
    mean: float
    low: float
    high: float
    spread: tuple[float, float]

    def __repr__(self) -> str:
        return (
            f"FalseAlarmRates({self.mean:.4f} [{self.low:.4f}, {self.high:.4f}] over "
            f"{len(self.rates)} splits, requested at most {self.alpha:g}; single splits "
            f"{self.spread[0]:.3f} to {self.spread[1]:.3f})"
        )


def false_alarm_rates(
    losses: Float[ArrayLike, " n"],
    alpha: float,
    *,
    groups: Int[ArrayLike, " n"] | None = None,
    by_group: bool = True,
    calibration_fraction: float = 0.5,
    num_splits: int = 500,
    random_state: int | np.random.Generator = 0,
) -> FalseAlarmRates:
    """False-alarm rates over many random splits of normal examples into calibration and test.

    The model is not trained again: all that is needed are its losses on these examples, which must
    not be in its training data.

    Args:
        losses: losses of normal examples; larger is more anomalous.
        alpha: the largest acceptable false-alarm rate, in (0, 1).
        groups: the group of each example, such as the block of each patch. A group is wholly in one
            part, a negative number in none, and rates are averaged over groups.
        by_group: whether the threshold takes account of the groups, see :class:`Calibration`. False
            treats examples of different groups as exchangeable, which is a common mistake.
        calibration_fraction: fraction of the examples or groups that calibrate.
        num_splits: number of splits; use at least 200.
        random_state: a seed or NumPy generator.

    Returns:
        The rate in each split, their mean with an interval, and their spread.

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
    num_splits = check_count("num_splits", num_splits, at_least=2)
    member, sizes = group_indices("groups", groups, len(values))
    if groups is not None:
        rows = np.flatnonzero(np.asarray(groups) >= 0)
        values = values[rows]
        member, sizes = group_indices("groups", np.asarray(groups)[rows], len(rows))
    order = np.argsort(values, kind="stable")
    values, member = values[order], member[order]
    random = np.random.default_rng(random_state)
    own = 1.0 / sizes[member]  # weight of an example within its group
    first = np.searchsorted(values, values, side="left")  # index of the first example tied with it
    weight = own if by_group else np.ones(len(values))
    rates = []
    chunks = min(num_splits, math.ceil(num_splits * len(values) / _ENTRIES))
    for splits in np.array_split(np.arange(num_splits), chunks):
        chosen = choose_groups(len(sizes), calibration_fraction, len(splits), random)
        rates.append(_rates(chosen[:, member], weight, own, first, alpha))
    counted = int(chosen[0].sum())
    return _summary(alpha, counted, np.concatenate(rates))


def _summary(
    alpha: float, num_calibration: int, rates: Float[np.ndarray, " splits"]
) -> FalseAlarmRates:
    """Mean of the rates with its interval, and their spread."""
    mean, deviation = float(rates.mean()), float(rates.std(ddof=1))
    half = 1.96 * deviation / math.sqrt(len(rates))  # splits are independent given the examples
    low, high = np.quantile(rates, [0.025, 0.975])
    spread = (float(low), float(high))
    ends = max(0.0, mean - half), mean + half
    return FalseAlarmRates(alpha, num_calibration, rates, mean, *ends, spread)


def _rates(
    calibrates: Bool[np.ndarray, "splits n"],
    weight: Float[np.ndarray, " n"],
    own: Float[np.ndarray, " n"],
    first: Int[np.ndarray, " n"],
    alpha: float,
) -> Float[np.ndarray, " splits"]:
    """The rate in each split of examples in ascending order of loss."""
    counted = np.where(calibrates, weight, 0.0)
    at_least = counted[:, ::-1].cumsum(axis=1)[:, ::-1][:, first]
    # A whole number of examples or groups, up to the rounding of weights 1/size.
    total = np.round(counted.sum(axis=1, keepdims=True))
    alarm = (1 + at_least) / (total + 1) <= alpha * (1 + 1e-12)
    tested = np.where(calibrates, 0.0, own)
    return (tested * alarm).sum(axis=1) / tested.sum(axis=1)
