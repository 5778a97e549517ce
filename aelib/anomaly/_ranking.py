"""How well losses rank anomalous examples above normal ones, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from numpy.typing import ArrayLike

from aelib._checks import check_count, check_fraction
from aelib._lazy import require
from aelib.anomaly._checks import check_anomalous, check_losses, group_indices

# The bootstrap sorts more distinct losses than this into bins of equal counts.
_BINS = 2048
Counts = Float[np.ndarray, "draws bins"]


class IntervalEstimate(NamedTuple):
    """A point estimate with a confidence interval.

    Attributes:
        value: the estimate from all examples.
        low: lower end of the interval.
        high: upper end.

    Example:
        >>> from aelib import anomaly
        >>> area = anomaly.auroc([0, 0, 1, 1], [0.1, 0.3, 0.2, 0.4])
        >>> area.value, area.low < area.value < area.high
        (0.75, True)
    """

    value: float
    low: float
    high: float


def auroc(
    anomalous: Bool[ArrayLike, " n"],
    losses: Float[ArrayLike, " n"],
    *,
    groups: Shaped[ArrayLike, " n"] | None = None,
    confidence: float = 0.95,
    num_draws: int = 1000,
    random_state: int | np.random.Generator = 0,
) -> IntervalEstimate:
    """Area under the ROC curve (AUROC), with a confidence interval.

    The area is the probability that an anomalous example has a larger loss than a normal one, ties
    counting half. For independent examples the interval is DeLong's, on the scale of the logit,
    where it cannot leave [0, 1]. Where the ranking is perfect (or perfectly wrong) DeLong's
    variance is 0, which is too small; the interval is then Newcombe's, by inverting a score test.
    For dependent examples (pixels of one image, patches of one block) pass ``groups``: the interval
    is then a percentile bootstrap of whole groups.

    Args:
        anomalous: True for each anomalous example.
        losses: larger is more anomalous (``-detector.score_samples(x)``).
        groups: the group of each example; None if examples are independent.
        confidence: probability that the interval covers the area, in (0, 1).
        num_draws: number of bootstrap samples, with groups.
        random_state: a seed or NumPy generator for them.

    Returns:
        The area, as scikit-learn computes it, with its interval.

    Raises:
        ValueError: if the examples are all of one kind, or an argument does not fit.

    Example:
        >>> area = auroc([0, 0, 0, 1, 1], [0.1, 0.4, 0.2, 0.3, 0.8])
        >>> round(area.value, 3)
        0.833

    References:
        E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson (1988), *Comparing the areas under
        two or more correlated receiver operating characteristic curves*, Biometrics 44, 837-845.

        X. Sun and W. Xu (2014), *Fast implementation of DeLong's algorithm*, IEEE Signal Processing
        Letters 21, 1389-1393, for midranks.

        R. G. Newcombe (2006), *Confidence intervals for an effect size measure based on the
        Mann-Whitney statistic, part 2*, Statistics in Medicine 25, 559-573, method 5.
    """
    roc_auc_score = require("sklearn.metrics", purpose="auroc").roc_auc_score
    values, positive = _checked(anomalous, losses, confidence)
    area = float(roc_auc_score(positive, values))
    if groups is not None:
        low, high = _bootstrap(
            positive, values, groups, _areas, confidence, num_draws, random_state
        )
        return IntervalEstimate(area, low, high)
    from scipy.stats import norm

    z = float(norm.ppf(0.5 + confidence / 2))
    variance = delong_variance(positive, values)
    if variance == 0 or not 0 < area < 1:
        num_anomalous = int(positive.sum())
        interval = _newcombe(area, num_anomalous, len(positive) - num_anomalous, z)
        return IntervalEstimate(area, *interval)
    center = np.log(area / (1 - area))
    half = z * np.sqrt(variance) / (area * (1 - area))
    low, high = 1 / (1 + np.exp(-(center + np.array([-half, half]))))
    return IntervalEstimate(area, float(low), float(high))


def average_precision(
    anomalous: Bool[ArrayLike, " n"],
    losses: Float[ArrayLike, " n"],
    *,
    groups: Shaped[ArrayLike, " n"] | None = None,
    confidence: float = 0.95,
    num_draws: int = 1000,
    random_state: int | np.random.Generator = 0,
) -> IntervalEstimate:
    """Average precision, with a confidence interval.

    The mean, over the anomalous examples in descending order of loss, of the precision down to
    each. For a random ranking it is about the fraction of anomalous examples. The interval is a
    percentile bootstrap of examples, or of whole groups, with the same number of normal and of
    anomalous ones. It has no width where the ranking is perfect: use that of :func:`auroc` then.

    Args:
        anomalous: True for each anomalous example.
        losses: larger is more anomalous (``-detector.score_samples(x)``).
        groups: the group of each example; None if examples are independent.
        confidence: probability that the interval covers the measure, in (0, 1).
        num_draws: number of bootstrap samples.
        random_state: a seed or NumPy generator for them.

    Returns:
        The average precision, as scikit-learn computes it, with its interval.

    Raises:
        ValueError: if the examples are all of one kind, or an argument does not fit.

    Example:
        >>> round(average_precision([0, 0, 0, 1, 1], [0.1, 0.4, 0.2, 0.3, 0.8]).value, 3)
        0.833

    References:
        B. Efron and R. J. Tibshirani (1993), *An Introduction to the Bootstrap*, chapter 13.
    """
    metrics = require("sklearn.metrics", purpose="average_precision")
    values, positive = _checked(anomalous, losses, confidence)
    low, high = _bootstrap(
        positive, values, groups, _precisions, confidence, num_draws, random_state
    )
    return IntervalEstimate(float(metrics.average_precision_score(positive, values)), low, high)


def delong_variance(positive: Bool[np.ndarray, " n"], values: Float[np.ndarray, " n"]) -> float:
    """DeLong's estimate of the variance of the area, from midranks in O(n log n)."""
    from scipy.stats import rankdata

    anomalous, normal = values[positive], values[~positive]
    ranks = rankdata(np.concatenate([anomalous, normal]))
    m, n = len(anomalous), len(normal)
    above = (ranks[:m] - rankdata(anomalous)) / n  # fraction of normal examples below each anomaly
    below = (
        1 - (ranks[m:] - rankdata(normal)) / m
    )  # fraction of anomalies above each normal example
    if min(m, n) < 2:  # one example has no variance
        return 0.0
    return float(above.var(ddof=1) / m + below.var(ddof=1) / n)


def _newcombe(area: float, m: int, n: int, z: float) -> tuple[float, float]:
    """The areas that a score test with the variance of Hanley and McNeil does not reject."""
    from scipy.optimize import brentq

    mean_count = (m + n) / 2

    def excess(theta: float) -> float:
        shape = (1 - theta) / (2 - theta) + theta / (1 + theta)
        variance = theta * (1 - theta) * (1 + (mean_count - 1) * shape) / (m * n)
        return (area - theta) ** 2 - z * z * variance

    # excess is negative at the area (or close to it, if that is 0 or 1) and positive far from it.
    low = brentq(excess, 0.0, min(area, 1 - 1e-12)) if area > 0 else 0.0
    high = brentq(excess, max(area, 1e-12), 1.0) if area < 1 else 1.0
    return float(low), float(high)


def _checked(
    anomalous: Bool[ArrayLike, " n"], losses: Float[ArrayLike, " n"], confidence: float
) -> tuple[Float[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """Ranks of the losses, and which examples are anomalous."""
    check_fraction("confidence", confidence)
    values = check_losses("losses", losses)
    # Only the order matters, and scikit-learn refuses infinities.
    values = np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.float64)
    return values, check_anomalous(anomalous, len(values))


def _bootstrap(
    positive: Bool[np.ndarray, " n"],
    values: Float[np.ndarray, " n"],
    groups: Shaped[ArrayLike, " n"] | None,
    measure: Callable[[Counts, Counts], Float[np.ndarray, " draws"]],
    confidence: float,
    num_draws: int,
    random_state: int | np.random.Generator,
) -> tuple[float, float]:
    """Percentile interval from resampled examples or groups."""
    num_draws = check_count("num_draws", num_draws)
    random = np.random.default_rng(random_state)
    bins = _bins(values)
    if groups is None:
        samples = _resampled_examples(positive, bins, num_draws, random)
    else:
        member, sizes = group_indices("groups", groups, len(values))
        samples = _resampled_groups(positive, bins, member, sizes, num_draws, random)
    measured = np.concatenate([measure(*counts) for counts in samples])
    tail = (1 - confidence) / 2
    low, high = np.quantile(measured, [tail, 1 - tail])
    return float(low), float(high)


def _resampled_examples(
    positive: Bool[np.ndarray, " n"],
    bins: Int[np.ndarray, " n"],
    num_draws: int,
    random: np.random.Generator,
) -> Iterator[tuple[Counts, Counts]]:
    """Counts per bin of anomalous and of normal examples, resampled within each kind.

    Examples of one bin are alike, so the counts themselves are drawn: memory does not grow with n.
    """
    kinds = [np.bincount(bins[kind], minlength=bins.max() + 1) for kind in (positive, ~positive)]
    for draws in _chunks(num_draws):
        anomalous, normal = (
            random.multinomial(kind.sum(), kind / kind.sum(), draws).astype(np.float64)
            for kind in kinds
        )
        yield anomalous, normal


def _resampled_groups(
    positive: Bool[np.ndarray, " n"],
    bins: Int[np.ndarray, " n"],
    member: Int[np.ndarray, " n"],
    sizes: Int[np.ndarray, " groups"],
    num_draws: int,
    random: np.random.Generator,
) -> Iterator[tuple[Counts, Counts]]:
    """The same from whole groups, stratified: groups of normal examples, of anomalous, of both."""
    from scipy.sparse import csr_array

    shape = (len(sizes), int(bins.max()) + 1)
    kinds = [
        csr_array((kind.astype(np.float64), (member, bins)), shape=shape)
        for kind in (positive, ~positive)
    ]
    anomalous = np.bincount(member, positive, len(sizes))
    stratum = np.where(anomalous == 0, 0, np.where(anomalous == sizes, 1, 2))
    times = np.zeros((num_draws, len(sizes)))
    for number in np.unique(stratum):
        rows = np.flatnonzero(stratum == number)
        times[:, rows] = random.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), num_draws)
    for part in np.split(times, np.cumsum(_chunks(num_draws))[:-1]):
        anomalous_counts, normal_counts = (np.asarray(part @ kind) for kind in kinds)
        yield anomalous_counts, normal_counts


def _chunks(num_draws: int) -> list[int]:
    """Sizes of chunks of about a hundred draws."""
    return [len(part) for part in np.array_split(np.arange(num_draws), max(1, num_draws // 100))]


def _bins(values: Float[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """The bin of each loss, in ascending order: one per distinct loss, or of equal counts."""
    distinct, index = np.unique(values, return_inverse=True)
    if len(distinct) <= _BINS:
        return index.reshape(-1)
    edges = np.unique(np.quantile(values, np.arange(1, _BINS) / _BINS))
    return np.searchsorted(edges, values, side="right")


def _areas(anomalous: Counts, normal: Counts) -> Float[np.ndarray, " draws"]:
    """The area of each bootstrap sample, from counts per bin."""
    below = normal.cumsum(axis=1) - normal / 2
    return (anomalous * below).sum(axis=1) / (anomalous.sum(axis=1) * normal.sum(axis=1))


def _precisions(anomalous: Counts, normal: Counts) -> Float[np.ndarray, " draws"]:
    """The average precision of each bootstrap sample, from counts per bin."""
    found = anomalous[:, ::-1].cumsum(axis=1)
    selected = found + normal[:, ::-1].cumsum(axis=1)
    precision = found / np.maximum(selected, 1.0)
    return (anomalous[:, ::-1] * precision).sum(axis=1) / anomalous.sum(axis=1)
