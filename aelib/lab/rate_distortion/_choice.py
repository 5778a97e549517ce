"""Which size of a bottleneck to take, from errors on validation items over several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from aelib.lab.rate_distortion._checks import check_sizes


@dataclass(frozen=True)
class Choice:
    """A size, and whether the errors have the shape of a U.

    Attributes:
        best: the size with the least mean error.
        frugal: the smallest size whose mean error is, paired by seed, within one standard error
            of that of ``best``.
        rise_before: how much higher the error of the smallest size is, relative to the best.
        rise_after: how much higher that of the largest size is.
    """

    best: int
    frugal: int
    rise_before: float
    rise_after: float

    @property
    def is_u(self) -> bool:
        """Whether the best size lies strictly inside the range."""
        return self.rise_before > 0 and self.rise_after > 0


def choose_size(sizes: Sequence[int], errors: ArrayLike) -> Choice:
    """Choose the size of a bottleneck.

    Args:
        sizes: the sizes tried, ascending.
        errors: error of each run, [seeds, len(sizes)], at least two seeds. Against what is up to
            the caller, and decides the answer.

    Returns:
        The :class:`Choice`.

    Raises:
        ValueError: if the shapes do not fit, a value is not finite or below 0, or the sizes do not
            ascend.

    >>> choose_size([1, 4, 16], [[3.0, 1.1, 2.0], [3.2, 0.9, 2.2]])
    Choice(best=4, frugal=4, rise_before=2.1, rise_after=1.1)
    """
    ascending = check_sizes(sizes, np.iinfo(np.int64).max)
    if list(ascending) != sorted(set(ascending)):
        raise ValueError(f"sizes: expected them in ascending order, got {list(ascending)}")
    runs = np.asarray(errors, np.float64)
    if runs.ndim != 2 or len(runs) < 2 or runs.shape[1] != len(ascending):
        raise ValueError(
            f"errors: expected [seeds, {len(ascending)}] with at least two seeds, got shape "
            f"{runs.shape}"
        )
    wrong = ~(np.isfinite(runs) & (runs >= 0))
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(f"errors: expected finite values >= 0, got {runs[place]} at index {place}")
    mean = runs.mean(axis=0)
    at = int(mean.argmin())
    behind = runs - runs[:, at : at + 1]
    slack = behind.std(axis=0, ddof=1) / np.sqrt(len(runs))
    frugal = int(np.flatnonzero(behind.mean(axis=0) <= slack)[0])
    floor = mean[at] if mean[at] > 0 else 1.0
    rises = [round(float((end - mean[at]) / floor), 12) for end in (mean[0], mean[-1])]
    return Choice(ascending[at], ascending[frugal], *rises)
