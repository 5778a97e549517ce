"""Split-conformal p-values and thresholds: false alarms bounded for any number of losses."""

from __future__ import annotations

import bisect
import math
import warnings
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

import numpy as np
from jaxtyping import Float, Shaped
from numpy.typing import ArrayLike

from aelib._checks import check_fraction
from aelib.anomaly._checks import check_alpha, check_losses, group_indices


class CalibrationWarning(UserWarning):
    """Warns that there are too few normal examples for any alarm at the requested rate.

    Example:
        >>> import warnings
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     threshold = Calibration([0.1, 0.2]).threshold(0.05)
        >>> caught[0].category.__name__, threshold
        ('CalibrationWarning', inf)
    """


def calibration_size(alpha: float) -> int:
    """Smallest number of normal examples (or groups of them) for a threshold at ``alpha``.

    With fewer than 1/α - 1 of them even an example with a loss above all has a p-value above α.

    Args:
        alpha: the largest acceptable false-alarm rate, in (0, 1).

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
    r"""Conformal p-values and thresholds from the losses of held-out normal examples.

    The p-value of a new loss :math:`s` is the fraction of losses at least as large, among those of
    normal examples and :math:`s` itself:

    .. math:: p(s) = \frac{1 + \#\{i \le n : s_i \ge s\}}{n + 1}

    **Guarantee.** If the new example is normal and exchangeable with the n calibration examples,
    then :math:`P(p \le \alpha) \le \alpha` for every :math:`\alpha`, whatever the distribution, the
    model and n. The probability is over calibration examples *and* new example together (marginal);
    :meth:`false_alarm_range` says how far the rate of one set of calibration examples may be off.

    *Proof.* Call the new loss :math:`s_{n+1}`. Then :math:`(n + 1) p` is the number R of the
    n + 1 losses that are at least as large as :math:`s_{n+1}`, itself included. Fix the n + 1
    values as a bag; by exchangeability each of its members is equally likely to be the new one. At
    most m members of a bag have m or fewer members at least as large as themselves: order them from
    the largest; the j-th member, and every one tied with it, has at least j such members, so only
    the first m qualify. Hence :math:`P(R \le m) \le m / (n + 1)` given the bag,
    and so without. Take :math:`m = \lfloor \alpha (n + 1) \rfloor`. ∎ With ties R only grows, which
    makes alarms rarer; without ties :math:`P(R \le m) = m / (n + 1)` exactly.

    An alarm at :math:`p \le \alpha` is an alarm at a loss *above* the k-th smallest calibration
    loss, :math:`k = n + 1 - m = \lceil (n + 1)(1 - \alpha) \rceil`. For :math:`k > n` there is no
    such loss: the threshold is infinite, there is never an alarm, and a warning says so.

    **Groups.** Patches of one block of a picture, or examples of one batch, are alike, and a new
    block is not exchangeable with patches of old ones. With K groups of sizes :math:`n_k`,

    .. math::

        p(s) = \frac{1}{K + 1}\Bigl(1 + \sum_{k=1}^{K} \frac{\#\{i : s_{ki} \ge s\}}{n_k}\Bigr)

    has the same guarantee for a random example of a new group, if groups are exchangeable and
    examples within a group are. *Proof.* Let :math:`\mu` be the distribution that draws one of the
    K + 1 groups, the new one included, and an example of it. Given the bag of groups, the new loss
    S is a draw of :math:`\mu`, and :math:`p(S) \ge \mu([S, \infty))`, because the fraction of the
    new group's own examples is at most 1; and :math:`P(\mu([S, \infty)) \le \alpha) \le \alpha` for
    a draw S of any :math:`\mu`. ∎ It is the number of groups that must be at least 1/α - 1.

    Args:
        losses: losses of normal examples that took no part in training; larger is more anomalous.
            NaN counts as infinite.
        groups: the group of each; None if examples are exchangeable one by one.

    Attributes:
        losses: the losses in ascending order.
        num_groups: number of groups K, or of examples n where there are no groups.

    Raises:
        ValueError: if there are no losses or the lengths differ.

    Example:
        >>> calibration = Calibration([3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0])
        >>> calibration.p_values([0.0, 5.0, 10.0])
        array([1. , 0.5, 0.1])
        >>> calibration.threshold(0.1), calibration.threshold(0.4)
        (9.0, 5.0)

    References:
        V. Vovk, A. Gammerman and G. Shafer (2005), *Algorithmic Learning in a Random World*.

        A. N. Angelopoulos and S. Bates (2023), *Conformal prediction: a gentle introduction*.

        Y. Lee, R. F. Barber and R. Willett (2023), *Distribution-free inference with hierarchical
        data*, for groups.
    """

    def __init__(
        self, losses: Float[ArrayLike, " n"], groups: Shaped[ArrayLike, " n"] | None = None
    ) -> None:
        values = check_losses("losses", losses)
        self._grouped = groups is not None
        self._numerators: Sequence[int]
        if not self._grouped:  # as below, with a weight of 1 for each
            n = self.num_groups = len(values)
            self.losses: Float[np.ndarray, " n"] = np.sort(values)
            self._numerators, self._denominator = range(n + 1, 0, -1), n + 1
            self._p = np.arange(n + 1, 0, -1) / (n + 1)
            return
        order = np.argsort(values, kind="stable")
        self.losses = values[order]
        member, sizes = group_indices("groups", groups, len(values))
        self.num_groups = len(sizes)
        # Weights 1/n_k as whole numbers over a common denominator: sums, and whether a p-value is
        # exactly alpha, are then free of rounding.
        unit = math.lcm(*{int(size) for size in sizes})
        weights = [unit // int(size) for size in sizes[member[order]]]
        tails = [0, *accumulate(reversed(weights))][::-1]  # sums from the j-th loss on
        self._numerators = [unit + tail for tail in tails]
        self._denominator = unit * (self.num_groups + 1)
        self._p = np.array([value / self._denominator for value in self._numerators])
        self._member = member[order]

    def p_values(
        self,
        losses: Float[ArrayLike, " m"],
        *,
        randomized: bool = False,
        random_state: int | np.random.Generator = 0,
    ) -> Float[np.ndarray, " m"]:
        r"""The p-value of each loss: small for an anomalous example.

        Args:
            losses: losses of new examples.
            randomized: break ties at random: :math:`(\#\{s_i > s\} + U (1 + \#\{s_i = s\}))/(n+1)`
                with U uniform (groups as above), which for exchangeable examples is uniform on
                (0, 1) exactly, and so alarms at the rate α and not below it. Two calls with the
                same seed agree; the guarantee is for one draw of U, not for the smallest of
                several.
            random_state: a seed or NumPy generator for U.

        Returns:
            Numbers in (0, 1].

        Raises:
            ValueError: if ``losses`` is not one-dimensional.
        """
        values = check_losses("losses", losses)
        at_least = self._p[np.searchsorted(self.losses, values, side="left")]
        if not randomized:
            return at_least
        # The table counts the new example itself, which is tied with itself.
        own = 1 / (self.num_groups + 1)
        above = self._p[np.searchsorted(self.losses, values, side="right")] - own
        uniform = 1 - np.random.default_rng(random_state).random(len(values))  # in (0, 1]
        return above + uniform * (at_least - above)

    def threshold(self, alpha: float) -> float:
        """The loss above which there is an alarm; infinite if there are too few examples.

        A loss is above it exactly if its p-value is at most ``alpha``.

        Args:
            alpha: the largest acceptable false-alarm rate, in (0, 1), read as the decimal number
                that it prints as (0.05 is 1/20).

        Returns:
            One of the calibration losses, or infinity.

        Raises:
            ValueError: if ``alpha`` is not in (0, 1).

        Warns:
            CalibrationWarning: if there are too few examples or groups, and so never an alarm.
        """
        limit = check_alpha(alpha) * self._denominator
        if self._numerators[-1] > limit:
            what = "groups of normal examples" if self._grouped else "normal examples"
            warnings.warn(
                f"calibration: n = {self.num_groups} {what} cannot bound false alarms at "
                f"alpha = {alpha:g}, which needs at least {calibration_size(alpha)}; the threshold "
                "is infinite and there will never be an alarm",
                CalibrationWarning,
                stacklevel=2,
            )
            return math.inf
        # The numerators fall: the first at which an alarm is allowed.
        first = bisect.bisect_left(self._numerators, -limit, key=lambda value: Fraction(-value))
        return float(self.losses[first - 1])

    def false_alarm_range(self, alpha: float, confidence: float = 0.95) -> tuple[float, float]:
        r"""The range in which the false-alarm rate of this threshold lies.

        The guarantee is an average over calibration sets. Given one set, the rate is a random
        number: for independent examples without ties it has the distribution Beta(m, n + 1 - m)
        with :math:`m = \lfloor \alpha (n + 1) \rfloor`, since that is the distribution of the
        fraction above the k-th smallest of n uniform numbers.

        Args:
            alpha: the largest acceptable false-alarm rate, in (0, 1).
            confidence: probability inside the range, in (0, 1).

        Returns:
            ``(low, high)``; ``(0.0, 0.0)`` if there are too few examples for any alarm.

        Raises:
            ValueError: if an argument is out of its range, or the examples are grouped: the
                distribution is not known then.

        Example:
            >>> import numpy as np
            >>> calibration = Calibration(np.arange(99.0))
            >>> [round(rate, 3) for rate in calibration.false_alarm_range(0.05)]
            [0.017, 0.1]

        References:
            V. Vovk (2012), *Conditional validity of inductive conformal predictors*.
        """
        from scipy.stats import beta

        if self._grouped:
            raise ValueError("groups: expected none, since examples of a group are not independent")
        check_fraction("confidence", confidence)
        n = len(self.losses)
        allowed = math.floor(check_alpha(alpha) * (n + 1))
        if allowed == 0:
            return 0.0, 0.0
        tail = (1 - confidence) / 2
        low, high = beta.ppf([tail, 1 - tail], allowed, n + 1 - allowed)
        return float(low), float(high)

    def kept(self) -> dict[str, np.ndarray]:
        """The arrays that make it again: ``Calibration(**arrays)``."""
        return {"losses": self.losses, **({"groups": self._member} if self._grouped else {})}

    def __repr__(self) -> str:
        groups = f" in {self.num_groups} groups" if self._grouped else ""
        return f"Calibration({len(self.losses)} normal examples{groups})"
