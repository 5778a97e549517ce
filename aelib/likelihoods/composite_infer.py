"""From a pandas column to its specification."""

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np

from aelib.likelihoods.composite_column import LEVELED, ColumnKind, TableColumn

if TYPE_CHECKING:
    import pandas as pd

#: Whole numbers with at most this many distinct values are taken for ordinal levels.
MOST_LEVELS = 10


def infer_column(
    series: "pd.Series", *, kind: str | None = None, levels: Sequence[Any] | None = None
) -> TableColumn:
    """The specification of one column: its kind, levels, centre and spread.

    Args:
        series: the column; missing values (``isna``) are left out.
        kind: the kind, or None to infer it.
        levels: the levels in the order of their codes, or None to infer them.

    Raises:
        ValueError: the column is constant, empty or of a type that cannot be modelled, or does not
            fit the kind; the message names it and says what to do.
    """
    name = str(series.name)
    if kind is not None and kind not in get_args(ColumnKind):
        known = ", ".join(get_args(ColumnKind))
        raise ValueError(f"kinds[{name!r}]: expected one of {known}, got {kind!r}")
    values = series[~series.isna()]
    if not len(values):
        raise ValueError(
            f"column {name!r}: all {len(series)} values are missing; drop the column, there is "
            "nothing to learn from"
        )
    if levels is None and len(values.unique()) == 1:
        raise ValueError(
            f"column {name!r}: constant, {plain(values.iloc[0])!r} in all {len(values)} observed "
            "rows. It carries 0 nats and a learned scale would shrink to its floor: drop it with "
            f"frame.drop(columns=[{name!r}]), or, if other levels exist and were not seen here, "
            f"give them as levels={{{name!r}: [...]}}"
        )
    kind = kind or _kind(name, values, levels)
    if kind in LEVELED:
        return _leveled(name, kind, values, levels)
    if levels is not None:
        raise ValueError(f"levels[{name!r}]: a {kind} column has none; expected None, got {levels}")
    numbers = to_numbers(values, name)
    return number_column(name, kind, numbers)


def number_column(
    name: str,
    kind: str,
    numbers: np.ndarray,
    resolution: float | None = None,
    *,
    nonnegative: bool = False,
) -> TableColumn:
    """A count or a continuous column of these observed values.

    Args:
        name: its name.
        kind: ``"count"`` or ``"continuous"``.
        numbers: the observed values.
        resolution: step of the grid of a continuous column; None: 1 for whole numbers, else 0.
        nonnegative: whether the grid ends at 0.

    Raises:
        ValueError: counts that are not counts.
    """
    center, spread = _float32(numbers.mean()), _float32(numbers.std())
    if kind == "count":
        column = TableColumn(name, "count", center=center, spread=spread)
        bad = np.flatnonzero(~column.accepts(numbers))
        if bad.size:
            raise ValueError(
                f"column {name!r}: expected {column.support}, got {numbers[bad[0]]:g} in observed "
                f"row {bad[0]}; say kinds={{{name!r}: 'continuous'}} if it is not a count"
            )
        return column
    if resolution is None:
        # Whole numbers are events, not points: they have a probability, where 0.37 has a density.
        resolution = float((numbers == np.round(numbers)).all())
    column = TableColumn(name, "continuous", center=center, spread=spread, resolution=resolution)
    if nonnegative and resolution:
        column = dataclasses.replace(column, limits=(0.0, math.inf))
    return column


def blank_column(name: str, kind: str, levels: Sequence[Any]) -> TableColumn:
    """A column of these levels, of which nothing has been seen yet."""
    # TableColumn checks the kind.
    return TableColumn(name, cast(ColumnKind, kind), levels=tuple(levels))


def leveled_column(name: str, kind: str, levels: Sequence[Any], codes: np.ndarray) -> TableColumn:
    """A column of these levels, with statistics of the observed codes."""
    counts = np.bincount(codes.astype(np.int64), minlength=len(levels))
    # Half an observation more of each: a level not seen here stays possible (Jeffreys 1946).
    shares = (counts + 0.5) / (counts + 0.5).sum()
    numbers = np.arange(len(levels))
    center = float(shares @ numbers)
    spread = float(np.sqrt(shares @ (numbers - center) ** 2))
    return dataclasses.replace(
        blank_column(name, kind, levels),
        center=_float32(center),
        spread=_float32(spread),
        frequencies=tuple(float(share) for share in shares),
    )


def to_numbers(values: "pd.Series", name: str) -> np.ndarray:
    """The values as float64.

    Raises:
        ValueError: the first that is no finite number, with its place.
    """
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values) or isinstance(values.dtype, pd.PeriodDtype):
        raise ValueError(
            f"column {name!r}: dates ({values.dtype}) are not modelled; turn them into numbers "
            "(days since the first), or drop them"
        )
    numbers = pd.to_numeric(values.astype(object), errors="coerce").to_numpy(np.float64)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if bad.size:
        raise ValueError(
            f"column {name!r}: expected finite numbers, got {plain(values.iloc[bad[0]])!r} in "
            f"{place(values, int(bad[0]))}"
        )
    return numbers


def place(series: "pd.Series", row: int) -> str:
    """How to find a row again: its label in the index."""
    return f"the row labelled {plain(series.index[row])!r}"


def plain(value: Any) -> Any:
    """A Python value: its repr is the value, not its NumPy type."""
    return value.item() if isinstance(value, np.generic) else value


def _kind(name: str, values: "pd.Series", levels: Sequence[Any] | None) -> str:
    import pandas as pd

    distinct = values.nunique()
    categorical = isinstance(values.dtype, pd.CategoricalDtype)
    known = len(levels) if levels is not None else distinct
    if categorical and levels is None:
        known = len(values.cat.categories)
    if known == 2:
        return "binary"
    if categorical:
        return "ordinal" if values.cat.ordered else "categorical"
    if pd.api.types.is_numeric_dtype(values):
        if levels is not None:
            return "ordinal"
        numbers = values.to_numpy(np.float64)
        if not (numbers == np.round(numbers)).all():
            return "continuous"
        if distinct <= MOST_LEVELS:
            return "ordinal"
        return "count" if numbers.min() == 0 else "continuous"
    if pd.api.types.is_datetime64_any_dtype(values) or isinstance(values.dtype, pd.PeriodDtype):
        to_numbers(values, name)
    if levels is None and distinct > max(MOST_LEVELS, len(values) // 10):
        raise ValueError(
            f"column {name!r}: {distinct} different texts in {len(values)} rows look like names, "
            f"not categories; drop it with frame.drop(columns=[{name!r}]), or say "
            f"kinds={{{name!r}: 'categorical'}}"
        )
    return "categorical"


def _leveled(
    name: str, kind: str, values: "pd.Series", levels: Sequence[Any] | None
) -> TableColumn:
    import pandas as pd

    if levels is None and isinstance(values.dtype, pd.CategoricalDtype):
        levels = list(values.cat.categories)
    elif levels is None:
        numeric = pd.api.types.is_numeric_dtype(values)
        if kind == "ordinal" and not numeric:
            raise ValueError(
                f"column {name!r}: the order of its levels cannot be told from texts; give "
                f"levels={{{name!r}: [lowest, ..., highest]}} or an ordered pandas Categorical"
            )
        levels = sorted(values.unique().tolist(), key=lambda v: v if numeric else str(v))
    levels = [plain(level) for level in levels]
    blank = blank_column(name, kind, levels)
    return leveled_column(name, kind, levels, to_codes(blank, values))


def to_codes(column: TableColumn, values: "pd.Series") -> np.ndarray:
    """Numbers of the levels, float64.

    Raises:
        ValueError: the first value that is none of the levels, with its place.
    """
    number = {level: code for code, level in enumerate(column.levels)}
    codes = np.array([number.get(plain(value), -1) for value in values], np.float64)
    bad = np.flatnonzero(codes < 0)
    if bad.size:
        more = f" (and {bad.size - 1} more)" if bad.size > 1 else ""
        shown = ", ".join(map(repr, column.levels[:12])) + (", ..." * (len(column.levels) > 12))
        raise ValueError(
            f"column {column.name!r}: expected one of {shown}; got "
            f"{plain(values.iloc[bad[0]])!r} in {place(values, int(bad[0]))}{more}"
        )
    return codes


def _float32(value: float) -> float:
    """The nearest float32, so that the same constant is used in every precision."""
    return float(np.float32(value))
