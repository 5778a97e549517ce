"""Student's t interval for the mean of a few seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence


def mean_interval(
    values: Sequence[float], confidence: float = 0.95, *, scale: str = "linear"
) -> tuple[float, float, float]:
    """Mean of a few independent values and its Student t interval.

    Args:
        values: at least two numbers, one per seed.
        confidence: probability that the interval covers the mean, for normal values.
        scale: ``"linear"``, or ``"log"`` for positive values over decades: the interval is taken
            over their logarithms, and the mean is the geometric mean.

    Returns:
        ``(mean, low, high)``.

    Raises:
        ValueError: if there are fewer than two values, ``confidence`` is not in (0, 1), or a value
            on the scale ``"log"`` is not positive.

    Example:
        >>> [round(v, 3) for v in mean_interval([1.0, 2.0, 3.0])]
        [2.0, -0.484, 4.484]
        >>> [round(v, 3) for v in mean_interval([1.0, 10.0, 100.0], scale="log")]
        [10.0, 0.033, 3048.862]
    """
    from scipy import stats  # takes a moment, and most checks are of one number

    n = len(values)
    if n < 2:
        raise ValueError(f"values: expected at least two, one per seed, got {n}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: expected a number in (0, 1), got {confidence!r}")
    if scale == "log":
        if min(values) <= 0:
            raise ValueError(f"values: expected positive numbers with scale='log', got {values!r}")
        logs = mean_interval([math.log(value) for value in values], confidence)
        mean, low, high = (math.exp(end) for end in logs)
        return mean, low, high
    mean = math.fsum(values) / n
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * math.sqrt(variance / n)
    return mean, mean - half, mean + half
