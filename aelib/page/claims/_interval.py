"""Student's t interval for the mean of a few seeds, without SciPy (which aelib does not need)."""

import math
from collections.abc import Sequence


def _central_probability(angle: float, df: int) -> float:
    """Probability that ``|T| < sqrt(df) * tan(angle)``, as a finite sum for integer ``df``.

    Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 (odd) and 26.7.4 (even).
    """
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = df % 2
    term, total = (cosine, 0.0) if odd else (1.0, 0.0)
    for power in range(2 + odd, df + 1, 2):
        total += term
        term *= cosine * cosine * (power - 1) / power
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def t_quantile(df: int, confidence: float = 0.95) -> float:
    """Half-width, in standard errors, of a two-sided Student t interval.

    Args:
        df: Degrees of freedom, a positive integer.
        confidence: Probability inside the interval, in (0, 1).

    Returns:
        The ``t`` with ``P(|T| < t) = confidence`` for ``T`` with ``df`` degrees of freedom.

    Raises:
        ValueError: If ``df`` is not a positive integer or ``confidence`` not in (0, 1).

    Example:
        >>> round(t_quantile(4), 4)
        2.7764
    """
    if df != int(df) or df < 1:
        raise ValueError(f"df: expected a positive integer, got {df!r}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: expected a number in (0, 1), got {confidence!r}")
    low, high = 0.0, math.pi / 2
    for _ in range(100):  # bisection: the probability grows with the angle
        middle = (low + high) / 2
        if _central_probability(middle, int(df)) < confidence:
            low = middle
        else:
            high = middle
    return math.sqrt(df) * math.tan((low + high) / 2)


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float, float]:
    """Mean of a few independent values and its Student t interval.

    Args:
        values: At least two numbers, one per seed.
        confidence: Probability that the interval covers the mean, for normal values.

    Returns:
        ``(mean, low, high)``.

    Raises:
        ValueError: If there are fewer than two values.

    Example:
        >>> [round(v, 3) for v in mean_interval([1.0, 2.0, 3.0])]
        [2.0, -0.484, 4.484]
    """
    n = len(values)
    if n < 2:
        raise ValueError(f"values: expected at least two, one per seed, got {n}")
    mean = math.fsum(values) / n
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    half = t_quantile(n - 1, confidence) * math.sqrt(variance / n)
    return mean, mean - half, mean + half
