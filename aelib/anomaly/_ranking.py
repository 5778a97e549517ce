"""How well losses rank anomalous items above normal ones, with intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aelib.anomaly._checks import check_alpha, check_anomalous, check_losses, group_numbers

Floats = NDArray[np.float64]
# Losses are put in this many bins of equal counts where a bootstrap has more distinct ones.
_BINS = 2048


class Ranking(NamedTuple):
    """A measure of a ranking and an interval for it.

    Attributes:
        value: the measure on all items, as scikit-learn computes it.
        low: lower end of the interval.
        high: upper end.
    """

    value: float
    low: float
    high: float


def auroc(
    anomalous: ArrayLike,
    losses: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    num_draws: int = 1000,
    random_state: int | np.random.Generator = 0,
) -> Ranking:
    """Area under the ROC curve: how often an anomalous item has the larger loss, ties half.

    For independent items the interval is DeLong's, on the scale of the logit, where it cannot leave
    [0, 1]. Where the ranking is perfect (or perfectly wrong) DeLong's variance is 0, which says too
    much; the interval is then Newcombe's, by inverting a score test. For items that belong together
    (pixels of one image, patches of one block) give ``groups``: whole groups are then drawn again
    (percentile bootstrap).

    Args:
        anomalous: True for each anomalous item, ``[n]``.
        losses: ``[n]``; larger is stranger (``-detector.score_samples(x)``).
        groups: what belongs together, ``[n]``.
        confidence: probability that the interval covers the area, in (0, 1).
        num_draws: bootstrap draws, with groups.
        random_state: a seed or NumPy generator for them.

    Returns:
        The :class:`Ranking`.

    Raises:
        ValueError: if the items are all of one kind, or an argument does not fit.

    Source: E. R. DeLong, D. M. DeLong & D. L. Clarke-Pearson (1988), Biometrics 44, 837-845;
    X. Sun & W. Xu (2014), IEEE Signal Processing Letters 21, 1389-1393, for midranks;
    R. G. Newcombe (2006), Statistics in Medicine 25, 559-573, method 5.

    Example:
        >>> area = auroc([0, 0, 0, 1, 1], [0.1, 0.4, 0.2, 0.3, 0.8])
        >>> round(area.value, 3)
        0.833
    """
    from sklearn.metrics import roc_auc_score

    values, positive = _checked(anomalous, losses, confidence)
    area = float(roc_auc_score(positive, values))
    if groups is not None:
        low, high = _bootstrap(
            positive, values, groups, _areas, confidence, num_draws, random_state
        )
        return Ranking(area, low, high)
    from scipy.stats import norm

    z = float(norm.ppf(0.5 + confidence / 2))
    variance = delong_variance(positive, values)
    if variance == 0 or not 0 < area < 1:
        return Ranking(area, *_newcombe(area, int(positive.sum()), int((~positive).sum()), z))
    centre = np.log(area / (1 - area))
    half = z * np.sqrt(variance) / (area * (1 - area))
    low, high = 1 / (1 + np.exp(-(centre + np.array([-half, half]))))
    return Ranking(area, float(low), float(high))


def average_precision(
    anomalous: ArrayLike,
    losses: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    num_draws: int = 1000,
    random_state: int | np.random.Generator = 0,
) -> Ranking:
    """Mean precision over the anomalous items, as each is found from the largest loss down.

    A ranking at random has the share of anomalous items. The interval is a percentile bootstrap of
    items, or of whole groups, that keeps how many there are of each kind. It has no width where the
    ranking is perfect: then look at that of :func:`auroc`.

    Args:
        anomalous: True for each anomalous item, ``[n]``.
        losses: ``[n]``; larger is stranger (``-detector.score_samples(x)``).
        groups: what belongs together, ``[n]``.
        confidence: probability that the interval covers the measure, in (0, 1).
        num_draws: bootstrap draws.
        random_state: a seed or NumPy generator for them.

    Returns:
        The :class:`Ranking`.

    Raises:
        ValueError: if the items are all of one kind, or an argument does not fit.

    Source: B. Efron & R. J. Tibshirani (1993), *An Introduction to the Bootstrap*, chapter 13.

    Example:
        >>> round(average_precision([0, 0, 0, 1, 1], [0.1, 0.4, 0.2, 0.3, 0.8]).value, 3)
        0.833
    """
    from sklearn.metrics import average_precision_score

    values, positive = _checked(anomalous, losses, confidence)
    low, high = _bootstrap(
        positive, values, groups, _precisions, confidence, num_draws, random_state
    )
    return Ranking(float(average_precision_score(positive, values)), low, high)


def delong_variance(positive: NDArray[np.bool_], values: Floats) -> float:
    """DeLong's estimate of the variance of the area, from midranks in O(n log n)."""
    from scipy.stats import rankdata

    strange, normal = values[positive], values[~positive]
    ranks = rankdata(np.concatenate([strange, normal]))
    m, n = len(strange), len(normal)
    above = (ranks[:m] - rankdata(strange)) / n  # share of normal items below each strange one
    below = 1 - (ranks[m:] - rankdata(normal)) / m  # share of strange items above each normal one
    if min(m, n) < 2:  # no variance to be had from one item
        return 0.0
    return float(above.var(ddof=1) / m + below.var(ddof=1) / n)


def _newcombe(area: float, m: int, n: int, z: float) -> tuple[float, float]:
    """The areas that a score test with the variance of Hanley & McNeil does not reject."""
    from scipy.optimize import brentq

    mean_count = (m + n) / 2

    def excess(theta: float) -> float:
        shape = (1 - theta) / (2 - theta) + theta / (1 + theta)
        variance = theta * (1 - theta) * (1 + (mean_count - 1) * shape) / (m * n)
        return (area - theta) ** 2 - z * z * variance

    # excess is below 0 at the area, or just beside it where that is 0 or 1, and above 0 far off.
    low = brentq(excess, 0.0, min(area, 1 - 1e-12)) if area > 0 else 0.0
    high = brentq(excess, max(area, 1e-12), 1.0) if area < 1 else 1.0
    return float(low), float(high)


def _checked(
    anomalous: ArrayLike, losses: ArrayLike, confidence: float
) -> tuple[Floats, NDArray[np.bool_]]:
    check_alpha(confidence, "confidence")
    values = check_losses("losses", losses)
    # Only the order counts, and scikit-learn takes no infinities.
    values = np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.float64)
    return values, check_anomalous(anomalous, len(values))


def _bootstrap(
    positive: NDArray[np.bool_],
    values: Floats,
    groups: ArrayLike | None,
    measure: Callable[[Floats, Floats], Floats],
    confidence: float,
    num_draws: int,
    random_state: int | np.random.Generator,
) -> tuple[float, float]:
    """Percentile interval; groups of a kind (normal, strange, both) are drawn among themselves."""
    from scipy.sparse import csr_array

    if num_draws < 1:
        raise ValueError(f"num_draws: expected at least 1, got {num_draws}")
    random = np.random.default_rng(random_state)
    member, sizes = group_numbers("groups", groups, len(values))
    bins = _bins(values)
    shape = (len(sizes), int(bins.max()) + 1)
    counts = [
        csr_array((kind.astype(np.float64), (member, bins)), shape=shape)
        for kind in (positive, ~positive)
    ]
    strange = np.bincount(member, positive, len(sizes))
    stratum = np.where(strange == 0, 0, np.where(strange == sizes, 1, 2))
    times = np.zeros((num_draws, len(sizes)))
    for number in np.unique(stratum):
        rows = np.flatnonzero(stratum == number)
        times[:, rows] = random.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), num_draws)
    drawn = [
        measure(*(np.asarray(part @ kind) for kind in counts))
        for part in np.array_split(times, max(1, num_draws // 100))
    ]
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(drawn), [tail, 1 - tail])
    return float(low), float(high)


def _bins(values: Floats) -> NDArray[np.int64]:
    """Numbers of bins in ascending order of loss: one per distinct loss, or of equal counts."""
    distinct, place = np.unique(values, return_inverse=True)
    if len(distinct) <= _BINS:
        return place.reshape(-1)
    edges = np.unique(np.quantile(values, np.arange(1, _BINS) / _BINS))
    return np.searchsorted(edges, values, side="right")


def _areas(strange: Floats, normal: Floats) -> Floats:
    """The area of each draw, from counts per bin ``[draws, bins]``."""
    below = normal.cumsum(axis=1) - normal / 2
    return (strange * below).sum(axis=1) / (strange.sum(axis=1) * normal.sum(axis=1))


def _precisions(strange: Floats, normal: Floats) -> Floats:
    """The average precision of each draw, from counts per bin ``[draws, bins]``."""
    found = strange[:, ::-1].cumsum(axis=1)
    looked_at = found + normal[:, ::-1].cumsum(axis=1)
    precision = found / np.maximum(looked_at, 1.0)
    return (strange[:, ::-1] * precision).sum(axis=1) / strange.sum(axis=1)
