"""Columns that are a function of another column."""

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_LOG_CHANCE = math.log(1e-9)


def functional_dependencies(frame: "pd.DataFrame") -> tuple[tuple[str, str], ...]:
    """See :meth:`Columns.functional_dependencies`."""
    names = list(frame.columns)
    numbers = [_ranks(frame[name]) for name in names]
    codes = [values for values, _ in numbers]
    pairs = []
    for i, j in ((i, j) for i in range(len(names)) for j in range(len(names)) if i != j):
        if not _determines(codes[j], codes[i], numbers[j][1] and numbers[i][1]):
            continue
        if i < j and _determines(codes[i], codes[j], numbers[i][1] and numbers[j][1]):
            continue  # each determines the other: the later one is named
        pairs.append((names[i], names[j]))
    return tuple(pairs)


def _ranks(series: "pd.Series") -> tuple[np.ndarray, bool]:
    """Number of each distinct value (ordered if they have an order), -1 if missing; has order."""
    import pandas as pd

    if isinstance(series.dtype, pd.CategoricalDtype):
        return series.cat.codes.to_numpy(np.int64), bool(series.cat.ordered)
    ordered = pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series)
    codes, _ = pd.factorize(series, sort=ordered)
    return codes.astype(np.int64), bool(ordered)


def _determines(a: np.ndarray, b: np.ndarray, ordered: bool) -> bool:
    """Whether b is a function of a, and not by chance."""
    both = (a >= 0) & (b >= 0)
    a, b = a[both], b[both]
    if len(b) < 2 or b.min() == b.max():
        return False
    order = np.lexsort((b, a))
    a, b = a[order], b[order]
    same_a = a[1:] == a[:-1]
    if (same_a & (b[1:] != b[:-1])).any():
        return False
    counts = np.bincount(b)
    agree = float(np.sum((counts / len(b)) ** 2))
    if same_a.sum() * math.log(agree) < _LOG_CHANCE:
        return True
    steps = np.diff(b)
    if not ordered or ((steps > 0).any() and (steps < 0).any()):
        return False
    orders = sum(math.lgamma(n + 1) for n in counts) - math.lgamma(len(b) + 1)
    return math.log(2) + orders < _LOG_CHANCE
