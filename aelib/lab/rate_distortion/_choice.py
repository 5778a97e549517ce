"""Which size of a bottleneck to take, from errors on validation examples over several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from aelib._checks import check_array, check_counts, require_all


@dataclass(frozen=True)
class SizeChoice:
    """A size, and whether the errors have the shape of a U.

    Attributes:
        best: the size with the least mean error.
        parsimonious: the smallest size whose mean error is, paired by seed, within one standard
            error of that of ``best``.
        rise_before: how much higher the error of the smallest size is, relative to the best.
        rise_after: how much higher that of the largest size is.
    """

    best: int
    parsimonious: int
    rise_before: float
    rise_after: float

    @property
    def is_u_shaped(self) -> bool:
        """Whether the best size lies strictly inside the range."""
        return self.rise_before > 0 and self.rise_after > 0


def choose_size(sizes: Sequence[int], errors: Float[ArrayLike, "seeds sizes"]) -> SizeChoice:
    """Choose the size of a bottleneck.

    Args:
        sizes: the sizes tried, ascending.
        errors: of each run, from at least two seeds. Against what is up to
            the caller, and decides the answer.

    Raises:
        ValueError: if the shapes do not fit, a value is not finite or below 0, or the sizes do not
            ascend.

    Example:
        >>> choose_size([1, 4, 16], [[3.0, 1.1, 2.0], [3.2, 0.9, 2.2]])
        SizeChoice(best=4, parsimonious=4, rise_before=2.1, rise_after=1.1)
    """
    ascending = check_counts("sizes", sizes, at_least=0)
    if not ascending or list(ascending) != sorted(set(ascending)):
        raise ValueError(f"sizes: expected some, in ascending order, got {list(ascending)}")
    runs = check_array("errors", errors, shape=("seeds", len(ascending))).astype(np.float64)
    if len(runs) < 2:
        raise ValueError(f"errors: expected at least two seeds, got {len(runs)}")
    require_all("errors", runs, runs >= 0, "values of at least 0")
    mean = runs.mean(axis=0)
    best = int(mean.argmin())
    excess = runs - runs[:, best : best + 1]
    standard_error = excess.std(axis=0, ddof=1) / np.sqrt(len(runs))
    parsimonious = int(np.flatnonzero(excess.mean(axis=0) <= standard_error)[0])
    unit = mean[best] if mean[best] > 0 else 1.0
    rises = [round(float((end - mean[best]) / unit), 12) for end in (mean[0], mean[-1])]
    return SizeChoice(ascending[best], ascending[parsimonious], *rises)
