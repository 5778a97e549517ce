"""Split-conformal p-values and thresholds: false alarms bounded for any number of normal items."""

from __future__ import annotations

import math
import warnings
from itertools import accumulate

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aelib.anomaly._checks import check_alpha, check_losses, group_numbers

Floats = NDArray[np.float64]


class CalibrationWarning(UserWarning):
    """There are too few normal items for the asked rate, so there will never be an alarm."""


def calibration_size(alpha: float) -> int:
    """How many normal items (or groups of them) a threshold at ``alpha`` needs at least.

    With fewer than 1/α - 1 of them even an item stranger than all has a p-value above α.

    Args:
        alpha: the false-alarm rate to stay below, in (0, 1).

    Returns:
        The smallest n with 1 / (n + 1) <= alpha.

    Raises:
        ValueError: if ``alpha`` is not in (0, 1).

    Example:
        >>> calibration_size(0.05), calibration_size(0.01)
        (19, 99)
    """
    return math.ceil(1 / check_alpha(alpha)) - 1


class Calibration:
    r"""What the losses of held-out normal items say about the loss of a new one.

    The p-value of a new loss :math:`s` is the share of normal losses at least as large, the new one
    counted among them:

    .. math:: p(s) = \frac{1 + \#\{i \le n : s_i \ge s\}}{n + 1}

    **Guarantee.** If the new item is normal and exchangeable with the n calibration items, then
    :math:`P(p \le \alpha) \le \alpha` for every :math:`\alpha`, whatever the distribution, the
    model and n. The probability is over calibration items *and* new item together (marginal);
    what one set of calibration items will bring is in :func:`false_alarm_range`.

    *Proof.* Call the new loss :math:`s_{n+1}`. Then :math:`(n + 1) p` is the number R of the
    n + 1 losses that are at least as large as :math:`s_{n+1}`, itself included. Fix the n + 1
    values as a bag; by exchangeability each of its members is equally likely to be the new one. At
    most m members of a bag have m or fewer members at least as large as themselves: order them from
    the largest; the member in place j, and every one tied with it, has at least j such members, so
    only those in places 1 to m qualify. Hence :math:`P(R \le m) \le m / (n + 1)` given the bag,
    and so without. Take :math:`m = \lfloor \alpha (n + 1) \rfloor`. ∎ With ties R only grows, which
    makes alarms rarer; without ties :math:`P(R \le m) = m / (n + 1)` exactly.

    An alarm at :math:`p \le \alpha` is an alarm at a loss *above* the k-th smallest calibration
    loss, :math:`k = n + 1 - m = \lceil (n + 1)(1 - \alpha) \rceil`. For :math:`k > n` there is no
    such loss: the threshold is infinite, there is never an alarm, and a warning says so.

    **Groups.** Patches of one block of a picture, or items of one batch, are alike, and a new block
    is not exchangeable with patches of old ones. With K groups of sizes :math:`n_k`,

    .. math::

        p(s) = \frac{1}{K + 1}\Bigl(1 + \sum_{k=1}^{K} \frac{\#\{i : s_{ki} \ge s\}}{n_k}\Bigr)

    has the same guarantee for a random item of a new group, if groups are exchangeable and items
    within a group are. *Proof.* Let :math:`\mu` be the distribution that draws one of the K + 1
    groups, the new one included, and an item of it. Given the bag of groups, the new loss S is a
    draw of :math:`\mu`, and :math:`p(S) \ge \mu([S, \infty))`, because the share of the new
    group's own items is at most 1; and :math:`P(\mu([S, \infty)) \le \alpha) \le \alpha` for a
    draw S of any :math:`\mu`. ∎ It is the number of groups that must be at least 1/α - 1.

    Args:
        losses: losses of normal items that took no part in training, ``[n]``; larger is stranger.
            NaN counts as infinite.
        groups: the group of each, ``[n]``; ``None`` when items are exchangeable one by one.

    Attributes:
        losses: the losses in ascending order, ``[n]``.
        num_groups: number of groups K, or of items n where there are no groups.

    Raises:
        ValueError: if there are no losses or the lengths differ.

    Source: V. Vovk, A. Gammerman & G. Shafer (2005), *Algorithmic Learning in a Random World*;
    A. N. Angelopoulos & S. Bates (2023), *Conformal prediction: a gentle introduction*; for groups,
    Y. Lee, R. F. Barber & R. Willett (2023), *Distribution-free inference with hierarchical data*.

    Example:
        >>> calibration = Calibration([3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0])
        >>> calibration.p_values([0.0, 5.0, 10.0])
        array([1. , 0.5, 0.1])
        >>> calibration.threshold(0.1), calibration.threshold(0.4)
        (9.0, 5.0)
    """

    def __init__(self, losses: ArrayLike, groups: ArrayLike | None = None) -> None:
        values = check_losses("losses", losses)
        order = np.argsort(values, kind="stable")
        self.losses: Floats = values[order]
        member, sizes = group_numbers("groups", groups, len(values))
        self.num_groups = len(sizes)
        # Shares 1/n_k as whole numbers over a common denominator: sums, and whether a p-value is
        # exactly alpha, are then free of rounding.
        unit = math.lcm(*{int(size) for size in sizes})
        shares = [unit // int(size) for size in sizes[member[order]]]
        tails = [0, *accumulate(reversed(shares))][::-1]  # of the losses from place j on
        self._numerators = [unit + tail for tail in tails]
        self._denominator = unit * (self.num_groups + 1)
        self._p = np.array([value / self._denominator for value in self._numerators])
        self._grouped = groups is not None

    def p_values(
        self,
        losses: ArrayLike,
        *,
        randomised: bool = False,
        random_state: int | np.random.Generator = 0,
    ) -> Floats:
        r"""The p-value of each loss: small for an item that is strange.

        Args:
            losses: losses of new items, ``[m]``.
            randomised: break ties at random: :math:`(\#\{s_i > s\} + U (1 + \#\{s_i = s\}))/(n+1)`
                with U uniform (groups as above), which for exchangeable items is uniform on (0, 1)
                exactly, and so alarms at the rate α and not below it. Two calls with the same
                seed agree; the guarantee is for one draw of U, not for the luckiest.
            random_state: a seed or NumPy generator for U.

        Returns:
            ``[m]``, in (0, 1].

        Raises:
            ValueError: if ``losses`` is not one-dimensional.
        """
        values = check_losses("losses", losses)
        at_least = self._p[np.searchsorted(self.losses, values, side="left")]
        if not randomised:
            return at_least
        # The table counts the new item itself, which is tied with itself.
        own = 1 / (self.num_groups + 1)
        above = self._p[np.searchsorted(self.losses, values, side="right")] - own
        uniform = 1 - np.random.default_rng(random_state).random(len(values))  # in (0, 1]
        return above + uniform * (at_least - above)

    def threshold(self, alpha: float) -> float:
        """The loss above which there is an alarm; infinite where there are too few items.

        A loss is above it exactly if its p-value is at most ``alpha``.

        Args:
            alpha: the false-alarm rate to stay below, in (0, 1), read as the decimal number that it
                prints as (0.05 is 1/20).

        Returns:
            One of the calibration losses, or infinity.

        Raises:
            ValueError: if ``alpha`` is not in (0, 1).

        Warns:
            CalibrationWarning: if there are too few items or groups, and so never an alarm.
        """
        limit = check_alpha(alpha) * self._denominator
        if self._numerators[-1] > limit:
            what = "groups of normal items" if self._grouped else "normal items"
            warnings.warn(
                f"calibration: n = {self.num_groups} {what} cannot bound false alarms at "
                f"alpha = {alpha:g}, which needs at least {calibration_size(alpha)}; the threshold "
                "is infinite and there will never be an alarm",
                CalibrationWarning,
                stacklevel=2,
            )
            return math.inf
        # The numerators fall: the first place at which an alarm is allowed.
        place = next(j for j, value in enumerate(self._numerators) if value <= limit)
        return float(self.losses[place - 1])

    def __repr__(self) -> str:
        groups = f" in {self.num_groups} groups" if self._grouped else ""
        return f"Calibration({len(self.losses)} normal items{groups})"


def false_alarm_range(
    num_calibration: int, alpha: float, confidence: float = 0.95
) -> tuple[float, float]:
    r"""Between which rates one detector's own false-alarm rate lies, once it is calibrated.

    The guarantee is an average over calibration sets. Given one set, the rate is a random number:
    for independent items without ties it has the distribution Beta(m, n + 1 - m) with
    :math:`m = \lfloor \alpha (n + 1) \rfloor`, because the share above the k-th smallest of n
    uniform numbers has.

    Args:
        num_calibration: number of normal items the threshold comes from, n.
        alpha: the rate asked for, in (0, 1).
        confidence: probability inside the range, in (0, 1).

    Returns:
        ``(low, high)``; ``(0.0, 0.0)`` where n is too small for any alarm.

    Raises:
        ValueError: if an argument is out of its range.

    Source: V. Vovk (2012), *Conditional validity of inductive conformal predictors*; Angelopoulos &
    Bates (2023), section 3.2.

    Example:
        >>> [round(rate, 3) for rate in false_alarm_range(99, 0.05)]
        [0.017, 0.1]
    """
    from scipy.stats import beta

    if num_calibration < 1:
        raise ValueError(f"num_calibration: expected at least 1, got {num_calibration}")
    check_alpha(confidence, "confidence")
    allowed = math.floor(check_alpha(alpha) * (num_calibration + 1))
    if allowed == 0:
        return 0.0, 0.0
    tail = (1 - confidence) / 2
    low, high = beta.ppf([tail, 1 - tail], allowed, num_calibration + 1 - allowed)
    return float(low), float(high)
